"""What signing needs of a draft: who must sign what now, and a place in the log for what was."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec

from kit.text import Text
from miniprogram_api.catalogue.service import CompiledPlan
from miniprogram_api.documents.service import DocumentSpec, documents_of
from miniprogram_api.drafts.desk import DraftDesk
from miniprogram_api.drafts.door import Change
from miniprogram_api.drafts.freezing import present_materials
from miniprogram_api.drafts.log import Author, Entry, Head
from miniprogram_api.drafts.problems import DraftNotReady, DraftOutdated
from miniprogram_api.drafts.signing import SignatureTask, Standing, standings
from miniprogram_api.drafts.state import DecodedState

SigningKind = Literal["sign_asked", "sign_begun", "sign_failed", "signed", "sign_refused"]


@dataclass(frozen=True, slots=True)
class ListedDraft:
    """A draft as it is now, as far as a signer's list goes."""

    draft_id: str
    owner: str
    """A person's id."""
    is_open: bool
    """Neither submitted nor expired."""
    compiled: CompiledPlan
    specs: tuple[DocumentSpec, ...]
    company: str
    """Its name as it was typed; empty while nobody has."""
    matter: Text
    """What is applied for."""


@dataclass(frozen=True, slots=True)
class SignableDraft(ListedDraft):
    """A draft as it is now, as far as signing goes."""

    words: int
    """The newest revision that changed an answer or the selection."""
    tasks: Sequence[SignatureTask]
    standings: tuple[Standing, ...]

    def spec(self, code: str) -> DocumentSpec | None:
        return next((spec for spec in self.specs if spec.code == code), None)

    @property
    def is_signed(self) -> bool:
        return not any(standing.is_open for standing in self.standings)


class SignableDrafts:
    """One for the process."""

    def __init__(self, desk: DraftDesk) -> None:
        self._desk = desk
        self.links = desk.links
        self.unit = desk.unit

    async def owned(self, person_id: str, draft_id: str) -> SignableDraft:
        return await self._signable(await self._desk.door.owned(person_id, draft_id))

    async def askable(self, person_id: str, draft_id: str) -> SignableDraft:
        """Now others may be asked to sign: DraftNotReady while an answer is wrong or missing,
        DraftOutdated when something chosen is not offered any more. Files may still be missing:
        they are in no document."""
        head = await self._desk.door.changeable(person_id, draft_id)
        state = self._desk.log.opened(head)
        if self._desk.plans.rebase_of(head, state.selection) == "required":
            raise DraftOutdated
        compiled = await self._desk.plans.of(head, state.selection)
        check = compiled.check_all(state.steps, present_materials(state))
        if check.errors:
            raise DraftNotReady(check.errors, ())
        return await self._made(head, state, compiled)

    async def present(self, draft_id: str) -> SignableDraft | None:
        """For those who sign, and for what is told later. None for one that was erased."""
        head = await self._desk.log.head(draft_id)
        return None if head is None else await self._signable(head)

    async def listed(self, draft_ids: Collection[str]) -> Mapping[str, ListedDraft]:
        """For whoever is asked to sign in them; those that were erased are not among them. One
        query, whatever their number."""
        heads = await self._desk.log.heads(list(draft_ids))
        return {draft_id: await self._listed(head) for draft_id, head in heads.items()}

    async def note(self, owner: str, draft_id: str, kind: SigningKind) -> None:
        """A row of the log, inside :meth:`unit` or another unit: the draft looks different now, so
        its revision and its ETag are others."""

        async def derive(head: Head, _: datetime) -> Change[None]:
            state = msgspec.structs.replace(self._desk.log.opened(head), asked_to_sign=True)
            summary = msgspec.structs.replace(head.summary, asked_to_sign=True)
            return Change(Entry(kind, None, summary, state), None)

        await self._desk.door.append(Author(owner, None), draft_id, derive)

    async def _signable(self, head: Head) -> SignableDraft:
        state = self._desk.log.opened(head)
        return await self._made(head, state, await self._desk.plans.of(head, state.selection))

    async def _made(self, head: Head, state: DecodedState, compiled: CompiledPlan) -> SignableDraft:
        book, seen = self._desk.signatures, self._seen(head, state, compiled)
        tasks = await book.of(head.draft_id)
        return SignableDraft(
            draft_id=seen.draft_id,
            owner=seen.owner,
            is_open=seen.is_open,
            compiled=compiled,
            specs=seen.specs,
            company=seen.company,
            matter=seen.matter,
            words=head.summary.words,
            tasks=tasks,
            standings=standings(seen.specs, tasks, book.index_of, self._desk.clock.now()),
        )

    async def _listed(self, head: Head) -> ListedDraft:
        state = self._desk.log.opened(head)
        return self._seen(head, state, await self._desk.plans.of(head, state.selection))

    def _seen(self, head: Head, state: DecodedState, compiled: CompiledPlan) -> ListedDraft:
        name = compiled.flat(state.steps).get("entity_name")
        return ListedDraft(
            draft_id=head.draft_id,
            owner=head.person_id,
            is_open=not head.submitted and not head.expired(self._desk.clock.now()),
            compiled=compiled,
            specs=documents_of(compiled, state.steps),
            company=name if isinstance(name, str) else "",
            matter=_matter(compiled),
        )


def _matter(compiled: CompiledPlan) -> Text:
    selection, catalogue = compiled.selection, compiled.catalogue
    theme = catalogue.themes.get(selection.theme or "")
    if theme is not None:
        return Text(theme.name, theme.en)
    item = catalogue.items[compiled.items[0]]
    return Text(item.name, item.en)
