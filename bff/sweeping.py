"""Housekeeping that is too dear for every turn."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from kit.clock import Clock


class Seldom:
    """A sweep that looks at everything there is and mostly finds nothing: at the first turn, and
    then not before ``pause`` is over. One that failed is tried again at the next turn. Every
    process counts for itself, so that several of them sweep so much more often."""

    def __init__(self, sweep: Callable[[], Awaitable[int]], pause: timedelta, clock: Clock) -> None:
        self._sweep = sweep
        self._pause = pause
        self._clock = clock
        self._due = clock.now()

    async def __call__(self) -> int:
        now = self._clock.now()
        if now < self._due:
            return 0
        swept = await self._sweep()
        self._due = now + self._pause
        return swept
