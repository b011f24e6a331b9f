"""What the replicas of this program share while they run, and can do without.

Nothing here carries a promise: all of it may vanish at any time (a restart of the one process, the
loss of Redis) and saving and submitting go on. What must last is in the database.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

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


@dataclass(frozen=True, slots=True)
class Verdict:
    """``remaining`` hits would be let in right now; after ``reset_after_s`` seconds the next one is
    (0 when it would be already)."""

    allowed: bool
    limit: int
    remaining: int
    reset_after_s: float


class RateLimits(Protocol):
    async def hit(self, name: str, limit: int, window_s: int, *, fail_open: bool = True) -> Verdict:
        """Count one hit of ``name``: ``limit`` at once, then one each ``window_s / limit`` seconds.

        A refused hit costs nothing. While Redis is lost each process counts for itself; with
        ``fail_open=False`` (what must not be guessed N times on N replicas) it refuses.
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
