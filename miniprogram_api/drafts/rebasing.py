"""Moving a draft to the list that serves now: nothing is lost, and what changed is told. Pure."""

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

import msgspec

from miniprogram_api.catalogue.service import CompiledPlan, Move, SetAside, differences
from miniprogram_api.drafts.log import Entry, Head
from miniprogram_api.drafts.state import DecodedState, FileRef
from miniprogram_api.drafts.steps import all_answers, parted

Kind = Literal["item", "field", "material"]


class Changed(NamedTuple):
    kind: Kind
    code: str
    name: str
    details: tuple[str, ...] = ()
    """The places in its facts that changed."""


class Changes(NamedTuple):
    """What an applicant meets otherwise than before, and all answers that have no place now."""

    added: tuple[Changed, ...]
    removed: tuple[Changed, ...]
    changed: tuple[Changed, ...]
    set_aside: tuple[SetAside, ...]


NO_CHANGES = Changes((), (), (), ())

_MET: Mapping[str, Kind] = {"item": "item", "field": "field", "material": "material"}
"""What an applicant meets, of all that lists may differ in."""
Met = dict[tuple[Kind, str], str]


def rebased(
    before: CompiledPlan, after: CompiledPlan, head: Head, state: DecodedState, revision: int
) -> tuple[Entry, Changes]:
    """The next row, whatever was in the draft: renamed codes follow; answers whose question is gone
    or asks for something else are set aside until a list has a place for them."""
    move = Move(before.catalogue, after.catalogue)
    moved = move.answers(all_answers(state), state.set_aside)
    register = state.register
    if register is not None:
        known = {move.field(code): answer for code, answer in register.answers.items()}
        register = msgspec.structs.replace(register, answers=known)
    following = msgspec.structs.replace(
        state,
        selection=after.selection,
        materials=_files(move, state.materials),
        register=register,
        set_aside=moved.set_aside,
    )
    entry = parted("rebased", after, head.summary, following, moved.answers, revision)
    return entry, _changes(move, before, after, moved.set_aside)


def _files(
    move: Move, materials: Mapping[str, tuple[FileRef, ...]]
) -> dict[str, tuple[FileRef, ...]]:
    """Files of a material that is gone stay with its code: it may come back."""
    files: dict[str, tuple[FileRef, ...]] = {}
    for code, present in materials.items():
        new = move.material(code)
        files[new] = (*files.get(new, ()), *present)
    return files


def _changes(
    move: Move, before: CompiledPlan, after: CompiledPlan, set_aside: tuple[SetAside, ...]
) -> Changes:
    met, meets = _met(before), _met(after)
    renamed = {(kind, _new_code(move, kind, code)): name for (kind, code), name in met.items()}
    return Changes(
        added=tuple(Changed(*it, name) for it, name in meets.items() if it not in renamed),
        removed=tuple(Changed(*it, name) for it, name in renamed.items() if it not in meets),
        changed=tuple(
            changed
            for changed in _changed(before, after)
            if (changed.kind, changed.code) in meets.keys() & renamed.keys()
        ),
        set_aside=set_aside,
    )


def _met(compiled: CompiledPlan) -> Met:
    """What a plan may ask for, by kind and code, with its name."""
    catalogue = compiled.catalogue
    fields = [code for codes in compiled.codes_by_step().values() for code in codes]
    return {
        **{("item", code): catalogue.items[code].name for code in compiled.items},
        **{("field", code): catalogue.fields[code].label for code in fields},
        **{("material", it.code): it.name for it in compiled.plan.materials},
    }


def _new_code(move: Move, kind: Kind, code: str) -> str:
    new_codes = {"item": move.item, "field": move.field, "material": move.material}
    return new_codes[kind](code)


def _changed(before: CompiledPlan, after: CompiledPlan) -> Iterator[Changed]:
    for difference in differences(before.catalogue, after.catalogue):
        kind = _MET.get(difference.kind)
        if kind is not None and difference.what in {"changed", "renamed"}:
            places = dict.fromkeys(detail.place for detail in difference.details)
            yield Changed(kind, difference.code, difference.name, tuple(places))
