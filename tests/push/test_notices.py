"""What is told of drafts and signatures: every text fits, none holds more than it may."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.wechat.keywords import fit
from adapters.wechat.templates import load_templates
from kit.clock import CHINA
from push.notices import Notice, NoticeKind, quiet_until, say

AT = datetime(2026, 11, 20, 2, 30, tzinfo=UTC)
SUBJECT = {"draft_id": "d" * 32, "signature_id": "e" * 32}


def a_notice(kind: NoticeKind, **members: Any) -> Notice:
    return Notice(
        event_id="e" * 32, person_id="p" * 32, kind=kind, at=AT,
        **{"facts": {"days": 7}, "subject": SUBJECT, **members},
    )  # fmt: skip


@pytest.mark.parametrize("kind", get_args(NoticeKind))
def test_every_notice_is_whole_in_both_languages_and_fits_its_template(kind: NoticeKind):
    telling = say(a_notice(kind))
    for text in (*telling.title, *telling.body):
        assert text
        assert not re.search(r"[{}]|None", text)
    assert telling.title.en.isascii()
    assert telling.body.en.isascii()
    templates = load_templates()
    for push in telling.pushes:
        keywords = templates[push.template].keywords
        assert len(keywords) == len(push.values)
        for keyword, value in zip(keywords, push.values, strict=True):
            assert fit(keyword, value) == value


@pytest.mark.parametrize("kind", get_args(NoticeKind))
def test_a_notice_without_facts_or_subject_still_leads_somewhere(kind: NoticeKind):
    telling = say(a_notice(kind, facts={}, subject={}))
    assert telling.link.startswith("/pages/")
    assert "None" not in telling.link


def test_a_signer_is_led_to_the_signature_and_the_owner_to_the_draft():
    assert say(a_notice("signature_requested")).link.endswith("signature/detail?id=" + "e" * 32)
    assert say(a_notice("signature_refused")).link.endswith("draft/edit?id=" + "d" * 32)
    assert "id=" not in say(a_notice("draft_erased")).link


def test_of_a_signer_who_came_nobody_is_told_that_he_can_fill_in():
    helper, signer = (
        say(a_notice("invitation_accepted", facts={"role": role})) for role in ("helper", "signer")
    )
    assert "帮办" in helper.body.zh
    assert "帮办" not in signer.body.zh
    assert "签名" in signer.body.zh
    assert "fill in" not in signer.body.en


def test_of_a_signer_whose_invitation_was_taken_back_nothing_is_said_of_filling_in():
    helper, signer = (
        say(a_notice("invitation_revoked", facts={"role": role})) for role in ("helper", "signer")
    )
    assert "帮办" in helper.body.zh
    assert "帮办" not in signer.body.zh
    assert "draft" not in signer.body.en
    assert (helper.link, signer.link) != (signer.link, helper.link)
    assert "signature" in signer.link


def test_of_a_hand_over_the_message_names_the_terminal_and_nothing_is_pushed():
    telling = say(a_notice("handover_claimed", facts={"terminal": "历下区3号窗口"}))
    assert telling.body.zh.startswith("历下区3号窗口")
    assert "历下区3号窗口" in telling.body.en
    assert telling.link.endswith("draft/edit?id=" + "d" * 32)
    assert telling.pushes == ()


@pytest.mark.parametrize(
    ("hour", "minute", "waits_hours"),
    [(8, 0, None), (20, 59, None), (21, 0, 11), (23, 30, 8.5), (0, 0, 8), (7, 0, 1)],
)
def test_from_nine_in_the_evening_the_phone_waits_for_eight_in_the_morning(
    hour: int, minute: int, waits_hours: float | None
):
    instant = datetime(2026, 11, 20, hour, minute, tzinfo=CHINA).astimezone(UTC)
    until = quiet_until(instant)
    assert until == (None if waits_hours is None else instant + timedelta(hours=waits_hours))


@given(st.integers(0, 60 * 24 * 365))
def test_the_end_of_the_quiet_is_never_quiet_and_never_in_the_past(minutes: int):
    instant = AT + timedelta(minutes=minutes)
    until = quiet_until(instant)
    if until is not None:
        assert instant < until <= instant + timedelta(hours=11)
        assert quiet_until(until) is None
