"""An older revision's answers again, merged with what others have said meanwhile."""

from datetime import datetime
from typing import Any

from kit.text import Language
from miniprogram_api.catalogue.service import CatalogueService, CompiledPlan, Move
from miniprogram_api.drafts import steps
from miniprogram_api.drafts.desk import DraftDesk
from miniprogram_api.drafts.door import Change
from miniprogram_api.drafts.log import Author, Head, Past
from miniprogram_api.drafts.merge import differences, same
from miniprogram_api.drafts.problems import RevisionGone
from miniprogram_api.drafts.schemas import DraftView, RestoreDraft
from miniprogram_api.drafts.selecting import refuse_unknown
from miniprogram_api.drafts.service import Answer, DraftService
from miniprogram_api.drafts.state import DecodedState


class DraftRestoring:
    """One for the process."""

    def __init__(self, desk: DraftDesk, catalogue: CatalogueService, drafts: DraftService) -> None:
        self._desk = desk
        self._catalogue = catalogue
        self._drafts = drafts

    async def restore(
        self, author: Author, draft_id: str, wanted: RestoreDraft, language: Language
    ) -> Answer[DraftView]:
        """All answers as they were at ``wanted.revision``, where nobody has changed them since
        ``wanted.base_revision``. What both changed is a DraftConflict; its pointers begin with the
        step. RevisionGone for a revision that never was or was thinned out.

        A new row: what was there before can be restored in its turn. Selection, files, signatures
        and what is registered stay as they are.
        """

        async def derive(head: Head, now: datetime) -> Change[None]:
            refuse_unknown(wanted.base_revision, head)
            state = self._desk.log.opened(head)
            compiled = await self._desk.plans.of(head, state.selection)
            old = await self._exact(head, wanted.revision)
            if old is None:
                raise RevisionGone
            known = await self._known(head, state, compiled, old, wanted.base_revision)
            if same(known, _without_empty(steps.all_answers(state))):
                return Change(None, None)
            entry = steps.after_restoring(compiled, head, state, old.state, known, now)
            return Change(entry, None)

        async with self._desk.turns.of(draft_id):
            await self._desk.door.append(author, draft_id, derive)
        return await self._drafts.answer(author.person_id, draft_id, language)

    async def _known(
        self, head: Head, state: DecodedState, compiled: CompiledPlan, old: Past, seen_last: int
    ) -> steps.StepAnswers:
        """All answers, asked or not, by step."""
        mine = await self._in_words_of(compiled, head, old)
        if seen_last == head.revision:
            return mine
        theirs = _without_empty(steps.all_answers(state))
        seen = await self._exact(head, seen_last)
        if seen is None and seen_last > 0:
            steps.refuse(head, differences(mine, theirs))
            return theirs
        base = {} if seen is None else await self._in_words_of(compiled, head, seen)
        return _without_empty(steps.merged(head.revision, base, mine, theirs))

    async def _exact(self, head: Head, revision: int) -> Past | None:
        past = await self._desk.log.past(head.draft_id, revision)
        return past if past is not None and past.revision == revision else None

    async def _in_words_of(
        self, compiled: CompiledPlan, head: Head, past: Past
    ) -> steps.StepAnswers:
        """In the codes of the list that the draft is of now."""
        answers = steps.all_answers(past.state)
        if past.catalogue != head.summary.catalogue:
            edition = await self._catalogue.edition(past.catalogue)
            move = Move(edition.catalogue, compiled.catalogue)
            answers = move.answers(answers, past.state.set_aside).answers
        return _without_empty(answers)


def _without_empty(answers: dict[str, dict[str, Any]]) -> steps.StepAnswers:
    """A step without answers and none at all are the same."""
    return {step: said for step, said in answers.items() if said}
