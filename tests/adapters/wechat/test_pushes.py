"""The far side's pushes reach our callback, are believed, and are tried again."""

import asyncio
from pathlib import Path

import pytest

from adapters.far_side import FarSide
from adapters.wechat.simulator import WeChatSimulator
from kit.secrets import Secret
from tests.adapters.wechat.world import LI, TEMPLATES, ZHANG, World, a_side, a_world, message


async def push_all(world: World, tries: int = 10) -> None:
    """Let the far side act until it has nothing more to do by itself."""
    for _ in range(tries):
        due = world.simulator.next_due()
        if due is None:
            return
        if due > world.clock.now():
            world.clock.advance(due - world.clock.now())
        await world.simulator.run_due()
    raise AssertionError("the far side never comes to rest")


@pytest.mark.parametrize("push_format", ["json", "xml"])
@pytest.mark.parametrize("key", ["abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", None])
async def test_every_form_of_push_is_understood(
    tmp_path: Path, push_format: str, key: str | None
) -> None:
    aes_key = None if key is None else Secret(key)
    async with a_world(tmp_path, push_format=push_format, message_aes_key=aes_key) as world:
        world.simulator.answer_subscribe_dialog(
            ZHANG[0], {TEMPLATES["progress"]: "acceptWithAudio", TEMPLATES["completion"]: "reject"}
        )
        message_id = await world.client.send_subscribe_message(message(world.open_id()))
        world.simulator.change_subscription(ZHANG[0], TEMPLATES["progress"], "reject")
        await push_all(world)
    told = [(each.event, each.template_id, each.status) for each in world.receiver.events]
    assert sorted(told) == [
        ("change", TEMPLATES["progress"], "reject"),
        ("popup", TEMPLATES["completion"], "reject"),
        ("popup", TEMPLATES["progress"], "accept"),
        ("sent", TEMPLATES["progress"], "success"),
    ]
    assert {each.open_id for each in world.receiver.events} == {world.open_id()}
    assert [each.message_id for each in world.receiver.events if each.event == "sent"] == [
        message_id
    ]
    assert not world.receiver.refused
    assert all((b"Encrypt" in each) == (key is not None) for each in world.receiver.bodies)


async def test_ban_and_filter_are_not_pushed(world: World) -> None:
    answers = {TEMPLATES["progress"]: "ban", TEMPLATES["completion"]: "filter"}
    shown = world.simulator.answer_subscribe_dialog(ZHANG[0], answers)
    assert shown == {"errMsg": "requestSubscribeMessage:ok", **answers}
    assert world.simulator.next_due() is None


async def test_a_push_is_tried_three_times_five_seconds_apart(world: World) -> None:
    world.receiver.answers = ["busy"] * 5
    world.consent("progress")
    started = world.clock.now()
    await push_all(world)
    assert len(world.receiver.events) == 3
    assert len({each.event_id for each in world.receiver.events}) == 1
    assert 10 <= (world.clock.now() - started).total_seconds() < 15


async def test_an_empty_answer_is_as_good_as_success(world: World) -> None:
    world.receiver.answers = [""]
    world.consent("progress")
    await push_all(world)
    assert len(world.receiver.events) == 1


async def test_a_lost_push_comes_again(world: World) -> None:
    world.far_side.arm("wechat.push_lost", 2)
    world.consent("progress")
    await push_all(world)
    assert len(world.receiver.events) == 1


async def test_a_repeated_push_has_the_same_event_id(world: World) -> None:
    world.far_side.arm("wechat.push_repeated", 1)
    world.consent("progress")
    await push_all(world)
    first, second = world.receiver.events
    assert first == second


async def test_a_message_that_was_not_delivered_is_told_as_failed(world: World) -> None:
    world.consent("progress")
    world.far_side.arm("wechat.delivery_failed", 1)
    await world.client.send_subscribe_message(message(world.open_id()))
    await push_all(world)
    assert not world.simulator.sent_messages()
    assert world.receiver.events[-1].status == "failed:system failed"


async def test_a_receiver_that_is_down_gets_no_push_and_nothing_breaks(
    world: World, tmp_path: Path
) -> None:
    far_side = FarSide(tmp_path / "other.sqlite3", "wechat", world.clock)
    for address in ("http://127.0.0.1:9/callbacks/wechat", ""):
        simulator = WeChatSimulator(far_side, a_side(address))
        simulator.register_person(*LI)
        simulator.answer_subscribe_dialog(LI[0], {TEMPLATES["progress"]: "accept"})
        assert await simulator.run_due() == 1
        assert far_side.exchanges()[0]["refused"]
    far_side.close()


async def test_two_drivers_push_each_event_once(world: World) -> None:
    world.consent("progress")
    done = await asyncio.gather(*(world.simulator.run_due() for _ in range(5)))
    assert sum(done) == 1
    assert len(world.receiver.events) == 1


async def test_a_push_with_another_token_is_refused_and_tried_again(tmp_path: Path) -> None:
    async with a_world(tmp_path, message_token=Secret("AnotherToken")) as world:
        world.consent("progress")
        await push_all(world)
    assert world.receiver.refused == ["wrong_signature"] * 3
    assert not world.receiver.events
