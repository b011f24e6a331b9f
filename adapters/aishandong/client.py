"""Speaks to the provincial identity platform, in the dialect that the settings name."""

from adapters.aishandong.dialect import PEER, Dialect, Members, Service, log
from adapters.aishandong.dialect_a import DialectA
from adapters.aishandong.dialect_c import DialectC
from adapters.aishandong.dialect_d import DialectD
from adapters.aishandong.port import (
    CORPORATION,
    PERSON,
    AiShandongCompany,
    AiShandongCorporation,
    AiShandongPerson,
    AiShandongToken,
    CompanyRole,
    UserType,
)
from adapters.aishandong.settings import AiShandongSettings
from adapters.errors import Refused
from adapters.http import HTTPClients, PeerLimits
from kit.clock import Clock
from kit.secrets import IdNumber, PersonName, PhoneNumber, Secret

TICKET_CHARACTERS_MAX = 512
COMPANIES_A_PAGE = 5
"""The platform gives no more at once."""
PAGES_MAX = 20


class AiShandongClient:
    """Implements :class:`adapters.aishandong.port.AiShandong`."""

    def __init__(
        self,
        settings: AiShandongSettings,
        http: HTTPClients,
        clock: Clock,
        limits: PeerLimits | None = None,
    ) -> None:
        self._dialect = _dialect(settings, http, clock, limits)

    async def exchange_ticket(self, ticket: str, user_type: UserType) -> AiShandongToken:
        # When nobody is signed in, the app hands out a sentence instead; that stays here.
        if not 0 < len(ticket) <= TICKET_CHARACTERS_MAX or not _is_printable_ascii(ticket):
            raise Refused(PEER, "ticket_invalid")
        answer = await self._dialect.ask(Service.TICKET, {"ticket": ticket})
        # The old interface does not say whose it is.
        if answer.text("usertype") not in {"", user_type}:
            raise Refused(PEER, "user_type_differs")
        return AiShandongToken(Secret(answer.needed("token")), user_type)

    async def person(self, token: AiShandongToken) -> AiShandongPerson:
        _must_be(token, PERSON)
        return _person(await self._ask_with(token, Service.PERSON))

    async def corporation(self, token: AiShandongToken) -> AiShandongCorporation:
        _must_be(token, CORPORATION)
        answer = await self._ask_with(token, Service.CORPORATION)
        return AiShandongCorporation(
            person=_person(answer),
            uscc=answer.needed("creditCode", "cornumber"),
            company_name=answer.needed("corporationName", "corname"),
            role=_role(answer.text("corUserRole", "corrole")),
        )

    async def corporations(self, token: AiShandongToken) -> list[AiShandongCompany]:
        companies: dict[str, AiShandongCompany] = {}
        for page in range(1, PAGES_MAX + 1):
            answer = await self._ask_with(
                token, Service.COMPANIES, pageindex=str(page), pagenum=str(COMPANIES_A_PAGE)
            )
            lines = answer.objects("list")
            # One that is shown twice was pushed from one page to the next meanwhile.
            companies |= {company.uscc: company for company in map(_company, lines) if company.uscc}
            count = answer.number("count")
            if len(lines) < COMPANIES_A_PAGE or 0 < count <= page * COMPANIES_A_PAGE:
                break
        else:
            log.warning("aishandong_companies_cut_off", kept=len(companies))
        return list(companies.values())

    async def _ask_with(
        self, token: AiShandongToken, service: Service, **parameters: str
    ) -> Members:
        return await self._dialect.ask(service, {"token": token.token.reveal(), **parameters})


def _dialect(
    settings: AiShandongSettings, http: HTTPClients, clock: Clock, limits: PeerLimits | None
) -> Dialect:
    peer = http.peer(PEER, settings.base_url, limits)
    match settings.dialect:
        case "A":
            return DialectA(settings, peer, clock)
        case "C":
            # A peer of its own, so that its breaker is not the gateway's.
            signer = http.peer(PEER, settings.sign_base_url or settings.base_url, limits)
            return DialectC(settings, peer, signer, clock)
        case "D":
            return DialectD(settings, peer, clock)


def _must_be(token: AiShandongToken, user_type: UserType) -> None:
    if token.user_type != user_type:
        raise Refused(PEER, "user_type_differs")


def _person(answer: Members) -> AiShandongPerson:
    id_number, phone = answer.text("certNo", "cardid"), answer.text("mobile")
    return AiShandongPerson(
        user_id=answer.needed("uuid"),
        name=PersonName(answer.needed("name")),
        id_number=IdNumber(id_number) if id_number else None,
        phone=PhoneNumber(phone) if phone else None,
        level=answer.text("authLevel"),
    )


def _company(line: Members) -> AiShandongCompany:
    return AiShandongCompany(
        uscc=line.text("cornumber"), name=line.text("corname"), role=_role(line.text("corrole"))
    )


def _role(code: str) -> CompanyRole:
    """What is not known gives the fewest rights."""
    try:
        return CompanyRole(code)
    except ValueError:
        log.warning("aishandong_role_unknown")
        return CompanyRole.AGENT


def _is_printable_ascii(text: str) -> bool:
    return text.isascii() and text.isprintable()
