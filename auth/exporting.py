"""A copy of everything that is kept of a person, for the person (PIPL art. 45, from memory)."""

from collections.abc import Sequence

from auth.access_log import PAGE_MAX, Access, AccessLogService
from auth.authorisations import AuthorisationService
from auth.belongings import Belongings
from auth.citizen import Citizen
from auth.models import (
    CompanyRole,
    Consent,
    IdentityCheck,
    Person,
    PlatformAccount,
)
from auth.schemas import (
    AccountExport,
    ExportedAccount,
    ExportedAuthorisation,
    ExportedCompany,
    ExportedConsent,
    ExportedPerson,
)
from auth.service import PeopleService
from auth.sessions import SessionService
from auth.views import access_view, identity_check_view, open_sessions_view
from kit.clock import Clock, in_china
from kit.text import Language

ACCESSES_MAX = 5_000
"""The newest. Somebody with more than that can read the older ones page by page."""


class AccountCopy:
    def __init__(
        self,
        people: PeopleService,
        sessions: SessionService,
        authorisations: AuthorisationService,
        access_log: AccessLogService,
        belongings: Sequence[Belongings],
        clock: Clock,
    ) -> None:
        self._people = people
        self._sessions = sessions
        self._granted = authorisations
        self._access_log = access_log
        self._belongings = belongings
        self._clock = clock

    async def of(self, caller: Citizen, language: Language) -> AccountExport:
        person_id = caller.person_id
        checks = await IdentityCheck.filter(person_id=person_id).order_by("id")
        return AccountExport(
            exported_at=in_china(self._clock.now()),
            person=await self._person(person_id),
            accounts=await _accounts(person_id),
            sessions=open_sessions_view(
                await self._sessions.open_sessions(person_id), caller
            ).items,
            identity_checks=[identity_check_view(check, language) for check in checks],
            consents=await _consents(person_id),
            companies=await _companies(person_id),
            authorisations=await self._authorisations(person_id),
            access_log=[access_view(line, language) for line in await self._accesses(person_id)],
            belongings={
                kept.name: await kept.export(person_id, language) for kept in self._belongings
            },
        )

    async def _person(self, person_id: str) -> ExportedPerson:
        person = await Person.get(id=person_id)
        known = self._people.known_of(person)
        return ExportedPerson(
            id=person_id,
            name=known.name.reveal() if known.name else None,
            id_number=known.id_number.reveal() if known.id_number else None,
            phone=known.phone.reveal() if known.phone else None,
            assurance=person.assurance,  # type: ignore[arg-type]  # only ours are written
            checked_at=in_china(person.checked_at) if person.checked_at else None,
            created_at=in_china(person.created_at),
        )

    async def _authorisations(self, person_id: str) -> list[ExportedAuthorisation]:
        return [
            ExportedAuthorisation(
                one.uscc,
                one.company_name,
                one.agent_name.reveal(),
                list(one.operations),
                in_china(one.expires_at),
                in_china(one.revoked_at) if one.revoked_at else None,
            )
            for one in await self._granted.granted_by(person_id)
        ]

    async def _accesses(self, person_id: str) -> list[Access]:
        lines: list[Access] = []
        while len(lines) < ACCESSES_MAX:
            before = lines[-1].id if lines else None
            page = await self._access_log.page(person_id, before, PAGE_MAX)
            lines += page[:PAGE_MAX]
            if len(page) <= PAGE_MAX:
                break
        return lines


async def _accounts(person_id: str) -> list[ExportedAccount]:
    rows = await PlatformAccount.filter(person_id=person_id).order_by("id")
    return [ExportedAccount(row.platform, row.open_id, in_china(row.created_at)) for row in rows]


async def _consents(person_id: str) -> list[ExportedConsent]:
    rows = await Consent.filter(person_id=person_id).order_by("id")
    return [
        ExportedConsent(
            row.purpose,
            row.text_version,
            row.platform,
            in_china(row.granted_at),
            in_china(row.withdrawn_at) if row.withdrawn_at else None,
        )
        for row in rows
    ]


async def _companies(person_id: str) -> list[ExportedCompany]:
    rows = await CompanyRole.filter(person_id=person_id).order_by("id")
    return [
        ExportedCompany(row.uscc, row.company_name, row.role, in_china(row.verified_at))
        for row in rows
    ]
