"""``person.tell``: the inbox at once, the phone by day, the person as he is by then."""

from datetime import timedelta
from typing import Any

import pytest

from adapters.outbox.models import OutboxEntry
from adapters.outbox.put import Outbox
from auth.models import Person
from bff.mock.world import World
from kit.clock import CHINA
from kit.database.unit import unit_of_work
from kit.ids import new_id
from push.models import Message, PushDelivery
from tests.app import Phone
from tests.miniprogram_api.messages.test_messages import inbox, later, on_the_phone


async def until_hour(world: World, hour: int) -> None:
    """The clock stands a little after that hour of a day in China; it only moves forward."""
    now = world.clock.now().astimezone(CHINA)
    wanted = now.replace(hour=hour, minute=5, second=0, microsecond=0)
    world.clock.advance((wanted - now) % timedelta(days=1))


async def agree(device: Phone) -> None:
    plan = (await device.get("/messages/consent-plan?moment=draft")).json()["templates"]
    answers = {template["template"]: "accept" for template in plan}
    assert len(answers) == 1
    tap = {"platform": "wechat", "persona": device.persona, "answers": answers}
    assert (await device.mock("POST", "/taps", json=tap)).status_code == 200
    report = {"platform": "wechat", "answers": answers}
    assert (await device.post("/messages/consents", json=report)).status_code == 200


async def tell(world: World, device: Phone, **members: Any) -> str:
    person_id = device.session["person"]["id"]
    body = {
        "event_id": new_id(), "person_id": person_id, "kind": "signature_requested",
        "at": world.clock.now(), "facts": {}, "subject": {"signature_id": "5" * 32}, **members,
    }  # fmt: skip
    async with unit_of_work():
        await Outbox(world.clock).put("person.tell", f"tell:{person_id}", body)
    await world.driver.settle()
    return str(body["event_id"])


async def test_by_day_the_inbox_and_the_phone_are_told_at_once(world: World, signed_in):
    await until_hour(world, 10)
    device = await signed_in()
    await agree(device)
    event_id = await tell(world, device)
    await tell(world, device, event_id=event_id)
    (message,) = await inbox(device)
    assert (message["title"], message["application_id"]) == ("有文件等您签名", None)
    assert message["link"].endswith("?id=" + "5" * 32)
    (push,) = await on_the_phone(device)
    assert push["page"] == message["link"].removeprefix("/")
    english = await device.get("/messages", headers={"Accept-Language": "en"})
    assert english.json()["items"][0]["title"] == "Documents wait for your signature"


async def test_by_night_the_inbox_is_told_at_once_and_the_phone_at_eight(world: World, signed_in):
    await until_hour(world, 22)
    device = await signed_in()
    await agree(device)
    await tell(world, device)
    assert [told["state"] for told in (await inbox(device))[0]["told"]] == ["queued"]
    assert await on_the_phone(device) == []
    await later(device, 9 * 3600)
    await device.login()
    assert await on_the_phone(device) == []
    await later(device, 3600)
    assert len(await on_the_phone(device)) == 1


async def test_a_push_that_failed_by_day_is_not_tried_again_by_night(world: World, signed_in):
    await until_hour(world, 10)
    device = await signed_in()
    await agree(device)
    world.far_sides["wechat"].arm("wechat.daily_quota", 1)
    await tell(world, device)
    # The platform's quota is for a day, so the next try is at midnight.
    await later(device, 15 * 3600)
    await device.login()
    assert await on_the_phone(device) == []
    (waiting,) = await OutboxEntry.filter(topic="push.send", settled_at=None)
    assert waiting.due_at.astimezone(CHINA).hour == 8
    await later(device, 7 * 3600)
    assert len(await on_the_phone(device)) == 1


async def test_who_was_joined_to_another_is_told_as_that_one_and_who_has_gone_is_not(
    world: World, signed_in
):
    one, other = await signed_in("zhangsan"), await signed_in("lisi")
    here = one.session["person"]["id"]
    await Person.filter(id=here).update(merged_into=other.session["person"]["id"])
    await tell(world, one)
    assert [message["title"] for message in await inbox(other)] == ["有文件等您签名"]
    await Person.filter(id=other.session["person"]["id"]).update(deleted_at=world.clock.now())
    await tell(world, one)
    assert await Message.all().count() == 1
    assert await PushDelivery.all().count() == 1


@pytest.mark.parametrize(
    "members", [{"kind": "gossip"}, {"facts": {"name": "x" * 65}}, {"more": 1}]
)
async def test_what_is_no_notice_is_told_to_nobody(world: World, signed_in, members):
    device = await signed_in()
    await tell(world, device, **members)
    assert await inbox(device) == []
