"""Files in a local folder.

A file is written under a name of its own, forced to the disk and only then given its final name, so
that a key either has a whole file or none, whenever the process is killed. All disk work happens in
threads. Two levels of folders keep each of them small.
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from datetime import datetime
from functools import partial
from io import FileIO
from pathlib import Path
from typing import ParamSpec, TypeVar

from adapters.errors import Unreachable
from adapters.storage.port import PEER, NotStored, Stored
from adapters.storage.sealing import Sealer, opened
from kit.clock import Clock
from kit.secrets import KeyRing

READ_BYTES = 256 * 1024
_KEY = re.compile(r"[0-9a-f]{32}")
_UNFINISHED = ".part"

P = ParamSpec("P")
T = TypeVar("T")


class LocalStorage:
    """One for a folder; several processes may share the folder."""

    def __init__(self, folder: Path, ring: KeyRing, clock: Clock) -> None:
        self._folder = folder
        self._ring = ring
        self._clock = clock

    async def put(self, key: str, chunks: AsyncIterator[bytes], bytes_max: int) -> Stored:
        path = self._path(key)
        unfinished = path.with_name(path.name + _UNFINISHED)
        sealer = Sealer(self._ring, key, bytes_max)
        file = await _on_disk(_create, unfinished, self._clock.now().timestamp())
        try:
            async for chunk in chunks:
                await _on_disk(_add, file, sealer, chunk)
            # The file's time is the Clock's, because written_before is asked by the Clock.
            written_at = self._clock.now().timestamp()
            return await _on_disk(_finish, file, sealer, unfinished, path, written_at)
        except BaseException:
            _discard(file, unfinished)
            raise

    async def open(self, key: str) -> AsyncIterator[bytes]:
        try:
            file = await _on_disk(self._path(key).open, "rb", 0)
        except FileNotFoundError:
            raise NotStored from None
        return opened(_read(file), self._ring, key)

    async def delete(self, key: str) -> None:
        path = self._path(key)
        await _on_disk(_remove, path, path.with_name(path.name + _UNFINISHED))

    async def exists(self, key: str) -> bool:
        return await _on_disk(self._path(key).exists)

    async def written_before(self, instant: datetime) -> AsyncIterator[str]:
        for folder in await _on_disk(_folders, self._folder):
            for key in await _on_disk(_older, folder, instant.timestamp()):
                yield key

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise ValueError("a storage key is one of our ids")
        # The last digits: an id begins with its time, which would put a day's files in one folder.
        return self._folder / key[-2:] / key


async def _on_disk(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """In a thread; what the disk refuses is Unreachable, except that something is not there."""
    loop = asyncio.get_running_loop()
    running = loop.run_in_executor(None, partial(work, *args, **kwargs))
    try:
        return await asyncio.shield(running)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Unreachable(PEER, f"errno_{error.errno}") from error
    except asyncio.CancelledError:
        # A thread cannot be stopped, and a file must not be closed while it writes.
        await asyncio.wait({running})
        running.exception()
        raise


def _create(path: Path, begun_at: float) -> FileIO:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = FileIO(path, "x", opener=_private)
    os.utime(file.fileno(), (begun_at, begun_at))
    return file


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _add(file: FileIO, sealer: Sealer, chunk: bytes) -> None:
    _write(file, sealer.add(chunk))


def _write(file: FileIO, frames: bytes) -> None:
    """All of it: an unbuffered file may take a part at a time."""
    rest = memoryview(frames)
    while rest:
        rest = rest[file.write(rest) :]


def _finish(
    file: FileIO, sealer: Sealer, unfinished: Path, path: Path, written_at: float
) -> Stored:
    frame, stored = sealer.finish()
    _write(file, frame)
    os.utime(file.fileno(), (written_at, written_at))
    os.fsync(file.fileno())
    file.close()
    unfinished.replace(path)
    _force(path.parent)
    _force(path.parent.parent)
    return stored


def _force(folder: Path) -> None:
    """Make the new name itself durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _discard(file: FileIO, path: Path) -> None:
    """At once and in place, also while being cancelled; what stays is found by written_before."""
    with suppress(OSError):
        file.close()
        path.unlink(missing_ok=True)


def _remove(*paths: Path) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _folders(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_dir()] if folder.exists() else []


def _older(folder: Path, timestamp: float) -> list[str]:
    return list(_older_keys(folder, timestamp))


def _older_keys(folder: Path, timestamp: float) -> Iterator[str]:
    for entry in os.scandir(folder):
        key = entry.name.removesuffix(_UNFINISHED)
        # Another process may be deleting the same leftovers.
        with suppress(FileNotFoundError):
            if _KEY.fullmatch(key) and _time_of(entry, key) < timestamp:
                yield key


def _time_of(entry: os.DirEntry[str], key: str) -> float:
    """By the Clock. Writing sets the time of change by the machine's; the time of access of what is
    unfinished stays, because nobody reads it: it tells when it was begun."""
    times = entry.stat()
    return times.st_mtime if entry.name == key else times.st_atime


async def _read(file: FileIO) -> AsyncIterator[bytes]:
    try:
        while piece := await _on_disk(file.read, READ_BYTES):
            yield piece
    finally:
        file.close()
