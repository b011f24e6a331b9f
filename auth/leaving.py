"""The person's rights over what is kept: a copy of all of it, and its end.

PIPL art. 45 (copy) and 47 (deletion) are the sources, with the limit that records of what a person
applied for are the administration's and are kept (archive law): those are restricted instead. Both
article numbers are from memory, confidence medium.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from adapters.outbox.delivery import Delivery
from adapters.outbox.put import Outbox
from auth.audit import AuditTrail
from auth.belongings import Belongings
from auth.identity_checks import erase_checks
from auth.joining import AccountJoining, settle_later
from auth.models import (
    ENDED,
    AccessLog,
    CompanyAuthorisation,
    CompanyRole,
    Consent,
    Person,
    PlatformAccount,
)
from auth.sessions import SessionService
from kit.clock import Clock
from kit.database.statement import Statement
from kit.database.unit import unit_of_work

log = structlog.get_logger("auth")

IDLE_KEPT = timedelta(days=365)
"""How long after the first login somebody is kept who never proved who he is and has no session any
more, which is to say: has not come back for a month."""

_IDLE = Statement(
    "SELECT p.id FROM person p LEFT JOIN session s ON s.person_id = p.id"
    " WHERE p.assurance IN ('none', 'phone', 'real_name') AND p.created_at < ? AND s.id IS NULL"
    " LIMIT 50"
)


class AccountErasure:
    def __init__(
        self,
        sessions: SessionService,
        belongings: Sequence[Belongings],
        audit: AuditTrail,
        outbox: Outbox,
        clock: Clock,
    ) -> None:
        self._sessions = sessions
        self._belongings = belongings
        self._audit = audit
        self._outbox = outbox
        self._clock = clock

    async def erase(self, person_id: str) -> None:
        """Drafts, files, messages and everything that says who it was are erased; applications are
        restricted; the lines that prove what was consented to and done stay, without a name.
        Signing in with the same platform later makes somebody new."""
        async with unit_of_work():
            # First of all: a join into this person, on its way, comes before this or finds nobody.
            there = Person.filter(id=person_id, deleted_at__isnull=True, merged_into__isnull=True)
            if not await there.update(deleted_at=self._clock.now(), **_NOTHING):
                return
            sessions = await self.erase_belongings(person_id)
            await settle_later(self._outbox, person_id, self._clock)
            await self._audit.record(person_id, "account_deleted", person_id)
        log.info("account_deleted", person_id=person_id)
        await self._sessions.forget(sessions)

    async def erase_belongings(self, person_id: str) -> list[str]:
        """In the caller's unit; doing it again does no harm. The sessions that have to be looked at
        again after its commit."""
        now = self._clock.now()
        sessions = await self._sessions.revoke_all(person_id, "account_deleted")
        await erase_checks(person_id, now)
        for kept in (PlatformAccount, CompanyRole):
            await kept.filter(person_id=person_id).delete()
        await Consent.filter(person_id=person_id, withdrawn_at__isnull=True).update(
            withdrawn_at=now
        )
        await CompanyAuthorisation.filter(granted_by=person_id, revoked_at__isnull=True).update(
            revoked_at=now
        )
        await AccessLog.filter(person_id=person_id).update(name_cipher=None)
        for belongings in self._belongings:
            await belongings.erase(person_id)
        return sessions

    async def forget(self, sessions: list[str]) -> None:
        await self._sessions.forget(sessions)

    async def erase_idle(self) -> int:
        """Whoever never proved who he is, first came a year ago and has no session any more; how
        many."""
        idle = await _IDLE.fetch(self._clock.now() - IDLE_KEPT)
        for row in idle:
            await self.erase(row["id"])
        return len(idle)


class SettleHandler:
    """``person.settle``: what was on its way when a person was joined to another, or deleted."""

    def __init__(self, joining: AccountJoining, erasure: AccountErasure) -> None:
        self._joining = joining
        self._erasure = erasure

    async def handle(self, delivery: Delivery) -> None:
        person = await Person.get(id=delivery.body["person_id"])
        sessions: list[str] = []
        async with delivery.settling():
            if person.merged_into is not None:
                sessions += await self._joining.hand_over(person.id, person.merged_into)
                # Who may have gone too, and for the last time been looked after.
                person = await Person.get(id=person.merged_into)
            if person.deleted_at is not None:
                sessions += await self._erasure.erase_belongings(person.id)
        await self._erasure.forget(sessions)

    async def park(self, delivery: Delivery, error_code: str) -> None:
        """The row stays for the operator."""


_NOTHING: dict[str, str | bytes | datetime | None] = {
    "id_number_cipher": None,
    "id_number_index": None,
    "name_cipher": None,
    "phone_cipher": None,
    "assurance": ENDED,
    "checked_at": None,
}
