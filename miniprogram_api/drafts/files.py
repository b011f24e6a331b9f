"""The files of a draft: what may come, what came, what went."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import msgspec

from kit.problems import NotFound
from kit.text import Language
from miniprogram_api.documents.service import documents_of
from miniprogram_api.drafts import steps
from miniprogram_api.drafts.desk import DraftDesk
from miniprogram_api.drafts.door import Change
from miniprogram_api.drafts.file_views import file_view
from miniprogram_api.drafts.links import Holder
from miniprogram_api.drafts.log import Author, Head
from miniprogram_api.drafts.ports import Part
from miniprogram_api.drafts.problems import (
    DraftExpired,
    DraftSubmitted,
    TooManyFiles,
    UnknownMaterial,
)
from miniprogram_api.drafts.schemas import FileView
from miniprogram_api.drafts.signing import is_readable
from miniprogram_api.drafts.state import DecodedState, FileRef, Kind

FILES_PER_MATERIAL_MAX = 20
FILES_MAX = 100


@dataclass(frozen=True, slots=True)
class UploadRule:
    """What a file for one material must be."""

    owner: str
    """Whose the draft is, and so the file; not always who sends it."""
    formats: frozenset[str]
    bytes_max: int
    watermark: bool
    """Whether it is somebody's identity document, on which is written what it is for."""
    present: tuple[FileRef, ...]
    room: bool

    def same(self, sent_sha256: str) -> FileRef | None:
        """The file of the material that was sent with these bytes."""
        return next((file for file in self.present if file.sent == sent_sha256), None)


class DraftFiles:
    """One for the process."""

    def __init__(self, desk: DraftDesk) -> None:
        self._desk = desk
        self.links = desk.links
        self.unit = desk.unit
        self.turn = desk.turns.of
        """For whoever has a unit of his own: the turn comes before it."""

    async def upload_rule(self, person_id: str, draft_id: str, material: str) -> UploadRule:
        """Whether a file may come now, and what it must be; asked before its bytes are kept."""
        part = Part("material", material)
        head = await self._desk.door.changeable(person_id, draft_id, part)
        return await self._rule(head, self._desk.log.opened(head), material)

    async def refuse_outsiders(self, person_id: str, draft_id: str, material: str) -> None:
        """NotFound for whoever may neither see nor change the material's files."""
        _, grant = await self._desk.door.seen(person_id, draft_id)
        if grant is not None and not grant.covers(Part("material", material)):
            raise NotFound

    async def refuse_former_holder(self, holder: Holder) -> None:
        """NotFound for whoever may not see the draft's files, or not any more; of a signer's task
        those that he may sign or has signed."""
        if holder.task_id:
            await self._refuse_former_signer(holder)
            return
        _, grant = await self._desk.door.seen(holder.person_id, holder.draft_id)
        if grant is not None and not grant.materials:
            raise NotFound

    def shown(self, file: FileRef, language: Language, holder: Holder) -> FileView:
        """``holder``: who is shown it, whether its owner or not."""
        return file_view(file, self._desk.links, language, holder)

    async def attach(self, author: Author, draft_id: str, material: str, file: FileRef) -> FileRef:
        """One file more, inside :meth:`unit`; refused like every change once submitted. The file
        that is there now: the one that was there before, if it was sent with the same bytes."""

        async def derive(head: Head, _: datetime) -> Change[FileRef]:
            state = self._desk.log.opened(head)
            rule = await self._rule(head, state, material)
            same = rule.same(file.sent)
            if same is not None:
                return Change(None, same)
            if not rule.room:
                raise TooManyFiles
            files = (*rule.present, file)
            return Change(steps.after_material(head.summary, state, material, files), file)

        return await self._desk.door.append(author, draft_id, derive, Part("material", material))

    async def detach(self, author: Author, draft_id: str, material: str, file_id: str) -> None:
        """One file less, inside :meth:`unit`."""

        async def derive(head: Head, _: datetime) -> Change[None]:
            state = self._desk.log.opened(head)
            files = state.materials.get(material, ())
            kept = tuple(file for file in files if file.id != file_id)
            if len(kept) == len(files):
                raise NotFound
            return Change(steps.after_material(head.summary, state, material, kept), None)

        await self._desk.door.append(author, draft_id, derive, Part("material", material))

    async def pass_scan(self, draft_id: str, file_id: str) -> None:
        """Nothing harmful was found in the file, inside :meth:`unit`. Nothing happens when it has
        left the draft meanwhile, or the draft is erased, submitted or expired."""
        await self._judge(
            draft_id, file_id, "scanned", lambda file: msgspec.structs.replace(file, scan="clean")
        )

    async def leave_unscanned(self, draft_id: str, file_id: str) -> None:
        """Nobody could say: as before, and the file stays for its owner to replace."""
        await self._judge(
            draft_id,
            file_id,
            "unscanned",
            lambda file: msgspec.structs.replace(file, scan="failed"),
        )

    async def fail_scan(self, draft_id: str, file_id: str) -> None:
        """Something harmful was found: as before, and the file leaves the draft."""
        await self._judge(draft_id, file_id, "refused", lambda _: None)

    async def _refuse_former_signer(self, holder: Holder) -> None:
        task = await self._desk.signatures.of_signer(holder.person_id, holder.task_id)
        head = await self._desk.log.head(holder.draft_id)
        if task is None or head is None:
            raise NotFound
        state = self._desk.log.opened(head)
        compiled = await self._desk.plans.of(head, state.selection)
        is_open = not head.submitted and not head.expired(self._desk.clock.now())
        if not is_readable(documents_of(compiled, state.steps), task, is_open):
            raise NotFound

    async def _judge(
        self,
        draft_id: str,
        file_id: str,
        kind: Kind,
        judged: Callable[[FileRef], FileRef | None],
    ) -> None:
        async def derive(head: Head, _: datetime) -> Change[None]:
            state = self._desk.log.opened(head)
            for code, files in state.materials.items():
                if any(file.id == file_id for file in files):
                    after = [judged(file) if file.id == file_id else file for file in files]
                    kept = tuple(file for file in after if file is not None)
                    entry = steps.after_material(head.summary, state, code, kept, kind)
                    return Change(entry, None)
            return Change(None, None)

        head = await self._desk.log.head(draft_id)
        if head is not None:
            with suppress(NotFound, DraftSubmitted, DraftExpired):
                await self._desk.door.append(Author(head.person_id, None), draft_id, derive)

    async def _rule(self, head: Head, state: DecodedState, code: str) -> UploadRule:
        compiled = await self._desk.plans.of(head, state.selection)
        for material in compiled.plan.materials:
            if material.code == code and material.obtain == "upload":
                break
        else:
            raise UnknownMaterial
        present = state.materials.get(code, ())
        count = sum(len(files) for files in state.materials.values())
        return UploadRule(
            owner=head.person_id,
            formats=frozenset(material.formats),
            bytes_max=material.bytes_max,
            watermark=compiled.catalogue.materials[code].watermark,
            present=present,
            room=len(present) < FILES_PER_MATERIAL_MAX and count < FILES_MAX,
        )
