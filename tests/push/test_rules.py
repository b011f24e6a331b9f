"""What is told when: every text fits, none holds more than it may."""

import re
from datetime import UTC, datetime

import msgspec
import pytest

from adapters.wechat.keywords import fit
from adapters.wechat.templates import load_templates
from miniprogram_api.applications.states import ApplicationState, MatterState
from push.rules import Happening, Importance, Telling, tell
from tests.push.happenings import a_happening


def told(happening: Happening) -> Telling:
    telling = tell(happening)
    assert telling is not None
    return telling


HAPPENINGS = [a_happening(state) for state in MatterState] + [
    a_happening(state, kind="application", item_name=None, department=None)
    for state in ApplicationState
]


@pytest.mark.parametrize("happening", HAPPENINGS, ids=lambda h: f"{h.kind}-{h.state}")
def test_every_push_fits_its_template(happening: Happening):
    telling = tell(happening)
    templates = load_templates()
    for push in telling.pushes if telling else ():
        keywords = templates[push.template].keywords
        assert len(keywords) == len(push.values)
        for keyword, value in zip(keywords, push.values, strict=True):
            shown = fit(keyword, value)
            assert shown == value or keyword.startswith("thing")


@pytest.mark.parametrize("happening", HAPPENINGS, ids=lambda h: f"{h.kind}-{h.state}")
def test_every_sentence_is_whole_in_both_languages(happening: Happening):
    telling = tell(happening)
    if telling is None:
        return
    for text in (*telling.title, *telling.body):
        assert text
        assert not re.search(r"[{}]|None", text)
    assert re.search(r"[\u4e00-\u9fff]", telling.title.zh)
    assert telling.title.en.isascii()
    assert telling.link.endswith("?id=" + "a" * 32)


def test_steps_between_two_news_are_in_the_timeline_only():
    for state in ("forwarded", "received", "in_review", "approved", "correction_submitted"):
        assert tell(a_happening(state)) is None


def test_what_the_person_must_do_and_results_come_before_progress():
    importance = {state: told(a_happening(state)).importance for state in (
        "correction_required", "pre_review_returned", "rejected", "completed", "accepted",
    )}  # fmt: skip
    assert importance["correction_required"] == Importance.ACTION
    assert importance["pre_review_returned"] == Importance.ACTION
    assert importance["rejected"] == importance["completed"] == Importance.RESULT
    assert importance["accepted"] == Importance.PROGRESS


def test_a_promise_is_told_in_the_time_of_china():
    telling = told(a_happening("accepted", promised_at=datetime(2026, 11, 20, 8, 0, tzinfo=UTC)))
    assert "预计2026年11月20日 16:00前办结" in telling.body.zh
    assert "预计" not in told(a_happening("accepted")).body.zh


def test_a_promise_that_may_still_move_says_so():
    happening = a_happening("accepted", promised_at=datetime(2027, 1, 4, tzinfo=UTC))
    assert "暂按周末计" not in told(happening).body.zh
    telling = told(msgspec.structs.replace(happening, provisional=True))
    assert "暂按周末计" in telling.body.zh
    assert "weekends" in telling.body.en


def test_the_number_of_points_is_told_when_it_is_known():
    assert "补正3项" in told(a_happening("correction_required", points=3)).body.zh
    assert "0" not in told(a_happening("correction_required")).body.zh


def test_the_end_of_all_is_a_completion_or_else_progress():
    done = a_happening("completed", kind="application", item_name=None, delivery="courier")
    best, second = told(done).pushes
    assert (best.template, second.template) == ("completion", "progress")
    assert "邮寄送达" in best.values
