"""A peer's access token: one refresher for all callers of all processes.

Processes share it through the cache; one of them fetches it (lock), and in each process one caller
does: the others wait for that one without asking the cache, which a thousand questions at once
would choke.

Three times in a row keep it at one fetch when the holder of the lock dies in the middle of it: the
fetch ends before the lock does, and the lock before those who wait for it lose patience.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from adapters.errors import AdapterError, Unreachable
from kit.clock import Clock
from kit.coordination.ports import Cache, Locks
from kit.secrets import Secret

log = structlog.get_logger("adapters.access_tokens")

FETCH_S_MAX = 4.0
LOCK_TTL_S = 5.0
"""A fetch, and keeping what it brought."""
LOCK_WAIT_S = LOCK_TTL_S + FETCH_S_MAX + 1.0
"""A holder that died, and then somebody's whole fetch."""
KEPT_S_MIN = 30

Fetch = Callable[[], Awaitable[tuple[str, int]]]
"""A token and the seconds that it lives, more than none; the adapter errors. It takes no longer
than ``FETCH_S_MAX``."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    value: Secret
    good_until: datetime

    def packed(self) -> bytes:
        return f"{int(self.good_until.timestamp())} {self.value.reveal()}".encode()

    @classmethod
    def unpacked(cls, packed: bytes) -> "AccessToken | None":
        until, _, value = packed.decode("ascii", "replace").partition(" ")
        if not until.isdigit() or not value:
            return None
        return cls(Secret(value), datetime.fromtimestamp(int(until), UTC))


@dataclass(frozen=True, slots=True)
class Margins:
    """How long before its end a token is given up, in seconds."""

    least_s: int
    jitter_s: int
    """At most so much earlier still: processes whose copies are equally old do not come for a new
    one in the same second."""

    def kept_s(self, life_s: int) -> int:
        """A life shorter than the margins happens just before a change of token: then a short one
        brings the new one soon."""
        kept_s = life_s - self.least_s - secrets.randbelow(self.jitter_s)
        return max(kept_s, min(KEPT_S_MIN, life_s // 2))


class SharedTokens:
    """``peer`` names it in errors and logs, ``owner`` is whom of us it knows.

    Raises the three adapter errors; an :class:`Unreachable` from here never reached the business
    call, so ``may_have_acted`` is false."""

    def __init__(
        self,
        peer: str,
        owner: str,
        fetch: Fetch,
        margins: Margins,
        cache: Cache,
        locks: Locks,
        clock: Clock,
    ) -> None:
        self._peer = peer
        self._name = f"{peer}:token:{owner}"
        self._fetch = fetch
        self._margins = margins
        self._cache = cache
        self._locks = locks
        self._clock = clock
        self._held: AccessToken | None = None
        self._one_at_a_time = asyncio.Lock()
        self._fruitless = 0

    async def current(self) -> AccessToken:
        return self._own(None) or await self._renewed(None)

    async def instead_of(self, rejected: AccessToken) -> AccessToken:
        """Another token than the rejected one: what others fetched meanwhile, else a fresh one."""
        return self._own(rejected) or await self._renewed(rejected)

    def _own(self, rejected: AccessToken | None) -> AccessToken | None:
        return self._held if self._is_good(self._held, rejected) else None

    async def _usable(self, rejected: AccessToken | None) -> AccessToken | None:
        """The process's own copy first: the shared one would cost each call a round trip."""
        if own := self._own(rejected):
            return own
        packed = await self._cache.get(self._name)
        shared = AccessToken.unpacked(packed) if packed else None
        if not self._is_good(shared, rejected):
            return None
        self._held = shared
        return shared

    def _is_good(self, token: AccessToken | None, rejected: AccessToken | None) -> bool:
        if token is None or token.good_until <= self._clock.now():
            return False
        return rejected is None or token.value != rejected.value

    async def _renewed(self, rejected: AccessToken | None) -> AccessToken:
        fruitless_before = self._fruitless
        async with self._one_at_a_time:
            if usable := await self._usable(rejected):
                return usable
            if self._fruitless != fruitless_before:
                # A wrong secret or a silent peer is not tried again by each one who was waiting.
                raise Unreachable(self._peer, "token_unavailable", may_have_acted=False)
            async with self._locks.hold(self._name, LOCK_TTL_S, LOCK_WAIT_S):
                # Held or not: whoever had it may have left a token; if not, a lock only saves work.
                return await self._usable(rejected) or await self._fetched(rejected)

    async def _fetched(self, rejected: AccessToken | None) -> AccessToken:
        try:
            value, life_s = await self._fetch()
        except AdapterError as error:
            self._fruitless += 1
            if isinstance(error, Unreachable):
                error.may_have_acted = False
            raise
        kept_s = self._margins.kept_s(life_s)
        token = AccessToken(Secret(value), self._clock.now() + timedelta(seconds=kept_s))
        if rejected is not None and token.value == rejected.value:
            # The peer calls it current and rejects it all the same: asking again cannot help.
            self._fruitless += 1
            return token
        self._held = token
        await self._cache.put(self._name, token.packed(), float(kept_s))
        log.info("access_token_renewed", peer=self._peer, good_until=token.good_until.isoformat())
        return token
