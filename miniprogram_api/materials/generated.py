"""Documents made of the answers: drawn when somebody wants them, kept as files of the draft."""

import hashlib
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass

import structlog
from tortoise.exceptions import IntegrityError

from adapters.errors import Unreachable
from adapters.outbox.delivery import Delivery
from adapters.outbox.put import Outbox
from adapters.storage.port import Storage
from kit.clock import Clock
from kit.ids import new_id
from kit.problems import NotFound, Problem, TemporarilyUnavailable
from kit.secrets import KeyRing
from kit.text import Language
from kit.workshop import WorkFailed, Workshop
from miniprogram_api.documents.service import (
    DocumentSpec,
    Drawn,
    documents_of,
    missing_characters,
    render,
)
from miniprogram_api.drafts.service import DraftDocuments, FileRef, FrozenDraft
from miniprogram_api.materials.erasure import discard, empty_uploads, erase_file
from miniprogram_api.materials.filing import described, seal_name
from miniprogram_api.materials.models import File, GeneratedDocument
from miniprogram_api.materials.names import tidy_name
from miniprogram_api.materials.schemas import GeneratedList, GeneratedView

log = structlog.get_logger("materials.generated")

TOPIC = "documents.erase"
"""``{"draft_id"}``: the draft is gone, and nothing of it was submitted."""
PDF = "application/pdf"
PDF_BYTES_MAX = 16 * 1024 * 1024
"""Of one document: two hundred shareholders take 0.2 MB."""


@dataclass(frozen=True, slots=True)
class KeptDocument:
    """A document that was drawn of just these answers."""

    code: str
    source_hash: str
    file_id: str
    sha256: str
    size: int
    pages: int


class NotDrawn(Exception):
    """Of documents that nobody was asked to sign, because who signs them signs on paper."""

    def __init__(self, specs: Sequence[DocumentSpec]) -> None:
        super().__init__([spec.code for spec in specs])
        self.specs = specs


class GeneratedDocuments:
    """One for the process."""

    def __init__(
        self,
        drafts: DraftDocuments,
        storage: Storage,
        workshop: Workshop,
        outbox: Outbox,
        ring: KeyRing,
        clock: Clock,
    ) -> None:
        self._drafts = drafts
        self._storage = storage
        self._workshop = workshop
        self._outbox = outbox
        self._ring = ring
        self._clock = clock

    async def page(self, person_id: str, draft_id: str, language: Language) -> GeneratedList:
        """All documents as they would be made now; those that were made already with a link."""
        drafted = await self._drafts.of(person_id, draft_id)
        kept = await self.kept(draft_id, drafted.specs)
        return GeneratedList(
            [self._view(spec, kept.get(spec.code), language) for spec in drafted.specs]
        )

    async def make(
        self, person_id: str, draft_id: str, code: str, language: Language
    ) -> GeneratedView:
        """One document, drawn now unless it was drawn of the same answers before."""
        drafted = await self._drafts.changeable(person_id, draft_id)
        for spec in drafted.specs:
            if spec.code == code:
                kept = await self.ensure(drafted.owner, draft_id, [spec])
                return self._view(spec, kept[code], language)
        raise NotFound

    async def ensure(
        self, owner: str, draft_id: str, specs: Collection[DocumentSpec]
    ) -> dict[str, KeptDocument]:
        """All of these, by code, drawn where they were not yet; outside any unit. Whoever calls has
        seen to it that the caller may. DraftSubmitted, DraftExpired, NotFound when the draft was
        closed meanwhile; TemporarilyUnavailable when it cannot be drawn or kept."""
        kept = await self.kept(draft_id, specs)
        for spec in specs:
            if spec.code not in kept:
                kept[spec.code] = await self._draw(owner, draft_id, spec)
        return kept

    async def kept(self, draft_id: str, specs: Collection[DocumentSpec]) -> dict[str, KeptDocument]:
        """Those of these documents that were drawn already, by code; one query."""
        by_id = {_row_id(draft_id, spec): spec for spec in specs}
        rows = await GeneratedDocument.filter(id__in=list(by_id)) if by_id else []
        return {row.material: _kept(row) for row in rows}

    async def hold(self, draft_id: str, specs: Collection[DocumentSpec]) -> None:
        """Somebody is asked to sign these, inside the caller's unit: they stay as long as the draft
        does. TemporarilyUnavailable when one was replaced since it was drawn."""
        ids = [_row_id(draft_id, spec) for spec in specs]
        found = await GeneratedDocument.filter(id__in=ids).select_for_update()
        if len(found) < len(ids):
            raise TemporarilyUnavailable
        await GeneratedDocument.filter(id__in=ids).update(held=True)

    async def of_frozen(self, frozen: FrozenDraft) -> list[tuple[str, FileRef]]:
        """The documents that must be signed, by the code of the material, as they were drawn of
        what is submitted; inside the unit that submits it. NotDrawn for those that are still to be
        drawn, outside the unit. TemporarilyUnavailable when one that somebody signed is not there,
        or is not the file that was signed: that is damage of ours, and nothing is filed without
        what its signatures are of."""
        specs = documents_of(frozen.compiled, frozen.answers_by_step)
        kept = await self.kept(frozen.draft_id, specs)
        files = {
            row.id: row for row in await File.filter(id__in=[k.file_id for k in kept.values()])
        }
        found = {
            code: described(files[one.file_id], self._ring)
            for code, one in kept.items()
            if one.file_id in files
        }
        for signed in frozen.signatures:
            for code in signed.documents:
                if code not in found or found[code].sha256 != signed.task.hashes[code]:
                    log.error("signed_document_gone", draft_id=frozen.draft_id, material=code)
                    raise TemporarilyUnavailable
        undrawn = [spec for spec in specs if spec.code not in found]
        if undrawn:
            raise NotDrawn(undrawn)
        return [(spec.code, found[spec.code]) for spec in specs]

    def url(self, document: KeptDocument) -> str:
        """A link for some minutes, to whoever is shown the document."""
        return self._drafts.links.url(document.file_id)

    async def _draw(self, owner: str, draft_id: str, spec: DocumentSpec) -> KeptDocument:
        """Bytes first, then the row, as with files that are sent."""
        reference = f"{draft_id[:8]}-{spec.source_hash[:12]}"
        try:
            drawn = await self._workshop.run(render, spec.content, reference)
        except WorkFailed as error:
            log.error("document_not_drawn", draft_id=draft_id, material=spec.code)
            raise TemporarilyUnavailable from error
        key = new_id()
        try:
            await self._storage.put(key, _whole(drawn.pdf), PDF_BYTES_MAX)
        except Unreachable as error:
            raise TemporarilyUnavailable from error
        try:
            async with self._drafts.unit(draft_id):
                kept = await self._keep(owner, draft_id, spec, drawn, key)
        except (Problem, IntegrityError) as error:
            # Surely rolled back; after any other failure the commit may have happened.
            await discard(self._storage, key)
            if isinstance(error, Problem):
                raise
            # Another process was faster.
            kept = (await self.kept(draft_id, [spec]))[spec.code]
        if kept.file_id != key:
            await discard(self._storage, key)
        return kept

    async def _keep(
        self, owner: str, draft_id: str, spec: DocumentSpec, drawn: Drawn, key: str
    ) -> KeptDocument:
        await self._drafts.keep_open(owner, draft_id)
        there = await self.kept(draft_id, [spec])
        if spec.code in there:
            return there[spec.code]
        await self._supersede(draft_id, spec.code)
        now, sha256 = self._clock.now(), hashlib.sha256(drawn.pdf).hexdigest()
        await File.create(
            id=key,
            owner=owner,
            name_cipher=seal_name(self._ring, key, tidy_name(spec.title.zh, "pdf")),
            media_type=PDF,
            size=len(drawn.pdf),
            sha256=sha256,
            created_at=now,
            storage_key=key,
        )
        row = await GeneratedDocument.create(
            id=_row_id(draft_id, spec),
            draft_id=draft_id,
            material=spec.code,
            source_hash=spec.source_hash,
            file_id=key,
            sha256=sha256,
            size=len(drawn.pdf),
            pages=drawn.pages,
            created_at=now,
        )
        return _kept(row)

    async def _supersede(self, draft_id: str, code: str) -> None:
        """What was made of other answers, and nobody was asked to sign, is of no use any more. The
        rows are locked: somebody may be asked at this moment."""
        free = GeneratedDocument.filter(draft_id=draft_id, material=code, held=False)
        await _erase(self._outbox, await free.select_for_update())

    def _view(
        self, spec: DocumentSpec, kept: KeptDocument | None, language: Language
    ) -> GeneratedView:
        return GeneratedView(
            code=spec.code,
            title=spec.title.en if language == "en" else spec.title.zh,
            needs_signature=spec.needs_signature,
            source_hash=spec.source_hash,
            sha256=kept.sha256 if kept else None,
            pages=kept.pages if kept else None,
            url=self.url(kept) if kept else None,
            missing_characters=list(missing_characters(spec.content.characters())),
        )


class DocumentErasure:
    """The handler of ``documents.erase``: all that the draft's materials have besides the files
    that it names itself."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    async def handle(self, delivery: Delivery) -> None:
        async with delivery.settling():
            rows = await GeneratedDocument.filter(draft_id=delivery.body["draft_id"])
            await _erase(self._outbox, rows)
            await empty_uploads(self._outbox, delivery.body["draft_id"])

    async def park(self, delivery: Delivery, error_code: str) -> None:
        """The row stays for the operator, and so do the documents; unfinished uploads are swept."""


async def forget_generated(file_ids: Collection[str]) -> None:
    """Files that are nobody's any more are no documents of a draft either."""
    await GeneratedDocument.filter(file_id__in=list(file_ids)).delete()


async def _erase(outbox: Outbox, rows: Sequence[GeneratedDocument]) -> None:
    for row in rows:
        await erase_file(outbox, row.file_id)
    await GeneratedDocument.filter(id__in=[row.id for row in rows]).delete()


def _kept(row: GeneratedDocument) -> KeptDocument:
    return KeptDocument(row.material, row.source_hash, row.file_id, row.sha256, row.size, row.pages)


def _row_id(draft_id: str, spec: DocumentSpec) -> str:
    return hashlib.sha256(f"{draft_id}|{spec.code}|{spec.source_hash}".encode()).hexdigest()


async def _whole(content: bytes) -> AsyncIterator[bytes]:
    yield content
