"""The inbox and pushes to the phone, at the HTTP edge with the platform's simulator."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from adapters.outbox.put import Outbox
from bff.mock.world import World
from kit.database.unit import unit_of_work
from miniprogram_api.applications.models import Application
from push.models import Message, PushConsent, PushDelivery
from tests.app import Phone
from tests.builders.rows import an_application_of
from tests.push.happenings import a_happening

Opened = Callable[..., Awaitable[Phone]]


@pytest.fixture
async def device(signed_in: Opened) -> Phone:
    return await signed_in()


async def tell(world: World, device: Phone, state: str = "completed", **how: Any) -> str:
    """Something happens that the person is to be told; all that follows is done. The event."""
    person_id = device.session["person"]["id"]
    happening = a_happening(state, person_id=person_id, **how)
    if not await Application.exists(id=happening.application_id):
        await an_application_of(person_id, id=happening.application_id)
    outbox = Outbox(world.clock)
    async with unit_of_work():
        await outbox.put(
            "applicant.tell", f"tell:{happening.application_id}", happening_of(happening)
        )
    await world.driver.settle()
    return happening.event_id


def happening_of(happening: Any) -> dict[str, Any]:
    return {name: getattr(happening, name) for name in happening.__struct_fields__}


async def templates_of(device: Phone) -> list[str]:
    plan = (await device.get("/messages/consent-plan?moment=submit")).json()
    return [template["template"] for template in plan["templates"]]


async def agree(device: Phone, answer: str = "accept") -> None:
    """The dialog in the tap on "submit", and the mini-program's report of it."""
    answers = dict.fromkeys(await templates_of(device), answer)
    tap = {"platform": "wechat", "persona": device.persona, "answers": answers}
    assert (await device.mock("POST", "/taps", json=tap)).status_code == 200
    report = {"platform": "wechat", "answers": answers}
    told = await device.post("/messages/consents", json=report)
    assert told.status_code == 200, told.text


async def later(device: Phone, seconds: int) -> None:
    """What the platform reports or what is tried again has happened by then."""
    moved = await device.mock("POST", "/clock/advance", json={"seconds": seconds})
    assert moved.status_code == 200, moved.text


async def on_the_phone(device: Phone) -> list[dict[str, Any]]:
    return (await device.mock("GET", f"/pushes?persona={device.persona}")).json()["items"]


async def inbox(device: Phone) -> list[dict[str, Any]]:
    return (await device.get("/messages")).json()["items"]


class TestInbox:
    async def test_everybody_has_it_whatever_the_phone_allows(self, world: World, device: Phone):
        await tell(world, device)
        (message,) = await inbox(device)
        assert message["title"] == "事项已办结"
        assert message["read_at"] is None
        assert [told["state"] for told in message["told"]] == ["not_subscribed"]
        assert await on_the_phone(device) == []

    async def test_it_speaks_english_on_request(self, world: World, device: Phone):
        await tell(world, device)
        answer = await device.get("/messages", headers={"Accept-Language": "en"})
        assert answer.json()["items"][0]["title"] == "Completed"

    async def test_reading_is_counted_and_reading_twice_changes_nothing(
        self, world: World, device: Phone
    ):
        for state in ("completed", "rejected"):
            await tell(world, device, state)
        assert (await device.get("/messages/unread-count")).json() == {"unread": 2}
        newest = (await inbox(device))[0]
        first = (await device.put(f"/messages/{newest['id']}/read")).json()
        again = (await device.put(f"/messages/{newest['id']}/read")).json()
        assert first["read_at"] == again["read_at"] is not None
        assert (await device.get("/messages/unread-count")).json() == {"unread": 1}
        assert (await device.get("/home")).json()["unread"] == 1

    async def test_it_goes_page_by_page_and_is_nobody_elses(
        self, world: World, device: Phone, signed_in: Opened
    ):
        for state in ("completed", "rejected", "voided"):
            await tell(world, device, state)
        page = (await device.get("/messages?limit=2")).json()
        rest = (await device.get(f"/messages?limit=2&cursor={page['next_cursor']}")).json()
        assert [len(page["items"]), len(rest["items"]), rest["next_cursor"]] == [2, 1, None]
        other = await signed_in("lisi")
        assert await inbox(other) == []
        for message_id in (page["items"][0]["id"], "0" * 32, "x" * 400):
            assert (await other.put(f"/messages/{message_id}/read")).status_code == 404

    async def test_the_same_event_told_twice_is_one_message(self, world: World, device: Phone):
        await agree(device)
        event_id = await tell(world, device)
        await tell(world, device, event_id=event_id)
        assert len(await inbox(device)) == 1
        assert len(await on_the_phone(device)) == 1


class TestConsents:
    async def test_at_most_three_templates_of_one_kind_are_asked(self, device: Phone):
        plan = (await device.get("/messages/consent-plan?moment=submit")).json()["templates"]
        assert 1 <= len(plan) <= 3
        assert len({template["long_term"] for template in plan}) == 1
        english = await device.get(
            "/messages/consent-plan?moment=submit", headers={"Accept-Language": "en"}
        )
        assert english.json()["templates"][0]["name"].isascii()

    async def test_a_tap_counts_once_though_two_tell_of_it(self, device: Phone):
        await agree(device)
        rows = await PushConsent.all()
        assert [(row.answer, row.earned, row.spent) for row in rows] == [("accept", 1, 0)] * 3

    async def test_the_platforms_own_word_is_kept(self, device: Phone):
        answers = dict.fromkeys(await templates_of(device), "acceptWithAlert")
        report = {"platform": "wechat", "answers": answers}
        items = (await device.post("/messages/consents", json=report)).json()["items"]
        assert {item["answer"] for item in items} == {"acceptWithAlert"}
        assert {item["left"] for item in items} == {1}

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"platform": "alipay"}, "other_platform"),
            ({"platform": "fax"}, "invalid_request"),
            ({"answers": {"no-such-template": "accept"}}, "unknown_template"),
            ({"answers": {"no-such-template": "perhaps"}}, "invalid_request"),
            ({"answers": {}}, "invalid_request"),
            ({"more": 1}, "invalid_request"),
        ],
    )
    async def test_nonsense_is_refused_and_records_nothing(
        self, device: Phone, changes: dict[str, Any], code: str
    ):
        body = {"platform": "wechat", "answers": {"tmpl-progress": "accept"}, **changes}
        answer = await device.post("/messages/consents", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert "no-such-template" not in answer.text
        assert not await PushConsent.exists()

    async def test_an_unknown_moment_is_refused(self, device: Phone):
        answer = await device.get("/messages/consent-plan?moment=whenever")
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


class TestPushes:
    async def test_who_agreed_is_told_on_the_phone_too(self, world: World, device: Phone):
        await agree(device)
        await tell(world, device)
        (push,) = await on_the_phone(device)
        assert "食品经营许可" in str(push["data"])
        assert push["page"].startswith("pages/application/detail?id=")
        assert [told["state"] for told in (await inbox(device))[0]["told"]] == ["sent"]
        await later(device, 10)
        assert [told["state"] for told in (await inbox(device))[0]["told"]] == ["delivered"]

    async def test_who_refused_in_the_settings_is_left_alone(self, world: World, device: Phone):
        await agree(device)
        settings = dict.fromkeys(await templates_of(device), "reject")
        tap = {"platform": "wechat", "persona": device.persona, "settings": settings}
        await device.mock("POST", "/taps", json=tap)
        await tell(world, device)
        assert await on_the_phone(device) == []
        assert (await inbox(device))[0]["told"][0]["state"] == "not_subscribed"

    async def test_the_platforms_refusal_ends_what_we_had_counted(
        self, world: World, device: Phone
    ):
        await agree(device)
        world.far_sides["wechat"].arm("wechat.refuses_message", 1)
        await tell(world, device)
        await tell(world, device, "rejected")
        told = [message["told"][0]["state"] for message in await inbox(device)]
        assert told == ["not_subscribed", "not_subscribed"]
        row = await PushConsent.get(template="tmpl-progress")
        assert row.spent == row.earned == 1

    async def test_a_send_that_may_have_worked_is_not_repeated(self, world: World, device: Phone):
        await agree(device)
        # One that works first: afterwards nobody has to fetch an access token in between.
        await tell(world, device, "rejected")
        world.far_sides["wechat"].arm(
            "wechat.reset_connection", 1, path="/cgi-bin/message/subscribe/send", after_acting=True
        )
        await tell(world, device)
        await later(device, 600)
        assert len(await on_the_phone(device)) == 2
        assert (await inbox(device))[0]["told"][0]["state"] == "unknown"

    async def test_a_send_that_surely_failed_is_tried_again(self, world: World, device: Phone):
        await agree(device)
        world.far_sides["wechat"].arm(
            "wechat.system_error", 1, path="/cgi-bin/message/subscribe/send"
        )
        await tell(world, device)
        await later(device, 600)
        assert {row.state for row in await PushDelivery.all()} == {"delivered"}

    async def test_a_delivery_that_failed_is_shown_as_failed(self, world: World, device: Phone):
        await agree(device)
        world.far_sides["wechat"].arm("wechat.delivery_failed", 1)
        await tell(world, device)
        await later(device, 10)
        assert (await inbox(device))[0]["told"][0]["state"] == "failed"

    async def test_what_only_an_operator_can_mend_waits_for_him(self, world: World, device: Phone):
        await agree(device)
        world.far_sides["wechat"].arm("wechat.template_banned", 1)
        await tell(world, device)
        assert (await inbox(device))[0]["told"][0]["state"] == "queued"
        await later(device, 600)
        assert (await inbox(device))[0]["told"][0]["state"] == "delivered"

    async def test_old_news_do_not_ring(self, world: World, device: Phone):
        await agree(device)
        world.far_sides["wechat"].arm("wechat.daily_quota", 1)
        await tell(world, device)
        await Message.all().update(at=world.clock.now() - timedelta(hours=25))
        await later(device, 24 * 3600)
        await device.login()
        assert (await inbox(device))[0]["told"][0]["state"] == "expired"
        assert await on_the_phone(device) == []

    async def test_a_broken_off_send_is_not_made_again(self, world: World, device: Phone):
        """A process that died between the call and its row's end."""
        await agree(device)
        world.far_sides["wechat"].arm("wechat.daily_quota", 1)
        await tell(world, device)
        await PushDelivery.all().update(state="sending")
        await later(device, 24 * 3600)
        await device.login()
        assert (await inbox(device))[0]["told"][0]["state"] == "unknown"
        assert await on_the_phone(device) == []


class TestWeChatCallback:
    async def test_an_unsigned_push_is_refused_and_changes_nothing(self, device: Phone):
        for query in ("", "?signature=x&timestamp=1&nonce=2"):
            answer = await device.post(f"/callbacks/wechat{query}", content=b"{}")
            assert (answer.status_code, answer.json()["code"]) == (403, "callback_not_authentic")
            check = await device.get(f"/callbacks/wechat{query}")
            assert check.status_code == 403
        assert not await PushConsent.exists()
