"""One real person behind several accounts: whom a passed identity check makes an account belong to.

The first account that shows to be somebody *is* that person. Every other account that shows to be
the same one joins it, with all it has: drafts, messages, applications, sessions. Never the other
way round, and never by a mere matching of name and number, which anybody knows who once saw an ID
card: that only notes who the account says it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from adapters.outbox.put import Outbox
from auth.access_log import AccessLogService
from auth.audit import AuditTrail
from auth.belongings import Belongings
from auth.claimed_identity import ClaimedIdentity
from auth.consents import hand_over_consents
from auth.models import ENDED, CompanyRole, IdentityCheck, Person, PlatformAccount
from auth.service import PeopleService
from auth.sessions import SessionService
from kit.clock import Clock

log = structlog.get_logger("auth")

SETTLE_TOPIC = "person.settle"
SETTLE_AFTER = (timedelta(seconds=5), timedelta(minutes=2))
"""When what was on its way at the moment of a join or a deletion is looked after: a request lives a
few seconds, and another process may believe in the old person for one minute."""


@dataclass(frozen=True, slots=True)
class Proven:
    """Who the account belongs to from now on, and the sessions that have to be looked at again."""

    person_id: str
    moved_sessions: list[str]


class IdentityConflict(Exception):
    """The proven identity cannot become this person's; ``reason`` is a word for the client."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class AccountJoining:
    def __init__(
        self,
        people: PeopleService,
        sessions: SessionService,
        belongings: Sequence[Belongings],
        access_log: AccessLogService,
        audit: AuditTrail,
        outbox: Outbox,
        clock: Clock,
    ) -> None:
        self._people = people
        self._sessions = sessions
        self._belongings = belongings
        self._access_log = access_log
        self._audit = audit
        self._outbox = outbox
        self._clock = clock

    async def prove(self, person_id: str, identity: ClaimedIdentity, *, in_person: bool) -> Proven:
        """Write a passed check's identity, in the caller's unit. ``in_person``: somebody showed
        himself, and did not only know a name and a number.

        IdentityConflict, after which the unit must be rolled back: ``identity_differs`` when this
        account was proven to be somebody else before, ``expired`` when the person is gone.
        IntegrityError when two accounts prove to be the same new person at one moment; repeated,
        the second joins the first.
        """
        person = await self._people.locked(person_id)
        if person is None:
            raise IdentityConflict("expired")
        index = self._people.index_of(identity.id_number)
        if person.id_number_index not in {None, index}:
            raise IdentityConflict("identity_differs")
        if not in_person:
            if person.id_number_index is None:
                await self._keep(person.id, identity, in_person=False)
            return Proven(person.id, [])
        known = await Person.get_or_none(id_number_index=index)
        # Locked, and read again: a deletion may have taken the number away in between.
        owner = await self._people.locked(known.id) if known is not None else None
        if owner is None or owner.id == person.id:
            await self._keep(person.id, identity, in_person=True)
            return Proven(person.id, [])
        await self._keep(owner.id, identity, in_person=True)
        return Proven(owner.id, await self._join(person, owner))

    async def refused(self, person_id: str, check_id: str) -> None:
        """In the caller's unit: an account that is somebody's was shown to be somebody else's."""
        await self._audit.record(person_id, "account_join_refused", check_id)

    async def hand_over(self, person_id: str, to: str) -> list[str]:
        """In the caller's unit; doing it again does no harm. The sessions that have to be looked at
        again after its commit."""
        sessions = await self._sessions.hand_over(person_id, to)
        for kept in (PlatformAccount, IdentityCheck):
            await kept.filter(person_id=person_id).update(person_id=to)
        await hand_over_consents(person_id, to)
        await self._access_log.hand_over(person_id, to)
        # The one's own roles are asked for anew; the other's may name the same companies.
        await CompanyRole.filter(person_id=person_id).delete()
        for belongings in self._belongings:
            await belongings.hand_over(person_id, to)
        return sessions

    async def _keep(self, person_id: str, identity: ClaimedIdentity, *, in_person: bool) -> None:
        await self._people.keep_identity(
            person_id, identity.name, identity.id_number, proven=in_person
        )

    async def _join(self, person: Person, owner: Person) -> list[str]:
        await Person.filter(id=person.id).update(
            merged_into=owner.id,
            assurance=ENDED,
            name_cipher=None,
            id_number_cipher=None,
            phone_cipher=None,
        )
        if owner.phone_cipher is None:
            await self._people.move_phone(person, owner.id)
        sessions = await self.hand_over(person.id, owner.id)
        await settle_later(self._outbox, person.id, self._clock)
        await self._audit.record(owner.id, "account_joined", person.id)
        log.info("account_joined", person_id=owner.id, joined=person.id)
        return sessions


async def settle_later(outbox: Outbox, person_id: str, clock: Clock) -> None:
    """In the unit of a join or a deletion."""
    for delay in SETTLE_AFTER:
        await outbox.put(
            SETTLE_TOPIC, f"person:{person_id}", {"person_id": person_id}, clock.now() + delay
        )
