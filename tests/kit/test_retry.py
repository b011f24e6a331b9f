"""Waits grow, stay under their cap, and end."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.retry import RetrySchedule

schedules = st.builds(
    lambda first_s, factor, above, attempts_max, jitter: RetrySchedule(
        first_s, factor, first_s + above, attempts_max, jitter
    ),
    first_s=st.floats(0.001, 100),
    factor=st.floats(1, 10),
    above=st.floats(0, 1000),
    attempts_max=st.none() | st.integers(1, 100),
    jitter=st.floats(0, 1),
)


class NoChance(Random):
    def random(self) -> float:
        return 0.0


def test_the_outbox_waits_two_to_the_n_up_to_eight_attempts():
    outbox = RetrySchedule()
    assert [outbox.delay(n, NoChance()) for n in range(1, 8)] == [2, 4, 8, 16, 32, 64, 128]
    assert not outbox.exhausted(7)
    assert outbox.exhausted(8)
    assert outbox.delay(20, NoChance()) == 300


@given(schedule=schedules, attempt=st.integers(1, 10**9), seed=st.integers())
def test_a_wait_lies_between_its_jittered_least_and_the_cap(
    schedule: RetrySchedule, attempt: int, seed: int
):
    whole_s = schedule.delay(attempt, NoChance())
    wait_s = schedule.delay(attempt, Random(seed))
    assert whole_s * (1 - schedule.jitter) <= wait_s <= whole_s <= schedule.cap_s
    assert whole_s >= schedule.first_s


@given(schedule=schedules, attempt=st.integers(1, 10**6))
def test_without_chance_waits_never_shrink(schedule: RetrySchedule, attempt: int):
    assert schedule.delay(attempt, NoChance()) <= schedule.delay(attempt + 1, NoChance())


@given(schedule=schedules, attempt=st.integers(1, 10**6), seed=st.integers())
def test_the_same_chance_gives_the_same_wait(schedule: RetrySchedule, attempt: int, seed: int):
    assert schedule.delay(attempt, Random(seed)) == schedule.delay(attempt, Random(seed))


@given(schedule=schedules, attempts=st.integers(0, 10**6))
def test_once_exhausted_always_exhausted(schedule: RetrySchedule, attempts: int):
    if schedule.exhausted(attempts):
        assert schedule.attempts_max is not None
        assert schedule.exhausted(attempts + 1)
    elif schedule.attempts_max is not None:
        assert schedule.exhausted(schedule.attempts_max)


@pytest.mark.parametrize(
    "figures",
    [
        {"first_s": 0},
        {"first_s": 301},
        {"factor": 0.5},
        {"jitter": 1.1},
        {"jitter": -0.1},
        {"attempts_max": 0},
    ],
)
def test_a_schedule_that_makes_no_sense_is_refused(figures: dict[str, float]):
    with pytest.raises(ValueError, match=r"."):
        RetrySchedule(**figures)  # type: ignore[arg-type]


def test_attempts_are_counted_from_one():
    with pytest.raises(ValueError, match="from 1"):
        RetrySchedule().delay(0, Random(1))
