"""Repeated, late and reordered notices of a peer lead to the state that they lead to in order."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniprogram_api.applications.progress import Step, in_order, state_after, walk
from miniprogram_api.applications.states import MatterState, is_legal

START = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
SUBMITTED = Step(1, MatterState.SUBMITTED, START, from_peer=False)
FORWARDED = Step(2, MatterState.FORWARDED, START, from_peer=False)


def notice(number: int, state: MatterState, *, ordered_by: str) -> Step:
    """The ``number``-th thing that the peer says; its place in our log is set on arrival."""
    return Step(
        seq=0,
        state=state,
        received_at=START,
        from_peer=True,
        event_id=f"event-{number}",
        peer_sequence=number if ordered_by == "sequence" else None,
        peer_time=START + timedelta(seconds=number),
    )


def arriving(notices: list[Step]) -> list[Step]:
    """The log after these notices came in, in this order, at intervals of a minute."""
    return [SUBMITTED, FORWARDED] + [
        replace(step, seq=seq, received_at=START + timedelta(minutes=seq))
        for seq, step in enumerate(notices, 3)
    ]


@st.composite
def told_and_arrived(draw: st.DrawFn) -> tuple[list[Step], list[Step]]:
    """What a peer said in its order, and the same as it came: shuffled, some of it twice."""
    ordered_by = draw(st.sampled_from(["sequence", "time"]))
    said = draw(st.lists(st.sampled_from(MatterState), max_size=8))
    notices = [notice(n, state, ordered_by=ordered_by) for n, state in enumerate(said, 1)]
    repeats = draw(st.lists(st.sampled_from(notices), max_size=4)) if notices else []
    return notices, draw(st.permutations(notices + repeats))


@given(told_and_arrived())
def test_any_order_and_any_repeats_end_in_the_state_of_the_ordered_run(
    case: tuple[list[Step], list[Step]],
):
    told, arrived = case
    assert state_after(arriving(arrived)) == state_after(arriving(told))


@given(told_and_arrived())
def test_no_move_is_illegal_and_no_step_is_lost(case: tuple[list[Step], list[Step]]):
    _, arrived = case
    log = arriving(arrived)
    moves = walk(log)
    assert all(move.before is None or is_legal(move.before, move.step.state) for move in moves)
    assert sorted(step.seq for step in in_order(log)) == sorted(step.seq for step in log)


def test_completion_that_overtakes_acceptance_completes():
    completed = notice(9, MatterState.COMPLETED, ordered_by="sequence")
    accepted = notice(4, MatterState.ACCEPTED, ordered_by="sequence")
    assert state_after(arriving([completed])) == MatterState.COMPLETED
    assert state_after(arriving([completed, accepted])) == MatterState.COMPLETED


def test_two_notices_of_one_second_are_taken_in_the_usual_course_of_a_matter():
    approved, completed = (
        replace(notice(1, state, ordered_by="time"), event_id=state)
        for state in (MatterState.APPROVED, MatterState.COMPLETED)
    )
    for arrived in ([approved, completed], [completed, approved]):
        assert [move.step.state for move in walk(arriving(arrived))][-2:] == [
            MatterState.APPROVED,
            MatterState.COMPLETED,
        ]


def test_without_any_order_of_the_peer_arrival_decides():
    first, second = (
        replace(notice(n, state, ordered_by="time"), peer_time=None)
        for n, state in ((1, MatterState.IN_REVIEW), (2, MatterState.INSPECTION))
    )
    assert state_after(arriving([first, second])) == MatterState.INSPECTION
    assert state_after(arriving([second, first])) == MatterState.IN_REVIEW


class TestOurOwnSteps:
    def test_what_we_do_comes_after_all_that_we_knew(self):
        """A correction is handed in; the notice that asked for it must not undo that."""
        asked = replace(notice(5, MatterState.CORRECTION_REQUIRED, ordered_by="sequence"), seq=3)
        handed_in = Step(4, MatterState.CORRECTION_SUBMITTED, START, from_peer=False)
        late = replace(notice(4, MatterState.ACCEPTED, ordered_by="sequence"), seq=5)
        log = [SUBMITTED, FORWARDED, asked, handed_in, late]
        assert state_after(log) == MatterState.CORRECTION_SUBMITTED
        review = replace(notice(6, MatterState.IN_REVIEW, ordered_by="sequence"), seq=6)
        assert state_after([*log, review]) == MatterState.IN_REVIEW

    @pytest.mark.parametrize("sequence", [-3, 0, 7])
    def test_news_of_a_parked_application_show_that_it_did_arrive(self, sequence: int):
        parked = Step(2, MatterState.PARKED, START, from_peer=False)
        accepted = notice(sequence, MatterState.ACCEPTED, ordered_by="sequence")
        assert state_after([SUBMITTED, parked, replace(accepted, seq=3)]) == MatterState.ACCEPTED
