"""The local folder when the disk or the caller lets go in the middle."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.errors import Unreachable
from adapters.storage.local import LocalStorage
from adapters.storage.sealing import FRAME_BYTES
from kit.clock import ShiftableClock, SystemClock
from kit.ids import new_id
from kit.secrets import KeyRing

RING = KeyRing({"k1": b"1" * 32}, "k1", b"i" * 32)


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_a_cancelled_put_leaves_no_file_and_no_open_handle(tmp_path: Path):
    storage = LocalStorage(tmp_path / "files", RING, SystemClock())
    started = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * FRAME_BYTES
            started.set()

    for _ in range(20):
        task = asyncio.create_task(storage.put(new_id(), slow(), 1 << 40))
        await started.wait()
        started.clear()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert files_in(tmp_path) == []


async def test_a_disk_that_refuses_is_unreachable(tmp_path: Path):
    (tmp_path / "files").write_text("a file stands where the folder should be")
    storage = LocalStorage(tmp_path / "files", RING, SystemClock())

    async def content() -> AsyncIterator[bytes]:
        yield b"x"

    with pytest.raises(Unreachable):
        await storage.put(new_id(), content(), 100)


async def test_a_file_read_in_part_is_closed(tmp_path: Path):
    storage = LocalStorage(tmp_path / "files", RING, SystemClock())

    async def content() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * FRAME_BYTES

    key = new_id()
    await storage.put(key, content(), 1 << 30)
    reader = await storage.open(key)
    async for piece in reader:
        assert len(piece) == FRAME_BYTES
        break
    await reader.aclose()  # type: ignore[attr-defined]


async def test_a_file_is_its_owners_alone(tmp_path: Path):
    storage = LocalStorage(tmp_path / "files", RING, SystemClock())

    async def content() -> AsyncIterator[bytes]:
        yield b"x"

    await storage.put(new_id(), content(), 100)
    (path,) = files_in(tmp_path)
    assert path.stat().st_mode & 0o077 == 0


async def test_what_a_killed_put_left_behind_is_listed_and_can_be_deleted(tmp_path: Path):
    clock = ShiftableClock()
    storage = LocalStorage(tmp_path / "files", RING, clock)
    key = new_id()
    left = tmp_path / "files" / key[-2:] / f"{key}.part"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")
    clock.advance(timedelta(days=2))
    assert not await storage.exists(key)
    assert [key async for key in storage.written_before(clock.now())] == [key]
    await storage.delete(key)
    assert not left.exists()


async def test_what_is_being_written_is_as_old_by_the_clock_as_its_beginning(tmp_path: Path):
    """The mock's clock runs ahead of the machine's: a file that is coming must not look like one
    that a killed put left behind."""
    clock = ShiftableClock(timedelta(days=3))
    storage = LocalStorage(tmp_path / "files", RING, clock)
    key, listed = new_id(), []

    async def content() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * FRAME_BYTES
            listed.extend([key async for key in storage.written_before(clock.now() - timedelta(1))])

    await storage.put(key, content(), 10 * FRAME_BYTES)
    assert listed == []
    clock.advance(timedelta(days=2))
    assert [key async for key in storage.written_before(clock.now() - timedelta(1))] == [key]
