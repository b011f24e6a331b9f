"""Materials: the files that belong to a draft."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta

import structlog

from adapters.errors import Unreachable
from adapters.outbox.put import Outbox
from adapters.storage.port import NotStored, Storage
from kit.clock import Clock
from kit.ids import new_id
from kit.problems import NotFound, Problem, TemporarilyUnavailable
from kit.secrets import KeyRing
from miniprogram_api.drafts.service import (
    Author,
    DraftService,
    FileRef,
    FileView,
    TooManyFiles,
)
from miniprogram_api.materials.erasure import TOPIC, FileErasure
from miniprogram_api.materials.models import NOBODY, File
from miniprogram_api.materials.names import tidy_name
from miniprogram_api.materials.problems import FileLinkExpired, FileTooLarge
from miniprogram_api.materials.sniffing import MEDIA_TYPES, format_of

__all__ = ["FileErasure", "MaterialService"]

log = structlog.get_logger("materials")

PIECE_BYTES = 256 * 1024
ORPHAN_AGE = timedelta(days=1)
"""Far longer than any upload takes between its bytes and its row."""
SWEEP_BATCH = 100

Document = tuple[FileRef, AsyncIterator[bytes]]


class MaterialService:
    """One for the process."""

    def __init__(
        self,
        drafts: DraftService,
        storage: Storage,
        outbox: Outbox,
        ring: KeyRing,
        clock: Clock,
    ) -> None:
        self._drafts = drafts
        self._storage = storage
        self._outbox = outbox
        self._ring = ring
        self._clock = clock

    async def upload(
        self, author: Author, draft_id: str, material: str, name: str, content: bytes
    ) -> FileView:
        """Keep one file. The same bytes sent again for the same material are the same file, so that
        a phone may repeat an upload whose answer it lost."""
        rule = await self._drafts.upload_rule(author.person_id, draft_id, material)
        if len(content) > rule.bytes_max:
            raise FileTooLarge
        # Ten megabytes take a tenth of a second, in which nobody else would be served.
        kind, digest = await asyncio.to_thread(_inspect, content, rule.formats)
        for file in rule.present:
            if file.sha256 == digest:
                return self._drafts.shown(file)
        if not rule.room:
            raise TooManyFiles
        file = FileRef(
            id=new_id(),
            name=tidy_name(name, kind),
            media_type=MEDIA_TYPES[kind],
            size=len(content),
            sha256=digest,
            at=self._clock.now(),
        )
        await self._keep(author, draft_id, material, file, content)
        return self._drafts.shown(file)

    async def remove(self, author: Author, draft_id: str, material: str, file_id: str) -> None:
        async with self._drafts.unit(draft_id):
            await self._drafts.detach(author, draft_id, material, file_id)
            await File.filter(id=file_id).delete()
            await self._outbox.put(TOPIC, f"file:{file_id}", {"file_id": file_id})

    async def open_own(self, person_id: str, file_id: str) -> Document:
        return await self._open(await File.get_or_none(id=file_id, owner=person_id))

    async def open_link(self, file_id: str, expires: int, signature: str) -> Document:
        """For whoever holds a link that we made (drafts/links.py says why)."""
        if not self._drafts.links.genuine(file_id, expires, signature):
            raise NotFound
        if self._drafts.links.expired(expires):
            raise FileLinkExpired
        return await self._open(await File.get_or_none(id=file_id, owner__not=NOBODY))

    async def open_document(self, file_id: str) -> Document:
        """For a peer that proved itself elsewhere, also when the file is nobody's any more.
        NotFound."""
        return await self._open(await File.get_or_none(id=file_id))

    async def sweep_orphans(self) -> int:
        """Housekeeping: delete bytes that never got their row; how many."""
        swept = 0
        batch: list[str] = []
        async for key in self._storage.written_before(self._clock.now() - ORPHAN_AGE):
            batch.append(key)
            if len(batch) == SWEEP_BATCH:
                swept += await self._sweep(batch)
                batch.clear()
        return swept + await self._sweep(batch)

    async def _keep(
        self, author: Author, draft_id: str, material: str, file: FileRef, content: bytes
    ) -> None:
        """Bytes first, then the row: a row always has its bytes; bytes without a row are swept."""
        try:
            await self._storage.put(file.id, _pieces(content), len(content))
        except Unreachable as error:
            raise TemporarilyUnavailable from error
        try:
            async with self._drafts.unit(draft_id):
                await File.create(
                    id=file.id,
                    owner=author.person_id,
                    name_cipher=self._ring.seal(file.name.encode(), _context(file.id)),
                    media_type=file.media_type,
                    size=file.size,
                    sha256=file.sha256,
                    created_at=file.at,
                )
                await self._drafts.attach(author, draft_id, material, file)
        except Problem:
            # Surely rolled back; after any other failure the commit may have happened.
            await self._storage.delete(file.id)
            raise

    async def _open(self, row: File | None) -> Document:
        if row is None:
            raise NotFound
        file = described(row, self._ring)
        try:
            return file, await self._storage.open(row.id)
        except NotStored:
            # Being erased just now: the bytes go before the row.
            raise NotFound from None
        except Unreachable as error:
            raise TemporarilyUnavailable from error

    async def _sweep(self, keys: list[str]) -> int:
        known = await File.filter(id__in=keys).values_list("id", flat=True) if keys else []
        orphans = set(keys).difference(known)
        for key in orphans:
            await self._storage.delete(key)
            log.info("orphan_file_swept", file_id=key)
        return len(orphans)


def described(row: File, ring: KeyRing) -> FileRef:
    return FileRef(
        id=row.id,
        name=ring.open(row.name_cipher, _context(row.id)).decode(),
        media_type=row.media_type,
        size=row.size,
        sha256=row.sha256,
        at=row.created_at,
    )


def _inspect(content: bytes, accepted: frozenset[str]) -> tuple[str, str]:
    return format_of(content, accepted), hashlib.sha256(content).hexdigest()


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(content), PIECE_BYTES):
        yield content[at : at + PIECE_BYTES]


def _context(file_id: str) -> str:
    return f"file.name|{file_id}"
