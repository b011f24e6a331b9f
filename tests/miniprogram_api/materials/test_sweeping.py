"""Whatever sweeps, erases and completes at the same moment: a row has its bytes, and in the end
nothing lies there that no row points at."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from adapters.storage.local import LocalStorage
from bff.mock.world import World
from miniprogram_api.materials.models import File, Upload
from miniprogram_api.materials.parts import PART_BYTES_MIN, parts_of
from miniprogram_api.materials.service import MaterialService
from miniprogram_api.materials.uploads import UploadService
from tests.app import Phone
from tests.miniprogram_api.drafts.builders import a_draft, uploaded
from tests.miniprogram_api.materials.builders import a_pdf
from tests.miniprogram_api.materials.parts import PROOF, begun, completed, put

SIZE = 2 * PART_BYTES_MIN


def content(number: int) -> bytes:
    noise = random.Random(number).randbytes(SIZE).replace(b"\n", b" ").replace(b"\r", b" ")
    return a_pdf(filling=noise)


@pytest.fixture
def storage(world: World) -> LocalStorage:
    services = world.services
    return LocalStorage(services.settings.storage_dir, services.ring, services.clock)


async def sweep(world: World, times: int = 1) -> None:
    provided = world.services.provided
    for _ in range(times):
        await provided[UploadService].sweep()
        await provided[MaterialService].sweep_orphans()
        await asyncio.sleep(0)


async def nothing_is_left_over(world: World, storage: LocalStorage) -> None:
    """After two days everything without a row is gone."""
    world.clock.advance(timedelta(days=2))
    await sweep(world)
    await world.driver.settle()
    lying = {key async for key in storage.written_before(world.clock.now() + timedelta(days=1))}
    pointed_at = {row.key for row in await File.all()}
    open_parts = {part.key for row in await Upload.all() for part in parts_of(row.parts)}
    assert lying == pointed_at | open_parts


async def whole(phone: Phone, file: dict[str, Any], expected: bytes) -> None:
    answer = await phone.get(f"/files/{file['id']}")
    assert (answer.status_code, answer.content) == (200, expected)


async def test_uploads_that_are_days_old_are_completed_while_everything_is_swept(
    signed_in, world, storage
):
    """Their first parts are older than any orphan may be."""
    phone = await signed_in()
    draft = await a_draft(phone)
    contents = [content(number) for number in range(6)]
    uploads = [await begun(phone, draft, one) for one in contents]
    for upload, one in zip(uploads, contents, strict=True):
        await put(phone, upload, 0, one[:PART_BYTES_MIN])
    world.clock.advance(timedelta(hours=20))
    await phone.login()
    for upload, one in zip(uploads, contents, strict=True):
        await put(phone, upload, PART_BYTES_MIN, one[PART_BYTES_MIN:])
    world.clock.advance(timedelta(hours=20))
    await phone.login()
    sweeping = asyncio.create_task(sweep(world, 20))
    answers = await asyncio.gather(*(completed(phone, upload) for upload in uploads))
    await sweeping
    for answer, one in zip(answers, contents, strict=True):
        assert answer.status_code == 200, answer.text
        await whole(phone, answer.json()["file"], one)
    await nothing_is_left_over(world, storage)
    await phone.login()
    for answer, one in zip(answers, contents, strict=True):
        await whole(phone, answer.json()["file"], one)


async def raced(world: World, *deeds: Callable[[], Awaitable[Any]]) -> list[Any]:
    """All at once, with the outbox and the sweeps beside them."""
    *results, _, _ = await asyncio.gather(
        *(deed() for deed in deeds), world.driver.settle(), sweep(world, 5)
    )
    return results


async def test_known_content_that_is_being_erased_is_there_whole_or_asked_for_again(
    signed_in, world, storage
):
    """Its only file goes, by itself or with its draft, while another draft asks for the bytes."""
    phone, other_phone = await signed_in(), await signed_in()
    for round_number in range(8):
        one = content(100 + round_number)
        draft, other = await a_draft(phone), await a_draft(phone)
        file = (await uploaded(phone, draft, PROOF, one)).json()
        # So old that a sweep would take the bytes as soon as no row points at them.
        world.clock.advance(timedelta(days=2))
        await phone.login()
        await other_phone.login()
        path = f"/drafts/{draft['id']}"
        if round_number % 2:
            path += f"/materials/{PROOF}/{file['id']}"
        gone, upload = await raced(
            world,
            partial(phone.delete, path),
            partial(begun, other_phone, other, one),
        )
        assert gone.status_code == 204
        await world.driver.settle()
        if upload["state"] == "done":
            await whole(phone, upload["file"], one)
        else:
            assert upload["offset"] == 0
            again = (await uploaded(phone, other, PROOF, one)).json()
            await whole(phone, again, one)
    await nothing_is_left_over(world, storage)


async def test_a_file_of_two_drafts_outlives_either_while_it_is_used_for_a_third(
    signed_in, world, storage
):
    phone = await signed_in()
    for round_number in range(4):
        one = content(200 + round_number)
        drafts = [await a_draft(phone) for _ in range(3)]
        first = (await uploaded(phone, drafts[0], PROOF, one)).json()
        second = (await begun(phone, drafts[1], one))["file"]
        world.clock.advance(timedelta(days=2))
        await phone.login()
        use = f"/drafts/{drafts[2]['id']}/materials/{PROOF}/use"
        gone, used = await raced(
            world,
            partial(phone.delete, f"/drafts/{drafts[0]['id']}"),
            partial(phone.once, "POST", use, json={"file_id": first["id"]}),
        )
        assert gone.status_code == 204
        assert used.status_code in {201, 404}, used.text
        await world.driver.settle()
        await whole(phone, second, one)
        if used.status_code == 201:
            await whole(phone, used.json(), one)
        assert (await phone.get(f"/files/{first['id']}")).status_code == 404
    await nothing_is_left_over(world, storage)
