"""kill -9 around the e-signature service: one flow for one signing, and no signature is lost."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any

import httpx
import pytest

from kit.ids import new_id
from tests.app import Phone
from tests.builders.applications import a_draft
from tests.miniprogram_api.drafts.builders import filled
from tests.miniprogram_api.signatures.signing import answer_page, asked, begin, own_task, stand
from tests.processes import MockProcess, mock_process

pytestmark = pytest.mark.timeout(180)

SLOW = "esign_slow"
"""The service does what it is asked, and its answer stays away until the process is killed."""


@pytest.fixture(scope="module")
async def mock(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[MockProcess]:
    """One for all: starting it is what takes time."""
    async with mock_process(tmp_path_factory.mktemp("signing")) as process:
        yield process


@pytest.fixture
async def phone(mock: MockProcess) -> AsyncIterator[Phone]:
    async with contextlib.aclosing(Phone(mock.base, "zhangsan")) as device:
        assert (await device.login()).status_code == 200
        assert (await device.verify()).status_code == 200
        yield device


async def asked_to_sign(phone: Phone) -> tuple[dict[str, Any], dict[str, Any]]:
    """A draft whose owner alone has to sign it, and his task."""
    draft = await a_draft(phone)
    await filled(phone, draft)
    await asked(phone, draft)
    return draft, await own_task(phone)


def facts(mock: MockProcess, kind: str) -> list[str]:
    """Keys of what the service has of a kind; its file outlives the kill."""
    path = mock.folder / "data" / "far-side" / "e_signature.sqlite3"
    with contextlib.closing(sqlite3.connect(path)) as far_side:
        rows = far_side.execute("SELECT key FROM fact WHERE kind = ?", (kind,)).fetchall()
    return [str(key) for (key,) in rows]


def flows(mock: MockProcess, task: dict[str, Any]) -> list[str]:
    """Our references of all flows that the service ever began for the task."""
    return [key for key in facts(mock, "reference") if key.startswith(task["id"])]


async def until(holds: Callable[[], Awaitable[object]]) -> None:
    async with asyncio.timeout(30):
        while not await holds():
            await asyncio.sleep(0.05)


async def killed_while_asked(
    mock: MockProcess, phone: Phone, service: str, request: Coroutine[Any, Any, object]
) -> None:
    """Kill the process when the service has done what it was asked, and nobody was told."""
    late = {"times": 1, "then": {"seconds": 60, "service": service}}
    armed = await phone.mock("PUT", f"/scenarios/{SLOW}", json=late)
    assert armed.status_code < 300, armed.text
    assert SLOW in facts(mock, "scenario")

    async def done_over_there() -> bool:
        return SLOW not in facts(mock, "scenario")

    asking = asyncio.create_task(request)
    await until(done_over_there)
    await mock.kill()
    with contextlib.suppress(httpx.TransportError):
        await asking
    await mock.start()


async def kinds(phone: Phone, draft: dict[str, Any]) -> list[str]:
    items = (await phone.get(f"/drafts/{draft['id']}/history?limit=100")).json()["items"]
    return [item["kind"] for item in items]


async def test_killed_while_beginning_there_is_one_flow_and_it_can_be_signed(
    mock: MockProcess, phone: Phone
) -> None:
    draft, task = await asked_to_sign(phone)
    key = {"Idempotency-Key": new_id()}
    await killed_while_asked(mock, phone, "begin", begin(phone, task, headers=key))
    assert len(flows(mock, task)) == 1
    assert set((await stand(phone, draft)).values()) == {"pending"}
    again = await begin(phone, task, headers=key)
    assert again.status_code == 200, again.text
    assert again.json()["client_action"]["type"] == "esign_page"
    assert len(flows(mock, task)) == 1
    await answer_page(phone, task)
    assert (await phone.get(f"/signatures/{task['id']}")).json()["state"] == "signed"
    assert set((await stand(phone, draft)).values()) == {"signed"}
    told = await kinds(phone, draft)
    assert (told.count("sign_begun"), told.count("signed")) == (1, 1)


async def test_killed_while_asking_what_came_of_it_the_signature_is_not_lost(
    mock: MockProcess, phone: Phone
) -> None:
    draft, task = await asked_to_sign(phone)
    assert (await begin(phone, task)).status_code == 200
    await answer_page(phone, task)
    path = f"/signatures/{task['id']}"
    await killed_while_asked(mock, phone, "find", phone.get(path))
    assert set((await stand(phone, draft)).values()) == {"signing"}

    async def signed() -> bool:
        return bool((await phone.get(path)).json()["state"] == "signed")

    await until(signed)
    assert len(flows(mock, task)) == 1
    assert (await kinds(phone, draft)).count("signed") == 1


async def test_killed_while_nobody_looks_the_house_finds_it_out_by_itself(
    mock: MockProcess, phone: Phone
) -> None:
    """The phone was closed on the service's page; the deed that asks is cut off, too."""
    draft, task = await asked_to_sign(phone)
    assert (await begin(phone, task)).status_code == 200
    await answer_page(phone, task)
    later = {"seconds": 180}
    await killed_while_asked(mock, phone, "find", phone.mock("POST", "/clock/advance", json=later))

    async def signed() -> bool:
        await phone.mock("POST", "/clock/advance", json=later)
        await phone.renew()
        return set((await stand(phone, draft)).values()) == {"signed"}

    await until(signed)
    assert len(flows(mock, task)) == 1
    assert (await kinds(phone, draft)).count("signed") == 1
