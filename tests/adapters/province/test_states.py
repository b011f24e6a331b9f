"""The peer's codes in our words."""

import pytest

from adapters.province.departments import ACTS
from adapters.province.states import UNKNOWN, our_state


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("02", "accepted"),
        ("03", "approved"),
        ("04", "correction_required"),
        ("05", "correction_submitted"),
        ("06", "correction_required"),
        ("07", "completed"),
    ],
)
def test_a_bare_code_of_the_known_peer_is_enough(code: str, state: str):
    assert our_state(code) == state


@pytest.mark.parametrize(
    ("code", "result", "state"),
    [
        ("02", "4", "accepted"),
        ("02", "1", "in_review"),
        ("02", "2", "not_accepted"),
        ("02", "3", "not_accepted"),
        ("02", "6", "suspended"),
        ("03", "0", "rejected"),
        ("03", "1", "approved"),
        ("04", "5", "correction_required"),
        ("04", "7", "pre_review_returned"),
        ("06", "7", "correction_required"),
        ("07", "0", "rejected"),
        ("07", "1", "completed"),
        ("07", "3", "not_accepted"),
    ],
)
def test_the_node_result_refines_the_code(code: str, result: str, state: str):
    assert our_state(code, node_result=result) == state


def test_conditional_acceptance_is_an_acceptance_with_a_mark():
    assert our_state("02", conditional="1", node_result="4") == "accepted_conditionally"
    assert our_state("02", conditional="0", node_result="4") == "accepted"


def test_an_unheard_of_code_is_unknown_and_an_unheard_of_refinement_is_ignored():
    assert our_state("42") == UNKNOWN
    assert our_state("02", node="tea break", node_result="99") == "accepted"


@pytest.mark.parametrize("action", ACTS)
def test_every_act_of_a_simulated_department_reads_as_the_state_it_leads_to(action: str):
    act = ACTS[action]
    read = our_state(
        act.news["state"],
        node=act.news.get("node", ""),
        conditional=act.news.get("rongque", ""),
        node_result=act.news.get("noderesult", ""),
    )
    assert read == act.after


def test_every_state_that_is_not_an_end_has_an_act_that_leaves_it():
    ends = {"completed", "rejected", "not_accepted", "voided"}
    assert {act.after for act in ACTS.values()} - ends <= {
        state for act in ACTS.values() for state in act.before
    }
