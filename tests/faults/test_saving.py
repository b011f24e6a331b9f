"""kill -9 in the middle of a stream of saves: whatever was acknowledged is there."""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.app import Phone
from tests.builders.applications import a_draft
from tests.miniprogram_api.drafts.builders import answers_of, resumed, save
from tests.processes import mock_process

SAVERS = 4
ENOUGH = 40
"""Answers to all savers together, before the kill. A person may save 120 times at once."""


class Saver:
    """Types one number after the other into a field of his own, each save upon the last answer."""

    def __init__(self, number: int, draft: dict[str, Any]) -> None:
        self.field = f"field_{number}"
        self._draft = draft
        self._base: int = draft["revision"]
        self.acknowledged = 0
        self.asked = 0

    async def save(self, phone: Phone) -> None:
        """The next one, or again the one that nobody answered."""
        self.asked = self.acknowledged + 1
        answer = await save(phone, self._draft, "company", self._base, {self.field: self.asked})
        assert answer.status_code == 200, answer.text
        self._base, self.acknowledged = answer.json()["revision"], self.asked


async def save_until_killed(phone: Phone, savers: list[Saver], enough: asyncio.Event) -> None:
    async def stream(saver: Saver) -> None:
        with contextlib.suppress(httpx.TransportError):
            while True:
                await saver.save(phone)
                if sum(each.acknowledged for each in savers) >= ENOUGH:
                    enough.set()

    await asyncio.gather(*map(stream, savers))


@pytest.mark.timeout(120)
async def test_every_acknowledged_save_of_a_stream_is_there_after_kill_9(
    tmp_path: Path, new_database_url: Callable[[], str], redis_url: str | None
) -> None:
    async with (
        mock_process(tmp_path, new_database_url(), redis_url) as mock,
        contextlib.aclosing(Phone(mock.base, "zhangsan")) as phone,
    ):
        await phone.login()
        draft = await a_draft(phone)
        savers = [Saver(number, draft) for number in range(SAVERS)]
        enough = asyncio.Event()
        streaming = asyncio.create_task(save_until_killed(phone, savers, enough))
        await enough.wait()
        await mock.kill()
        await streaming
        await mock.start()
        found = answers_of(await resumed(phone, draft), "company")
        for saver in savers:
            # The last one may have been written and not answered.
            assert found.get(saver.field, 0) in {saver.acknowledged, saver.asked}
        for saver in savers:
            await saver.save(phone)
        found = answers_of(await resumed(phone, draft), "company")
        assert found == {saver.field: saver.acknowledged for saver in savers}
        assert sum(saver.acknowledged for saver in savers) >= ENOUGH
        items = (await phone.get(f"/drafts/{draft['id']}/history?limit=100")).json()["items"]
        revisions = [item["revision"] for item in items]
        assert revisions == list(range(revisions[0], 0, -1))
