"""Whether a draft is right, and closing it with what was said in it."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from auth.service import PeopleService
from kit.text import Language
from miniprogram_api.documents.service import DocumentSpec, documents_of
from miniprogram_api.drafts import granted, views
from miniprogram_api.drafts.desk import DraftDesk
from miniprogram_api.drafts.door import Change
from miniprogram_api.drafts.freezing import (
    FrozenDraft,
    NamedCompany,
    being_scanned,
    company_in,
    frozen_draft,
    present_materials,
    signed,
)
from miniprogram_api.drafts.log import Author, Entry, Head
from miniprogram_api.drafts.models import Draft
from miniprogram_api.drafts.problems import DraftNotReady, DraftOutdated, RevisionOutdated
from miniprogram_api.drafts.register_note import warnings
from miniprogram_api.drafts.schemas import DraftCheck
from miniprogram_api.drafts.signature_views import signature_views
from miniprogram_api.drafts.signing import SignatureTask, Standing, standings


class DraftReview:
    """One for the process."""

    def __init__(self, desk: DraftDesk, people: PeopleService) -> None:
        self._desk = desk
        self._people = people

    async def check(self, person_id: str, draft_id: str, language: Language) -> DraftCheck:
        """What still keeps the draft from being submitted."""
        head, grant = await self._desk.door.seen(person_id, draft_id)
        state = self._desk.log.opened(head)
        compiled = await self._desk.plans.of(head, state.selection)
        rebase = self._desk.plans.rebase_of(head, state.selection)
        check = compiled.check_all(state.steps, present_materials(state))
        consents = [
            views.sharing_view(
                sharing.purpose,
                sharing.items,
                language,
                granted=await self._people.has_consent(head.person_id, sharing.purpose),
            )
            for sharing in compiled.sharings()
        ]
        specs = documents_of(compiled, state.steps)
        unsigned = [one for one in (await self._signers(head, specs))[1] if one.is_open]
        waiting = being_scanned(state, compiled)
        found = DraftCheck(
            ready=check.ready and rebase != "required" and not unsigned and not waiting,
            rebase=msgspec.UNSET if rebase == "none" else rebase,
            errors=views.step_errors((*check.errors, *waiting), language),
            missing_materials=list(check.missing_materials),
            missing_signatures=signature_views(unsigned, compiled, language),
            consents=consents,
            remarks=views.step_errors(check.remarks, language),
            warnings=views.step_errors(warnings(compiled, state.register, state.steps), language)
            or msgspec.UNSET,
        )
        return found if grant is None else granted.part_of_check(found, grant)

    async def company_of(self, person_id: str, draft_id: str) -> NamedCompany:
        """By the answers as they are now; asked before the draft is frozen, and again then."""
        head = await self._desk.door.changeable(person_id, draft_id)
        state = self._desk.log.opened(head)
        compiled = await self._desk.plans.of(head, state.selection)
        return company_in(state.selection, compiled.flat(state.steps))

    async def freeze(self, author: Author, draft_id: str, revision: int) -> FrozenDraft:
        """Close the draft with the words that the person saw, inside the caller's unit.

        RevisionOutdated when an answer or the selection has changed since ``revision``; files may
        have come since. DraftOutdated when something chosen is not offered any more. DraftNotReady
        says all that is wrong or missing.
        """

        async def derive(head: Head, now: datetime) -> Change[FrozenDraft]:
            if not head.summary.words <= revision <= head.revision:
                raise RevisionOutdated(current_revision=head.revision)
            state = self._desk.log.opened(head)
            if self._desk.plans.rebase_of(head, state.selection) == "required":
                raise DraftOutdated
            compiled = await self._desk.plans.of(head, state.selection)
            check = compiled.check_all(state.steps, present_materials(state))
            specs = documents_of(compiled, state.steps)
            tasks, who = await self._signers(head, specs)
            unsigned = [one for one in who if one.is_open]
            waiting = being_scanned(state, compiled)
            if not check.ready or unsigned or waiting:
                errors = (*check.errors, *waiting)
                raise DraftNotReady(errors, check.missing_materials, unsigned)
            await Draft.filter(id=draft_id).update(submitted_at=now, expires_at=None)
            entry = Entry("submitted", None, head.summary, state)
            signatures = signed(specs, who, tasks)
            return Change(entry, frozen_draft(head, state, compiled, signatures))

        return await self._desk.door.append(author, draft_id, derive)

    async def _signers(
        self, head: Head, specs: Sequence[DocumentSpec]
    ) -> tuple[Sequence[SignatureTask], tuple[Standing, ...]]:
        """Nobody is looked for where nothing is to be signed."""
        if not specs:
            return (), ()
        book = self._desk.signatures
        tasks = await book.of(head.draft_id) if head.summary.asked_to_sign else ()
        return tasks, standings(specs, tasks, book.index_of, self._desk.clock.now())
