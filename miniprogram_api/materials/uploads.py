"""Files that come in parts, over lines that break: every part is safe before it is acknowledged.

A part is bytes in the storage and its line in the upload's row. Bytes come first; the row changes
only if it is still as it was when the part was asked for, so of two senders at one place one wins,
whole, and the other is told where the upload stands.
"""

import hashlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from datetime import timedelta

import structlog

from adapters.errors import Unreachable
from adapters.outbox.put import Outbox
from adapters.storage.port import Storage, Stored, TooLarge
from kit.answers import Shown
from kit.clock import Clock, in_china
from kit.database.unit import unit_of_work
from kit.idempotency import KEPT, Once
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
)
from miniprogram_api.materials.erasure import discard, erase_parts
from miniprogram_api.materials.filing import (
    DAY,
    Filing,
    Target,
    open_upload_name,
    seal_upload_name,
)
from miniprogram_api.materials.intake import Intake, Kept, Source
from miniprogram_api.materials.models import File, Upload
from miniprogram_api.materials.parts import (
    PART_BYTES_MAX,
    PART_BYTES_MIN,
    Part,
    may_be,
    part_at,
    parts_of,
    text_of,
)
from miniprogram_api.materials.problems import (
    UNREADABLE,
    FileBroken,
    FileIncomplete,
    FileTooLarge,
    FileTypeRefused,
    HashMismatch,
    UploadClosed,
    WrongOffset,
    WrongPartSize,
    name_of,
    refusal_named,
)
from miniprogram_api.materials.schemas import BeginUpload, UploadState, UploadView

log = structlog.get_logger("uploads")

LIFE_MAX = timedelta(days=7)
"""However often it is renewed."""
TOLD_FOR = timedelta(days=7)
"""So long whoever comes back to an upload that has expired is told so: of one that is not there he
could not know whether his draft is."""
SWEEP_BATCH = 100


class _Overtaken(Exception):
    """Another completion was faster; what we wrote is rolled back."""


class UploadService:
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

    async def begin(
        self, target: Target, wish: BeginUpload, once: Once, language: Language
    ) -> Shown:
        """Announce a file. Content that the person has sent before, to whatever draft, is done at
        once; content that somebody else sent looks like content that nobody did."""
        person_id = target.author.person_id
        rule = await self._files.upload_rule(person_id, target.draft_id, target.material)
        if wish.size > rule.bytes_max:
            raise FileTooLarge
        async with self._files.turn(target.draft_id), once.unit():
            file = rule.same(wish.sha256)
            if file is None:
                if not rule.room:
                    raise TooManyFiles
                known = await self._filing.known(person_id, rule, wish.sha256)
                if known is not None:
                    file = await self._filing.file(target, rule.owner, wish.name, known)
            if file is None:
                await self._filing.check_quota(person_id, wish.size)
            upload = self._new(target, wish, file)
            await upload.save(force_create=True)
            return await once.remember(Shown(self._view(upload, file, language), status=201))

    async def show(self, person_id: str, upload_id: str, language: Language) -> UploadView:
        upload = await self._own(person_id, upload_id)
        return self._view(upload, await self._file_of(upload), language)

    async def add(
        self,
        person_id: str,
        upload_id: str,
        offset: int,
        announced: int | None,
        body: AsyncIterator[bytes],
        language: Language,
    ) -> UploadView:
        """One part, of ``announced`` bytes if the client says so. WrongOffset, WrongPartSize,
        UploadClosed. A part that came before changes nothing and is acknowledged again."""
        upload = await self._own(person_id, upload_id)
        if upload.state == "open" and not self._has_expired(upload) and offset == upload.offset:
            upload = await self._added(upload, announced, body)
        else:
            await self._recognised(upload, offset, body)
        return self._view(upload, await self._file_of(upload), language)

    async def complete(
        self, author: Author, upload_id: str, once: Once, language: Language
    ) -> Shown:
        """Check, look at, treat and attach what came. HashMismatch begins it anew at 0; a file that
        is not acceptable stays refused, also when this is asked again."""
        upload = await self._own(author.person_id, upload_id)
        while upload.state == "open" and not self._has_expired(upload):
            if upload.offset != upload.size:
                raise WrongOffset(offset=upload.offset)
            target = Target(author, upload.draft_id, upload.material)
            with suppress(_Overtaken):
                return await self._completed(target, upload, once, language)
            upload = await self._own(author.person_id, upload_id)
        if upload.state == "refused":
            raise refusal_named(upload.refusal or "")
        if upload.state != "done":
            raise UploadClosed(state=self._state(upload))
        async with once.unit():
            view = self._view(upload, await self._file_of(upload), language)
            return await once.remember(Shown(view))

    async def refuse_outsiders(self, person_id: str, draft_id: str, material: str) -> None:
        """NotFound for whoever may not see the material's files, or not any more."""
        await self._files.refuse_outsiders(person_id, draft_id, material)

    async def refuse_strangers(self, person_id: str, upload_id: str) -> None:
        """NotFound for whoever did not begin it, or may not see its material any more."""
        await self._own(person_id, upload_id)

    async def sweep(self) -> int:
        """Housekeeping: uploads that have had their time; how many. Of those that were never
        finished the parts go, and the row later."""
        old = Upload.filter(expires_at__lt=self._clock.now()).order_by("expires_at")
        swept = 0
        for upload in await old.limit(SWEEP_BATCH):
            async with unit_of_work():
                # A part that comes at this moment has renewed it.
                same = Upload.filter(id=upload.id, expires_at=upload.expires_at, state=upload.state)
                if upload.state != "open":
                    swept += await same.delete()
                    continue
                until = upload.expires_at + TOLD_FOR
                if await same.update(state="expired", parts="[]", expires_at=until):
                    swept += 1
                    await erase_parts(self._outbox, upload)
        return swept

    async def _added(
        self, upload: Upload, announced: int | None, body: AsyncIterator[bytes]
    ) -> Upload:
        left = upload.size - upload.offset
        if announced is not None and not may_be(upload.offset, announced, upload.size):
            raise self._wrong_size(left)
        key = new_id()
        stored = await self._stored(key, body, left)
        after = await self._appended(upload, key, stored)
        if after is not None:
            return after
        await discard(self._storage, key)
        current = await self._own(upload.owner, upload.id)
        self._must_have(current, upload.offset, stored.sha256)
        return current

    async def _stored(self, key: str, body: AsyncIterator[bytes], left: int) -> Stored:
        try:
            stored = await self._storage.put(key, body, min(left, PART_BYTES_MAX))
        except TooLarge:
            raise self._wrong_size(left) from None
        except Unreachable as error:
            raise TemporarilyUnavailable from error
        if stored.size < min(PART_BYTES_MIN, left) or not stored.size:
            await discard(self._storage, key)
            raise self._wrong_size(left)
        return stored

    async def _appended(self, upload: Upload, key: str, stored: Stored) -> Upload | None:
        """The upload with one part more; None when it is not as it was any more."""
        now = self._clock.now()
        part = Part(key, upload.offset, stored.size, stored.sha256)
        change = {
            "offset": upload.offset + stored.size,
            "parts": text_of((*parts_of(upload.parts), part)),
            "expires_at": max(upload.expires_at, min(now + DAY, upload.created_at + LIFE_MAX)),
        }
        same = Upload.filter(id=upload.id, state="open", offset=upload.offset, parts=upload.parts)
        if not await same.update(**change):
            return None
        return upload.update_from_dict(change)

    async def _recognised(self, upload: Upload, offset: int, body: AsyncIterator[bytes]) -> None:
        """Whether what comes is a part that is here already: then its answer was lost."""
        if upload.state != "done" and (upload.state != "open" or self._has_expired(upload)):
            raise UploadClosed(state=self._state(upload))
        if part_at(parts_of(upload.parts), offset) is None and upload.state == "open":
            raise WrongOffset(offset=upload.offset)
        digest, size = hashlib.sha256(), 0
        async for piece in body:
            digest.update(piece)
            size += len(piece)
            if size > PART_BYTES_MAX:
                raise self._wrong_size(upload.size - offset)
        if upload.state == "open":
            self._must_have(upload, offset, digest.hexdigest())

    def _must_have(self, upload: Upload, offset: int, sha256: str) -> None:
        part = part_at(parts_of(upload.parts), offset)
        if part is None or part.sha256 != sha256:
            raise WrongOffset(offset=upload.offset)

    async def _completed(
        self, target: Target, upload: Upload, once: Once, language: Language
    ) -> Shown:
        person_id = target.author.person_id
        rule = await self._files.upload_rule(person_id, target.draft_id, target.material)
        parts = parts_of(upload.parts)
        source = Source(tuple(part.key for part in parts), upload.sha256)
        try:
            kept = await self._intake.take(source, rule)
        except HashMismatch:
            # Where another completion was faster, our parts went while we read them.
            if not await self._closed(upload, offset=0):
                raise _Overtaken from None
            raise
        except (FileTypeRefused, FileIncomplete, FileBroken) as problem:
            name = name_of(problem)
            # A child may also run out of time because everything is slow just now.
            if name != UNREADABLE:
                await self._closed(upload, state="refused", refusal=name)
            raise
        try:
            async with AsyncExitStack() as stack:
                await stack.enter_async_context(self._files.turn(target.draft_id))
                await stack.enter_async_context(once.unit())
                return await self._attached(target, upload, rule.owner, kept, once, language)
        except (Problem, _Overtaken):
            # Surely rolled back; after any other failure the commit may have happened.
            if kept.key not in source.keys:
                await discard(self._storage, kept.key)
            raise

    async def _attached(
        self,
        target: Target,
        upload: Upload,
        owner: str,
        kept: Kept,
        once: Once,
        language: Language,
    ) -> Shown:
        name = open_upload_name(self._ring, upload)
        file = await self._filing.file(target, owner, name, kept)
        # Where a part has become the file, it is left alone.
        done = {"state": "done", "file_id": file.id, "expires_at": self._clock.now() + KEPT}
        if not await self._closed(upload, **done):
            raise _Overtaken
        upload.update_from_dict(done)
        return await once.remember(Shown(self._view(upload, file, language)))

    async def _closed(self, upload: Upload, **change: object) -> bool:
        """Its parts are of no use any more; False when it is not as it was, and nothing changes."""
        async with unit_of_work():
            same = Upload.filter(id=upload.id, state="open", parts=upload.parts)
            if not await same.update(parts="[]", **change):
                return False
            await erase_parts(self._outbox, upload)
            return True

    async def _own(self, person_id: str, upload_id: str) -> Upload:
        """Absent and somebody else's look the same."""
        upload = await Upload.get_or_none(id=upload_id, owner=person_id)
        if upload is None:
            raise NotFound
        # Whoever only helps may have been let in no more since it was begun.
        await self._files.refuse_outsiders(person_id, upload.draft_id, upload.material)
        return upload

    async def _file_of(self, upload: Upload) -> FileRef | None:
        if upload.file_id is None:
            return None
        row = await File.get_or_none(id=upload.file_id)
        return None if row is None else self._filing.described(row)

    def _new(self, target: Target, wish: BeginUpload, file: FileRef | None) -> Upload:
        now, upload_id = self._clock.now(), new_id()
        return Upload(
            id=upload_id,
            draft_id=target.draft_id,
            owner=target.author.person_id,
            material=target.material,
            name_cipher=seal_upload_name(self._ring, upload_id, wish.name),
            size=wish.size,
            sha256=wish.sha256,
            offset=0 if file is None else wish.size,
            state="open" if file is None else "done",
            parts="[]",
            file_id=None if file is None else file.id,
            counted=wish.size if file is None else 0,
            created_at=now,
            expires_at=now + (DAY if file is None else KEPT),
        )

    def _view(self, upload: Upload, file: FileRef | None, language: Language) -> UploadView:
        holder = Holder(upload.owner, upload.draft_id)
        told_for = TOLD_FOR if upload.state == "expired" else timedelta(0)
        shown: FileView | None = None if file is None else self._files.shown(file, language, holder)
        return UploadView(
            id=upload.id,
            offset=upload.offset,
            state=self._state(upload),
            part_bytes_min=PART_BYTES_MIN,
            part_bytes_max=PART_BYTES_MAX,
            expires_at=in_china(upload.expires_at - told_for),
            file=shown,
        )

    def _state(self, upload: Upload) -> UploadState:
        if upload.state == "open" and not self._has_expired(upload):
            return "open"
        if upload.state in {"done", "refused"}:
            return "done" if upload.state == "done" else "refused"
        return "expired"

    def _has_expired(self, upload: Upload) -> bool:
        return self._clock.now() >= upload.expires_at

    def _wrong_size(self, left: int) -> WrongPartSize:
        return WrongPartSize(
            part_bytes_min=PART_BYTES_MIN, part_bytes_max=PART_BYTES_MAX, bytes_left=left
        )
