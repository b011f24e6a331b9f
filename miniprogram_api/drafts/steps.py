"""What a change makes of a draft: the next row of its log. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from kit.clock import in_china
from miniprogram_api.catalogue.service import CompiledPlan, Selection, StepCheck
from miniprogram_api.drafts.log import Entry, Head
from miniprogram_api.drafts.merge import ABSENT, Conflict, apply_patch, merge, same
from miniprogram_api.drafts.problems import DraftConflict
from miniprogram_api.drafts.state import DecodedState, DraftState, FileRef, StepMark, Summary

NEVER_SAVED = StepMark(0, "empty", None)

StepAnswers = dict[str, dict[str, Any]]


def first_entry(compiled: CompiledPlan, selection: Selection) -> Entry:
    """Revision 1: the selection, and steps that nobody has touched."""
    state = DecodedState(selection, {}, {}, {})
    marks = _rechecked(compiled, {}, {}, compiled.step_keys)
    return Entry("created", None, _summary(compiled, marks, 1, 1, state), state)


@dataclass(frozen=True, slots=True)
class SavedStep:
    """``entry``: None when nothing has changed. ``merged``: the answers hold others' words, too."""

    entry: Entry | None
    answers: dict[str, Any]
    merged: bool
    check: StepCheck
    summary: Summary


def after_step(
    compiled: CompiledPlan,
    head: Head,
    state: DecodedState,
    base: dict[str, Any] | None,
    key: str,
    patch: dict[str, Any],
    at: datetime,
) -> SavedStep:
    """One step saved by somebody who last saw ``base``; None for the present answers. The steps
    whose questions these answers decide are looked at again. DraftConflict."""
    theirs = state.steps.get(key, {})
    mine = apply_patch(theirs if base is None else base, patch)
    answers = mine if base is None else merged(head.revision, base, mine, theirs)
    after = msgspec.structs.replace(state, steps={**state.steps, key: answers})
    check = compiled.check_step(key, answers, after.steps)
    is_merged = base is not None and not same(answers, mine)
    changed = _changed(answers, theirs)
    if not changed:
        return SavedStep(None, answers, is_merged, check, head.summary)
    revision = head.revision + 1
    marks = {**head.summary.steps, key: StepMark(revision, check.state, in_china(at))}
    readers = [r for r in compiled.steps_reading(key, changed) if _may_change(marks.get(r))]
    marks = _rechecked(compiled, after.steps, marks, readers)
    summary = _summary(compiled, marks, revision, head.summary.selection, after)
    return SavedStep(Entry("step", key, summary, after), answers, is_merged, check, summary)


def _changed(one: dict[str, Any], other: dict[str, Any]) -> frozenset[str]:
    """The answers, by field code, that are not the same on both sides."""
    return frozenset(
        code
        for code in one.keys() | other.keys()
        if not same(one.get(code, ABSENT), other.get(code, ABSENT))
    )


def merged(
    revision: int, base: dict[str, Any], mine: dict[str, Any], theirs: dict[str, Any]
) -> dict[str, Any]:
    """Both sides' changes; DraftConflict, with the words of both, where they contradict."""
    both = merge(base, mine, theirs)
    if both.conflicts:
        shown = [_shown(conflict) for conflict in both.conflicts]
        raise DraftConflict(current_revision=revision, conflicts=shown)
    return both.answers


def _may_change(mark: StepMark | None) -> bool:
    """A step that nobody has opened stays empty, whatever others say; its check is the dearest."""
    return mark is not None and (mark.at is not None or mark.state != "empty")


def _shown(conflict: Conflict) -> dict[str, Any]:
    sides = {"base": conflict.base, "mine": conflict.mine, "theirs": conflict.theirs}
    present = {side: None if value is ABSENT else value for side, value in sides.items()}
    return {"pointer": conflict.pointer, "row": conflict.row, **present}


def after_selection(
    compiled: CompiledPlan,
    before: Summary,
    state: DecodedState,
    selection: Selection,
    revision: int,
) -> Entry:
    """Another selection. What it does not ask is set aside, what it asks again comes back."""
    known = {
        key: {**state.aside.get(key, {}), **state.steps.get(key, {})}
        for key in {**state.aside, **state.steps}
    }
    asked = {key: frozenset(codes) for key, codes in compiled.codes_by_step().items()}
    steps = _part(known, asked, inside=True)
    marks = {
        key: msgspec.structs.replace(mark, revision=revision)
        if not same(steps.get(key, {}), state.steps.get(key, {}))
        else mark
        for key, mark in before.steps.items()
    }
    marks = _rechecked(compiled, steps, marks, compiled.step_keys)
    after = DraftState(selection, steps, _part(known, asked, inside=False), state.materials)
    return Entry("selection", None, _summary(compiled, marks, revision, revision, after), after)


def after_material(
    before: Summary, state: DecodedState, code: str, files: tuple[FileRef, ...]
) -> Entry:
    """Files of one material came or went; no word has changed."""
    after = msgspec.structs.replace(state, materials={**state.materials, code: files})
    return Entry("material", code, msgspec.structs.replace(before, files=_files(after)), after)


def _part(known: StepAnswers, asked: Mapping[str, frozenset[str]], *, inside: bool) -> StepAnswers:
    """The answers that are asked for, or (not ``inside``) those that are not."""
    part = {
        key: {
            code: value
            for code, value in answers.items()
            if (code in asked.get(key, frozenset())) is inside
        }
        for key, answers in known.items()
    }
    return {key: answers for key, answers in part.items() if answers}


def _rechecked(
    compiled: CompiledPlan,
    steps: StepAnswers,
    marks: Mapping[str, StepMark],
    keys: Iterable[str],
) -> dict[str, StepMark]:
    checked = {
        key: msgspec.structs.replace(
            marks.get(key, NEVER_SAVED),
            state=compiled.check_step(key, steps.get(key, {}), steps).state,
        )
        for key in keys
    }
    return {**marks, **checked}


def _summary(
    compiled: CompiledPlan,
    marks: dict[str, StepMark],
    words: int,
    selection: int,
    state: DecodedState,
) -> Summary:
    shown = [marks.get(key, NEVER_SAVED) for key in compiled.step_keys]
    complete = sum(mark.state == "complete" for mark in shown)
    return Summary(words, selection, complete, len(shown), _files(state), marks)


def _files(state: DecodedState) -> int:
    return sum(len(files) for files in state.materials.values())
