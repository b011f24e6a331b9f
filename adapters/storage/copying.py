"""Every file of one storage into another, read back and compared; nothing is taken away.

It may be ended at any moment, killed included, and begun again: what is over there is not sent
twice, and a put leaves the whole file or none.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime

from adapters.storage.port import Damaged, NotStored, Storage, Stored

AT_ONCE = 4
BYTES_MAX = 1 << 40
"""None: what was small enough to be kept once is kept again."""


@dataclass(slots=True)
class Copied:
    """What came of it. ``faulty`` are keys: damaged where they lie, or not the same over there."""

    copied: int = 0
    present: int = 0
    gone: int = 0
    """Listed, but not there when they were to be read: erased meanwhile, or never finished."""
    size: int = 0
    faulty: list[str] = field(default_factory=list)


async def copy_all(
    source: Storage, target: Storage, before: datetime, *, compare: bool = False
) -> Copied:
    """All keys written before ``before``. What is over there already is left alone; with
    ``compare`` it is read on both sides. Unreachable and Misconfigured end it: begin again."""
    told = Copied()
    batch: list[str] = []
    async for key in source.written_before(before):
        if key not in batch:
            batch.append(key)
        if len(batch) == AT_ONCE:
            await _copy_some(source, target, batch, told, compare=compare)
            batch.clear()
    await _copy_some(source, target, batch, told, compare=compare)
    return told


async def _copy_some(
    source: Storage, target: Storage, keys: list[str], told: Copied, *, compare: bool
) -> None:
    ends = await asyncio.gather(
        *(_copy(source, target, key, told, compare=compare) for key in keys),
        return_exceptions=True,
    )
    for key, end in zip(keys, ends, strict=True):
        if isinstance(end, NotStored):
            told.gone += 1
        elif isinstance(end, Damaged):
            told.faulty.append(key)
        elif end is not None:
            raise end


async def _copy(source: Storage, target: Storage, key: str, told: Copied, *, compare: bool) -> None:
    if await target.exists(key):
        if compare and await _read(source, key) != await _read(target, key):
            raise Damaged
        told.present += 1
        return
    # What a killed copy had begun is in the way of a folder's next one.
    await target.delete(key)
    async with aclosing(_pieces(source, key)) as pieces:
        stored = await target.put(key, pieces, BYTES_MAX)
    if not await _lies_there(target, key, stored):
        await target.delete(key)
        raise Damaged
    told.copied += 1
    told.size += stored.size


async def _pieces(storage: Storage, key: str) -> AsyncGenerator[bytes, None]:
    """Opened when somebody reads it: a file that nobody goes on to read would stay open."""
    async for piece in await storage.open(key):
        yield piece


async def _lies_there(target: Storage, key: str, stored: Stored) -> bool:
    """What cannot be read over there has not arrived, and would pass for present the next time."""
    try:
        return await _read(target, key) == stored
    except (NotStored, Damaged):
        return False


async def _read(storage: Storage, key: str) -> Stored:
    """As it lies there, to its end. NotStored, Damaged."""
    digest, size = hashlib.sha256(), 0
    pieces: AsyncIterator[bytes] = await storage.open(key)
    async for piece in pieces:
        digest.update(piece)
        size += len(piece)
    return Stored(size, digest.hexdigest())
