"""Time comes from here, so that the mock can move everything at once.

All instants are aware and in UTC; people see them in China Standard Time (+08:00), which has had no
daylight saving since 1991, so a fixed offset is exact for every date this system handles.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Protocol

CHINA = timezone(timedelta(hours=8), "CST")


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class ShiftableClock:
    """Runs at the pace of the real clock, ``offset`` ahead of it. Only moves forward.

    ``on_shift`` is told the new offset, so that the mock can keep it over restarts.
    """

    def __init__(
        self,
        offset: timedelta = timedelta(0),
        on_shift: Callable[[timedelta], None] | None = None,
    ) -> None:
        self._offset = offset
        self._on_shift = on_shift

    @property
    def offset(self) -> timedelta:
        return self._offset

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    def moved_s(self) -> float:
        return self._offset.total_seconds()

    def advance(self, step: timedelta) -> None:
        if step < timedelta(0):
            raise ValueError("the clock only moves forward")
        self._offset += step
        if self._on_shift is not None:
            self._on_shift(self._offset)


Moved = Callable[[], float]
"""By how many seconds time was moved forward."""


def not_moved() -> float:
    return 0.0


def moved_by(clock: Clock) -> Moved:
    """For waits that run on the machine's own time, which no clock that is set back disturbs, and
    which have to move where ``clock`` is moved."""
    if isinstance(clock, ShiftableClock):
        return clock.moved_s
    return not_moved


def in_china(instant: datetime) -> str:
    """RFC 3339 with +08:00, to the second, as the contract shows times."""
    return instant.astimezone(CHINA).isoformat(timespec="seconds")
