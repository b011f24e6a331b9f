"""Acting for a company: who may, in which session, for which operation.

Rule: a legal person (法人) or an administrator (管理员) may submit for the company; an agent
(经办人) only with an authorisation of one of those. Source: an inference from the roles of the
province's single sign-on (``corUserRole`` 0, 1, 2) and from how counters ask for a power of
attorney; no published rule was found. Confidence medium for the first half, low for the second.

Roles belong to the person and not to the platform account, so whoever has joined several platforms
acts for the same companies from all of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from auth.admission import Admission
from auth.authorisations import DELEGABLE, GRANTING, Authorisation, AuthorisationService
from auth.citizen import Citizen
from auth.company_problems import AuthorisationRequired, CompanyRoleRequired
from auth.company_roles import FRESH, CompanyRoles, KeptRole, Role
from auth.models import Session
from auth.problems import IdentityCheckRequired, SessionEnded
from auth.service import PeopleService
from kit.clock import Clock
from kit.codes import InvalidCode, read_credit_code
from kit.problems import FieldError, InvalidRequest


@dataclass(frozen=True, slots=True)
class ActingFor:
    """The company for which a person acts, and as what."""

    uscc: str
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Company:
    """A company for which somebody is something. ``operations`` are those that the person may
    submit for it; none for an agent without an authorisation."""

    uscc: str
    name: str
    role: Role
    operations: tuple[str, ...]
    verified_at: datetime | None
    """When a register said so; None when only the company's authorisation does."""
    stale: bool
    """The register could not be asked again in time, so this may be out of date."""
    authorised_until: datetime | None


@dataclass(frozen=True, slots=True)
class Companies:
    """``is_proven``: whether the person ever showed himself, without which there is no answer.
    ``stale``: a register gave no answer, so that companies may be missing too."""

    items: Sequence[Company]
    stale: bool
    is_proven: bool


class CompanyService:
    def __init__(
        self,
        roles: CompanyRoles,
        authorisations: AuthorisationService,
        people: PeopleService,
        admission: Admission,
        clock: Clock,
    ) -> None:
        self._roles = roles
        self._authorisations = authorisations
        self._people = people
        self._admission = admission
        self._clock = clock

    async def companies(self, caller: Citizen, *, refresh: bool = False) -> Companies:
        """What the caller is in which company. ``refresh`` asks the registers now, unless they were
        asked less than a minute ago. A register's silence is no error: what it said before is
        shown with its time."""
        if not await self._is_proven(caller.person_id):
            return Companies((), stale=False, is_proven=False)
        standing = await self._roles.current(caller.person_id, refresh=refresh)
        received = await self._authorisations.received(caller.person_id)
        now = self._clock.now()
        items = [
            _company(
                role,
                [one for one in received if one.uscc == role.uscc],
                stale=role.source in standing.silent or now - role.verified_at >= FRESH,
            )
            for role in standing.roles.values()
        ]
        unlisted = {one.uscc for one in received} - set(standing.roles)
        items += [
            _authorised([one for one in received if one.uscc == uscc]) for uscc in sorted(unlisted)
        ]
        return Companies(items, stale=bool(standing.silent), is_proven=True)

    async def act_for(self, caller: Citizen, uscc: str | None) -> ActingFor | None:
        """From now on the session is the company's; with None the person's own again.

        Raises InvalidRequest for what is no credit code, IdentityCheckRequired for somebody who
        never showed himself, CompanyRoleRequired (one answer for unknown companies and for other
        people's), AuthorisationRequired for a listed agent without one, TemporarilyUnavailable
        when the role is too old and no register answers.
        """
        acting = None
        if uscc is not None:
            code = _read_code(uscc)
            if not await self._is_proven(caller.person_id):
                raise IdentityCheckRequired
            await self._roles.current(caller.person_id)
            acting = await self._entitled(caller.person_id, code)
        changed = await Session.filter(
            id=caller.session_id, person_id=caller.person_id, revoked_at__isnull=True
        ).update(acting_for=acting.uscc if acting else None)
        if not changed:
            raise SessionEnded
        await self._admission.changed(caller.session_id)
        return acting

    async def acting_for(self, person_id: str, uscc: str | None) -> ActingFor | None:
        """What to show of a session's company, as far as it is known without asking anybody. None
        when the role or the authorisation has ended since."""
        if uscc is None:
            return None
        role = (await self._roles.kept(person_id)).get(uscc)
        if role is not None and role.role in GRANTING:
            return ActingFor(role.uscc, role.company_name, role.role)
        received = await self._authorisations.received(person_id, uscc)
        return ActingFor(uscc, received[0].company_name, "agent") if received else None

    async def confirm_role(self, caller: Citizen, operation: str, uscc: str) -> ActingFor:
        """Whether the caller may submit ``operation`` for the company, found out anew: for the
        moment of submitting, before its unit, because a register may have to be asked.

        Raises CompanyRoleRequired when the session does not act for this company or the role is
        gone, AuthorisationRequired (a CompanyRoleRequired too) when an agent's authorisation is
        gone or does not cover the operation, TemporarilyUnavailable when the role was last said
        more than 30 days ago and no register answers.
        """
        if caller.acting_for is None or caller.acting_for != uscc:
            raise CompanyRoleRequired
        role = await self._roles.confirmed(caller.person_id, uscc)
        if role is not None and role.role in GRANTING:
            return ActingFor(role.uscc, role.company_name, role.role)
        authorisation = await self._authorisations.confirmed(caller.person_id, uscc, operation)
        if authorisation is not None:
            return ActingFor(uscc, authorisation.company_name, "agent")
        if role is not None or await self._authorisations.received(caller.person_id, uscc):
            raise AuthorisationRequired
        raise CompanyRoleRequired

    async def _entitled(self, person_id: str, uscc: str) -> ActingFor:
        role = await self._roles.confirmed(person_id, uscc)
        acting = await self.acting_for(person_id, uscc)
        if acting is not None:
            return acting
        raise AuthorisationRequired if role is not None else CompanyRoleRequired

    async def _is_proven(self, person_id: str) -> bool:
        return (await self._people.profile(person_id)).assurance == "real_person"


def _company(role: KeptRole, received: Sequence[Authorisation], *, stale: bool) -> Company:
    if role.role in GRANTING:
        return Company(
            role.uscc, role.company_name, role.role, DELEGABLE, role.verified_at, stale, None
        )
    return Company(
        role.uscc,
        role.company_name,
        role.role,
        _allowed(received),
        role.verified_at,
        stale,
        max((one.expires_at for one in received), default=None),
    )


def _authorised(received: Sequence[Authorisation]) -> Company:
    """Of a company in which no register names the person."""
    newest = received[-1]
    until = max(one.expires_at for one in received)
    return Company(
        newest.uscc, newest.company_name, "agent", _allowed(received), None, False, until
    )


def _allowed(received: Sequence[Authorisation]) -> tuple[str, ...]:
    return tuple(o for o in DELEGABLE if any(o in one.operations for one in received))


def _read_code(uscc: str) -> str:
    code = uscc.strip().upper()
    try:
        read_credit_code(code)
    except InvalidCode as invalid:
        error = FieldError("/uscc", f"uscc_{invalid.fault}", invalid.text)
        raise InvalidRequest(errors=[error]) from None
    return code
