"""What the replicas of this program share while they run, and can do without.

Nothing here carries a promise: all of it may vanish at any time (a restart of the one process, the
loss of Redis) and saving and submitting go on. What must last is in the database.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol

MAYBE_MISSED = ""
"""What a subscriber gets after a gap in which messages may have been lost: look again."""


class Cache(Protocol):
    """Bounded and forgetful: a value may be gone before its time, and a ``drop`` may be lost; so
    ``ttl_s`` (seconds) is as long as an outdated value may be believed."""

    async def get(self, key: str) -> bytes | None: ...

    async def put(self, key: str, value: bytes, ttl_s: float) -> None: ...

    async def drop(self, key: str) -> None: ...


class Locks(Protocol):
    """Keep two from doing the same work at once. They save work and never make anything correct: a
    lock runs out after its time, and without Redis everybody is let in."""

    def hold(self, name: str, ttl_s: float, wait_s: float) -> AbstractAsyncContextManager[bool]:
        """Yields True when it is ours (for ``ttl_s`` seconds, not renewed), False when somebody
        else still had it after ``wait_s`` seconds."""
        ...


class Notifier(Protocol):
    """Wakes others at once; lossy, so whoever waits for a message also looks now and then."""

    async def publish(self, channel: str, message: str) -> None:
        """Tell who listens just now; ``message`` is an id or a word, not empty, not personal."""
        ...

    def subscribe(self, channel: str) -> AbstractAsyncContextManager[AsyncIterator[str]]:
        """Messages published since the block was entered; :data:`MAYBE_MISSED` after a gap.

        A listener too slow for its queue loses the oldest messages.
        """
        ...


class Quota(NamedTuple):
    """``limit`` hits of ``name`` at once, then one each ``window_s / limit`` seconds."""

    name: str
    limit: int
    window_s: int
    fail_open: bool = True
    """While Redis is lost each process counts for itself; False (what must not be guessed N times
    on N replicas) refuses."""
    shared: bool = True
    """False: each process counts for itself at any time, for what may not cost a round trip."""
    hits: int = 1
    """How many at once this call is: of all or of none of them."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """On one quota. ``remaining`` hits would be let in right now, one more than that after
    ``more_after_s`` seconds (0 when none is used up): when it is refused, that is the wait."""

    allowed: bool
    limit: int
    remaining: int
    more_after_s: float


class RateLimits(Protocol):
    async def hit(self, *quotas: Quota) -> tuple[Verdict, ...]:
        """Count the hits of every quota, or none when one of them refuses: a verdict for each, in
        their order. So a refusal costs nothing anywhere, and whoever waited as long as the refusing
        ones say is let in. All quotas of a call are ``shared`` or none is; one round trip at most.
        """
        ...


@dataclass(frozen=True, slots=True)
class Coordination:
    """The four, over one backend that is closed and checked as one."""

    cache: Cache
    locks: Locks
    notifier: Notifier
    rate_limits: RateLimits
    closing: Callable[[], Awaitable[None]]
    checking: Callable[[], Awaitable[bool]]

    async def close(self) -> None:
        await self.closing()

    async def check(self) -> bool:
        """Whether the backend answers just now."""
        return await self.checking()
