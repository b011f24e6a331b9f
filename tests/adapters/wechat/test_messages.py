"""Subscribe messages, over the wire."""

import contextlib
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.errors import AdapterError, Misconfigured, Refused, Unreachable
from adapters.wechat.port import SubscribeMessage
from adapters.wechat.simulator import DialogRefused
from adapters.wechat.templates import registered_templates
from tests.adapters.wechat.test_keywords import NASTY
from tests.adapters.wechat.world import LI, SEND, TEMPLATES, ZHANG, World, a_world, message

ONE_TIME = {
    template_id: replace(template, long_term=False)
    for template_id, template in registered_templates(TEMPLATES).items()
}


async def test_a_message_shows_on_the_right_phone(world: World) -> None:
    world.consent("progress")
    message_id = await world.client.send_subscribe_message(message(world.open_id()))
    (shown,) = world.simulator.sent_messages(ZHANG[0])
    assert (shown.person, shown.template, shown.message_id) == (ZHANG[0], "progress", message_id)
    assert shown.page == "pages/case?id=1"
    assert shown.data["phrase1"] == "已受理"
    assert abs((shown.at - world.clock.now()).total_seconds()) < 30
    assert not world.simulator.sent_messages(LI[0])
    assert world.simulator.sent_messages() == [shown]


async def test_values_are_cleaned_and_shortened_before_sending(world: World) -> None:
    world.consent("correction")
    data = {
        "thing1": "济南市历下区食品经营许可证核发及变更事项办理",
        "number2": "3",
        "date3": "2026年12月1日",
        "thing4": "请按清单\n一次补齐",
    }
    await world.client.send_subscribe_message(
        SubscribeMessage(world.open_id(), TEMPLATES["correction"], "", data)
    )
    (shown,) = world.simulator.sent_messages()
    assert shown.data == {
        "thing1": "济南市历下区食品经营许可证核发及变...",
        "number2": "3",
        "date3": "2026年12月1日",
        "thing4": "请按清单 一次补齐",
    }


async def test_a_long_term_consent_is_good_for_any_number(world: World) -> None:
    world.consent("progress")
    assert world.simulator.quota_left(ZHANG[0], TEMPLATES["progress"]) is None
    for _ in range(5):
        await world.client.send_subscribe_message(message(world.open_id()))
    assert len(world.simulator.sent_messages()) == 5


async def test_each_one_time_consent_is_good_for_one_message(tmp_path: Path) -> None:
    async with a_world(tmp_path, templates=ONE_TIME) as world:
        for _ in range(2):
            world.consent("progress")
        assert world.simulator.quota_left(ZHANG[0], TEMPLATES["progress"]) == 2
        for _ in range(2):
            await world.client.send_subscribe_message(message(world.open_id()))
        with pytest.raises(Refused) as refused:
            await world.client.send_subscribe_message(message(world.open_id()))
        assert refused.value.code == "not_subscribed"
        assert world.simulator.quota_left(ZHANG[0], TEMPLATES["progress"]) == 0


async def test_without_consent_nothing_is_sent_and_nothing_retried(world: World) -> None:
    world.consent("correction")
    world.consent("progress", person=LI)
    with pytest.raises(Refused) as refused:
        await world.client.send_subscribe_message(message(world.open_id()))
    assert refused.value.code == "not_subscribed"
    assert len(world.calls(SEND)) == 1
    assert not world.simulator.sent_messages()


async def test_a_withdrawn_consent_is_over_at_once(world: World) -> None:
    world.consent("progress")
    world.simulator.change_subscription(ZHANG[0], TEMPLATES["progress"], "reject")
    with pytest.raises(Refused, match="not_subscribed"):
        await world.client.send_subscribe_message(message(world.open_id()))
    world.simulator.change_subscription(ZHANG[0], TEMPLATES["progress"], "accept")
    assert await world.client.send_subscribe_message(message(world.open_id()))


async def test_a_setting_of_a_template_that_does_not_exist_is_refused(world: World) -> None:
    with pytest.raises(DialogRefused) as refused:
        world.simulator.change_subscription(ZHANG[0], "TPL_NONE", "reject")
    assert refused.value.args[0] == 20001


@pytest.mark.parametrize("answer", ["reject", "ban", "filter"])
async def test_other_answers_in_the_dialog_are_no_consent(world: World, answer: str) -> None:
    world.simulator.answer_subscribe_dialog(ZHANG[0], {TEMPLATES["progress"]: answer})
    with pytest.raises(Refused, match="not_subscribed"):
        await world.client.send_subscribe_message(message(world.open_id()))


@pytest.mark.parametrize("value", NASTY)
async def test_no_text_makes_the_platform_refuse_a_value(world: World, value: str) -> None:
    world.consent("progress")
    for keyword in ("thing5", "phrase1", "character_string3", "time4"):
        with contextlib.suppress(Misconfigured):
            await world.client.send_subscribe_message(message(world.open_id(), **{keyword: value}))
    assert {call["errcode"] for call in world.calls(SEND)} <= {0}


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (SubscribeMessage("o", "TPL_OTHER", "", {}), "template_unknown"),
        (SubscribeMessage("o", TEMPLATES["progress"], "", {"thing2": "x"}), "keywords_differ"),
        (message("o", extra1="x"), "keywords_differ"),
    ],
)
async def test_a_message_that_no_template_has_is_stopped_before_sending(
    world: World, wrong: SubscribeMessage, code: str
) -> None:
    with pytest.raises(Misconfigured) as stopped:
        await world.client.send_subscribe_message(wrong)
    assert stopped.value.code == code
    assert not world.calls(SEND)


async def test_a_foreign_openid_is_refused(world: World) -> None:
    with pytest.raises(Refused) as refused:
        await world.client.send_subscribe_message(message("oSomebodyElse"))
    assert refused.value.code == "open_id_invalid"


async def test_a_page_that_is_not_released_is_a_matter_for_the_operator(tmp_path: Path) -> None:
    async with a_world(tmp_path, pages=frozenset({"pages/case"})) as world:
        world.consent("progress")
        assert await world.client.send_subscribe_message(message(world.open_id()))
        assert await world.client.send_subscribe_message(
            message(world.open_id(), page="/pages/case?id=2")
        )
        for page in ("pages/gone", "pages/case id", "https://example.com/"):
            with pytest.raises(Misconfigured) as failed:
                await world.client.send_subscribe_message(message(world.open_id(), page=page))
            assert failed.value.code == "page_invalid"


async def test_a_template_that_the_account_lost_is_a_matter_for_the_operator(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path, templates={}) as world:
        with pytest.raises(Misconfigured) as failed:
            await world.client.send_subscribe_message(message(world.open_id()))
        assert failed.value.code == "template_invalid"


@pytest.mark.parametrize(
    ("scenario", "error", "code"),
    [
        ("wechat.refuses_message", Refused, "not_subscribed"),
        ("wechat.daily_quota", Unreachable, "daily_quota"),
        ("wechat.template_banned", Misconfigured, "template_banned"),
    ],
)
async def test_the_platforms_moods_are_told_apart(
    world: World, scenario: str, error: type[AdapterError], code: str
) -> None:
    world.consent("progress")
    world.far_side.arm(scenario, 1)
    with pytest.raises(error) as failed:
        await world.client.send_subscribe_message(message(world.open_id()))
    assert failed.value.code == code
    assert await world.client.send_subscribe_message(message(world.open_id()))


@pytest.mark.parametrize(
    ("answers", "number"),
    [
        ({}, 10001),
        ({"TPL_NONE": "accept"}, 20001),
        (dict.fromkeys([*TEMPLATES.values(), "TPL_4"], "accept"), 20003),
        ({TEMPLATES["progress"]: "maybe"}, 10004),
    ],
)
async def test_the_dialog_refuses_what_the_phone_would_refuse(
    world: World, answers: dict[str, str], number: int
) -> None:
    with pytest.raises(DialogRefused) as refused:
        world.simulator.answer_subscribe_dialog(ZHANG[0], answers)
    assert refused.value.args[0] == number
    assert world.simulator.next_due() is None


async def test_one_dialog_cannot_mix_one_time_and_long_term(tmp_path: Path) -> None:
    mixed = registered_templates(TEMPLATES) | {
        TEMPLATES["progress"]: ONE_TIME[TEMPLATES["progress"]]
    }
    async with a_world(tmp_path, templates=mixed) as world:
        with pytest.raises(DialogRefused) as refused:
            world.consent("progress", "correction")
        assert refused.value.args[0] == 20002
