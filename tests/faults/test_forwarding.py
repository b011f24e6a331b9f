"""Between us and the province anything may break: there is one case, and nothing is lost."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from itertools import count
from typing import Any

import pytest

from tests.app import Phone
from tests.builders.applications import a_ready_draft, an_application
from tests.processes import MockProcess, mock_process


async def cases_of(phone: Phone, application: dict[str, Any]) -> list[dict[str, Any]]:
    cases = (await phone.mock("GET", "/cases")).json()["items"]
    return [case for case in cases if case["reference_no"] == application["reference_no"]]


async def until_forwarded(phone: Phone, application: dict[str, Any]) -> dict[str, Any]:
    """Moves the clock now and then: what may be on its way is waited for first."""
    current = application
    async with asyncio.timeout(45):
        for look in count(1):
            current = (await phone.get(f"/applications/{application['id']}")).json()
            if all(matter["state"] != "submitted" for matter in current["matters"]):
                break
            await asyncio.sleep(0.2)
            if look % 10 == 0:
                await phone.mock("POST", "/clock/advance", json={"seconds": 60})
        return current


@contextlib.asynccontextmanager
async def a_verified_phone(mock: MockProcess, persona: str) -> AsyncIterator[Phone]:
    async with Phone(mock.base, persona) as phone:
        await phone.login()
        assert (await phone.verify()).json()["state"] == "passed"
        yield phone


@pytest.fixture(scope="class")
async def mock(
    tmp_path_factory: pytest.TempPathFactory,
    new_database_url: Callable[[], str],
    redis_url: str | None,
) -> AsyncIterator[MockProcess]:
    """One, with a person for each test: its first start is what takes time."""
    folder = tmp_path_factory.mktemp("forwarding")
    async with mock_process(folder, new_database_url(), redis_url) as process:
        yield process


@pytest.mark.timeout(180)
class TestKill:
    async def test_kill_9_right_after_the_202_makes_exactly_one_case(
        self, mock: MockProcess
    ) -> None:
        async with a_verified_phone(mock, "zhangsan") as phone:
            application = await an_application(phone)
            await mock.kill()
            await mock.start()
            current = await until_forwarded(phone, application)
            assert len(await cases_of(phone, application)) == 1
            assert current["content_hash"] == application["content_hash"]

    async def test_kill_9_while_the_province_is_answering_makes_exactly_one_case(
        self, mock: MockProcess
    ) -> None:
        """The worst moment: the case exists there, and we were never told."""
        async with a_verified_phone(mock, "lisi") as phone:
            late = {"times": 1, "then": {"delay_s": 20}}
            await phone.mock("PUT", "/scenarios/province.answer_after_timeout", json=late)
            application = await an_application(phone)
            async with asyncio.timeout(15):
                while not await cases_of(phone, application):
                    await asyncio.sleep(0.05)
            await mock.kill()
            await mock.start()
            await until_forwarded(phone, application)
            assert len(await cases_of(phone, application)) == 1

    async def test_what_was_saved_is_there_after_kill_9(self, mock: MockProcess) -> None:
        async with a_verified_phone(mock, "wangwu") as phone:
            draft = await a_ready_draft(phone)
            await mock.kill()
            await mock.start()
            resumed = (await phone.get(f"/drafts/{draft['id']}")).json()
            assert resumed["steps"] == draft["steps"]
            assert resumed["revision"] == draft["revision"]


class TestProvince:
    async def test_an_answer_after_our_timeout_still_makes_one_case(self, world, verified) -> None:
        phone = await verified()
        world.far_sides["province"].arm("province.answer_after_timeout", 1, delay_s=8)
        application = await an_application(phone)
        await until_forwarded(phone, application)
        assert len(await cases_of(phone, application)) == 1

    async def test_a_filing_that_is_stored_after_our_timeout_makes_one_case(
        self, world, verified
    ) -> None:
        """The first question finds nothing, and the filing is there a moment later."""
        phone = await verified()
        world.far_sides["province"].arm("province.commit_after_timeout", 1, delay_s=7)
        application = await an_application(phone)
        async with asyncio.timeout(20):
            while not await cases_of(phone, application):
                await asyncio.sleep(0.1)
        await until_forwarded(phone, application)
        assert len(await cases_of(phone, application)) == 1

    @pytest.mark.one_stack
    @pytest.mark.parametrize(
        "scenario",
        ["province.http_500", "province.reset_connection", "province.exception_envelope"],
    )
    async def test_a_broken_answer_is_tried_again_and_makes_one_case(
        self, world, verified, scenario
    ) -> None:
        phone = await verified()
        world.far_sides["province"].arm(scenario, 1)
        application = await an_application(phone)
        await until_forwarded(phone, application)
        assert len(await cases_of(phone, application)) == 1

    @pytest.mark.parametrize(
        "scenario",
        ["province.duplicate_status", "province.reorder_status", "province.late_status"],
    )
    async def test_statuses_twice_late_or_in_the_wrong_order_end_the_same(
        self, world, verified, scenario
    ) -> None:
        phone = await verified()
        world.far_sides["province"].arm(scenario, 1000)
        application = await an_application(phone)
        await until_forwarded(phone, application)
        current = application
        for _ in range(40):
            await phone.mock("POST", "/clock/advance", json={"workdays": 1})
            await phone.renew()
            current = (await phone.get(f"/applications/{application['id']}")).json()
            if current["state"] == "completed":
                break
        assert {matter["state"] for matter in current["matters"]} == {"completed"}
        await phone.renew()
        timeline = (await phone.get(f"/applications/{application['id']}/timeline")).json()["items"]
        assert [event["seq"] for event in timeline] == sorted({e["seq"] for e in timeline})
