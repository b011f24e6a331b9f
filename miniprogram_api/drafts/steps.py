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
from miniprogram_api.drafts.register_note import RegisterNote
from miniprogram_api.drafts.state import DecodedState, FileRef, Kind, StepMark, Summary

NEVER_SAVED = StepMark(0, "empty", None)

StepAnswers = dict[str, dict[str, Any]]


def first_entry(
    compiled: CompiledPlan, selection: Selection, note: RegisterNote | None = None
) -> Entry:
    """Revision 1: the selection, and steps that nobody has touched; they hold what is registered.
    What is registered and not asked is set aside, so that it is there for another selection."""
    known = _by_step(compiled, note)
    asked = _asked(compiled)
    filled, aside = _part(known, asked, inside=True), _part(known, asked, inside=False)
    state = DecodedState(selection, filled, aside, {}, note)
    marks = _rechecked(compiled, filled, {}, compiled.step_keys)
    summary = _summary(compiled, compiled.version, marks, 1, 1, state)
    return Entry("created", None, summary, state)


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
    seen = head.summary
    summary = _summary(compiled, seen.catalogue, marks, revision, seen.selection, after)
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
    """Another selection. What it does not ask is set aside, what it asks again comes back. Leaving
    the joint procedure (mode ``single``) and taking it up again are such changes."""
    after = msgspec.structs.replace(state, selection=selection)
    return parted("selection", compiled, before, after, all_answers(state), revision)


def all_answers(state: DecodedState) -> StepAnswers:
    """Asked or not."""
    return {
        key: {**state.aside.get(key, {}), **state.steps.get(key, {})}
        for key in {**state.aside, **state.steps}
    }


def parted(
    kind: Kind,
    compiled: CompiledPlan,
    before: Summary,
    state: DecodedState,
    known: StepAnswers,
    revision: int,
) -> Entry:
    """``known``: all that was answered, by the steps that would ask it. What ``compiled`` asks goes
    into the steps, the rest aside."""
    asked = _asked(compiled)
    steps = _part(known, asked, inside=True)
    marks = dict(before.steps)
    for key in {**before.steps, **steps}:
        if not same(steps.get(key, {}), state.steps.get(key, {})):
            marks[key] = msgspec.structs.replace(marks.get(key, NEVER_SAVED), revision=revision)
    marks = _rechecked(compiled, steps, marks, compiled.step_keys)
    aside = _part(known, asked, inside=False)
    after = msgspec.structs.replace(state, steps=steps, aside=aside)
    version = compiled.version if kind == "rebased" else before.catalogue
    summary = _summary(compiled, version, marks, revision, revision, after)
    return Entry(kind, None, summary, after)


def after_register(
    compiled: CompiledPlan, head: Head, state: DecodedState, note: RegisterNote
) -> Entry:
    """The register has answered at last. Steps that nobody has saved are filled in as they would
    have been at the start; in the others every word stays as it was typed."""
    marks, known, asked = head.summary.steps, _by_step(compiled, note), _asked(compiled)
    untouched = {
        key: answers
        for key, answers in known.items()
        if marks.get(key, NEVER_SAVED).at is None and key not in state.steps
    }
    filled = _part(untouched, asked, inside=True)
    unasked = _part(known, asked, inside=False)
    after = msgspec.structs.replace(
        state,
        steps={**state.steps, **filled},
        aside={
            key: {**unasked.get(key, {}), **state.aside.get(key, {})}
            for key in {**unasked, **state.aside}
        },
        register=note,
    )
    revision = head.revision + 1
    words = revision if filled else head.summary.words
    marks = {
        key: msgspec.structs.replace(mark, revision=revision) if key in filled else mark
        for key, mark in marks.items()
    }
    marks = _rechecked(compiled, after.steps, marks, compiled.step_keys)
    before = head.summary
    summary = _summary(compiled, before.catalogue, marks, words, before.selection, after)
    return Entry("register", None, summary, after)


def _by_step(compiled: CompiledPlan, note: RegisterNote | None) -> StepAnswers:
    """What is registered, by the step that would ask it."""
    known = {} if note is None else note.answers
    by_step = {
        key: {code: known[code] for code in step.fields if code in known}
        for key, step in compiled.catalogue.steps.items()
    }
    return {key: answers for key, answers in by_step.items() if answers}


def _asked(compiled: CompiledPlan) -> dict[str, frozenset[str]]:
    return {key: frozenset(codes) for key, codes in compiled.codes_by_step().items()}


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
    version: str,
    marks: dict[str, StepMark],
    words: int,
    selection: int,
    state: DecodedState,
) -> Summary:
    """``version``: changes only when the draft is moved, also where its own is not kept any more
    and ``compiled`` is of the one that serves: what it holds is still in the old one's words."""
    shown = [marks.get(key, NEVER_SAVED) for key in compiled.step_keys]
    complete = sum(mark.state == "complete" for mark in shown)
    return Summary(words, selection, complete, len(shown), _files(state), marks, version)


def _files(state: DecodedState) -> int:
    return sum(len(files) for files in state.materials.values())
