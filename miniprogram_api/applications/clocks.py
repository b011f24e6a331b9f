"""The clock of a matter: when its promise runs out, and how much of it is used.

Sources: the promises are the catalogue's (a policy text or a guide each). A clock starts when the
applicant submitted, because that is what they were told, or when the matter that this one waits for
was completed. It stands still while the ball is with the applicant (补正期间不计时) and in a
special procedure (行政许可法 article 45).
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from kit.workdays import WorkCalendar
from miniprogram_api.applications.progress import Move
from miniprogram_api.applications.states import TERMINAL, MatterState

PAUSING = frozenset(
    {
        MatterState.PRE_REVIEW_RETURNED,
        MatterState.CORRECTION_REQUIRED,
        MatterState.SUSPENDED,
    }
)


class Promise(msgspec.Struct, frozen=True):
    """``amount`` of None: nobody promised anything that we could hold them to."""

    amount: int | None
    unit: str | None
    """``working_hours``, ``working_days`` or ``days`` (of the calendar)."""
    after: str | None
    """The item whose completion starts the clock; None: the submission does."""


class Clocked(msgspec.Struct, frozen=True):
    due_at: datetime | None
    """None while the clock stands still or has not started, and where nothing is promised."""
    used_s: int
    """Working time, in seconds, until the last move."""


def clock_of(
    promise: Promise, started_at: datetime | None, moves: Sequence[Move], calendar: WorkCalendar
) -> Clocked:
    """``moves`` are those that the table allowed, in order."""
    if started_at is None:
        return Clocked(None, 0)
    pauses = list(_pauses(moves, started_at))
    last = moves[-1].step
    until = max(last.at, started_at)
    used_s = calendar.working_seconds_between(started_at, until)
    for begin, end in pauses:
        used_s -= calendar.working_seconds_between(begin, min(end or until, until))
    stands_still = last.state in PAUSING
    due_at = None if stands_still else _due_at(promise, started_at, pauses, calendar)
    return Clocked(due_at, max(0, round(used_s)))


def started_at(
    promise: Promise, submitted_at: datetime, ended_by_item: dict[str, datetime]
) -> datetime | None:
    """``ended_by_item``: when the completed matters of the application were completed."""
    if promise.after is None:
        return submitted_at
    return ended_by_item.get(promise.after)


def is_overdue(state: MatterState, due_at: datetime | None, now: datetime) -> bool:
    return due_at is not None and now > due_at and state not in TERMINAL


def _pauses(
    moves: Sequence[Move], started_at: datetime
) -> Iterator[tuple[datetime, datetime | None]]:
    """From and until; the last one may be open."""
    since: datetime | None = None
    for move in moves:
        at = max(move.step.at, started_at)
        if since is not None and move.step.state not in PAUSING:
            yield since, max(since, at)
            since = None
        elif since is None and move.step.state in PAUSING:
            since = at
    if since is not None:
        yield since, None


def _due_at(
    promise: Promise,
    started_at: datetime,
    pauses: Sequence[tuple[datetime, datetime | None]],
    calendar: WorkCalendar,
) -> datetime | None:
    if promise.amount is None:
        return None
    closed = [(begin, end) for begin, end in pauses if end is not None]
    if promise.unit == "days":
        stood = sum((end - begin for begin, end in closed), timedelta())
        # 民法典 article 203: a last day on which nobody works moves to the next workday.
        return calendar.add_workdays(started_at + timedelta(days=promise.amount) + stood, 0)
    stood_s = sum(calendar.working_seconds_between(begin, end) for begin, end in closed)
    if promise.unit == "working_days":
        end_of_days = calendar.add_workdays(started_at, promise.amount)
        return calendar.add_working_hours(end_of_days, stood_s / 3600)
    return calendar.add_working_hours(started_at, promise.amount + stood_s / 3600)
