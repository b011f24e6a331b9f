"""Changing what a draft is for: another selection, or the same one under the newest list."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from kit.problems import FieldError, InvalidRequest
from kit.text import Text
from miniprogram_api.catalogue.service import CatalogueService, CompiledPlan, Move, Selection
from miniprogram_api.drafts import steps
from miniprogram_api.drafts.door import Change, DraftDoor
from miniprogram_api.drafts.log import Author, DraftLog, Head
from miniprogram_api.drafts.merge import apply_patch, differences
from miniprogram_api.drafts.models import Draft
from miniprogram_api.drafts.plans import DraftPlans, pinned
from miniprogram_api.drafts.rebasing import NO_CHANGES, Changes, rebased
from miniprogram_api.drafts.schemas import ChangeSelection
from miniprogram_api.drafts.state import DecodedState


class DraftSelections:
    """Both inside the caller's unit."""

    def __init__(
        self, catalogue: CatalogueService, plans: DraftPlans, log: DraftLog, door: DraftDoor
    ) -> None:
        self._catalogue = catalogue
        self._plans = plans
        self._log = log
        self._door = door

    async def select(self, author: Author, draft_id: str, change: ChangeSelection) -> None:
        """What the new selection does not ask is set aside, not lost. DraftConflict."""

        async def derive(head: Head, _: datetime) -> Change[None]:
            state = self._log.opened(head)
            edition = await self._plans.edition(head)
            compile_ = edition.compile_kept
            wanted = await self._wanted(head, state, change, _as_it_is, compile_)
            compiled = pinned(compile_, wanted)
            selection = compiled.selection
            if selection == state.selection:
                return Change(None, None)
            await Draft.filter(id=draft_id).update(**columns(selection))
            entry = steps.after_selection(
                compiled, head.summary, state, selection, head.revision + 1
            )
            return Change(entry, None)

        await self._door.append(author, draft_id, derive)

    async def rebase(self, author: Author, draft_id: str, change: ChangeSelection) -> Changes:
        """Under the list that serves now, with another selection if ``change`` names one: for what
        is not offered any more. Nothing is written when nothing changes. DraftConflict."""

        async def derive(head: Head, _: datetime) -> Change[Changes]:
            state = self._log.opened(head)
            before = await self._plans.of(head, state.selection)
            serving = self._catalogue.serving
            move = Move(before.catalogue, serving.catalogue)
            wanted = await self._wanted(head, state, change, move.selection, serving.compile)
            after = pinned(serving.compile, wanted)
            unchanged = after.version == head.summary.catalogue
            if unchanged and after.selection == state.selection:
                return Change(None, NO_CHANGES)
            await Draft.filter(id=draft_id).update(
                catalogue_version=after.version, **columns(after.selection)
            )
            entry, changes = rebased(before, after, head, state, head.revision + 1)
            return Change(entry, changes)

        return await self._door.append(author, draft_id, derive)

    async def _wanted(
        self,
        head: Head,
        state: DecodedState,
        change: ChangeSelection,
        move: Callable[[Selection], Selection],
        compile_: Callable[[Selection], CompiledPlan],
    ) -> Selection:
        """Changed by somebody who speaks of what is there in the codes that ``move`` leads to."""
        refuse_unknown(change.base_revision, head)
        base: Selection | None = state.selection
        if change.base_revision < head.summary.selection:
            seen = await self._log.past(head.draft_id, change.base_revision)
            if seen is not None:
                # Of an older row it is not known whether its selection was still the one then.
                base = seen.state.selection if seen.revision == change.base_revision else None
        before = None if base is None else move(base)
        return _merged(head, before, move(state.selection), change.patch(), compile_)


def _as_it_is(selection: Selection) -> Selection:
    return selection


def refuse_unknown(base_revision: int, head: Head) -> None:
    if base_revision > head.revision:
        text = Text("没有这个版本，请刷新后重试", "There is no such revision; reload the draft")
        raise InvalidRequest(errors=[FieldError("/base_revision", "unknown_revision", text)])


def _merged(
    head: Head,
    base: Selection | None,
    theirs: Selection,
    patch: dict[str, Any],
    compile_: Callable[[Selection], CompiledPlan],
) -> Selection:
    """``base``: None when what was seen last is not kept any more; then whatever is said otherwise
    than it is now is a DraftConflict."""
    now = msgspec.to_builtins(theirs)
    before = now if base is None else msgspec.to_builtins(base)
    wanted = _selection(apply_patch(before, patch))
    if "items" in patch and not wanted.items:
        # A theme's own items, by name: a change that is repeated, because nobody heard that it was
        # made, must not be taken for another one.
        wanted = pinned(compile_, wanted).selection
    mine = msgspec.to_builtins(wanted)
    if base is None:
        steps.refuse(head, differences(mine, now))
    return _selection(steps.merged(head.revision, before, mine, now))


def _selection(answers: dict[str, Any]) -> Selection:
    try:
        return msgspec.convert(answers, Selection)
    except msgspec.ValidationError:
        text = Text("选择的内容不符合要求", "Not an acceptable selection")
        raise InvalidRequest(errors=[FieldError("", "invalid", text)]) from None


def columns(selection: Selection) -> dict[str, Any]:
    names = ("operation", "region", "theme", "mode")
    return {name: getattr(selection, name) for name in names}
