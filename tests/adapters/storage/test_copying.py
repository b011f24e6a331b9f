"""Files move between the folder and the store: whole, once, resumable, and nothing is lost."""

import asyncio
import os
import sys
from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from adapters.errors import Unreachable
from adapters.storage.copying import copy_all
from adapters.storage.local import LocalStorage
from adapters.storage.port import Storage, Stored
from bff.mock.folder import _new_keys
from kit.clock import SystemClock
from kit.ids import new_id
from kit.secrets import KeyRing
from tests.adapters.storage.s3_server import ACCESS_KEY, BUCKET, SECRET_KEY, S3Server
from tests.processes import ROOT
from tests.servers import dying_with_us

RING = KeyRing({"k1": b"1" * 32}, "k1", b"i" * 32)
MEGABYTE = 1024 * 1024


async def once(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def whole(storage: Storage, key: str) -> bytes:
    return b"".join([piece async for piece in await storage.open(key)])


def later() -> datetime:
    return SystemClock().now() + timedelta(days=1)


async def filled(storage: Storage, count: int = 7) -> dict[str, bytes]:
    """Small ones, an empty one, and one that goes in parts."""
    sizes = (0, 6 * MEGABYTE, *range(1, count - 1))
    files = {new_id(): os.urandom(size) for size in sizes}
    for key, content in files.items():
        await storage.put(key, once(content), 10 * MEGABYTE)
    return files


class Watched(Storage):
    """Counts what is put, and can break at the n-th, halfway through."""

    def __init__(self, inner: Storage, breaks_at: int = 0, change: bytes = b"") -> None:
        self._inner = inner
        self._breaks_at = breaks_at
        self._change = change
        self.puts = 0

    async def put(self, key: str, chunks: AsyncIterator[bytes], bytes_max: int) -> Stored:
        self.puts += 1
        breaks = self.puts == self._breaks_at

        async def passed_on() -> AsyncIterator[bytes]:
            async for chunk in chunks:
                yield chunk + self._change
                if breaks:
                    raise Unreachable("storage", "no_connection")
            if breaks:
                raise Unreachable("storage", "no_connection")

        stored = await self._inner.put(key, passed_on(), bytes_max)
        return Stored(stored.size - len(self._change), "0" * 64) if self._change else stored

    async def open(self, key: str) -> AsyncIterator[bytes]:
        return await self._inner.open(key)

    async def delete(self, key: str) -> None:
        await self._inner.delete(key)

    async def exists(self, key: str) -> bool:
        return await self._inner.exists(key)

    def written_before(self, instant: datetime) -> AsyncIterator[str]:
        return self._inner.written_before(instant)


@pytest.fixture(params=["to the bucket", "to the folder"])
def places(
    request: pytest.FixtureRequest, tmp_path: Path, s3_server: S3Server
) -> tuple[Storage, Storage]:
    folder = LocalStorage(tmp_path / "files", RING, SystemClock())
    bucket = s3_server.storage(RING, SystemClock(), uuid4().hex)
    return (folder, bucket) if request.param == "to the bucket" else (bucket, folder)


async def test_every_file_is_there_afterwards_and_stays_where_it_was(places):
    source, target = places
    files = await filled(source)
    told = await copy_all(source, target, later())
    assert (told.copied, told.present, told.faulty) == (len(files), 0, [])
    assert told.size == sum(map(len, files.values()))
    for key, content in files.items():
        assert await whole(target, key) == content == await whole(source, key)


async def test_a_second_copy_sends_only_what_is_new(places):
    source, target = places
    watched = Watched(target)
    files = await filled(source)
    await copy_all(source, watched, later())
    await filled(source, 3)
    again = await copy_all(source, watched, later(), compare=True)
    assert (again.copied, again.present, again.faulty) == (3, len(files), [])
    assert watched.puts == len(files) + 3


async def test_one_that_breaks_anywhere_goes_on_where_it_was(places):
    source, target = places
    files = await filled(source)
    for breaks_at in (1, 2, 1):
        with pytest.raises(Unreachable):
            await copy_all(source, Watched(target, breaks_at), later())
    await copy_all(source, target, later())
    for key, content in files.items():
        assert await whole(target, key) == content


async def test_what_does_not_arrive_as_it_was_sent_is_named_and_not_left_there(places):
    source, target = places
    files = await filled(source, 3)
    told = await copy_all(source, Watched(target, change=b"!"), later())
    assert sorted(told.faulty) == sorted(files)
    assert not any([await target.exists(key) for key in files])
    assert (await copy_all(source, target, later())).copied == len(files)


class Forgetful(LocalStorage):
    """A disk that loses the end of what it acknowledged, or all of it."""

    keeps_some: bool

    async def put(self, key: str, chunks: AsyncIterator[bytes], bytes_max: int) -> Stored:
        stored = await super().put(key, chunks, bytes_max)
        path = self._path(key)
        if self.keeps_some:
            path.write_bytes(path.read_bytes()[:-1])
        else:
            path.unlink()
        return stored


@pytest.mark.parametrize("keeps_some", [True, False])
async def test_what_cannot_be_read_over_there_is_neither_gone_nor_present(tmp_path, keeps_some):
    source = LocalStorage(tmp_path / "files", RING, SystemClock())
    target = Forgetful(tmp_path / "other", RING, SystemClock())
    target.keeps_some = keeps_some
    key = new_id()
    await source.put(key, once(b"one"), 9)
    told = await copy_all(source, target, later())
    assert (told.copied, told.gone, told.faulty) == (0, 0, [key])
    mended = LocalStorage(tmp_path / "other", RING, SystemClock())
    told = await copy_all(source, mended, later())
    assert (told.copied, told.present) == (1, 0)
    assert await whole(mended, key) == b"one"


async def test_what_is_damaged_is_named_and_keeps_nothing_else_back(tmp_path, s3_server):
    source = LocalStorage(tmp_path / "files", RING, SystemClock())
    target = s3_server.storage(RING, SystemClock(), uuid4().hex)
    files = await filled(source)
    spoilt = next(key for key, content in files.items() if len(content) == 6 * MEGABYTE)
    path = tmp_path / "files" / spoilt[-2:] / spoilt
    path.write_bytes(path.read_bytes()[:-100])
    (path.parent / f"{'0' * 30}{spoilt[-2:]}.part").write_bytes(b"never finished")
    told = await copy_all(source, target, later())
    assert (told.copied, told.gone, told.faulty) == (len(files) - 1, 1, [spoilt])
    assert not await target.exists(spoilt)


async def test_a_difference_is_found_when_it_is_looked_for(tmp_path, s3_server):
    source = LocalStorage(tmp_path / "files", RING, SystemClock())
    target = s3_server.storage(RING, SystemClock(), uuid4().hex)
    key = new_id()
    await source.put(key, once(b"one"), 9)
    await target.put(key, once(b"other"), 9)
    assert (await copy_all(source, target, later())).present == 1
    assert (await copy_all(source, target, later(), compare=True)).faulty == [key]
    assert await whole(target, key) == b"other"


@pytest.mark.timeout(120)
async def test_an_operator_kills_it_begins_again_and_comes_back(tmp_path, s3_server):
    """The command itself, there and back; killed as soon as the first file is over there."""
    prefix = uuid4().hex
    environ = {
        **_new_keys(),
        "FIELD_KEYS": f"k1:{b64encode(b'1' * 32).decode()}",
        "FIELD_KEY_CURRENT": "k1",
        "PUBLIC_URL": "https://bff.example.org",
        "PROVINCE_BASE_URL": "https://province.example.org",
        "STORAGE_DIR": str(tmp_path / "files"),
        "STORAGE_URL": f"s3://{BUCKET}/{prefix}",
        "STORAGE_ENDPOINT": f"http://127.0.0.1:{s3_server.port}",
        "STORAGE_ACCESS_KEY": ACCESS_KEY,
        "STORAGE_SECRET_KEY": SECRET_KEY,
        "STORAGE_PATH_STYLE": "yes",
    }
    source = LocalStorage(tmp_path / "files", RING, SystemClock())
    files = await filled(source, 30)
    process = await command(environ, "bucket")
    while process.returncode is None and not list((s3_server.bucket / prefix).glob("*")):
        await asyncio.sleep(0.005)
    if process.returncode is None:
        process.kill()
    await process.communicate()
    said, _ = await (await command(environ, "bucket", "--compare")).communicate()
    assert b" 0 faulty" in said, said
    environ["STORAGE_DIR"] = str(tmp_path / "back")
    back = await command(environ, "folder")
    said, _ = await back.communicate()
    assert (back.returncode, said.split()[0]) == (0, b"30")
    returned = LocalStorage(tmp_path / "back", RING, SystemClock())
    for key, content in files.items():
        assert await whole(returned, key) == content


async def command(environ: dict[str, str], to: str, *more: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *dying_with_us(), sys.executable, "-m", "bff", "storage", "copy", "--to", to, *more,
        cwd=ROOT, env=os.environ | environ, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
