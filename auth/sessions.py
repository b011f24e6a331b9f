"""Sessions: opened by a login, kept alive by refreshing, ended by whoever may.

Every refresh gives a new refresh token and makes the old one worthless. The old one is forgiven
for 30 seconds, to the same device, because the answer may have been lost on the way. After that a
second use means that there is a copy, and the whole family ends: its rightful owner signs in again,
the other cannot.

One account has one session on one device: two login codes that a client uses at the same moment
give the same session, a later login there takes the place of the one before.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from auth.admission import Admission
from auth.audit import AuditTrail
from auth.devices import is_named
from auth.models import PlatformAccount, Session
from auth.problems import RefreshTokenInvalid, RefreshTokenReused, SessionEnded
from auth.refresh_tokens import RefreshToken, RefreshTokens
from auth.tokens import IssuedToken, TokenService
from kit.clock import Clock
from kit.database.statement import Statement
from kit.database.unit import unit_of_work
from kit.ids import new_id, new_token
from kit.problems import NotFound
from kit.secrets import KeyRing, Secret

log = structlog.get_logger("auth")

IDLE_MAX = timedelta(days=30)
AGE_MAX = timedelta(days=180)
"""However often it is refreshed: after this a session ends and the platform is asked again."""
FORGIVEN = timedelta(seconds=30)
ONE_MOMENT = timedelta(seconds=30)
"""Logins of one account on one device within this time give one session."""
LISTED_MAX = 50

_OPEN = Statement(
    "INSERT INTO session (id, person_id, account_id, device_index, slot, seed_cipher,"
    " refresh_index, generation, created_at, rotated_at, expires_at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?)"
)


@dataclass(frozen=True, slots=True)
class Granted:
    """What a client gets for a login or a refresh."""

    person_id: str
    access: IssuedToken
    refresh_token: Secret
    refresh_expires_in_s: int
    acting_for: str | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a session is opened: which account, on which device."""

    account_id: str
    person_id: str
    device: str
    slot: str


@dataclass(frozen=True, slots=True)
class HeldSlot:
    """The session that has the place."""

    session_id: str
    seed_cipher: bytes | None
    generation: int
    rotated_at: datetime
    expires_at: datetime
    acting_for: str | None


@dataclass(frozen=True, slots=True)
class OpenSession:
    id: str
    platform: str
    created_at: datetime
    used_at: datetime
    expires_at: datetime


class SessionService:
    def __init__(
        self,
        tokens: TokenService,
        admission: Admission,
        audit: AuditTrail,
        ring: KeyRing,
        clock: Clock,
    ) -> None:
        self._tokens = tokens
        self._admission = admission
        self._audit = audit
        self._refresh_tokens = RefreshTokens(ring)
        self._ring = ring
        self._clock = clock

    def slot(self, platform: str, app_id: str, open_id: str, device: str) -> str:
        """The place of one account's session on one device."""
        return self._ring.index("\0".join((platform, app_id, open_id, device)), "session.slot")

    async def open(self, place: Place, held: HeldSlot | None) -> Granted:
        """The session of this place: the one that ``held`` it, if that was opened this moment, else
        a new one. IntegrityError when another login took the place since ``held`` was read."""
        if held is None:
            return await self._insert(place)
        if held.seed_cipher is not None and self._is_of_this_moment(held):
            seed = self._ring.open(held.seed_cipher, _seed_context(held.session_id)).decode()
            token = self._refresh_tokens.first(held.session_id, seed)
            return self._granted(
                place.person_id, held.rotated_at, held.expires_at, token, held.acting_for
            )
        async with unit_of_work():
            await self._vacate(held, place.device)
            granted = await self._insert(place)
        await self._admission.changed(held.session_id)
        return granted

    async def refresh(self, presented: str, device: str) -> Granted:
        """The next tokens of a family. Raises RefreshTokenInvalid or RefreshTokenReused."""
        token = self._refresh_tokens.read(presented)
        session = await Session.get_or_none(id=token.session_id) if token else None
        if token is None or session is None or not self._is_open(session):
            raise RefreshTokenInvalid
        if session.device_index != self._device_index(device):
            await self.end(session.id, "foreign_device")
            raise RefreshTokenInvalid
        successor = self._refresh_tokens.after(token)
        if not await self._rotate(session, token, successor):
            session = await Session.get(id=session.id)
            if not self._is_repeat(session, successor):
                await self._end_stolen(session)
                raise RefreshTokenReused
        return self._granted(
            session.person_id,
            session.rotated_at,
            session.expires_at,
            successor,
            session.acting_for,
        )

    async def open_sessions(self, person_id: str) -> list[OpenSession]:
        """Of one person, the one used last first."""
        now = self._clock.now()
        sessions = (
            await Session.filter(person_id=person_id, revoked_at__isnull=True, expires_at__gt=now)
            .order_by("-rotated_at")
            .limit(LISTED_MAX)
        )
        accounts = await PlatformAccount.filter(id__in={s.account_id for s in sessions})
        platforms = {account.id: account.platform for account in accounts}
        return [
            OpenSession(s.id, platforms[s.account_id], s.created_at, s.rotated_at, s.expires_at)
            for s in sessions
        ]

    async def opened_at(self, session_id: str) -> datetime:
        """When its platform vouched for whoever signed in; refreshing changes nothing of that.
        Raises SessionEnded when it has ended meanwhile."""
        session = await Session.get_or_none(id=session_id, revoked_at__isnull=True)
        if session is None:
            raise SessionEnded
        return session.created_at

    async def end_own(self, person_id: str, session_id: str) -> None:
        """Raises NotFound for a session that is not this person's."""
        if not await Session.exists(id=session_id, person_id=person_id):
            raise NotFound
        await self.end(session_id, "ended_by_person")

    async def end(self, session_id: str, because: str) -> None:
        """``because`` is a word for the operators. Ending it twice is as good as once."""
        if await self.revoke(session_id, because):
            log.info("session_ended", session_id=session_id, because=because)
        await self._admission.changed(session_id)

    async def end_all(self, person_id: str) -> None:
        """Everywhere, the session that asks for it included."""
        async with unit_of_work():
            sessions = await self.revoke_all(person_id, "ended_everywhere")
            await self._audit.record(person_id, "sessions_ended_everywhere", person_id)
        await self.forget(sessions)

    async def revoke_all(self, person_id: str, because: str) -> list[str]:
        """In the caller's unit; the ids are for :meth:`forget` after its commit."""
        sessions = await Session.filter(person_id=person_id, revoked_at__isnull=True)
        for session in sessions:
            await self.revoke(session.id, because)
        return [session.id for session in sessions]

    async def hand_over(self, person_id: str, to: str) -> list[str]:
        """In the caller's unit; the ids are for :meth:`forget` after its commit."""
        sessions = await Session.filter(person_id=person_id)
        await Session.filter(person_id=person_id).update(person_id=to)
        return [session.id for session in sessions]

    async def forget(self, session_ids: list[str]) -> None:
        for session_id in session_ids:
            await self._admission.changed(session_id)

    async def purge(self) -> int:
        """Erase the sessions that could not be refreshed any more; how many."""
        return await Session.filter(expires_at__lt=self._clock.now()).delete()

    async def _rotate(self, session: Session, token: RefreshToken, successor: RefreshToken) -> bool:
        """Compare-and-set: of two parallel refreshes one does it, the other finds it done."""
        now = self._clock.now()
        session.rotated_at = now
        session.expires_at = min(now + IDLE_MAX, session.created_at + AGE_MAX)
        changed = await Session.filter(
            id=session.id,
            refresh_index=self._refresh_tokens.index(token),
            revoked_at__isnull=True,
        ).update(
            refresh_index=self._refresh_tokens.index(successor),
            generation=successor.generation,
            rotated_at=session.rotated_at,
            expires_at=session.expires_at,
        )
        return changed == 1

    async def _insert(self, place: Place) -> Granted:
        now = self._clock.now()
        session_id, seed, expires_at = new_id(), new_token(), now + IDLE_MAX
        token = self._refresh_tokens.first(session_id, seed)
        await _OPEN.execute(
            session_id,
            place.person_id,
            place.account_id,
            self._device_index(place.device),
            place.slot,
            self._ring.seal(seed.encode(), _seed_context(session_id)),
            self._refresh_tokens.index(token),
            now,
            now,
            expires_at,
        )
        log.debug("session_opened", session_id=session_id, person_id=place.person_id)
        return self._granted(place.person_id, now, expires_at, token, None)

    async def _vacate(self, held: HeldSlot, device: str) -> None:
        """A device that did not say which one it is may be another one of the same platform: its
        session goes on, only without the place."""
        if is_named(device):
            await self.revoke(held.session_id, "replaced_by_login")
        else:
            await Session.filter(id=held.session_id).update(slot=None)

    async def revoke(self, session_id: str, because: str) -> bool:
        """False when it had ended before."""
        ended = await Session.filter(id=session_id, revoked_at__isnull=True).update(
            revoked_at=self._clock.now(), revoked_because=because, slot=None
        )
        return ended == 1

    async def _end_stolen(self, session: Session) -> None:
        async with unit_of_work():
            await self.revoke(session.id, "refresh_token_reused")
            await self._audit.record(session.person_id, "refresh_token_reused", session.id)
        log.warning("refresh_token_reused", session_id=session.id)
        await self._admission.changed(session.id)

    def _is_open(self, session: Session) -> bool:
        return session.revoked_at is None and session.expires_at > self._clock.now()

    def _is_repeat(self, session: Session, successor: RefreshToken) -> bool:
        return (
            self._is_open(session)
            and session.refresh_index == self._refresh_tokens.index(successor)
            and self._clock.now() - session.rotated_at <= FORGIVEN
        )

    def _is_of_this_moment(self, held: HeldSlot) -> bool:
        """Opened and not refreshed since: whoever asks again now was answered a moment ago."""
        return held.generation == 0 and self._clock.now() - held.rotated_at <= ONE_MOMENT

    def _granted(
        self,
        person_id: str,
        rotated_at: datetime,
        expires_at: datetime,
        token: RefreshToken,
        acting_for: str | None,
    ) -> Granted:
        """Made from what the row says and not from the time of the call: a repeat is equal."""
        return Granted(
            person_id=person_id,
            access=self._tokens.issue(person_id, token.session_id, rotated_at),
            refresh_token=Secret(token.text),
            refresh_expires_in_s=int((expires_at - rotated_at).total_seconds()),
            acting_for=acting_for,
        )

    def _device_index(self, device: str) -> str:
        return self._ring.index(device, "session.device")


def _seed_context(session_id: str) -> str:
    return f"session.seed|{session_id}"
