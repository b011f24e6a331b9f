"""Authorisations (授权): a company lets an agent (经办人) act for it.

Given by the company's legal person or administrator, to a person who is named by name and ID
number. Whether that person uses this service is never told: an authorisation for nobody looks like
any other. It counts for whoever has proved to be that person, for as long as the one who gave it
keeps the role and until it is taken back.

That an agent needs one is an inference from how the province's single sign-on tells roles apart
(0 经办人, 1 管理员, 2 法人); no published rule was found. Confidence low. A year at most, and
twenty at a time, are our own figures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal, get_args

from tortoise.queryset import QuerySet

from auth.audit import AuditTrail
from auth.citizen import Citizen
from auth.claimed_identity import ClaimedIdentity, read_claim
from auth.company_problems import CompanyRoleRequired, TooManyAuthorisations
from auth.company_roles import CompanyRoles, KeptRole, Role
from auth.models import CompanyAuthorisation, CompanyRole
from auth.problems import DocumentNotSupported, MinorNotServed
from auth.service import PeopleService
from kit.clock import CHINA, Clock
from kit.database.unit import unit_of_work
from kit.ids import new_id
from kit.problems import FieldError, InvalidRequest, NotFound, TemporarilyUnavailable
from kit.secrets import KeyRing, PersonName
from kit.text import Text

Delegable = Literal["change", "cancel"]
"""The operations that need a role; to open a company nobody can act for it yet."""
DELEGABLE: tuple[Delegable, ...] = get_args(Delegable)
GRANTING: tuple[Role, ...] = ("legal_person", "administrator")

VALID_MAX = 20
"""At once, of one company."""
ENDED_SHOWN_MAX = 30
RECEIVED_MAX = 200
KEPT = timedelta(days=3 * 365)
"""After its end, as long as the log of who read what: it says why somebody could."""

_DOTS = str.maketrans({"•": "·", ".": "·", "・": "·", " ": None})


@dataclass(frozen=True, slots=True)
class Wish:
    """What a company's legal person or administrator asks for, read and in order."""

    agent: ClaimedIdentity
    operations: tuple[Delegable, ...]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Authorisation:
    """``agent_name`` is shown masked."""

    id: str
    uscc: str
    company_name: str
    granted_by: str
    agent_name: PersonName
    operations: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


def read_wish(
    name: str, id_number: str, operations: Sequence[Delegable], expires_on: date, now: datetime
) -> Wish:
    """``expires_on`` is the last day in China, today to this day next year. Raises InvalidRequest
    with every fault at once."""
    today = now.astimezone(CHINA).date()
    faults: list[FieldError] = []
    agent: ClaimedIdentity | None = None
    try:
        agent = read_claim(name, id_number, now)
    except InvalidRequest as invalid:
        faults += invalid.errors
    except MinorNotServed:
        text = Text("经办人须年满18周岁", "An agent has to be 18 or older")
        faults.append(FieldError("/id_number", "agent_is_a_minor", text))
    except DocumentNotSupported:
        # Nobody can prove here to be the holder of such a document.
        text = Text("仅支持居民身份证号码", "Only resident ID card numbers can be used here")
        faults.append(FieldError("/id_number", "document_not_supported", text))
    if not today <= expires_on <= _a_year_after(today):
        text = Text("有效期最长一年，且不能早于今天", "At most a year from today, and not past")
        faults.append(FieldError("/expires_on", "out_of_range", text))
    if agent is None or faults:
        raise InvalidRequest(errors=faults)
    ends = datetime.combine(expires_on + timedelta(days=1), time(), CHINA)
    return Wish(agent, tuple(o for o in DELEGABLE if o in operations), ends)


class AuthorisationService:
    def __init__(
        self,
        roles: CompanyRoles,
        people: PeopleService,
        audit: AuditTrail,
        ring: KeyRing,
        clock: Clock,
    ) -> None:
        self._roles = roles
        self._people = people
        self._audit = audit
        self._ring = ring
        self._clock = clock

    def read(
        self, name: str, id_number: str, operations: Sequence[Delegable], expires_on: date
    ) -> Wish:
        """:func:`read_wish`, today."""
        return read_wish(name, id_number, operations, expires_on, self._clock.now())

    async def granting_role(self, person_id: str, uscc: str) -> KeptRole:
        """By which the person may give and take authorisations of the company; before a unit,
        because it may have to be asked for. Raises CompanyRoleRequired or TemporarilyUnavailable.
        """
        role = await self._roles.confirmed(person_id, uscc)
        if role is None or role.role not in GRANTING:
            raise CompanyRoleRequired
        return role

    async def refuse_strangers(self, person_id: str, uscc: str) -> None:
        """CompanyRoleRequired for whoever gives no authorisations of the company, as far as is
        known without asking a register."""
        role = (await self._roles.kept(person_id)).get(uscc)
        if role is None or role.role not in GRANTING:
            raise CompanyRoleRequired

    async def grant(self, caller: Citizen, role: KeptRole, wish: Wish) -> Authorisation:
        """In the caller's unit. Raises TooManyAuthorisations."""
        # The lock makes parallel wishes of one grantor wait for each other. Two grantors of one
        # company may still get one more than the limit between them, which does no harm.
        mine = CompanyRole.filter(person_id=caller.person_id, uscc=role.uscc)
        await mine.select_for_update().first()
        if await self._valid().filter(uscc=role.uscc).count() >= VALID_MAX:
            raise TooManyAuthorisations
        row_id = new_id()
        row = await CompanyAuthorisation.create(
            id=row_id,
            uscc=role.uscc,
            company_name=role.company_name,
            granted_by=caller.person_id,
            agent_index=self._people.index_of(wish.agent.id_number),
            agent_name_cipher=self._ring.seal(
                wish.agent.name.reveal().encode(), _name_context(row_id)
            ),
            operations=",".join(wish.operations),
            created_at=self._clock.now(),
            expires_at=wish.expires_at,
        )
        await self._audit.record(caller.person_id, "authorisation_granted", row_id)
        return self._opened(row)

    async def of_company(self, person_id: str, uscc: str) -> list[Authorisation]:
        """All valid ones, then those that ended last, the newest first. Raises CompanyRoleRequired
        for whoever could not give them, or TemporarilyUnavailable."""
        await self.granting_role(person_id, uscc)
        valid = await self._valid().filter(uscc=uscc).order_by("-id").limit(VALID_MAX * 2)
        ended = (
            await CompanyAuthorisation.filter(uscc=uscc)
            .exclude(id__in=[row.id for row in valid])
            .order_by("-id")
            .limit(ENDED_SHOWN_MAX)
        )
        return [self._opened(row) for row in (*valid, *ended)]

    async def revoke(self, person_id: str, uscc: str, authorisation_id: str) -> None:
        """From the next call of the agent on. Revoking it again is as good as once. Raises NotFound
        for what the person may not revoke as for what is not there, or TemporarilyUnavailable."""
        try:
            await self.granting_role(person_id, uscc)
        except CompanyRoleRequired:
            raise NotFound from None
        mine = CompanyAuthorisation.filter(id=authorisation_id, uscc=uscc)
        if not await mine.exists():
            raise NotFound
        async with unit_of_work():
            revoked = await mine.filter(revoked_at__isnull=True).update(
                revoked_at=self._clock.now()
            )
            if revoked:
                await self._audit.record(person_id, "authorisation_revoked", authorisation_id)

    async def granted_by(self, person_id: str) -> list[Authorisation]:
        """Everything that the person gave, the newest first."""
        rows = CompanyAuthorisation.filter(granted_by=person_id).order_by("-id")
        return [self._opened(row) for row in await rows.limit(RECEIVED_MAX)]

    async def received(self, person_id: str, uscc: str | None = None) -> list[Authorisation]:
        """The valid ones that name this person, by number and by name, of one company or of all;
        as far as is known without asking a register about those who gave them."""
        if (await self._people.profile(person_id)).assurance != "real_person":
            return []
        agent = await self._people.applicant(person_id)
        rows = self._valid().filter(agent_index=self._people.index_of(agent.id_number))
        if uscc is not None:
            rows = rows.filter(uscc=uscc)
        named = [self._opened(row) for row in await rows.order_by("id").limit(RECEIVED_MAX)]
        return [
            one
            for one in named
            if is_same_name(one.agent_name, agent.name) and await self._is_backed(one)
        ]

    async def confirmed(self, person_id: str, uscc: str, operation: str) -> Authorisation | None:
        """One that lets the person do ``operation``, given by somebody whose role was confirmed
        within its time. Raises TemporarilyUnavailable when that can not be found out now."""
        unknown = False
        for one in await self.received(person_id, uscc):
            if operation not in one.operations:
                continue
            try:
                await self.granting_role(one.granted_by, uscc)
            except CompanyRoleRequired:
                continue
            except TemporarilyUnavailable:
                unknown = True
                continue
            return one
        if unknown:
            raise TemporarilyUnavailable
        return None

    async def purge(self) -> int:
        """Erase what ended long ago, and with it the agents' names; how many."""
        before = self._clock.now() - KEPT
        revoked = await CompanyAuthorisation.filter(revoked_at__lt=before).delete()
        return revoked + await CompanyAuthorisation.filter(expires_at__lt=before).delete()

    async def _is_backed(self, authorisation: Authorisation) -> bool:
        """Whether its grantor still holds the role."""
        return await CompanyRole.exists(
            person_id=authorisation.granted_by, uscc=authorisation.uscc, role__in=GRANTING
        )

    def _valid(self) -> QuerySet[CompanyAuthorisation]:
        return CompanyAuthorisation.filter(
            revoked_at__isnull=True, expires_at__gt=self._clock.now()
        )

    def _opened(self, row: CompanyAuthorisation) -> Authorisation:
        name = self._ring.open(row.agent_name_cipher, _name_context(row.id)).decode()
        return Authorisation(
            id=row.id,
            uscc=row.uscc,
            company_name=row.company_name,
            granted_by=row.granted_by,
            agent_name=PersonName(name),
            operations=tuple(row.operations.split(",")),
            created_at=row.created_at,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
        )


def is_same_name(one: PersonName, other: PersonName) -> bool:
    """Names from different registers differ in blanks, capitals and the dot between their parts."""
    return _plain(one) == _plain(other)


def _plain(name: PersonName) -> str:
    return name.reveal().translate(_DOTS).casefold()


def _a_year_after(day: date) -> date:
    """29 February is followed by 28 February."""
    leaps = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year + 1, day=28 if leaps else day.day)


def _name_context(authorisation_id: str) -> str:
    return f"company_authorisation.agent_name|{authorisation_id}"
