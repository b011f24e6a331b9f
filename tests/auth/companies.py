"""Registers whose answers a test decides, and people who are something in companies."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from stdnum.cn import uscc

from adapters.errors import AdapterError
from auth.access_log import AccessLogService, Who
from auth.audit import AuditTrail
from auth.authorisations import AuthorisationService, Delegable, Wish
from auth.citizen import Citizen
from auth.companies import CompanyService
from auth.company_roles import CompanyRoles, FoundRole, Role
from auth.consents import ConsentService, load_texts
from auth.models import Person, Session
from auth.service import PeopleService
from bff.mock.personas import PERSONAS
from bff.services import Services
from kit.clock import CHINA, ShiftableClock
from kit.coordination.ports import Coordination
from kit.ids import new_id


def a_credit_code(number: int = 1) -> str:
    body = f"91370102{number:09d}"
    return body + uscc.calc_check_digit(body)


ACME, OTHER = a_credit_code(1), a_credit_code(2)


def found(
    code: str = ACME, role: Role = "legal_person", name: str = "济南某某有限公司"
) -> FoundRole:
    return FoundRole(code, name, role)


@dataclass
class ARegister:
    """Implements :class:`auth.company_roles.CompanySource`."""

    name: str = "register"
    who: Who = "identity_register"
    roles: dict[str, list[FoundRole]] = field(default_factory=dict)
    failure: AdapterError | None = None
    closed: bool = False
    asked: list[str] = field(default_factory=list)

    async def can_be_asked(self, person_id: str) -> bool:
        return not self.closed

    async def companies(self, person_id: str) -> list[FoundRole]:
        self.asked.append(person_id)
        if self.failure is not None:
            raise self.failure
        return list(self.roles.get(person_id, ()))


@dataclass
class Office:
    """The services over the real database and two registers, with a clock of its own."""

    clock: ShiftableClock
    consents: ConsentService
    people: PeopleService
    register: ARegister
    aishandong: ARegister
    roles: CompanyRoles
    authorisations: AuthorisationService
    companies: CompanyService

    @classmethod
    def opened(cls, services: Services) -> "Office":
        clock = ShiftableClock()
        coordination: Coordination = services.coordination
        consents = ConsentService(load_texts(), clock)
        people = PeopleService(services.ring, consents, clock)
        register, aishandong = ARegister(), ARegister("aishandong", "aishandong")
        roles = CompanyRoles(
            (aishandong, register),
            AccessLogService(services.ring, clock),
            coordination.cache,
            coordination.locks,
            clock,
        )
        authorisations = AuthorisationService(
            roles, people, AuditTrail(clock), services.ring, clock
        )
        companies = CompanyService(roles, authorisations, people, services.admission, clock)
        return cls(clock, consents, people, register, aishandong, roles, authorisations, companies)

    async def someone(
        self, persona: str = "wangwu", *roles: FoundRole, proven: bool = True
    ) -> Citizen:
        """Signed in, proven to be the persona, and named by the register for ``roles``."""
        person_id = await self._person(persona, proven=proven)
        self.register.roles[person_id] = list(roles)
        now, session_id = self.clock.now(), new_id()
        await Session.create(
            id=session_id,
            person_id=person_id,
            account_id=new_id(),
            device_index="device",
            refresh_index="refresh",
            created_at=now,
            rotated_at=now,
            expires_at=now.replace(year=now.year + 2),
        )
        return Citizen(person_id, new_id(), session_id, "wechat", "wx0", "o0")

    async def _person(self, persona: str, *, proven: bool) -> str:
        who = PERSONAS[persona]
        if proven:
            known = await Person.get_or_none(id_number_index=self.people.index_of(who.id_number))
            if known is not None:
                return known.id
        person = await Person.create(id=new_id(), created_at=self.clock.now())
        await self.consents.grant(person.id, ["identity_check"], "wechat")
        await self.people.keep_identity(person.id, who.name, who.id_number, proven=proven)
        return person.id

    async def acting(self, caller: Citizen, code: str = ACME) -> Citizen:
        """The caller as the next request shows him after :meth:`CompanyService.act_for`."""
        await self.companies.act_for(caller, code)
        return replace(caller, acting_for=(await Session.get(id=caller.session_id)).acting_for)

    def wish(
        self,
        agent: str = "lisi",
        operations: Sequence[Delegable] = ("change", "cancel"),
        days: int = 30,
        name: str | None = None,
    ) -> Wish:
        who = PERSONAS[agent]
        last = self.clock.now().astimezone(CHINA).date() + timedelta(days=days)
        return self.authorisations.read(
            name or who.name.reveal(), who.id_number.reveal(), operations, last
        )

    async def authorised(self, grantor: Citizen, code: str = ACME, **how) -> str:
        """The id of an authorisation by ``grantor``."""
        role = await self.authorisations.granting_role(grantor.person_id, code)
        return (await self.authorisations.grant(grantor, role, self.wish(**how))).id
