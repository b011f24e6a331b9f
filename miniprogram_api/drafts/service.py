"""Drafts: one form over many devices, saved step by step, frozen once."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

import msgspec

from adapters.outbox.put import Outbox
from auth.service import PeopleService
from kit.clock import Clock
from kit.database.unit import unit_of_work
from kit.ids import new_id
from kit.problems import NotFound
from kit.secrets import KeyRing
from kit.text import Language
from miniprogram_api.catalogue.service import CatalogueService, Edition, Selection, Ui
from miniprogram_api.drafts import steps, views
from miniprogram_api.drafts.answers import parse_answers
from miniprogram_api.drafts.door import Change, DraftDoor
from miniprogram_api.drafts.erasure import DraftErasure
from miniprogram_api.drafts.freezing import (
    FrozenDraft,
    NamedCompany,
    company_in,
    frozen_draft,
    present_materials,
)
from miniprogram_api.drafts.links import FileLinks
from miniprogram_api.drafts.log import KEPT, Author, DraftLog, Entry, Head, Place
from miniprogram_api.drafts.models import Draft
from miniprogram_api.drafts.plans import DraftPlans
from miniprogram_api.drafts.prefill import ask_again
from miniprogram_api.drafts.problems import (
    DraftExpired,
    DraftNotReady,
    DraftOutdated,
    DraftSubmitted,
    RevisionOutdated,
    TooManyDrafts,
    TooManyFiles,
    UnknownMaterial,
)
from miniprogram_api.drafts.register_note import RegisterNote, warnings
from miniprogram_api.drafts.schemas import (
    ChangeSelection,
    DraftCheck,
    DraftItem,
    DraftList,
    DraftQuery,
    DraftView,
    FileView,
    RebasedView,
    SaveStep,
    SharingView,
    StepSaved,
)
from miniprogram_api.drafts.selecting import DraftSelections, columns, refuse_unknown
from miniprogram_api.drafts.state import DecodedState, FileRef
from miniprogram_api.drafts.turns import Turns
from miniprogram_api.drafts.views import sharing_view

__all__ = [
    "Author", "DraftExpired", "DraftItem", "DraftService", "DraftSubmitted",
    "FileLinks", "FileRef", "FileView", "FrozenDraft", "NamedCompany", "RevisionOutdated",
    "SharingView", "TooManyFiles", "UnknownMaterial", "UploadRule", "sharing_view",
]  # fmt: skip

OPEN_DRAFTS_MAX = 500
"""For one person: far above any use, low enough that nobody fills the database with drafts."""
FILES_PER_MATERIAL_MAX = 20
FILES_MAX = 100

T = TypeVar("T")


class Answer(NamedTuple, Generic[T]):
    """What a change of a draft is answered with, and the draft's new ETag."""

    view: T
    etag: str


class Opened(NamedTuple):
    """A draft as it lies, and the version of the catalogue that it was made under."""

    head: Head
    edition: Edition


@dataclass(frozen=True, slots=True)
class UploadRule:
    """What a file for one material must be."""

    formats: frozenset[str]
    bytes_max: int
    present: tuple[FileRef, ...]
    room: bool


class DraftService:
    """One for the process."""

    def __init__(
        self,
        catalogue: CatalogueService,
        people: PeopleService,
        outbox: Outbox,
        ring: KeyRing,
        clock: Clock,
    ) -> None:
        self._people = people
        self._outbox = outbox
        self._log = DraftLog(ring)
        self._door = DraftDoor(self._log, clock)
        self._erasure = DraftErasure(self._log, self._door, outbox, clock)
        self._clock = clock
        self.links = FileLinks(ring, clock)
        self._turns = Turns()
        self._plans = DraftPlans(catalogue, self.links)
        self._selections = DraftSelections(catalogue, self._plans, self._log, self._door)

    async def create(
        self,
        author: Author,
        selection: Selection,
        language: Language,
        note: RegisterNote | None = None,
    ) -> Answer[DraftView]:
        """A new draft, inside the caller's unit; ``note``: what is registered about its company."""
        now = self._clock.now()
        compiled = self._plans.pinned(selection)
        person_id = author.person_id
        if await Draft.filter(person_id=person_id, submitted_at=None).count() >= OPEN_DRAFTS_MAX:
            raise TooManyDrafts
        draft = await Draft.create(
            id=new_id(),
            person_id=person_id,
            catalogue_version=compiled.version,
            created_at=now,
            expires_at=now + KEPT,
            **columns(compiled.selection),
        )
        first = steps.first_entry(compiled, compiled.selection, note)
        await self._log.append(Place(draft.id, person_id, 1), first, author, now)
        await ask_again(self._outbox, draft.id, note)
        return await self._answer(person_id, draft.id, language)

    async def open(self, person_id: str, draft_id: str) -> Opened:
        """For showing it; the seal is not broken before :meth:`view`."""
        head = await self._door.owned(person_id, draft_id)
        return Opened(head, await self._plans.edition(head))

    def etag(self, opened: Opened, language: Language, ui: Ui = "standard") -> str:
        """Changes whenever the shown draft does; made without opening its seal."""
        head = opened.head
        expired = head.expired(self._clock.now())
        tag = self._plans.etag(head.draft_id, head.revision, head.summary, language, expired)
        return tag if ui == "standard" else f"{tag}-{ui}"

    def view(self, opened: Opened, language: Language, ui: Ui = "standard") -> DraftView:
        head = opened.head
        raw = self._log.opened_raw(head)
        is_read = views.needs_checks(head) or raw.register is not None
        decoded = self._log.opened(head) if is_read else None
        compiled = opened.edition.compile_kept(raw.selection)
        now = self._clock.now()
        view = views.draft_view(head, raw, compiled, decoded, self.links, language, now)
        rebase = self._plans.rebase_of(head, raw.selection)
        plan = msgspec.Raw(compiled.shown(ui).body)
        return msgspec.structs.replace(view, rebase=rebase, plan=plan)

    async def save_step(
        self, author: Author, draft_id: str, key: str, save: SaveStep, language: Language
    ) -> Answer[StepSaved]:
        """Keep whatever was typed and say what is wrong with it.

        What others saved since the base revision stays; where both changed the same answer
        differently nothing is saved and DraftConflict shows both.
        """
        patch = parse_answers(save.answers)

        async def derive(head: Head, now: datetime) -> Change[Answer[StepSaved]]:
            refuse_unknown(save.base_revision, head)
            state = self._log.opened(head)
            compiled = await self._plans.of(head, state.selection)
            if key not in compiled.step_keys:
                raise NotFound
            base = None
            if save.base_revision < head.summary.steps.get(key, steps.NEVER_SAVED).revision:
                seen = await self._log.state_at(draft_id, save.base_revision)
                base = {} if seen is None else seen.steps.get(key, {})
            saved = steps.after_step(compiled, head, state, base, key, patch, now)
            revision = head.revision + (saved.entry is not None)
            told = warnings(compiled, state.register, {**state.steps, key: saved.answers})
            view = views.step_saved(key, saved, told, revision, language)
            etag = self._plans.etag(draft_id, revision, saved.summary, language)
            return Change(saved.entry, Answer(view, etag))

        async with self._turns.of(draft_id):
            return await self._door.append_after(save.base_revision, author, draft_id, derive)

    async def select(
        self, author: Author, draft_id: str, change: ChangeSelection, language: Language
    ) -> Answer[DraftView]:
        """Another selection for the same answers: what it does not ask is set aside, not lost."""
        async with self.unit(draft_id):
            await self._selections.select(author, draft_id, change)
        return await self._answer(author.person_id, draft_id, language)

    async def rebase(
        self, author: Author, draft_id: str, change: ChangeSelection, language: Language
    ) -> Answer[RebasedView]:
        """The same draft under the list that serves now; what is gone from it is set aside."""
        async with self.unit(draft_id):
            changes = await self._selections.rebase(author, draft_id, change)
        view, etag = await self._answer(author.person_id, draft_id, language)
        return Answer(views.rebased(changes, view), etag)

    async def selection(self, person_id: str, draft_id: str) -> Selection:
        """What a draft that may still be changed is for. NotFound, DraftSubmitted, DraftExpired."""
        return self._log.opened_raw(await self._door.changeable(person_id, draft_id)).selection

    async def among(self, draft_ids: Collection[str]) -> frozenset[str]:
        """Those of them that are still there, submitted or not."""
        return frozenset([draft.id for draft in await Draft.filter(id__in=draft_ids).only("id")])

    async def uses_version(self, version: str) -> bool:
        """Whether any draft, also a submitted one, was made under that version."""
        return await Draft.filter(catalogue_version=version).exists()

    async def check(self, person_id: str, draft_id: str, language: Language) -> DraftCheck:
        """What still keeps the draft from being submitted."""
        head = await self._door.owned(person_id, draft_id)
        state = self._log.opened(head)
        compiled = await self._plans.of(head, state.selection)
        rebase = self._plans.rebase_of(head, state.selection)
        check = compiled.check_all(state.steps, present_materials(state))
        consents = [
            sharing_view(
                sharing.purpose,
                sharing.items,
                language,
                granted=await self._people.has_consent(person_id, sharing.purpose),
            )
            for sharing in compiled.sharings()
        ]
        return DraftCheck(
            ready=check.ready and rebase != "required",
            rebase=msgspec.UNSET if rebase == "none" else rebase,
            errors=views.step_errors(check.errors, language),
            missing_materials=list(check.missing_materials),
            missing_signatures=[],
            consents=consents,
            remarks=views.step_errors(check.remarks, language),
            warnings=views.step_errors(warnings(compiled, state.register, state.steps), language)
            or msgspec.UNSET,
        )

    async def company_of(self, person_id: str, draft_id: str) -> NamedCompany:
        """By the answers as they are now; asked before the draft is frozen, and again then."""
        head = await self._door.changeable(person_id, draft_id)
        state = self._log.opened(head)
        compiled = await self._plans.of(head, state.selection)
        return company_in(state.selection, compiled.flat(state.steps))

    async def page(self, person_id: str, query: DraftQuery) -> DraftList:
        """Newest first; two queries whatever the number."""
        before = {} if query.cursor is None else {"id__lt": query.cursor}
        drafts = Draft.filter(person_id=person_id, **before).order_by("-id")
        found = await drafts.limit(query.limit + 1)
        shown = found[: query.limit]
        more = len(found) > query.limit
        return DraftList(await self._items(shown), shown[-1].id if more else None)

    async def open_drafts(self, person_id: str, limit: int) -> list[DraftItem]:
        """The newest that can still be filled in, for the first screen."""
        drafts = Draft.filter(person_id=person_id, submitted_at=None).order_by("-id")
        return [
            item for item in await self._items(await drafts.limit(limit)) if item.state == "open"
        ]

    async def erase(self, person_id: str, draft_id: str) -> None:
        """All that was said and sent. DraftSubmitted for what an application rests on."""
        async with self.unit(draft_id):
            await self._erasure.erase(person_id, draft_id)

    async def erase_expired(self) -> int:
        """Housekeeping: erase what expired a week ago; how many."""
        return await self._erasure.erase_expired()

    async def upload_rule(self, person_id: str, draft_id: str, material: str) -> UploadRule:
        """Whether a file may come now, and what it must be; asked before its bytes are kept."""
        head = await self._door.changeable(person_id, draft_id)
        return await self._rule(head, self._log.opened(head), material)

    @asynccontextmanager
    async def unit(self, draft_id: str) -> AsyncIterator[None]:
        """A unit of work that changes one draft. The turn comes first: a saver who waits for a
        connection must never hold up one who has it."""
        async with self._turns.of(draft_id), unit_of_work():
            yield

    def shown(self, file: FileRef) -> FileView:
        return views.file_view(file, self.links)

    async def attach(self, author: Author, draft_id: str, material: str, file: FileRef) -> None:
        """One file more, inside :meth:`unit`; refused like every change once submitted."""

        async def derive(head: Head, _: datetime) -> Change[None]:
            state = self._log.opened(head)
            rule = await self._rule(head, state, material)
            if not rule.room:
                raise TooManyFiles
            files = (*rule.present, file)
            return Change(steps.after_material(head.summary, state, material, files), None)

        await self._door.append(author, draft_id, derive)

    async def detach(self, author: Author, draft_id: str, material: str, file_id: str) -> None:
        """One file less, inside :meth:`unit`."""

        async def derive(head: Head, _: datetime) -> Change[None]:
            state = self._log.opened(head)
            files = state.materials.get(material, ())
            kept = tuple(file for file in files if file.id != file_id)
            if len(kept) == len(files):
                raise NotFound
            return Change(steps.after_material(head.summary, state, material, kept), None)

        await self._door.append(author, draft_id, derive)

    async def freeze(self, author: Author, draft_id: str, revision: int) -> FrozenDraft:
        """Close the draft with the words that the person saw, inside the caller's unit.

        RevisionOutdated when an answer or the selection has changed since ``revision``; files may
        have come since. DraftOutdated when something chosen is not offered any more. DraftNotReady
        says all that is wrong or missing.
        """

        async def derive(head: Head, now: datetime) -> Change[FrozenDraft]:
            if not head.summary.words <= revision <= head.revision:
                raise RevisionOutdated(current_revision=head.revision)
            state = self._log.opened(head)
            if self._plans.rebase_of(head, state.selection) == "required":
                raise DraftOutdated
            compiled = await self._plans.of(head, state.selection)
            check = compiled.check_all(state.steps, present_materials(state))
            if not check.ready:
                raise DraftNotReady(check.errors, check.missing_materials)
            await Draft.filter(id=draft_id).update(submitted_at=now, expires_at=None)
            entry = Entry("submitted", None, head.summary, state)
            return Change(entry, frozen_draft(head, state, compiled))

        return await self._door.append(author, draft_id, derive)

    async def _items(self, drafts: list[Draft]) -> list[DraftItem]:
        glances = await self._log.glances([draft.id for draft in drafts])
        now = self._clock.now()
        return [views.draft_item(draft, glances[draft.id], now) for draft in drafts]

    async def _answer(self, person_id: str, draft_id: str, language: Language) -> Answer[DraftView]:
        opened = await self.open(person_id, draft_id)
        return Answer(self.view(opened, language), self.etag(opened, language))

    async def _rule(self, head: Head, state: DecodedState, code: str) -> UploadRule:
        plan = (await self._plans.of(head, state.selection)).plan
        for material in plan.materials:
            if material.code == code and material.obtain == "upload":
                break
        else:
            raise UnknownMaterial
        present = state.materials.get(code, ())
        count = sum(len(files) for files in state.materials.values())
        return UploadRule(
            formats=frozenset(material.formats),
            bytes_max=material.bytes_max,
            present=present,
            room=len(present) < FILES_PER_MATERIAL_MAX and count < FILES_MAX,
        )
