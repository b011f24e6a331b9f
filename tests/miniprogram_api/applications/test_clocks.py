"""Promises run in working time, stand still while the applicant acts, and are never invented."""

from datetime import datetime

import pytest

from kit.clock import CHINA
from kit.workdays import WorkCalendar
from miniprogram_api.applications.clocks import (
    Promise,
    clock_of,
    is_overdue,
    started_at,
)
from miniprogram_api.applications.progress import Move, Step
from miniprogram_api.applications.states import MatterState

CALENDAR = WorkCalendar()
HALF_A_DAY = Promise(4, "working_hours", None)


def at(text: str) -> datetime:
    """In China; a Monday is 2026-11-16."""
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


def moves(*steps: tuple[str, str]) -> list[Move]:
    """``("accepted", "2026-11-16 10:00")``, in order."""
    made: list[Move] = []
    for seq, (state, moment) in enumerate(steps, 1):
        before = made[-1].step.state if made else None
        made.append(Move(Step(seq, MatterState(state), at(moment), from_peer=True), before))
    return made


def test_half_a_working_day_goes_on_after_the_weekend():
    clock = clock_of(
        HALF_A_DAY, at("2026-11-20 17:00"), moves(("submitted", "2026-11-20 17:00")), CALENDAR
    )
    assert clock.due_at == at("2026-11-23 12:00")


def test_working_days_do_not_count_the_first_and_end_with_business():
    clock = clock_of(
        Promise(5, "working_days", None),
        at("2026-11-16 10:00"),
        moves(("submitted", "2026-11-16 10:00")),
        CALENDAR,
    )
    assert clock.due_at == at("2026-11-23 18:00")


def test_calendar_days_end_on_a_workday():
    clock = clock_of(
        Promise(20, "days", None),
        at("2026-11-16 10:00"),
        moves(("submitted", "2026-11-16 10:00")),
        CALENDAR,
    )
    assert clock.due_at == at("2026-12-07 18:00")


def test_the_clock_stands_still_while_the_applicant_corrects():
    told = [
        ("submitted", "2026-11-16 09:00"),
        ("accepted", "2026-11-16 10:00"),
        ("correction_required", "2026-11-16 11:00"),
    ]
    start = at("2026-11-16 09:00")
    standing = clock_of(HALF_A_DAY, start, moves(*told), CALENDAR)
    assert (standing.due_at, standing.used_s) == (None, 2 * 3600)
    told.append(("correction_submitted", "2026-11-17 11:00"))
    running = clock_of(HALF_A_DAY, start, moves(*told), CALENDAR)
    assert running.due_at == at("2026-11-17 14:00"), "two hours were left, one of them noon"
    assert running.used_s == 2 * 3600


@pytest.mark.parametrize("unit", ["working_days", "days"])
def test_a_pause_moves_every_kind_of_promise(unit: str):
    told = [
        ("submitted", "2026-11-16 09:00"),
        ("suspended", "2026-11-17 09:00"),
        ("in_review", "2026-11-18 09:00"),
    ]
    start, promise = at("2026-11-16 09:00"), Promise(10, unit, None)
    paused = clock_of(promise, start, moves(*told), CALENDAR).due_at
    unpaused = clock_of(promise, start, moves(told[0]), CALENDAR).due_at
    assert paused is not None
    assert unpaused is not None
    assert CALENDAR.working_seconds_between(unpaused, paused) == 8 * 3600


def test_a_matter_that_waits_for_another_starts_with_its_completion():
    seal = Promise(2, "working_hours", "business_licence")
    submitted, licensed = at("2026-11-16 09:00"), at("2026-11-16 11:30")
    assert started_at(seal, submitted, {}) is None
    assert started_at(seal, submitted, {"business_licence": licensed}) == licensed
    not_yet = clock_of(seal, None, moves(("forwarded", "2026-11-16 09:00")), CALENDAR)
    assert (not_yet.due_at, not_yet.used_s) == (None, 0)
    running = clock_of(seal, licensed, moves(("forwarded", "2026-11-16 09:00")), CALENDAR)
    assert running.due_at == at("2026-11-16 14:30")


def test_what_nobody_promised_is_not_shown_as_promised():
    start = at("2026-11-16 09:00")
    clock = clock_of(
        Promise(None, None, None), start, moves(("accepted", "2026-11-16 15:00")), CALENDAR
    )
    assert (clock.due_at, clock.used_s) == (None, 5 * 3600)


def test_only_what_is_still_awaited_is_overdue():
    due, later = at("2026-11-16 14:00"), at("2026-11-16 14:01")
    assert is_overdue(MatterState.IN_REVIEW, due, later)
    assert not is_overdue(MatterState.IN_REVIEW, due, due)
    assert not is_overdue(MatterState.IN_REVIEW, None, later)
    assert not is_overdue(MatterState.COMPLETED, due, later)
