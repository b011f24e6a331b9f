"""An application after its submission, at the HTTP edge: forwarded, followed, waited for."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bff.mock.world import World
from tests.app import Phone
from tests.builders.applications import an_application

Verified = Callable[..., Awaitable[Phone]]


async def current(device: Phone, application: dict[str, Any]) -> dict[str, Any]:
    return (await device.get(f"/applications/{application['id']}")).json()


async def case_of(device: Phone, application: dict[str, Any]) -> dict[str, Any]:
    cases = (await device.mock("GET", "/cases")).json()["items"]
    (case,) = [each for each in cases if each["reference_no"] == application["reference_no"]]
    return case


async def act(device: Phone, application: dict[str, Any], item: str, action: str, **how: Any):
    case = await case_of(device, application)
    body = {"item": item, "action": action, **how}
    answer = await device.mock("POST", f"/cases/{case['upstream_no']}/act", json=body)
    assert answer.status_code == 200, answer.text


def matter_of(application: dict[str, Any], item: str = "business_licence") -> dict[str, Any]:
    (matter,) = [each for each in application["matters"] if each["item"] == item]
    return matter


@pytest.fixture
async def device(verified: Verified) -> Phone:
    return await verified()


@pytest.fixture
async def forwarded(device: Phone, world: World) -> dict[str, Any]:
    """An application that the province has."""
    application = await an_application(device)
    await world.driver.settle()
    return await current(device, application)


class TestForwarding:
    async def test_the_province_has_one_case_and_its_number_is_shown(
        self, device: Phone, forwarded: dict[str, Any]
    ):
        case = await case_of(device, forwarded)
        assert forwarded["state"] == "forwarded"
        assert {matter["state"] for matter in forwarded["matters"]} == {"forwarded"}
        assert {matter["upstream_no"] for matter in forwarded["matters"]} == {case["upstream_no"]}

    async def test_a_filing_that_is_refused_comes_back_with_the_reason(
        self, device: Phone, world: World
    ):
        world.far_sides["province"].arm("province.refuse", 1, text="经营场所信息不完整！")
        application = await an_application(device)
        await world.driver.settle()
        application = await current(device, application)
        assert application["state"] == "action_required"
        for matter in application["matters"]:
            assert (matter["state"], matter["holder"]) == ("pre_review_returned", "applicant")
            assert matter["reason"] == "经营场所信息不完整！"
        inbox = (await device.get("/messages")).json()["items"]
        assert inbox[0]["title"] == "申请被退回，请修改"
        assert "经营场所" not in inbox[0]["body"]

    async def test_what_no_applicant_can_mend_is_parked_and_told(self, device: Phone, world: World):
        world.far_sides["province"].arm("province.refuse", 1, text="未查询到相关主题套餐！")
        application = await an_application(device)
        await world.driver.settle()
        application = await current(device, application)
        assert application["state"] == "parked"
        assert {matter["holder"] for matter in application["matters"]} == {"us"}
        assert (await device.get("/messages")).json()["items"][0]["title"] == "申请转人工处理"


class TestFollowing:
    async def test_a_department_moves_its_matter_and_no_other(
        self, device: Phone, forwarded: dict[str, Any]
    ):
        await act(device, forwarded, "business_licence", "accept")
        after = await current(device, forwarded)
        assert matter_of(after)["state"] == "accepted"
        assert matter_of(after)["state_text"] == "已受理"
        assert matter_of(after, "seal")["state"] == "forwarded"
        assert after["state"] == "in_progress"

    async def test_a_correction_gives_the_ball_to_the_applicant_and_stops_the_clock(
        self, device: Phone, forwarded: dict[str, Any]
    ):
        await act(device, forwarded, "business_licence", "accept")
        reason = "经营场所证明已过期，请补交"
        await act(
            device, forwarded, "business_licence", "correct", reason=reason,
            fields=["premises_address"], materials=["premises_proof"],
        )  # fmt: skip
        after = await current(device, forwarded)
        matter = matter_of(after)
        assert (matter["state"], matter["holder"]) == ("correction_required", "applicant")
        assert (matter["reason"], matter["promised_at"]) == (reason, None)
        last = (await device.get(f"/applications/{forwarded['id']}/timeline")).json()["items"][-1]
        assert last["data"] == {"state": "correction_required", "points": 2}
        assert last["text"].endswith("需补正，共2处")

    async def test_a_licence_arrives_with_its_number(
        self, device: Phone, forwarded: dict[str, Any]
    ):
        for action in ("accept", "approve", "complete"):
            await act(device, forwarded, "business_licence", action)
        matter = matter_of(await current(device, forwarded))
        assert (matter["state"], matter["holder"]) == ("completed", "none")
        assert matter["result"]["certificate_no"]
        assert matter["result"]["issued_on"]
        seal = matter_of(await current(device, forwarded), "seal")
        assert seal["promised_at"] is not None

    async def test_everything_completes_at_the_promised_pace_and_nothing_is_late(
        self, device: Phone, forwarded: dict[str, Any]
    ):
        await device.mock("POST", "/clock/advance", json={"workdays": 15})
        await device.login()
        after = await current(device, forwarded)
        assert after["state"] == "completed"
        events = (await device.get(f"/applications/{forwarded['id']}/timeline")).json()["items"]
        kinds = {event["kind"] for event in events}
        assert "overdue" not in kinds
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        assert events[-1]["text"] == "全部办结"
        home = (await device.get("/home")).json()
        assert home["applications"] == []


class TestReading:
    async def test_an_unchanged_application_is_304(self, device: Phone, forwarded: dict[str, Any]):
        path = f"/applications/{forwarded['id']}"
        etag = (await device.get(path)).headers["ETag"]
        assert (await device.get(path, headers={"If-None-Match": etag})).status_code == 304
        await act(device, forwarded, "business_licence", "accept")
        assert (await device.get(path, headers={"If-None-Match": etag})).status_code == 200

    async def test_the_timeline_speaks_the_readers_language(
        self, device: Phone, forwarded: dict[str, Any]
    ):
        path = f"/applications/{forwarded['id']}/timeline"
        chinese = (await device.get(path)).json()["items"]
        english = (await device.get(path, headers={"Accept-Language": "en"})).json()["items"]
        assert chinese[0]["text"].startswith("申请已提交")
        assert english[0]["text"].startswith("Submitted")

    @pytest.mark.parametrize("tail", ["", "/timeline", "/wait?timeout_s=0"])
    async def test_somebody_elses_application_is_not_there(
        self, verified: Verified, forwarded: dict[str, Any], tail: str
    ):
        other = await verified("lisi")
        foreign = await other.get(f"/applications/{forwarded['id']}{tail}")
        absent = await other.get(f"/applications/{'0' * 32}{tail}")
        nonsense = await other.get(f"/applications/{'x' * 300}{tail}")
        for answer in (foreign, absent, nonsense):
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")

    async def test_a_list_goes_page_by_page(self, device: Phone, forwarded: dict[str, Any]):
        second = await an_application(device)
        first_page = (await device.get("/applications?limit=1")).json()
        assert [item["id"] for item in first_page["items"]] == [second["id"]]
        cursor = first_page["next_cursor"]
        last_page = (await device.get(f"/applications?limit=1&cursor={cursor}")).json()
        assert [item["id"] for item in last_page["items"]] == [forwarded["id"]]
        assert last_page["next_cursor"] is None

    async def test_the_first_screen_shows_what_runs_and_what_waits(
        self, device: Phone, forwarded: dict[str, Any]
    ):
        await act(device, forwarded, "business_licence", "correct", reason="请补正")
        home = await device.get("/home")
        screen = home.json()
        assert [item["id"] for item in screen["applications"]] == [forwarded["id"]]
        assert screen["notices"][0]["code"] == "correction_required"
        assert screen["person"]["assurance"] == "real_person"
        again = await device.get("/home", headers={"If-None-Match": home.headers["ETag"]})
        assert again.status_code == 304


class TestWaiting:
    async def test_news_end_the_wait_at_once(self, device: Phone, forwarded: dict[str, Any]):
        path = f"/applications/{forwarded['id']}/wait?after={forwarded['last_seq']}&timeout_s=20"
        async with asyncio.timeout(10):
            waiting = asyncio.create_task(device.get(path))
            await asyncio.sleep(0.2)
            await act(device, forwarded, "business_licence", "accept")
            news = (await waiting).json()
        assert [event["data"]["state"] for event in news["items"]] == ["accepted"]
        assert news["last_seq"] == forwarded["last_seq"] + 1

    async def test_what_happened_before_is_given_without_waiting(
        self, device: Phone, forwarded: dict[str, Any]
    ):
        async with asyncio.timeout(3):
            news = await device.get(f"/applications/{forwarded['id']}/wait?after=0&timeout_s=25")
        assert len(news.json()["items"]) == forwarded["last_seq"]

    async def test_no_news_are_an_empty_list(self, device: Phone, forwarded: dict[str, Any]):
        last_seq = forwarded["last_seq"]
        path = f"/applications/{forwarded['id']}/wait?after={last_seq}&timeout_s=0"
        answer = await device.get(path)
        assert answer.status_code == 200
        assert answer.json() == {"items": [], "next_cursor": None, "last_seq": last_seq}

    @pytest.mark.parametrize("query", ["after=-1", "after=x", "timeout_s=31", "until=9"])
    async def test_a_malformed_wait_is_refused(
        self, device: Phone, forwarded: dict[str, Any], query: str
    ):
        answer = await device.get(f"/applications/{forwarded['id']}/wait?{query}")
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
