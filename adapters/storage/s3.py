"""Files in an S3-compatible object store.

An object's name is ``<key>/<when it was written>``, the latter in milliseconds by our Clock as
twelve hexadecimal digits, so that a listing tells every file's age: the store's own date is by
another clock, and asking each object for its metadata would be a request for each. The price is a
listing of one key before a file is read.

The store has to list at once what was written (S3 does since 2020, MinIO and Ceph always did), and
its bucket needs a rule that removes incomplete uploads: the parts of one whose process was killed
are in no listing. See docs/adapters/storage.md.

A file is read through one request, at the reader's own pace: ranges would bear slow phones better,
but not everything that calls itself S3 answers them as it should (rclone does not).
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from adapters.storage.failures import failure, listing_failure, put_failure
from adapters.storage.multipart import PART_BYTES, MultipartUpload
from adapters.storage.port import Damaged, NotStored, Stored
from adapters.storage.sealing import Sealer, opened
from adapters.storage.settings import S3Settings
from kit.clock import Clock
from kit.secrets import KeyRing

READ_BYTES = 256 * 1024
LISTED_AT_ONCE = 1000
_KEY = re.compile(r"[0-9a-f]{32}")
_NAME = re.compile(r"(?P<key>[0-9a-f]{32})/(?P<written_ms>[0-9a-f]{12})")


@dataclass(frozen=True, slots=True)
class S3Limits:
    """Of one request, times in seconds. Retries are for connections and answers that broke and for
    5xx; a part is sent again only when it surely did not arrive or does no harm twice."""

    connect_s: float = 3.0
    answer_s: float = 30.0
    """Until an answer begins, counted from when a part began to be sent, and between its pieces."""
    reading_s: float = 900.0
    """For a whole file, however slowly somebody takes it from us."""
    retries: int = 2
    retry_within_s: float = 10.0
    """After this long a request is not tried again."""
    discard_s: float = 5.0
    """How long a failed put may spend on tidying up."""


class S3Storage:
    """Implements :class:`adapters.storage.port.Storage`. Several processes may share the bucket."""

    def __init__(
        self,
        settings: S3Settings,
        ring: KeyRing,
        clock: Clock,
        limits: S3Limits | None = None,
    ) -> None:
        self._limits = limits or S3Limits()
        self._store = _store(settings, self._limits)
        self._ring = ring
        self._clock = clock

    async def put(self, key: str, chunks: AsyncIterator[bytes], bytes_max: int) -> Stored:
        _check(key)
        name = f"{key}/{_milliseconds(self._clock.now()):012x}"
        sealer = Sealer(self._ring, key, bytes_max)
        begun: list[bytes] = []
        async for chunk in chunks:
            if frames := await asyncio.to_thread(sealer.add, chunk):
                begun.append(frames)
            if sum(map(len, begun)) > PART_BYTES:
                return await self._put_in_parts(name, begun, chunks, sealer)
        frame, stored = sealer.finish()
        whole = b"".join((*begun, frame))
        try:
            await obstore.put_async(self._store, name, whole, use_multipart=False)
        except (BaseError, OSError) as error:
            await self._discard(name)
            raise put_failure(error) from error
        except asyncio.CancelledError:
            await self._discard(name)
            raise
        return stored

    async def open(self, key: str) -> AsyncIterator[bytes]:
        names = await self._names(key)
        if not names:
            raise NotStored
        return opened(self._read(names[-1]), self._ring, key)

    async def delete(self, key: str) -> None:
        for name in await self._names(key):
            try:
                await obstore.delete_async(self._store, name)
            except (BaseError, OSError) as error:
                refused = failure(error)
                if not isinstance(refused, NotStored):
                    raise refused from error

    async def exists(self, key: str) -> bool:
        return bool(await self._names(key))

    async def written_before(self, instant: datetime) -> AsyncIterator[str]:
        before_ms = _milliseconds(instant)
        async for name in self._listed(None):
            told = _NAME.fullmatch(name)
            # What else lies below the prefix is not ours.
            if told is not None and int(told["written_ms"], 16) < before_ms:
                yield told["key"]

    async def _put_in_parts(
        self, name: str, begun: list[bytes], rest: AsyncIterator[bytes], sealer: Sealer
    ) -> Stored:
        """``begun`` is emptied: it would be held for as long as the rest takes."""
        upload = MultipartUpload(self._store, name)
        try:
            while begun:
                await upload.give(begun.pop(0))
            async for chunk in rest:
                await upload.give(await asyncio.to_thread(sealer.add, chunk))
            frame, stored = sealer.finish()
            await upload.give(frame)
            await upload.finish()
        except BaseException:
            await upload.give_up(self._limits.discard_s)
            await self._discard(name)
            raise
        return stored

    async def _discard(self, name: str) -> None:
        """A put whose answer was lost may have been done. What cannot be removed now is a whole
        file that nobody knows of, and is found by written_before."""
        with suppress(BaseError, OSError):
            async with asyncio.timeout(self._limits.discard_s):
                await obstore.delete_async(self._store, name)

    async def _names(self, key: str) -> list[str]:
        """The newest last; there are several only when one key was written several times."""
        _check(key)
        return sorted([name async for name in self._listed(key) if _NAME.fullmatch(name)])

    async def _listed(self, folder: str | None) -> AsyncIterator[str]:
        try:
            listing = obstore.list(self._store, folder, chunk_size=LISTED_AT_ONCE)
            async for page in listing:
                for told in page:
                    yield told["path"]
        except (BaseError, OSError) as error:
            raise listing_failure(error) from error

    async def _read(self, name: str) -> AsyncIterator[bytes]:
        try:
            answer = await obstore.get_async(self._store, name)
            async for piece in answer.stream(min_chunk_size=READ_BYTES):
                yield bytes(piece)
        except (BaseError, OSError) as error:
            refused = failure(error)
            # Somebody took it away since it was listed.
            raise Damaged() if isinstance(refused, NotStored) else refused from error


def _store(settings: S3Settings, limits: S3Limits) -> S3Store:
    return S3Store(
        settings.bucket,
        prefix=settings.prefix,
        endpoint=settings.address,
        # Where its environment names another store, obstore would otherwise go there.
        aws_endpoint_url_s3=settings.address,
        region=settings.region,
        access_key_id=settings.access_key,
        secret_access_key=settings.secret_key.reveal(),
        virtual_hosted_style_request=settings.path_style == "no",
        skip_signature=False,
        # One object at a time, and not every store knows how to delete several.
        disable_bulk_delete=True,
        client_options={
            "allow_http": settings.endpoint.startswith("http:"),
            "connect_timeout": timedelta(seconds=limits.connect_s),
            "read_timeout": timedelta(seconds=limits.answer_s),
            "timeout": timedelta(seconds=limits.reading_s),
        },
        retry_config={
            "max_retries": limits.retries,
            "retry_timeout": timedelta(seconds=limits.retry_within_s),
        },
    )


def _check(key: str) -> None:
    if not _KEY.fullmatch(key):
        raise ValueError("a storage key is one of our ids")


def _milliseconds(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)
