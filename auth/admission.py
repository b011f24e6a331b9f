"""From an access token to the citizen who calls, cheaply.

The first sight of a token costs a signature check and one read of its session. After that it is
remembered in this process until it expires or its session changes. The end or change of a session
is told to all processes; because such news can be lost, the session is read again once a minute,
without checking the signature again.

Whose the session is says its row, not the token: when two persons turn out to be one, tokens that
were given out before go on working, for the one.
"""

from dataclasses import dataclass

import structlog

from auth.citizen import Citizen
from auth.problems import SessionEnded
from auth.tokens import Claims, TokenService
from kit.clock import Clock
from kit.coordination.ports import MAYBE_MISSED, Notifier
from kit.database.statement import Statement, to_instant

log = structlog.get_logger("auth")

CHANNEL = "session.changed"
LOOK_AGAIN_S = 60.0
ENTRIES_MAX = 5_000
"""About 1 KB each. With more tokens than this in use the oldest are checked again."""

_SESSION = Statement(
    "SELECT s.person_id, s.account_id, s.expires_at, s.revoked_at, s.acting_for,"
    " a.platform, a.app_id, a.open_id"
    " FROM session s JOIN platform_account a ON a.id = s.account_id WHERE s.id = ?"
)


@dataclass(frozen=True, slots=True)
class _Remembered:
    citizen: Citizen
    claims: Claims
    look_again_at: float


class Admission:
    """One for the process; :meth:`follow` runs as a task of it."""

    def __init__(
        self,
        tokens: TokenService,
        notifier: Notifier,
        clock: Clock,
        entries_max: int = ENTRIES_MAX,
    ) -> None:
        self._tokens = tokens
        self._notifier = notifier
        self._clock = clock
        self._entries_max = entries_max
        self._remembered: dict[str, _Remembered] = {}
        self._changes = 0

    async def admit(self, token: str) -> Citizen:
        """Raises AccessTokenInvalid, AccessTokenExpired or SessionEnded."""
        known = self._remembered.get(token)
        if known is None:
            return await self._look(token, self._tokens.verify(token))
        now = self._clock.now().timestamp()
        if now >= known.claims.exp:
            del self._remembered[token]
            return await self._look(token, self._tokens.verify(token))
        if now >= known.look_again_at:
            return await self._look(token, known.claims)
        return known.citizen

    async def changed(self, session_id: str) -> None:
        """Called after the session's row was: known here at once, elsewhere as soon as told."""
        self.forget(session_id)
        await self._notifier.publish(CHANNEL, session_id)

    def forget(self, session_id: str) -> None:
        self._changes += 1
        for token in [t for t, known in self._remembered.items() if known.claims.sid == session_id]:
            del self._remembered[token]

    def forget_all(self) -> None:
        self._changes += 1
        self._remembered.clear()

    async def follow(self) -> None:
        """For ever: forget the sessions that other processes changed."""
        async with self._notifier.subscribe(CHANNEL) as changed:
            # Whatever changed while nobody listened was missed.
            self.forget_all()
            async for session_id in changed:
                if session_id == MAYBE_MISSED:
                    self.forget_all()
                else:
                    self.forget(session_id)

    async def _look(self, token: str, claims: Claims) -> Citizen:
        changes = self._changes
        rows = await _SESSION.fetch(claims.sid)
        now = self._clock.now()
        row = rows[0] if rows else None
        if row is None or row["revoked_at"] is not None or to_instant(row["expires_at"]) <= now:
            self._remembered.pop(token, None)
            raise SessionEnded
        citizen = Citizen(
            row["person_id"],
            row["account_id"],
            claims.sid,
            row["platform"],
            row["app_id"],
            row["open_id"],
            row["acting_for"],
        )
        if changes == self._changes:
            # Otherwise some session changed while its row was on the way: it might be this one.
            self._remember(token, _Remembered(citizen, claims, now.timestamp() + LOOK_AGAIN_S))
        return citizen

    def _remember(self, token: str, known: _Remembered) -> None:
        self._remembered.pop(token, None)
        while len(self._remembered) >= self._entries_max:
            del self._remembered[next(iter(self._remembered))]
        self._remembered[token] = known
