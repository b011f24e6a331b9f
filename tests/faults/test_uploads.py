"""Uploads of a real process that is killed at any moment, and what a large one costs it."""

import asyncio
import contextlib
import hashlib
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.app import Phone
from tests.builders.applications import a_draft, scanned
from tests.faults.hurtful import TEN_MEGABYTES, Hurtful, requests
from tests.miniprogram_api.materials.builders import a_pdf
from tests.processes import MockProcess, mock_process

MEGABYTE = 1024 * 1024
PLANS = "fire_layout"
"""Of which a file may have 50 MB."""
GROWTH_MAX = 25 * MEGABYTE
"""Half of one file. It was below 1 MB when this was written; a process that holds the file grows by
54."""
BODIES_GROWTH_MAX = 40 * MEGABYTE
"""A body is held while it comes, but not looked into when it is too large. It was 20 MB when this
was written, 66 for four at a time; ten megabytes of rows, parsed, take hundreds."""


def a_plan(size: int, seed: int) -> bytes:
    block = random.Random(seed).randbytes(MEGABYTE).replace(b"\n", b" ").replace(b"\r", b" ")
    return a_pdf(filling=(block * (size // MEGABYTE + 1))[: size - 400])


async def begin(phone: Phone, draft: dict[str, Any], content: bytes) -> dict[str, Any]:
    wish = {
        "material": PLANS,
        "name": "plan.pdf",
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    answer = await phone.once("POST", f"/drafts/{draft['id']}/uploads", json=wish)
    assert answer.status_code == 201, answer.text
    upload: dict[str, Any] = answer.json()
    return upload


async def put(phone: Phone, upload: dict[str, Any], offset: int, part: bytes) -> int:
    answer = await phone.put(f"/uploads/{upload['id']}?offset={offset}", content=part)
    assert answer.status_code == 200, answer.text
    reached: int = answer.json()["offset"]
    return reached


async def reached(phone: Phone, upload: dict[str, Any]) -> int:
    answer = await phone.get(f"/uploads/{upload['id']}")
    assert answer.status_code == 200, answer.text
    offset: int = answer.json()["offset"]
    return offset


async def cut_off(mock: MockProcess, request: Any, after_s: float) -> None:
    """Kill the process while it is at work on ``request``, and start it again."""
    running = asyncio.create_task(request)
    await asyncio.sleep(after_s)
    await mock.kill()
    with contextlib.suppress(httpx.TransportError):
        await running
    await mock.start()


@pytest.fixture(scope="module")
async def mock(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[MockProcess]:
    """One for both tests: starting it is what takes time."""
    async with mock_process(tmp_path_factory.mktemp("uploads")) as process:
        yield process


@pytest.fixture
async def phone(mock: MockProcess) -> AsyncIterator[Phone]:
    async with contextlib.aclosing(Phone(mock.base, "zhangsan")) as device:
        assert (await device.login()).status_code == 200
        yield device


@pytest.mark.timeout(120)
async def test_whatever_was_acknowledged_is_there_after_kill_9(
    mock: MockProcess, phone: Phone
) -> None:
    """In the middle of a part; with one whose answer was lost; in the middle of completing."""
    content = a_plan(9 * MEGABYTE, seed=1)
    draft = await a_draft(phone)
    upload = await begin(phone, draft, content)
    offset = await put(phone, upload, 0, content[: 3 * MEGABYTE])
    assert offset == 3 * MEGABYTE

    part = content[offset : offset + 3 * MEGABYTE]
    path = f"/uploads/{upload['id']}?offset={offset}"
    await cut_off(mock, phone.put(path, content=part), after_s=0.02)
    found = await reached(phone, upload)
    assert found in {offset, offset + len(part)}
    # The phone knows nothing of that: it sends the same part again.
    assert await put(phone, upload, offset, part) == offset + len(part)

    offset = await put(phone, upload, 6 * MEGABYTE, content[6 * MEGABYTE :])
    complete = f"/uploads/{upload['id']}/complete"
    headers = {"Idempotency-Key": "complete"}
    await cut_off(mock, phone.post(complete, headers=headers), after_s=0.1)
    answer = await phone.post(complete, headers=headers)
    assert answer.status_code == 200, answer.text
    file = answer.json()["file"]
    await scanned(phone, draft)
    assert (await phone.get(f"/files/{file['id']}")).content == content
    now = (await phone.get(f"/drafts/{draft['id']}")).json()
    (plans,) = [material for material in now["materials"] if material["code"] == PLANS]
    assert [kept["id"] for kept in plans["files"]] == [file["id"]]


@pytest.mark.timeout(120)
async def test_fifty_megabytes_there_and_back_are_never_held(
    mock: MockProcess, phone: Phone
) -> None:
    draft = await a_draft(phone)
    # Once small, so that what is loaded at the first use is there.
    await there_and_back(phone, draft, a_plan(MEGABYTE, seed=2))
    content = a_plan(50 * MEGABYTE, seed=3)
    before = memory(mock, "VmRSS")
    forget_peak(mock)
    await there_and_back(phone, draft, content)
    assert memory(mock, "VmHWM") - before < GROWTH_MAX


@pytest.mark.timeout(120)
async def test_what_is_made_to_cost_memory_gets_a_problem_and_costs_none(
    mock: MockProcess, phone: Phone
) -> None:
    """10,000 rows, members, items, documents, form parts; deep nests; ten megabytes. One by one,
    then the largest four at a time."""
    draft = await a_draft(phone)
    upload = await begin(phone, draft, a_plan(MEGABYTE, seed=4))
    await phone.put(f"/uploads/{upload['id']}?offset=0", content=b"too small")
    hurtful = list(requests(draft, PLANS, upload["id"]))
    before = memory(mock, "VmRSS")
    forget_peak(mock)
    for one in hurtful:
        await refused(phone, one)
    assert memory(mock, "VmHWM") - before < BODIES_GROWTH_MAX
    for one in hurtful:
        if len(one.content) >= TEN_MEGABYTES:
            await asyncio.gather(*(refused(phone, one) for _ in range(4)))
    assert memory(mock, "VmHWM") - before < 4 * BODIES_GROWTH_MAX
    now = (await phone.get(f"/drafts/{draft['id']}")).json()
    assert now["revision"] == draft["revision"]
    assert await reached(phone, upload) == 0


async def refused(phone: Phone, one: Hurtful) -> None:
    answer = await phone.request(one.method, one.path, content=one.content, headers=one.headers)
    assert answer.status_code in one.statuses, (one.name, answer.status_code, answer.text[:200])
    assert answer.headers["Content-Type"].startswith("application/problem+json"), one.name
    assert len(answer.content) < 64 * 1024, one.name


async def there_and_back(phone: Phone, draft: dict[str, Any], content: bytes) -> None:
    upload, offset = await begin(phone, draft, content), 0
    while offset < len(content):
        offset = await put(phone, upload, offset, content[offset : offset + 4 * MEGABYTE])
    answer = await phone.once("POST", f"/uploads/{upload['id']}/complete")
    assert answer.status_code == 200, answer.text
    await scanned(phone, draft)
    digest, path = hashlib.sha256(), f"/files/{answer.json()['file']['id']}"
    async with phone.stream("GET", path) as download:
        assert int(download.headers["Content-Length"]) == len(content)
        async for piece in download.aiter_bytes():
            digest.update(piece)
    assert digest.digest() == hashlib.sha256(content).digest()


def memory(mock: MockProcess, which: str) -> int:
    """``VmRSS``: now; ``VmHWM``: at most since :func:`forget_peak`. In bytes."""
    lines = Path(f"/proc/{mock.process_id}/status").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith(f"{which}:")]
    return int(line.split()[1]) * 1024


def forget_peak(mock: MockProcess) -> None:
    Path(f"/proc/{mock.process_id}/clear_refs").write_text("5")
