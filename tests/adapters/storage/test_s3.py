"""The object store when it is down, slow, killed, not ours, or when the caller lets go."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.errors import Misconfigured, Unreachable
from adapters.storage.multipart import PART_BYTES
from adapters.storage.port import Damaged, NotStored, Storage, TooLarge
from adapters.storage.s3 import S3Limits, S3Storage
from kit.clock import ShiftableClock, SystemClock
from kit.ids import new_id
from kit.secrets import KeyRing
from tests.adapters.storage.s3_server import S3Server
from tests.processes import ROOT
from tests.servers import dying_with_us

RING = KeyRing({"k1": b"1" * 32}, "k1", b"i" * 32)
MEGABYTE = 1024 * 1024
LARGE = 3 * PART_BYTES
LIMIT = 100 * MEGABYTE

Doing = Callable[[Storage], Awaitable[object]]


async def content(size: int, then: BaseException | None = None) -> AsyncIterator[bytes]:
    for start in range(0, size, MEGABYTE):
        yield bytes([start // MEGABYTE]) * min(MEGABYTE, size - start)
    if then is not None:
        raise then


async def whole(storage: Storage, key: str) -> bytes:
    return b"".join([piece async for piece in await storage.open(key)])


async def keys_in(storage: Storage) -> list[str]:
    return [key async for key in storage.written_before(datetime.now(UTC) + timedelta(days=1))]


def lies_there(server: S3Server, prefix: str) -> list[Path]:
    """Also what the server hides from listings."""
    return [path for path in (server.bucket / prefix).rglob("*") if path.is_file()]


EVERYTHING: dict[str, Doing] = {
    "put": lambda storage: storage.put(new_id(), content(10), LIMIT),
    "put in parts": lambda storage: storage.put(new_id(), content(LARGE), LIMIT),
    "open": lambda storage: storage.open(new_id()),
    "exists": lambda storage: storage.exists(new_id()),
    "delete": lambda storage: storage.delete(new_id()),
    "list": keys_in,
}
every_way = pytest.mark.parametrize("do", EVERYTHING.values(), ids=EVERYTHING)


class TestWhoComes:
    @every_way
    async def test_an_unknown_key_is_refused(self, s3_server: S3Server, do: Doing):
        storage = s3_server.storage(RING, SystemClock(), access_key="AKSOMEBODYELSE")
        with pytest.raises(Misconfigured) as refused:
            await do(storage)
        assert refused.value.code == "access_key_unknown"

    @every_way
    async def test_a_wrong_secret_is_refused(self, s3_server: S3Server, do: Doing):
        storage = s3_server.storage(RING, SystemClock(), secret="not-the-one")
        with pytest.raises(Misconfigured) as refused:
            await do(storage)
        assert refused.value.code == "secret_key_wrong"
        assert "not-the-one" not in repr(refused.value.__cause__)

    @every_way
    async def test_a_missing_bucket_is_not_taken_for_a_missing_file(
        self, s3_server: S3Server, do: Doing
    ):
        storage = s3_server.storage(RING, SystemClock(), url="s3://nobodys/prefix")
        with pytest.raises(Misconfigured) as refused:
            await do(storage)
        assert refused.value.code == "no_such_bucket"


class TestLargeFiles:
    async def test_one_that_goes_in_parts_comes_back_whole(self, s3_server: S3Server):
        storage, key = s3_server.storage(RING, SystemClock()), new_id()
        initiated = s3_server.heard("initiate multipart upload")
        stored = await storage.put(key, content(LARGE + 7), LIMIT)
        assert s3_server.heard("initiate multipart upload") == initiated + 1
        assert stored.size == LARGE + 7
        assert await whole(storage, key) == b"".join([part async for part in content(LARGE + 7)])

    async def test_fifty_megabytes_are_not_held(self, s3_server: S3Server, tmp_path: Path):
        """The peak of a process of its own, above what it had before it began."""
        result = await run("measure", s3_server, tmp_path)
        held_mb = int(result) / 1024
        assert held_mb < 30

    @pytest.mark.parametrize("then", [ConnectionResetError("phone"), TooLarge()])
    async def test_a_put_that_breaks_in_its_middle_takes_its_parts_back(
        self, s3_server: S3Server, then: Exception
    ):
        storage, key = s3_server.storage(RING, SystemClock(), "broken"), new_id()
        aborted = s3_server.heard("abort multipart upload")
        with pytest.raises(type(then)):
            await storage.put(key, content(LARGE, then), LIMIT)
        assert s3_server.heard("abort multipart upload") == aborted + 1
        assert not await storage.exists(key)
        assert lies_there(s3_server, "broken") == []

    async def test_a_put_that_is_cancelled_takes_its_parts_back(self, s3_server: S3Server):
        storage, key = s3_server.storage(RING, SystemClock(), "cancelled"), new_id()
        aborted, given = s3_server.heard("abort multipart upload"), asyncio.Event()

        async def stalling() -> AsyncIterator[bytes]:
            async for piece in content(LARGE):
                yield piece
            given.set()
            await asyncio.Event().wait()

        putting = asyncio.create_task(storage.put(key, stalling(), LIMIT))
        await given.wait()
        putting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await putting
        assert s3_server.heard("abort multipart upload") == aborted + 1
        assert not await storage.exists(key)
        assert lies_there(s3_server, "cancelled") == []

    async def test_what_a_killed_process_had_begun_is_nowhere(
        self, s3_server: S3Server, tmp_path: Path
    ):
        key = new_id()
        await run("stall", s3_server, tmp_path, key)
        storage = s3_server.storage(RING, SystemClock(), tmp_path.name)
        assert not await storage.exists(key)
        assert await keys_in(storage) == []
        with pytest.raises(NotStored):
            await storage.open(key)
        await storage.put(key, content(3), LIMIT)
        assert await whole(storage, key) == bytes(3)


class TestAServerThatFails:
    @every_way
    async def test_one_that_is_down_is_unreachable(self, s3_server: S3Server, do: Doing):
        storage = s3_server.storage(RING, SystemClock(), endpoint="http://127.0.0.1:9")
        with pytest.raises(Unreachable) as failed:
            await do(storage)
        assert failed.value.code == "no_connection"

    async def test_one_that_is_killed_in_the_middle_of_a_put(self, mortal_s3_server: S3Server):
        server, key = mortal_s3_server, new_id()
        storage = server.storage(RING, SystemClock(), "killed")

        async def until_killed() -> AsyncIterator[bytes]:
            async for piece in content(LARGE):
                yield piece
            server.kill()
            async for piece in content(LARGE):
                yield piece

        with pytest.raises(Unreachable):
            await storage.put(key, until_killed(), LIMIT)
        server.start()
        assert not await storage.exists(key)
        assert await keys_in(storage) == []
        assert (await storage.put(key, content(LARGE), LIMIT)).size == LARGE

    async def test_one_that_is_silent_is_unreachable_after_a_while(self, s3_server: S3Server):
        limits = S3Limits(answer_s=0.3, retries=0, discard_s=0.3)
        storage = S3Storage(s3_server.settings("silent"), RING, SystemClock(), limits)
        with s3_server.frozen():
            for name in ("put", "open"):
                with pytest.raises(Unreachable) as failed:
                    await EVERYTHING[name](storage)
                assert failed.value.code == "timeout"


class TestNames:
    async def test_the_same_key_twice_is_the_newer_file_and_deleted_at_once(
        self, s3_server: S3Server
    ):
        clock, key = ShiftableClock(), new_id()
        storage = s3_server.storage(RING, clock, "twice")
        await storage.put(key, content(10), LIMIT)
        clock.advance(timedelta(seconds=1))
        await storage.put(key, content(20), LIMIT)
        assert await whole(storage, key) == bytes(20)
        await storage.delete(key)
        assert lies_there(s3_server, "twice") == []

    async def test_every_file_is_listed_and_nothing_else(self, mortal_s3_server: S3Server):
        """More than a page of a listing, and somebody else's things among them."""
        ours = [f"{number:032x}" for number in range(1100)]
        folder = mortal_s3_server.bucket / "many"
        for key in ours:
            (folder / key).mkdir(parents=True)
            (folder / key / "018bcfe56800").write_bytes(b"x")
        (folder / "readme").write_text("not ours")
        (folder / ours[0] / "thumbnail").write_text("nor this")
        storage = mortal_s3_server.storage(RING, SystemClock(), "many")
        assert sorted(await keys_in(storage)) == ours

    async def test_a_file_that_vanishes_before_it_is_read_is_damaged(self, s3_server: S3Server):
        storage, key = s3_server.storage(RING, SystemClock(), "vanishing"), new_id()
        await storage.put(key, content(LARGE), LIMIT)
        reader = await storage.open(key)
        await storage.delete(key)
        with pytest.raises(Damaged):
            await anext(reader)


async def run(what: str, server: S3Server, folder: Path, key: str = "0" * 32) -> str:
    """``s3_process.py`` on this server, under a prefix named like the folder; what it prints."""
    told = (what, str(server.port), folder.name, key)
    process = await asyncio.create_subprocess_exec(
        *dying_with_us(), sys.executable, "-m", "tests.adapters.storage.s3_process", *told,
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert process.stdout is not None
    line = await process.stdout.readline()
    if what == "stall":
        process.send_signal(signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        await process.wait()
    return line.decode().strip()
