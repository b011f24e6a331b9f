"""Drafts: one form over many devices, saved step by step, frozen once."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from adapters.outbox.put import Outbox
from auth.citizen import Citizen
from kit.ids import new_id
from kit.problems import NotFound
from kit.text import Language
from miniprogram_api.catalogue.service import (
    CatalogueService,
    CompiledPlan,
    Edition,
    Selection,
    Ui,
    UnknownStep,
)
from miniprogram_api.documents.service import Signer as DraftSigner
from miniprogram_api.documents.service import documents_of
from miniprogram_api.drafts import granted, steps, views
from miniprogram_api.drafts.answers import parse_answers
from miniprogram_api.drafts.desk import DraftDesk
from miniprogram_api.drafts.door import Change
from miniprogram_api.drafts.drafted import DraftDocuments
from miniprogram_api.drafts.erasure import DraftErasure
from miniprogram_api.drafts.files import DraftFiles, UploadRule
from miniprogram_api.drafts.findings import Found
from miniprogram_api.drafts.freezing import FrozenDraft, NamedCompany, Signed
from miniprogram_api.drafts.links import FileLinks, Holder
from miniprogram_api.drafts.log import KEPT, Author, Glance, Head, Place
from miniprogram_api.drafts.models import Draft
from miniprogram_api.drafts.ports import Grant, Grants, NamedAuthor, Part, SignatureBook
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
from miniprogram_api.drafts.review import DraftReview
from miniprogram_api.drafts.schemas import (
    ChangeSelection,
    DraftItem,
    DraftList,
    DraftQuery,
    DraftView,
    FileView,
    RebasedView,
    SaveStep,
    SharingView,
    SignatureView,
    SignerRole,
    StepSaved,
)
from miniprogram_api.drafts.selecting import DraftSelections, columns, refuse_unknown
from miniprogram_api.drafts.signable import (
    ListedDraft,
    SignableDraft,
    SignableDrafts,
    SigningKind,
)
from miniprogram_api.drafts.signature_views import role_views, signature_views
from miniprogram_api.drafts.signing import (
    SignatureTask,
    Standing,
    TaskState,
    is_outdated,
    standings,
)
from miniprogram_api.drafts.state import DecodedState, FileRef, ScanState
from miniprogram_api.drafts.upkeep import LOOK_AGAIN, DraftUpkeep
from miniprogram_api.drafts.views import sharing_view

__all__ = [
    "Author", "DraftDesk", "DraftDocuments", "DraftExpired", "DraftFiles", "DraftItem",
    "DraftNotReady", "DraftOutdated", "DraftReview", "DraftService", "DraftSigner",
    "DraftSubmitted", "FileLinks", "FileRef", "FileView", "FrozenDraft", "Grant", "Grants",
    "Holder", "ListedDraft", "NamedAuthor", "NamedCompany", "RevisionOutdated", "ScanState",
    "SharingView", "SignableDraft", "SignableDrafts", "SignatureBook", "SignatureTask",
    "SignatureView", "Signed", "SignerRole", "SigningKind", "Standing", "TaskState", "TooManyFiles",
    "UnknownMaterial", "UploadRule", "is_outdated", "recall_by_owner", "role_views",
    "sharing_view", "signature_views",
]  # fmt: skip

OPEN_DRAFTS_MAX = 500
"""For one person: far above any use, low enough that nobody fills the database with drafts."""

T = TypeVar("T")


class Answer(NamedTuple, Generic[T]):
    """What a change of a draft is answered with, and the draft's new ETag."""

    view: T
    etag: str


class Opened(NamedTuple):
    """A draft as it lies, and the version of the catalogue that it was made under."""

    head: Head
    edition: Edition
    grant: Grant | None = None
    """By which somebody sees it who is not its owner."""
    tasks: Sequence[SignatureTask] = ()
    """Whom its owner asked to sign."""
    holder: Holder | None = None
    """Who sees it by the grant."""


class DraftService:
    """One for the process."""

    def __init__(self, desk: DraftDesk, catalogue: CatalogueService, outbox: Outbox) -> None:
        self._outbox = outbox
        self._desk = desk
        self._log = desk.log
        self._door = desk.door
        self._clock = desk.clock
        self._plans = desk.plans
        self._erasure = DraftErasure(desk.log, desk.door, outbox, desk.clock)
        self._upkeep = DraftUpkeep(desk.log, outbox, desk.clock)
        self._selections = DraftSelections(catalogue, desk.plans, desk.log, desk.door)

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
            look_at=now + LOOK_AGAIN,
            **columns(compiled.selection),
        )
        first = steps.first_entry(compiled, compiled.selection, note)
        await self._log.append(Place(draft.id, person_id, 1), first, author, now)
        await ask_again(self._outbox, draft.id, note)
        return await self.answer(person_id, draft.id, language)

    async def open(self, person_id: str, draft_id: str) -> Opened:
        """For showing it; the seal is not broken before :meth:`view`."""
        head, grant = await self._door.seen(person_id, draft_id)
        edition = await self._plans.edition(head)
        if head.summary.asked_to_sign and grant is None:
            return Opened(head, edition, tasks=await self._desk.signatures.of(draft_id))
        holder = None if grant is None else Holder(person_id, draft_id)
        return Opened(head, edition, grant, holder=holder)

    def etag(self, opened: Opened, language: Language, ui: Ui = "standard") -> str:
        """Changes whenever the shown draft does; made without opening its seal."""
        head = opened.head
        expired = head.expired(self._clock.now())
        tag = self._plans.etag(head.draft_id, head.revision, head.summary, language, expired)
        tag = granted.etag(tag, opened.grant)
        return tag if ui == "standard" else f"{tag}-{ui}"

    def view(self, opened: Opened, language: Language, ui: Ui = "standard") -> DraftView:
        head, grant = opened.head, opened.grant
        raw = self._log.opened_raw(head)
        if grant is not None:
            raw = granted.part_of(raw, grant)
        compiled = opened.edition.compile_kept(raw.selection)
        known = self._log.findings.of(head.sealed, compiled)
        now = self._clock.now()
        unknown = views.steps_to_check(head, compiled, known, now)
        is_read = bool(unknown) or raw.register is not None
        decoded = self._log.opened(head) if is_read else None
        if unknown and decoded is not None:
            known = {**known, **steps.found_in(compiled, decoded.steps, unknown)}
            self._log.findings.remember(head.sealed, Found.by(compiled, known))
        links = self._desk.links
        view = views.draft_view(
            head, raw, compiled, known, decoded, links, language, now, opened.holder
        )
        if grant is not None:
            view = granted.part_of_view(view, grant)
        rebase = self._plans.rebase_of(head, raw.selection)
        plan = msgspec.Raw(compiled.shown(ui).body)
        signatures = self._signatures(opened, compiled, decoded, language)
        return msgspec.structs.replace(view, rebase=rebase, plan=plan, signatures=signatures)

    def _signatures(
        self,
        opened: Opened,
        compiled: CompiledPlan,
        decoded: DecodedState | None,
        language: Language,
    ) -> list[SignatureView]:
        """Nothing is made of the answers before somebody was asked to sign."""
        if not opened.tasks:
            return []
        state = decoded or self._log.opened(opened.head)
        specs = documents_of(compiled, state.steps)
        found = standings(
            specs, opened.tasks, self._desk.signatures.index_of, self._desk.clock.now()
        )
        return signature_views(found, compiled, language)

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
            state = self._log.partly_opened(head)
            compiled = await self._plans.of(head, state.selection)
            if key not in compiled.step_keys:
                raise UnknownStep
            is_owner = head.person_id == author.person_id
            grant = None if is_owner else await self._door.grant(author.person_id, draft_id)
            base, unseen = await self._base(head, key, save.base_revision, grant)
            if unseen:
                steps.refuse_differences(head, state.step(key), patch)
            known = self._log.findings.of(head.sealed, compiled)
            # What is set aside only the owner knows.
            aside = state.aside(key) if is_owner and base is not None else {}
            saved = steps.after_step(compiled, head, state, base, key, patch, now, known, aside)
            if unseen:
                # Others' words may be there, and this answer's revision becomes the client's base.
                saved = replace(saved, merged=True)
            revision = head.revision + (saved.entry is not None)
            note = state.register if is_owner else None
            told = (
                warnings(compiled, note, {**state.all_answers(), key: saved.answers})
                if note is not None
                else []
            )
            view = views.step_saved(key, saved, told, revision, language, now)
            if grant is not None:
                day = views.china_day(now)
                progress = granted.progress_of(saved.summary, compiled, grant, day)
                view = msgspec.structs.replace(view, progress=progress)
            elif stale := steps.changed_since(save.base_revision, head, key, compiled):
                view = msgspec.structs.replace(view, stale=stale)
            etag = self._plans.etag(draft_id, revision, saved.summary, language)
            return Change(saved.entry, Answer(view, granted.etag(etag, grant)))

        async with self._desk.turns.of(draft_id):
            return await self._door.append_after(
                save.base_revision, author, draft_id, derive, Part("step", key)
            )

    async def _base(
        self, head: Head, key: str, revision: int, grant: Grant | None
    ) -> tuple[dict[str, Any] | None, bool]:
        """The step as somebody last saw it, None when nobody has changed it since; and whether that
        is not known any more. Whoever was let in saw nothing of what was changed before: a base
        that he guesses would tell him what it was."""
        if revision >= head.summary.steps.get(key, steps.NEVER_SAVED).revision:
            return None, False
        since = None if grant is None else grant.since
        if since is not None and await self._log.is_followed(head.draft_id, revision, since):
            return None, True
        seen = await self._log.past(head.draft_id, revision)
        if seen is not None and seen.revision < revision:
            return None, True
        return {} if seen is None else seen.state.steps.get(key, {}), False

    async def select(
        self, author: Author, draft_id: str, change: ChangeSelection, language: Language
    ) -> Answer[DraftView]:
        """Another selection for the same answers: what it does not ask is set aside, not lost."""
        async with self._desk.unit(draft_id):
            await self._selections.select(author, draft_id, change)
        return await self.answer(author.person_id, draft_id, language)

    async def rebase(
        self, author: Author, draft_id: str, change: ChangeSelection, language: Language
    ) -> Answer[RebasedView]:
        """The same draft under the list that serves now; what is gone from it is set aside."""
        async with self._desk.unit(draft_id):
            changes = await self._selections.rebase(author, draft_id, change)
        view, etag = await self.answer(author.person_id, draft_id, language)
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

    async def page(self, person_id: str, query: DraftQuery) -> DraftList:
        """Newest first; two queries whatever the number."""
        if query.role == "helper":
            return await self._helped(person_id, query)
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
        async with self._desk.unit(draft_id):
            await self._erasure.erase(person_id, draft_id)

    async def erase_expired(self) -> int:
        """Housekeeping: erase what expired a week ago; how many."""
        return await self._erasure.erase_expired()

    async def tend(self) -> int:
        """Housekeeping: thin out old rows, remind of drafts that expire; how many rows went."""
        return await self._upkeep.tend()

    async def open_steps(self, person_id: str, draft_id: str) -> tuple[str, ...]:
        """The keys of its steps, for its owner. NotFound, DraftSubmitted, DraftExpired."""
        head = await self._door.changeable(person_id, draft_id)
        state = self._log.opened(head)
        return (await self._plans.of(head, state.selection)).step_keys

    async def hold(self, draft_id: str) -> None:
        """Until the caller's unit ends nobody else holds the draft, in any process: what is counted
        of it stays so. NotFound for one that was erased."""
        if await Draft.filter(id=draft_id).select_for_update().first() is None:
            raise NotFound

    async def refuse_others(self, person_id: str, draft_id: str) -> None:
        """NotFound for everybody but the owner."""
        await self._door.owned(person_id, draft_id)

    async def is_open(self, draft_id: str) -> bool:
        """Whether it can be filled in, by whomever."""
        head = await self._log.head(draft_id)
        return head is not None and not head.submitted and not head.expired(self._clock.now())

    async def _helped(self, person_id: str, query: DraftQuery) -> DraftList:
        """Four queries; a page may be shorter than asked for, and is not the last one then."""
        found = await self._door.helped(person_id, query.cursor, query.limit + 1)
        shown = dict(found[: query.limit])
        drafts = await Draft.filter(id__in=list(shown), submitted_at=None).order_by("-id")
        heads = await self._log.heads([draft.id for draft in drafts])
        now, items = self._clock.now(), []
        for draft in drafts:
            if (head := heads.get(draft.id)) is not None:
                compiled = await self._plans.of(head, self._log.opened_raw(head).selection)
                day, grant = views.china_day(now), shown[draft.id]
                progress = granted.progress_of(head.summary, compiled, grant, day)
                glance = Glance(head.revision, head.at, head.summary)
                item = views.draft_item(draft, glance, now)
                items.append(msgspec.structs.replace(item, progress=progress))
        return DraftList(items, found[query.limit - 1][0] if len(found) > query.limit else None)

    async def _items(self, drafts: list[Draft]) -> list[DraftItem]:
        glances = await self._log.glances([draft.id for draft in drafts])
        now = self._clock.now()
        return [views.draft_item(draft, glances[draft.id], now) for draft in drafts]

    async def answer(self, person_id: str, draft_id: str, language: Language) -> Answer[DraftView]:
        """As it is now, after a change."""
        opened = await self.open(person_id, draft_id)
        return Answer(self.view(opened, language), self.etag(opened, language))


async def recall_by_owner(caller: Citizen, draft_id: str, drafts: DraftService) -> None:
    """``recall`` of answers that only the draft's owner was ever given."""
    await drafts.refuse_others(caller.person_id, draft_id)
