"""Who calls: people, login, sessions, identity checks, companies, consents, everybody's rights."""

from collections.abc import Sequence
from dataclasses import dataclass

from adapters.outbox.delivery import TopicHandler
from auth.access_log import AccessLogService
from auth.addresses import AddressBook
from auth.admission import Admission
from auth.aishandong_level import AiShandongLevel
from auth.aishandong_login import AiShandongPlatformLogin
from auth.alipay_certify import AlipayCertify
from auth.alipay_login import AlipayPlatformLogin
from auth.alipay_notices import TOPIC as ALIPAY_NOTICE_TOPIC
from auth.alipay_notices import AlipayNoticeHandler, AlipayNotices
from auth.audit import AuditTrail
from auth.authorisations import AuthorisationService
from auth.belongings import Belongings
from auth.check_method import CheckMethod
from auth.companies import CompanyService
from auth.company_roles import CompanyRoles, CompanySource
from auth.company_sources import AiShandongCompanies, RegisterCompanies
from auth.consents import ConsentService, load_texts
from auth.exporting import AccountCopy
from auth.id_match import IdMatch
from auth.identity_checks import IdentityCheckService
from auth.joining import SETTLE_TOPIC, AccountJoining
from auth.leaving import AccountErasure, SettleHandler
from auth.login import LoginService
from auth.platform_login import PlatformLogin
from auth.service import PeopleService
from auth.sessions import SessionService
from auth.terminals import Terminals
from auth.tokens import TokenService
from auth.wechat_face import WeChatFaceCheck
from auth.wechat_login import WeChatPlatformLogin
from bff.settings import Settings
from bff.wiring.ground import Ground, Parts
from bff.wiring.peers import Peers


@dataclass(frozen=True)
class People:
    """What the features need of those who call."""

    consents: ConsentService
    people: PeopleService
    access_log: AccessLogService
    audit: AuditTrail
    tokens: TokenService
    admission: Admission
    sessions: SessionService
    companies: CompanyService
    authorisations: AuthorisationService
    terminals: Terminals


def know_people(ground: Ground, peers: Peers) -> People:
    clock, ring, coordination = ground.clock, ground.ring, ground.coordination
    consents = ConsentService(load_texts(), clock)
    people = PeopleService(ring, consents, clock)
    access_log, audit = AccessLogService(ring, clock), AuditTrail(clock)
    tokens = TokenService(ground.settings.keys.token_keys, clock)
    admission = Admission(tokens, coordination.notifier, clock)
    roles = CompanyRoles(
        _company_sources(peers, people), access_log, coordination.cache, coordination.locks, clock
    )
    authorisations = AuthorisationService(roles, people, audit, ring, clock)
    return People(
        consents=consents,
        people=people,
        access_log=access_log,
        audit=audit,
        tokens=tokens,
        admission=admission,
        sessions=SessionService(tokens, admission, audit, ring, clock),
        companies=CompanyService(roles, authorisations, people, admission, clock),
        authorisations=authorisations,
        terminals=Terminals(ground.settings.terminals, ring, clock),
    )


def serve_people(
    ground: Ground, peers: Peers, who: People, belongings: Sequence[Belongings]
) -> tuple[IdentityCheckService, Parts]:
    """``belongings``: what the features keep of a person."""
    clock, ring, outbox = ground.clock, ground.ring, ground.outbox
    people, sessions, audit = who.people, who.sessions, who.audit
    addresses = AddressBook(people, ring, clock)
    belongings = (*belongings, addresses)
    joining = AccountJoining(people, sessions, belongings, who.access_log, audit, outbox, clock)
    erasure = AccountErasure(sessions, belongings, audit, outbox, clock)
    copies = AccountCopy(people, sessions, who.authorisations, who.access_log, belongings, clock)
    login = LoginService(
        _platforms(ground.settings, peers), sessions, people, who.access_log, clock
    )
    identity = IdentityCheckService(
        _methods(ground, peers),
        people,
        joining,
        sessions,
        who.consents,
        who.access_log,
        ring,
        clock,
    )
    services = (
        who.consents, people, who.access_log, who.tokens, who.admission, sessions,
        who.companies, who.authorisations, who.terminals, login, identity, erasure, copies,
        addresses,
        AlipayNotices(peers.alipay_callbacks, ground.inbox),
    )  # fmt: skip
    handlers: dict[str, TopicHandler] = {
        SETTLE_TOPIC: SettleHandler(joining, erasure),
        ALIPAY_NOTICE_TOPIC: AlipayNoticeHandler(ground.inbox, sessions),
    }
    sweeps = {
        "sessions": sessions.purge,
        "identity checks": identity.purge,
        "authorisations": who.authorisations.purge,
        "access log": who.access_log.purge,
        "terminal calls": who.terminals.purge,
        "idle accounts": erasure.erase_idle,
    }
    return identity, Parts(services, handlers, sweeps)


def _platforms(settings: Settings, peers: Peers) -> dict[str, PlatformLogin]:
    platforms: dict[str, PlatformLogin] = {
        "wechat": WeChatPlatformLogin(peers.wechat, settings.wechat.app_id)
    }
    if peers.alipay is not None and settings.alipay is not None:
        platforms["alipay"] = AlipayPlatformLogin(peers.alipay, settings.alipay.app_id)
    if peers.aishandong is not None and settings.aishandong is not None:
        app_id = settings.aishandong.app_id
        platforms["aishandong"] = AiShandongPlatformLogin(peers.aishandong, app_id)
    return platforms


def _methods(ground: Ground, peers: Peers) -> dict[str, CheckMethod]:
    settings = ground.settings.aishandong
    methods: dict[str, CheckMethod] = {"wechat_face": WeChatFaceCheck(peers.wechat)}
    if peers.alipay is not None:
        methods["alipay_certify"] = AlipayCertify(peers.alipay)
    if peers.aishandong is not None and settings is not None:
        methods["aishandong"] = AiShandongLevel(
            peers.aishandong, settings.assurance_of, ground.clock
        )
    if peers.identity_register is not None:
        methods["id_match"] = IdMatch(peers.identity_register)
    return methods


def _company_sources(peers: Peers, people: PeopleService) -> list[CompanySource]:
    sources: list[CompanySource] = []
    if peers.aishandong is not None:
        sources.append(AiShandongCompanies(peers.aishandong, people))
    if peers.identity_register is not None:
        sources.append(RegisterCompanies(peers.identity_register, people))
    return sources
