"""Materials: the files that belong to a draft."""

import dataclasses
from collections.abc import AsyncIterator
from datetime import timedelta

import structlog

from adapters.errors import Unreachable
from adapters.outbox.put import Outbox
from adapters.storage.port import Damaged, NotStored, Storage, TooLarge
from kit.clock import Clock
from kit.ids import new_id
from kit.problems import NotFound, Problem, TemporarilyUnavailable
from kit.secrets import KeyRing
from kit.text import Language
from miniprogram_api.drafts.service import (
    Author,
    DraftFiles,
    FileRef,
    FileView,
    Holder,
    TooManyFiles,
    UploadRule,
)
from miniprogram_api.materials.erasure import discard, erase_file
from miniprogram_api.materials.filing import Filing, Target, described, kept_in
from miniprogram_api.materials.forms import FORM_BYTES_MAX, FileForm
from miniprogram_api.materials.generated import GeneratedDocuments, KeptDocument, NotDrawn
from miniprogram_api.materials.intake import Intake, Kept, Source, watermark_for
from miniprogram_api.materials.models import NOBODY, File, Upload
from miniprogram_api.materials.parts import parts_of
from miniprogram_api.materials.problems import (
    FileBeingScanned,
    FileLinkExpired,
    FileTooLarge,
    FileTypeRefused,
    HashMismatch,
)
from miniprogram_api.materials.schemas import FileQuery
from miniprogram_api.materials.treating import treatment_of

__all__ = ["Document", "GeneratedDocuments", "KeptDocument", "MaterialService", "NotDrawn"]

log = structlog.get_logger("materials")

ORPHAN_AGE = timedelta(days=1)
"""Far longer than any upload takes between its bytes and its row."""
SWEEP_BATCH = 100

_KEYS = ("id", "storage_key")

Document = tuple[FileRef, AsyncIterator[bytes]]


class MaterialService:
    """One for the process."""

    def __init__(
        self,
        files: DraftFiles,
        filing: Filing,
        intake: Intake,
        storage: Storage,
        outbox: Outbox,
        ring: KeyRing,
        clock: Clock,
    ) -> None:
        self._files = files
        self._filing = filing
        self._intake = intake
        self._storage = storage
        self._outbox = outbox
        self._ring = ring
        self._clock = clock

    async def upload(
        self, target: Target, form: FileForm, announced: int, language: Language
    ) -> FileView:
        """Keep the one file of a form whose body is still coming; ``announced``: the body's size,
        0 when the client does not say. The same bytes sent again for the same material are the same
        file, so that a phone may repeat an upload whose answer it lost."""
        rule = await self._rule(target)
        if announced > rule.bytes_max + FORM_BYTES_MAX:
            raise FileTooLarge
        await self._filing.check_quota(target.author.person_id, announced)
        name = await form.name()
        source, size = await self._received(form, rule)
        try:
            # Minutes may have passed, and what was there then may have been removed.
            rule = await self._rule(target)
            file, used = await self._placed(target, rule, name, source, size)
        except Problem:
            # Surely rolled back; after any other failure the commit may have happened.
            await discard(self._storage, source.keys[0])
            raise
        if used != source.keys[0]:
            await discard(self._storage, source.keys[0])
        return self._shown(target, file, language)

    async def use(self, target: Target, file_id: str, language: Language) -> FileView:
        """A file that its owner sent before, for another material, of the same draft or of another.
        Where that one is marked with what it is for and this one was not, it is marked now."""
        rule = await self._rule(target)
        row = await File.get_or_none(id=file_id, owner=target.author.person_id)
        if row is None:
            raise NotFound
        kept = kept_in(row)
        same = rule.same(kept.sent_sha256)
        if same is not None:
            return self._shown(target, same, language)
        if kept.extension not in rule.formats:
            raise FileTypeRefused
        if kept.size > rule.bytes_max:
            raise FileTooLarge
        name = described(row, self._ring).name
        if rule.watermark and row.treatment != treatment_of(watermark_for(rule)):
            marked = await self._marked(kept, rule)
            if marked.key != kept.key:
                file, _ = await self._filed(target, rule, name, marked)
                return self._shown(target, file, language)
        async with self._files.unit(target.draft_id):
            # Its bytes are not erased while this row is held.
            if await File.filter(id=row.id).select_for_update().first() is None:
                raise NotFound
            file = await self._filing.file(target, rule.owner, name, kept)
        return self._shown(target, file, language)

    async def remove(self, author: Author, draft_id: str, material: str, file_id: str) -> None:
        async with self._files.unit(draft_id):
            await self._files.detach(author, draft_id, material, file_id)
            await erase_file(self._outbox, file_id)

    async def open_own(self, person_id: str, file_id: str) -> Document:
        return await self._open(await File.get_or_none(id=file_id, owner=person_id))

    async def open_link(self, file_id: str, link: FileQuery) -> Document:
        """For whoever holds a link that we made (drafts/links.py says why). Whoever was let in to a
        draft, or asked to sign in it, still is, or his link is none."""
        if not self._files.links.genuine(file_id, link.expires, link.signature, link.holder):
            raise NotFound
        if self._files.links.expired(link.expires):
            raise FileLinkExpired
        row = await File.get_or_none(id=file_id, owner__not=NOBODY)
        if link.holder and row is not None:
            holder = Holder.read(link.holder)
            if row.owner != holder.person_id:
                await self._files.refuse_former_holder(holder)
        if row is not None and row.scan_state != "clean":
            raise FileBeingScanned
        return await self._open(row)

    async def open_document(self, file_id: str) -> Document:
        """For a peer that proved itself elsewhere, also when the file is nobody's any more.
        NotFound."""
        return await self._open(await File.get_or_none(id=file_id, scan_state="clean"))

    async def sweep_orphans(self) -> int:
        """Housekeeping: delete bytes that never got their row; how many."""
        swept = 0
        batch: list[str] = []
        before = self._clock.now() - ORPHAN_AGE
        parts = await self._old_parts()
        async for key in self._storage.written_before(before):
            if key in parts:
                continue
            batch.append(key)
            if len(batch) == SWEEP_BATCH:
                swept += await self._sweep(batch)
                batch.clear()
        return swept + await self._sweep(batch)

    def _shown(self, target: Target, file: FileRef, language: Language) -> FileView:
        holder = Holder(target.author.person_id, target.draft_id)
        return self._files.shown(file, language, holder)

    async def _rule(self, target: Target) -> UploadRule:
        author = target.author
        return await self._files.upload_rule(author.person_id, target.draft_id, target.material)

    async def _marked(self, kept: Kept, rule: UploadRule) -> Kept:
        try:
            marked = await self._intake.take(Source((kept.key,), kept.sha256), rule)
        except HashMismatch:
            # Being erased just now, or damaged where it lies: as for whoever reads it.
            raise NotFound from None
        return dataclasses.replace(marked, sent_sha256=kept.sent_sha256)

    async def _received(self, form: FileForm, rule: UploadRule) -> tuple[Source, int]:
        """The form's file as it came, durable under a key of its own."""
        key = new_id()
        try:
            stored = await self._storage.put(key, form.content(), rule.bytes_max)
        except TooLarge:
            raise FileTooLarge from None
        except Unreachable as error:
            raise TemporarilyUnavailable from error
        return Source((key,), stored.sha256), stored.size

    async def _placed(
        self, target: Target, rule: UploadRule, name: str, source: Source, size: int
    ) -> tuple[FileRef, str]:
        """The file, and the key under which its bytes lie."""
        same = rule.same(source.sha256)
        if same is not None:
            return same, ""
        if not rule.room:
            raise TooManyFiles
        async with self._files.unit(target.draft_id):
            person_id = target.author.person_id
            known = await self._filing.known(person_id, rule, source.sha256)
            if known is not None:
                return await self._filing.file(target, rule.owner, name, known), known.key
        kept = await self._intake.take(source, rule)
        return await self._filed(target, rule, name, kept, size)

    async def _filed(
        self, target: Target, rule: UploadRule, name: str, kept: Kept, sent: int = 0
    ) -> tuple[FileRef, str]:
        """Bytes first, then the row: a row always has its bytes; bytes without a row are swept."""
        try:
            async with self._files.unit(target.draft_id):
                file = await self._filing.file(target, rule.owner, name, kept)
                if sent:
                    await self._filing.count_bytes(target, sent, kept.sent_sha256)
        except Problem:
            await discard(self._storage, kept.key)
            raise
        return file, kept.key

    async def _open(self, row: File | None) -> Document:
        if row is None:
            raise NotFound
        file = described(row, self._ring)
        try:
            pieces = await self._storage.open(row.key)
            # Begun here: a store that is silent is told as such, and what was begun is also closed
            # when nobody goes on with it.
            first = await anext(pieces, b"")
        except (NotStored, Damaged):
            # Being erased just now, or nothing that could be shown.
            raise NotFound from None
        except Unreachable as error:
            raise TemporarilyUnavailable from error
        return file, _from(first, pieces)

    async def _old_parts(self) -> set[str]:
        """Only of uploads that have gone on for so long can a part be so old; clocks differ. They
        are asked before any file: a part may become a file meanwhile, but no file a part."""
        begun = self._clock.now() - ORPHAN_AGE / 2
        old = Upload.filter(state="open", created_at__lt=begun).only("id", "parts")
        return {part.key for upload in await old for part in parts_of(upload.parts)}

    async def _sweep(self, keys: list[str]) -> int:
        if not keys:
            return 0
        known = {row.key for row in await File.filter(id__in=keys, storage_key="").only(*_KEYS)}
        known.update(row.key for row in await File.filter(storage_key__in=keys).only(*_KEYS))
        orphans = set(keys).difference(known)
        for key in orphans:
            await self._storage.delete(key)
            log.info("orphan_file_swept", file_id=key)
        return len(orphans)


async def _from(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece
