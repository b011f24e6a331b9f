"""A file goes out as it is read: whole, or visibly not."""

from pathlib import Path

import httpx
import pytest

from miniprogram_api.materials.models import File
from tests.app import Phone
from tests.miniprogram_api.drafts.builders import a_draft, uploaded
from tests.miniprogram_api.materials.builders import a_pdf

CONTENT = a_pdf(size=300_000)


async def a_file(phone: Phone) -> str:
    answer = await uploaded(phone, await a_draft(phone), "premises_use_proof", CONTENT)
    assert answer.status_code == 201, answer.text
    file_id: str = answer.json()["id"]
    return file_id


async def lying(world, file_id: str) -> Path:
    key = (await File.get(id=file_id)).storage_key
    (path,) = world.services.settings.storage_dir.rglob(key)
    return path


async def collect(download: httpx.Response, into: bytearray) -> None:
    async for piece in download.aiter_bytes():
        into += piece


async def test_a_damaged_file_breaks_the_connection_instead_of_ending_well(signed_in, world):
    phone = await signed_in()
    file_id = await a_file(phone)
    path = await lying(world, file_id)
    sealed = bytearray(path.read_bytes())
    sealed[-100] ^= 1
    path.write_bytes(sealed)
    got = bytearray()
    async with phone.stream("GET", f"/files/{file_id}") as download:
        assert int(download.headers["Content-Length"]) == len(CONTENT)
        with pytest.raises(httpx.RemoteProtocolError):
            await collect(download, got)
    assert 0 < len(got) < len(CONTENT)
    # The server goes on, also for this phone.
    assert (await phone.get("/drafts")).status_code == 200


async def test_a_file_that_is_gone_is_not_there(signed_in, world):
    phone = await signed_in()
    file_id = await a_file(phone)
    (await lying(world, file_id)).unlink()
    assert (await phone.get(f"/files/{file_id}")).status_code == 404


async def test_a_look_at_the_head_reads_nothing(signed_in):
    phone = await signed_in()
    file_id = await a_file(phone)
    head = await phone.head(f"/files/{file_id}")
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["Content-Length"]) == len(CONTENT)
    assert (await phone.get(f"/files/{file_id}")).content == CONTENT
