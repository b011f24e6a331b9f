"""A process that has a workshop, to be measured and killed."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from kit.workshop import PIECE_BYTES, Workshop
from tests.kit import jobs

CONTENT_BYTES = 50 * 1024 * 1024


async def content() -> AsyncIterator[bytes]:
    for _ in range(CONTENT_BYTES // PIECE_BYTES):
        yield b"\1" * PIECE_BYTES


def peak_kb() -> int:
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    raise LookupError("VmHWM")


async def measure() -> None:
    """Says by how many KB this process grew while 50 MB went through the child and came back."""
    workshop = Workshop()
    await workshop.run(jobs.add, 1, 2)
    before, back = peak_kb(), 0
    async with workshop.treating(jobs.reverse, content(), 1) as done:
        async for piece in done.pieces():
            back += len(piece)
    sys.stderr.write(f"{back} {peak_kb() - before}")
    await workshop.close()


async def hang(work: str) -> None:
    """Says the child's number, and then has it work for ever."""
    workshop = Workshop()
    sys.stderr.write(f"{await workshop.run(jobs.process_id)}\n")
    sys.stderr.flush()
    await workshop.run(getattr(jobs, work))


if __name__ == "__main__":
    asyncio.run(measure() if sys.argv[1] == "measure" else hang(sys.argv[1]))
