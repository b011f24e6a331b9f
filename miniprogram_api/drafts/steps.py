"""What a change makes of a draft: the next row of its log. Pure."""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from kit.clock import in_china
from miniprogram_api.catalogue.service import CompiledPlan, Selection, StepCheck
from miniprogram_api.drafts.findings import NOTHING, Errors, Found
from miniprogram_api.drafts.log import Entry, Head
from miniprogram_api.drafts.merge import ABSENT, Conflict, apply_patch, differences, merge, same
from miniprogram_api.drafts.partly_read import PartlyReadState
from miniprogram_api.drafts.problems import DraftConflict
from miniprogram_api.drafts.register_note import RegisterNote
from miniprogram_api.drafts.state import DecodedState, FileRef, Kind, StepMark, Summary

NEVER_SAVED = StepMark(0, "empty", None)
NOTHING_ASIDE: Mapping[str, Any] = {}
NOTHING_ELSE: Mapping[str, Set[str]] = {}

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
    """``entry``: None when nothing has changed; but a draft that ends soon is kept by any save.
    ``merged``: the answers hold others' words, too."""

    entry: Entry | None
    answers: dict[str, Any]
    merged: bool
    check: StepCheck
    summary: Summary


def after_step(
    compiled: CompiledPlan,
    head: Head,
    state: PartlyReadState,
    base: dict[str, Any] | None,
    key: str,
    patch: dict[str, Any],
    at: datetime,
    known: Errors = NOTHING,
    aside: Mapping[str, Any] = NOTHING_ASIDE,
) -> SavedStep:
    """One step saved by somebody who last saw ``base``; None for the present answers. The steps
    whose questions these answers decide are looked at again; what is ``known`` of the others stays
    so. Whoever may know what lies ``aside`` of the step contradicts that, and not its absence: a
    selection takes nobody's word back. DraftConflict."""
    theirs = state.step(key)
    mine = apply_patch(theirs if base is None else base, patch)
    answers, not_aside = mine, frozenset[str]()
    if base is not None:
        both = merged(head.revision, base, mine, {**aside, **theirs})
        lying = {code for code in aside if code not in theirs}
        not_aside = _changed(both, aside) & lying
        stays_aside = lying - not_aside
        answers = {code: said for code, said in both.items() if code not in stays_aside}
    check = compiled.check_step(key, answers, state.answers(compiled.steps_read_by(key)))
    is_merged = base is not None and not same(answers, mine)
    changed = _changed(answers, theirs)
    if not changed:
        as_shown = Entry("step", key, head.summary, state.without_aside(key, not_aside))
        entry = as_shown if not_aside or head.ends_soon(at) else None
        return SavedStep(entry, answers, is_merged, check, head.summary)
    revision = head.revision + 1
    mark = StepMark(revision, check.state, in_china(at), _day(check))
    marks = {**head.summary.steps, key: mark}
    errors = {**known, key: check.errors}
    for reader in compiled.steps_reading(key, changed):
        before = marks.get(reader)
        if before is None or not _may_change(before):
            continue
        read = {**state.answers(compiled.steps_read_by(reader)), key: answers}
        found = compiled.check_step(reader, state.step(reader), read)
        errors[reader] = found.errors
        after = StepMark(before.revision, found.state, before.at, _day(found))
        if after != before:
            marks[reader] = after
    summary = _with_marks(compiled, head.summary, marks, revision)
    found_now = Found.by(compiled, errors)
    entry = Entry("step", key, summary, state.with_step(key, answers, not_aside), found_now)
    return SavedStep(entry, answers, is_merged, check, summary)


def _changed(one: Mapping[str, Any], other: Mapping[str, Any]) -> frozenset[str]:
    """The answers, by field code, that are not the same on both sides."""
    changed = [code for code, value in one.items() if not same(value, other.get(code, ABSENT))]
    return frozenset([*changed, *(other.keys() - one.keys())])


def merged(
    revision: int, base: dict[str, Any], mine: dict[str, Any], theirs: dict[str, Any]
) -> dict[str, Any]:
    """Both sides' changes; DraftConflict, with the words of both, where they contradict."""
    both = merge(base, mine, theirs)
    if both.conflicts:
        shown = [_shown(conflict) for conflict in both.conflicts]
        raise DraftConflict(current_revision=revision, conflicts=shown)
    return both.answers


def changed_since(revision: int, head: Head, key: str, compiled: CompiledPlan) -> list[str]:
    """The other steps that whoever last saw ``revision`` has not seen as they are."""
    return [
        other
        for other, mark in head.summary.steps.items()
        if mark.revision > revision and other != key and other in compiled.step_keys
    ]


def refuse_differences(head: Head, theirs: dict[str, Any], patch: dict[str, Any]) -> None:
    """For somebody whose base has been thinned out. Without it nobody can tell who changed what, so
    whatever differs is a DraftConflict; it is never guessed from an older base."""
    refuse(head, differences(apply_patch(theirs, patch), theirs))


def refuse(head: Head, conflicts: Iterable[Conflict]) -> None:
    """DraftConflict if there are any."""
    shown = [_shown(conflict) for conflict in conflicts]
    if shown:
        raise DraftConflict(current_revision=head.revision, conflicts=shown)


def _may_change(mark: StepMark) -> bool:
    """A step that nobody has opened stays empty, whatever others say; its check is the dearest."""
    return mark.at is not None or mark.state != "empty"


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
    besides: Mapping[str, Set[str]] = NOTHING_ELSE,
) -> Entry:
    """``known``: all that was answered, by the steps that would ask it. What ``compiled`` asks goes
    into the steps, and the codes that are named ``besides``; the rest aside."""
    asked = _asked(compiled)
    asked |= {key: asked.get(key, frozenset()) | codes for key, codes in besides.items()}
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


def after_restoring(
    compiled: CompiledPlan,
    head: Head,
    state: DecodedState,
    old: DecodedState,
    known: StepAnswers,
    at: datetime,
) -> Entry:
    """``known`` are all answers from now on, some of them ``old``'s. Selection, files and what is
    registered stay. What no list asks is where a client has put it."""
    revision, listed = head.revision + 1, compiled.catalogue.fields
    unlisted = {
        key: {code for code in old.steps.get(key, {}) if code not in listed}
        | state.steps.get(key, {}).keys()
        for key in known
    }
    entry = parted("restored", compiled, head.summary, state, known, revision, unlisted)
    marks = {
        key: msgspec.structs.replace(mark, at=in_china(at)) if mark.revision == revision else mark
        for key, mark in entry.summary.steps.items()
    }
    selection = head.summary.selection
    summary = msgspec.structs.replace(entry.summary, steps=marks, selection=selection)
    return Entry("restored", None, summary, entry.state)


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


def found_in(compiled: CompiledPlan, answers: StepAnswers, keys: Iterable[str]) -> Errors:
    """What is wrong with these steps."""
    return {key: compiled.check_step(key, answers.get(key, {}), answers).errors for key in keys}


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
    before: Summary,
    state: DecodedState,
    code: str,
    files: tuple[FileRef, ...],
    kind: Kind = "material",
) -> Entry:
    """Files of one material came or went, or were looked at; no word has changed."""
    after = msgspec.structs.replace(state, materials={**state.materials, code: files})
    return Entry(kind, code, msgspec.structs.replace(before, files=_files(after)), after)


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
    # What is not asked now waits for no day.
    known = {
        key: msgspec.structs.replace(mark, changes_on=None) if mark.changes_on else mark
        for key, mark in marks.items()
    }
    for key in keys:
        check = compiled.check_step(key, steps.get(key, {}), steps)
        before = marks.get(key, NEVER_SAVED)
        known[key] = StepMark(before.revision, check.state, before.at, _day(check))
    return known


def _day(check: StepCheck) -> str | None:
    return None if check.changes_on is None else check.changes_on.isoformat()


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
    return Summary(
        words,
        selection,
        complete,
        len(shown),
        _files(state),
        marks,
        version,
        state.asked_to_sign,
    )


def _with_marks(
    compiled: CompiledPlan, before: Summary, marks: dict[str, StepMark], words: int
) -> Summary:
    """Some answers are others, and nothing else."""
    keys = compiled.step_keys
    shown = [mark.state for key in keys if (mark := marks.get(key)) is not None]
    return msgspec.structs.replace(
        before, words=words, complete=shown.count("complete"), total=len(keys), steps=marks
    )


def _files(state: DecodedState) -> int:
    return sum(len(files) for files in state.materials.values())
