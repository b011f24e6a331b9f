"""Sessions: opened by a login, kept alive by refreshing, ended by whoever may.

Every refresh gives a new refresh token and makes the old one worthless. The old one is forgiven
for 30 seconds, to the same device, because the answer may have been lost on the way. After that a
second use means that there is a copy, and the whole family ends: its rightful owner signs in again,
the other cannot.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from auth.admission import Admission
from auth.models import PlatformAccount, Session
from auth.problems import RefreshTokenInvalid, RefreshTokenReused
from auth.refresh_tokens import RefreshToken, RefreshTokens
from auth.tokens import IssuedToken, TokenService
from kit.clock import Clock
from kit.ids import new_id
from kit.problems import NotFound
from kit.secrets import KeyRing, Secret

log = structlog.get_logger("auth")

IDLE_MAX = timedelta(days=30)
AGE_MAX = timedelta(days=180)
"""However often it is refreshed: after this a session ends and the platform is asked again."""
FORGIVEN = timedelta(seconds=30)
LISTED_MAX = 50


@dataclass(frozen=True, slots=True)
class Granted:
    """What a client gets for a login or a refresh."""

    person_id: str
    access: IssuedToken
    refresh_token: Secret
    refresh_expires_in_s: int


@dataclass(frozen=True, slots=True)
class OpenSession:
    id: str
    platform: str
    created_at: datetime
    used_at: datetime
    expires_at: datetime


class SessionService:
    def __init__(
        self, tokens: TokenService, admission: Admission, ring: KeyRing, clock: Clock
    ) -> None:
        self._tokens = tokens
        self._admission = admission
        self._refresh_tokens = RefreshTokens(ring)
        self._ring = ring
        self._clock = clock

    async def open(self, account: PlatformAccount, device: str) -> Granted:
        """A new session, in the caller's unit."""
        now = self._clock.now()
        session_id = new_id()
        token = self._refresh_tokens.first(session_id)
        session = await Session.create(
            id=session_id,
            person_id=account.person_id,
            account_id=account.id,
            device_index=self._device_index(device),
            refresh_index=self._refresh_tokens.index(token),
            created_at=now,
            rotated_at=now,
            expires_at=now + IDLE_MAX,
        )
        log.info("session_opened", session_id=session_id, person_id=account.person_id)
        return self._granted(session, token)

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
                await self.end(session.id, "refresh_token_reused")
                raise RefreshTokenReused
        return self._granted(session, successor)

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

    async def end_own(self, person_id: str, session_id: str) -> None:
        """Raises NotFound for a session that is not this person's."""
        if not await Session.exists(id=session_id, person_id=person_id):
            raise NotFound
        await self.end(session_id, "ended_by_person")

    async def end(self, session_id: str, because: str) -> None:
        """``because`` is a word for the operators. Ending it twice is as good as once."""
        ended = await Session.filter(id=session_id, revoked_at__isnull=True).update(
            revoked_at=self._clock.now(), revoked_because=because
        )
        if ended:
            log.info("session_ended", session_id=session_id, because=because)
        await self._admission.end(session_id)

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

    def _is_open(self, session: Session) -> bool:
        return session.revoked_at is None and session.expires_at > self._clock.now()

    def _is_repeat(self, session: Session, successor: RefreshToken) -> bool:
        return (
            self._is_open(session)
            and session.refresh_index == self._refresh_tokens.index(successor)
            and self._clock.now() - session.rotated_at <= FORGIVEN
        )

    def _granted(self, session: Session, token: RefreshToken) -> Granted:
        """Made from what the row says and not from the time of the call: a repeat is equal."""
        return Granted(
            person_id=session.person_id,
            access=self._tokens.issue(session.person_id, session.id, session.rotated_at),
            refresh_token=Secret(token.text),
            refresh_expires_in_s=int((session.expires_at - session.rotated_at).total_seconds()),
        )

    def _device_index(self, device: str) -> str:
        return self._ring.index(device, "session.device")
