"""A store that is away just when it should tidy up spoils nothing that was done."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from adapters.errors import Unreachable
from adapters.storage.local import LocalStorage
from adapters.storage.port import PEER, Stored
from bff.mock.world import World
from miniprogram_api.materials.service import MaterialService
from tests.miniprogram_api.drafts.builders import a_draft, filled, uploaded
from tests.miniprogram_api.materials.builders import a_jpeg
from tests.miniprogram_api.materials.parts import (
    CONTENT,
    MEGABYTE,
    PROOF,
    begun,
    completed,
    files_in,
    put,
    sent,
    told,
)
from tests.miniprogram_api.materials.test_in_an_object_store import storing


class Untidy:
    """Keeps and gives, and is not there to delete."""

    def __init__(self, kept_in: LocalStorage) -> None:
        self._kept_in = kept_in

    async def put(self, key: str, chunks: AsyncIterator[bytes], bytes_max: int) -> Stored:
        return await self._kept_in.put(key, chunks, bytes_max)

    async def open(self, key: str) -> AsyncIterator[bytes]:
        return await self._kept_in.open(key)

    async def delete(self, key: str) -> None:
        raise Unreachable(PEER, "no_connection")

    async def exists(self, key: str) -> bool:
        return await self._kept_in.exists(key)

    def written_before(self, instant: datetime) -> AsyncIterator[str]:
        return self._kept_in.written_before(instant)


@pytest.fixture
def folder(world: World) -> LocalStorage:
    services = world.services
    return LocalStorage(services.settings.storage_dir, services.ring, services.clock)


@pytest.fixture
def untidy(world: World, folder: LocalStorage):
    yield from storing(world, Untidy(folder))


async def left_after_the_sweep(world: World, folder: LocalStorage) -> int:
    """How many keys, once the store is there again."""
    world.clock.advance(timedelta(days=2))
    materials: MaterialService = world.services.provided[MaterialService]
    for _ in storing(world, folder):
        await materials.sweep_orphans()
    return len([key async for key in folder.written_before(world.clock.now())])


async def test_a_picture_that_was_taken_and_the_same_again_are_acknowledged(
    signed_in, world, folder, untidy
):
    phone = await signed_in()
    draft = await a_draft(phone)
    answers = [await uploaded(phone, draft, PROOF, a_jpeg()) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert len(await files_in(phone, draft)) == 1
    assert await left_after_the_sweep(world, folder) == 1


async def test_what_is_refused_is_told_why(signed_in, untidy):
    phone = await signed_in()
    draft = await a_draft(phone)
    answer = await uploaded(phone, draft, PROOF, b"MZ" + b"\0" * 500)
    assert told(answer) == (415, "file_type_refused")


async def test_whoever_loses_a_race_of_parts_goes_on(signed_in, world, folder, untidy):
    phone = await signed_in()
    draft = await a_draft(phone)
    upload = await begun(phone, draft)
    answers = await asyncio.gather(*(put(phone, upload, 0, CONTENT[:MEGABYTE]) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {200}
    too_short = await put(phone, upload, MEGABYTE, b"%")
    assert too_short.status_code == 422
    await sent(phone, upload)
    assert (await completed(phone, upload)).status_code == 200


async def test_a_document_that_two_asked_for_is_given_to_both(signed_in, untidy):
    phone = await signed_in()
    draft = await a_draft(phone)
    await filled(phone, draft)
    path = f"/drafts/{draft['id']}/documents"
    listed = (await phone.get(path)).json()["items"]
    code = listed[0]["code"]
    answers = await asyncio.gather(*(phone.once("POST", f"{path}/{code}") for _ in range(3)))
    assert {answer.status_code for answer in answers} <= {200, 201}
