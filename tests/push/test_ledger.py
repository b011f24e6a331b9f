"""Consents are counted as the platform counts them, and its word beats the count."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from push.ledger import Ledger, after_answer, after_refusal, after_sending, allows, together
from push.rules import Importance

AT = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
LATER = AT + timedelta(minutes=5)
YES = ["accept", "acceptWithAlert", "acceptWithAudio", "acceptWithForcePush"]


def accepted(times: int = 1) -> Ledger:
    ledger = None
    for n in range(times):
        ledger = after_answer(ledger, "accept", "phone", AT + n * timedelta(minutes=5))
    assert ledger is not None
    return ledger


@pytest.mark.parametrize("word", YES)
def test_every_kind_of_yes_is_good_for_one_message(word: str):
    ledger = after_answer(None, word, "phone", AT)
    assert (ledger.answer, ledger.left) == (word, 1)


def test_the_platforms_news_of_the_same_tap_do_not_count_twice():
    tapped = accepted()
    reported = after_answer(tapped, "accept", "platform", AT + timedelta(seconds=3))
    assert reported.left == 1
    assert after_answer(tapped, "accept", "platform", LATER).left == 2
    assert after_answer(tapped, "accept", "phone", AT + timedelta(seconds=3)).left == 2


@pytest.mark.parametrize("word", ["reject", "ban"])
def test_a_no_ends_what_was_agreed_before(word: str):
    ledger = after_answer(accepted(3), word, "phone", LATER)
    assert (ledger.answer, ledger.left) == (word, 0)


def test_a_template_that_the_platform_did_not_ask_about_keeps_its_count():
    assert after_answer(accepted(2), "filter", "phone", LATER).left == 2


def test_sending_spends_a_one_time_consent_and_never_a_long_term_one():
    assert after_sending(accepted(2), long_term=False).left == 1
    assert after_sending(accepted(2), long_term=True).left == 2


def test_the_platforms_refusal_sets_the_count_to_nothing():
    assert after_refusal(accepted(5)).left == 0


@given(st.lists(st.sampled_from([*YES, "reject", "ban", "filter", "sent", "refused"])))
def test_the_count_never_owes(events: list[str]):
    ledger = accepted()
    for n, event in enumerate(events):
        if event == "sent":
            if allows(ledger, long_term=False, importance=Importance.ACTION):
                ledger = after_sending(ledger, long_term=False)
        elif event == "refused":
            ledger = after_refusal(ledger)
        else:
            ledger = after_answer(ledger, event, "phone", AT + n * timedelta(minutes=2))
        assert ledger.left >= 0


def test_nothing_is_sent_to_somebody_who_was_never_asked():
    assert not allows(None, long_term=True, importance=Importance.ACTION)


def test_a_consent_for_one_message_is_kept_for_what_matters():
    assert not allows(accepted(), long_term=False, importance=Importance.PROGRESS)
    assert allows(accepted(), long_term=False, importance=Importance.RESULT)
    assert allows(accepted(), long_term=True, importance=Importance.PROGRESS)


ANSWERS = st.sampled_from([*YES, "reject", "ban", "filter"])
COUNTS = st.integers(0, 20)


@st.composite
def ledgers(draw: st.DrawFn) -> Ledger:
    earned = draw(COUNTS)
    spent, answer = draw(st.integers(0, earned)), draw(ANSWERS)
    if answer in {"reject", "ban"}:
        spent = earned
    at = AT + timedelta(minutes=draw(st.integers(0, 3)))
    return Ledger(answer, draw(st.sampled_from(["phone", "platform"])), earned, spent, at)


@given(ledgers(), ledgers())
def test_two_ledgers_together_are_the_same_whoever_joins_whom(one: Ledger, other: Ledger):
    both = together(one, other)
    assert both == together(other, one)
    assert both.earned == one.earned + other.earned
    assert 0 <= both.left <= one.left + other.left
    assert both.answered_at == max(one.answered_at, other.answered_at)


@given(ledgers(), ledgers())
def test_a_no_that_came_last_holds_for_both(one: Ledger, other: Ledger):
    both = together(one, other)
    newest = [each for each in (one, other) if each.answered_at == both.answered_at]
    if any(each.answer in {"reject", "ban"} for each in newest):
        assert both.answer in {"reject", "ban"}
        assert both.left == 0
    else:
        assert both.left == one.left + other.left
