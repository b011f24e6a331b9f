"""A process that puts a large file, to be measured or to be killed.

``python -m tests.adapters.storage.s3_process measure|stall PORT PREFIX KEY``
"""

import asyncio
import resource
import sys
from collections.abc import AsyncIterator

from adapters.storage.s3 import S3Storage
from adapters.storage.settings import S3Settings
from kit.clock import SystemClock
from kit.secrets import KeyRing, Secret
from tests.adapters.storage.s3_server import ACCESS_KEY, BUCKET, SECRET_KEY

RING = KeyRing({"k1": b"1" * 32}, "k1", b"i" * 32)
MEGABYTE = 1024 * 1024
FIFTY = 50 * MEGABYTE


async def content(size: int, *, stalling: bool) -> AsyncIterator[bytes]:
    for _ in range(size // MEGABYTE):
        yield bytes(MEGABYTE)
    if stalling:
        tell("stalling")
        await asyncio.Event().wait()


def tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def peak_kb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


async def work(what: str, port: str, prefix: str, key: str) -> None:
    settings = S3Settings(
        url=f"s3://{BUCKET}/{prefix}",
        endpoint=f"http://127.0.0.1:{port}",
        region="us-east-1",
        access_key=ACCESS_KEY,
        secret_key=Secret(SECRET_KEY),
        path_style="yes",
    )
    storage = S3Storage(settings, RING, SystemClock())
    if what == "stall":
        await storage.put(key, content(16 * MEGABYTE, stalling=True), FIFTY)
    await storage.put(key, content(MEGABYTE, stalling=False), FIFTY)
    before_kb, size = peak_kb(), 0
    await storage.put(key, content(FIFTY, stalling=False), FIFTY)
    async for piece in await storage.open(key):
        size += len(piece)
    assert size == FIFTY
    tell(str(peak_kb() - before_kb))


if __name__ == "__main__":
    asyncio.run(work(*sys.argv[1:]))
