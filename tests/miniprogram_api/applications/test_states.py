"""The table of legal moves, the words for states, and what an application's state is made of."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniprogram_api.applications.states import (
    APPLICATION_PHRASES,
    ENDED,
    MOVES,
    PHRASES,
    TERMINAL,
    ApplicationState,
    MatterState,
    application_state,
    holder_of,
    is_legal,
)
from tests.miniprogram_api.applications.graphs import reachable

states = st.sampled_from(MatterState)


def test_every_state_has_a_row_a_phrase_and_a_holder():
    assert MOVES.keys() == PHRASES.keys() == set(MatterState)
    assert {holder_of(state) for state in MatterState} == {
        "applicant", "province", "department", "us", "none",
    }  # fmt: skip


@given(states)
def test_every_state_that_is_not_an_end_has_a_way_to_each_kind_of_end(state: MatterState):
    ends = reachable(state) & TERMINAL
    if state in TERMINAL:
        assert not MOVES[state]
    else:
        assert {MatterState.COMPLETED, MatterState.REJECTED, MatterState.VOIDED} <= ends


def test_every_state_can_be_reached_from_a_submission():
    assert reachable(MatterState.SUBMITTED) | {MatterState.SUBMITTED} == set(MatterState)


def test_nothing_returns_to_before_its_acceptance():
    after_acceptance = reachable(MatterState.ACCEPTED)
    before = {
        MatterState.FORWARDED,
        MatterState.RECEIVED,
        MatterState.PRE_REVIEW_RETURNED,
    }
    directly = {state for state in MOVES[MatterState.ACCEPTED] if state in before}
    assert not directly
    assert MatterState.FORWARDED not in MOVES[MatterState.IN_REVIEW]
    assert MatterState.COMPLETED in after_acceptance


@given(st.lists(states, max_size=30))
def test_a_walk_through_any_demands_never_makes_an_illegal_move(demands: list[MatterState]):
    state = MatterState.SUBMITTED
    for demand in demands:
        if is_legal(state, demand):
            assert state not in TERMINAL
            state = demand
    assert state in MatterState


def test_phrases_fit_a_subscribe_message():
    for phrase in PHRASES.values():
        assert re.fullmatch(r"[\u4e00-\u9fff]{2,5}", phrase.zh)
        assert phrase.en


class TestApplicationState:
    @given(st.lists(states, min_size=1, max_size=12))
    def test_it_is_the_same_in_whatever_order_the_matters_stand(self, matters: list[MatterState]):
        assert application_state(matters) == application_state(matters[::-1])

    @given(st.lists(states, min_size=1, max_size=12))
    def test_it_has_ended_exactly_when_every_matter_has(self, matters: list[MatterState]):
        assert (application_state(matters) in ENDED) == (set(matters) <= TERMINAL)

    @pytest.mark.parametrize(
        ("matters", "expected"),
        [
            ("submitted submitted", "submitted"),
            ("forwarded forwarded", "forwarded"),
            ("forwarded accepted", "in_progress"),
            ("parked parked", "parked"),
            ("completed in_review", "partly_completed"),
            ("completed correction_required in_review", "action_required"),
            ("completed completed", "completed"),
            ("completed rejected", "closed"),
            ("rejected rejected", "rejected"),
            ("withdrawn withdrawn", "withdrawn"),
        ],
    )
    def test_its_matters_make_it(self, matters: str, expected: str):
        states = [MatterState(state) for state in matters.split()]
        assert application_state(states) == ApplicationState(expected)
        assert APPLICATION_PHRASES[ApplicationState(expected)].zh

    def test_an_application_of_nothing_is_a_mistake(self):
        with pytest.raises(ValueError, match="at least one"):
            application_state([])
