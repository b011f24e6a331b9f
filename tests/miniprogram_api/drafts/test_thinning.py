"""Which rows of a draft's log may go."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from kit.clock import CHINA
from miniprogram_api.drafts.log import STAYS_TAKEN
from miniprogram_api.drafts.thinning import (
    BEGINS_AND_ENDS,
    DAILY_FROM,
    HOURLY_FROM,
    KEPT_KINDS,
    MERGED_FOR,
    PAST_BYTES_MAX,
    Row,
    superfluous,
    too_much,
)

NOW = datetime(2026, 11, 22, 4, 30, tzinfo=UTC)
KINDS = ["step", "step", "step", "material", "selection", "restored", "signed", "created"]
SIZES = [1, PAST_BYTES_MAX // 40, PAST_BYTES_MAX // 7]


@st.composite
def logs(draw: st.DrawFn) -> list[Row]:
    """Rows of up to five weeks, oldest first, often many at one time."""
    gaps = st.sampled_from([0, 1, 5, 20, 40, 300, 1500])
    minutes = draw(st.lists(gaps, max_size=60))
    moments = [NOW - timedelta(minutes=sum(minutes[n:])) for n in range(len(minutes))]
    return [
        Row(number, draw(st.sampled_from(KINDS)), at, draw(st.sampled_from(SIZES)))
        for number, at in enumerate(moments, start=1)
    ]


def span(row: Row, now: datetime) -> tuple[object, ...]:
    """What a row may stand for others in."""
    local, age = row.at.astimezone(CHINA), now - row.at
    if age >= DAILY_FROM:
        return "day", local.date()
    if age >= HOURLY_FROM:
        return "hour", local.date(), local.hour
    return "row", row.revision


@given(logs())
def test_whatever_goes_leaves_a_later_row_of_its_hour_or_day(rows: list[Row]):
    gone = set(superfluous(rows, NOW))
    kept = [row for row in rows if row.revision not in gone]
    for row in rows:
        if row.revision in gone:
            day = row.at.astimezone(CHINA).date()
            later = [each for each in kept if each.revision > row.revision]
            assert any(
                each.at.astimezone(CHINA).date() == day
                and (
                    NOW - row.at >= DAILY_FROM
                    or each.at.astimezone(CHINA).hour == row.at.astimezone(CHINA).hour
                )
                for each in later
            )


@given(logs())
def test_what_begins_signs_or_is_young_stays_and_so_does_the_last(rows: list[Row]):
    gone = set(superfluous(rows, NOW))
    for row in rows:
        if row.kind in KEPT_KINDS or NOW - row.at < HOURLY_FROM or row is rows[-1]:
            assert row.revision not in gone


@given(logs())
def test_of_each_old_hour_and_day_one_row_stays_and_no_second_without_need(rows: list[Row]):
    gone = set(superfluous(rows, NOW))
    kept = [row for row in rows if row.revision not in gone]
    for one, following in pairwise(kept):
        if one.kind not in KEPT_KINDS:
            both_old = NOW - following.at >= HOURLY_FROM
            assert not (both_old and span(one, NOW) == span(following, NOW))


@given(logs(), st.integers(0, 60 * 24 * 30))
def test_thinning_early_loses_nothing_that_thinning_late_would_keep(rows: list[Row], minutes: int):
    later = NOW + timedelta(minutes=minutes)
    gone_early = set(superfluous(rows, NOW))
    left = [row for row in rows if row.revision not in gone_early]
    stepwise = gone_early | set(superfluous(left, later))
    assert stepwise == set(superfluous(rows, later))
    assert superfluous(left, NOW) == []


class TestTooMuch:
    @given(logs())
    def test_what_may_stay_is_within_the_bound_and_no_row_goes_without_need(self, rows: list[Row]):
        gone = set(too_much(rows, NOW))
        kept = [row for row in rows if row.revision not in gone]
        size = sum(row.size for row in kept)
        old = [row for row in kept if NOW - row.at >= MERGED_FOR]
        if any(row.kind not in BEGINS_AND_ENDS for row in old):
            assert size <= PAST_BYTES_MAX
        if gone:
            assert size + rows[max(gone) - 1].size > PAST_BYTES_MAX

    @given(logs())
    def test_the_oldest_go_first_and_never_a_beginning_or_a_young_one(self, rows: list[Row]):
        gone = too_much(rows, NOW)
        may_go = [
            row.revision
            for row in rows
            if row.kind not in BEGINS_AND_ENDS and NOW - row.at >= MERGED_FOR
        ]
        assert gone == may_go[: len(gone)]


def test_a_revision_that_may_still_be_believed_in_never_goes():
    assert MERGED_FOR >= STAYS_TAKEN
    assert HOURLY_FROM >= STAYS_TAKEN
