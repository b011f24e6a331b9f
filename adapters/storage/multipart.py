"""One large object on its way into the store, part by part."""

import asyncio
from collections.abc import AsyncIterator

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from adapters.errors import AdapterError, Unreachable
from adapters.storage.failures import put_failure
from adapters.storage.port import PEER
from kit.tasks import guarded

PART_BYTES = 5 * 1024 * 1024
"""The smallest that S3 takes, but for the last."""


class _GivenUp(Exception):
    """Tells obstore that nothing more comes: it then takes back the parts that were sent."""


class MultipartUpload:
    """Fed piece by piece; one part is being filled while the one before is on its way.

    obstore pulls its bytes in tasks of its own, and takes no parts back when it is cancelled. So it
    is never cancelled: it pulls from here, and is told when whoever fed it has given up.
    """

    def __init__(self, store: S3Store, name: str) -> None:
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue(1)
        self._given_up = False
        self._ended = False
        self._failure: AdapterError | None = Unreachable(PEER, "upload_lost")
        """None only when the store has said that it has the whole."""
        self._running = guarded(self._run(store, name), "multipart upload")

    async def give(self, piece: bytes) -> None:
        """Waits while the store is slower than the source. Unreachable, Misconfigured."""
        await self._hand_over(piece)
        if self._ended and self._failure is not None:
            raise self._failure

    async def finish(self) -> None:
        """The object is there on return. Unreachable, Misconfigured."""
        await self._hand_over(None)
        await asyncio.wait({self._running})
        if self._failure is not None:
            raise self._failure

    async def give_up(self, within_s: float) -> None:
        """Let the parts be taken back. What takes longer goes on by itself, and what the store does
        not hear of is left to the bucket's rule."""
        self._given_up = True
        self._drop_pieces()
        await self._hand_over(None)
        await asyncio.wait({self._running}, timeout=within_s)

    async def _hand_over(self, piece: bytes | None) -> None:
        if not self._ended:
            await self._pieces.put(piece)

    async def _run(self, store: S3Store, name: str) -> None:
        try:
            await obstore.put_async(
                store, name, self._pulled(), chunk_size=PART_BYTES, max_concurrency=1
            )
            self._failure = None
        except (BaseError, OSError) as error:
            self._failure = put_failure(error)
        except _GivenUp:
            # Whoever gave up knows why.
            return
        finally:
            self._ended = True
            # Whoever waits to hand over one more piece must not wait for ever.
            self._drop_pieces()

    async def _pulled(self) -> AsyncIterator[bytes]:
        while (piece := await self._pieces.get()) is not None:
            yield piece
        if self._given_up:
            raise _GivenUp

    def _drop_pieces(self) -> None:
        while not self._pieces.empty():
            self._pieces.get_nowait()
