"""Answers from one version of the catalogue to another. Pure; nothing that was answered is dropped.

What a newer list calls otherwise follows its ``renamed_from``. What it has no place for, or asks
with another type or unit, comes back as :class:`SetAside` and finds its place again in a version
that has one.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from miniprogram_api.catalogue.catalogue import Catalogue
from miniprogram_api.catalogue.dated import Renamed
from miniprogram_api.catalogue.facts import Shape
from miniprogram_api.catalogue.selection import Selection

Reason = Literal["gone", "another_type", "parts_gone", "taken"]
"""``parts_gone``: some columns of a table or group; the rest of it is in its place."""
AnswersOfSteps = dict[str, dict[str, Any]]

# What was written under one can be read as the other; where it then breaks a bound, the step's
# check says so at the answer.
_ALIKE = (
    frozenset({"text", "textarea"}),
    frozenset({"integer", "number"}),
    frozenset({"mobile", "phone"}),
)
_OWN = ""
_ROW_ID = "_id"


class SetAside(msgspec.Struct, frozen=True):
    """``shape``: what each part of the value was, by column (the value itself under no name)."""

    step: str
    code: str
    label: str
    reason: Reason
    version: str
    shape: dict[str, str]
    value: Any


class Moved(NamedTuple):
    answers: AnswersOfSteps
    set_aside: tuple[SetAside, ...]


class Move:
    """From the version ``before`` to the version ``after``."""

    def __init__(self, before: Catalogue, after: Catalogue) -> None:
        self._before = before
        self._after = after
        self._fields = _renames(after.fields)
        self._materials = _renames(after.materials)
        self._items = _renames(after.items)
        self._themes = _renames(after.themes)
        self._old_homes = _homes(before)
        self._new_homes = _homes(after)

    def field(self, code: str) -> str:
        return self._fields.get(code, code)

    def material(self, code: str) -> str:
        """What is gone keeps its code."""
        return self._materials.get(code, code)

    def item(self, code: str) -> str:
        return self._items.get(code, code)

    def selection(self, selection: Selection) -> Selection:
        """Without the items that are not offered any more; with none left, the theme's own."""
        named = (self.item(code) for code in selection.items)
        items = tuple(
            code
            for code in named
            if code in self._after.items
            and selection.operation in self._after.items[code].operations
        )
        theme = self._themes.get(selection.theme, selection.theme)
        return msgspec.structs.replace(selection, theme=theme, items=items)

    def answers(self, known: AnswersOfSteps, earlier: Iterable[SetAside]) -> Moved:
        """``known``: all answers by step, asked just now or not; ``earlier``: what former moves set
        aside."""
        moved, aside = AnswersOfSteps(), list[SetAside]()
        asked, unheard_of = list[SetAside](), list[SetAside]()
        for step, answers in known.items():
            for code, value in answers.items():
                (asked if self._old_homes.get(code) == step else unheard_of).append(
                    self._entry(step, code, value)
                )
        # Who keeps their name comes first: a former name must not take their place.
        for entry in sorted(asked, key=lambda it: self.field(it.code) != it.code):
            aside += self._place(entry, moved)
        for entry in unheard_of:
            # Typed on a device with another list, or under a list that nobody kept.
            if self.field(entry.code) in self._new_homes:
                aside += self._place(entry, moved)
                continue
            # No question of either list; the step's check says so.
            moved.setdefault(entry.step, {})[entry.code] = entry.value
        for entry in earlier:
            aside += self._place(entry, moved)
        return Moved(moved, tuple(aside))

    def _entry(self, step: str, code: str, value: object) -> SetAside:
        # Where the old list does not say what it was, it is taken for what the new one asks.
        field = self._before.fields.get(code) or self._after.fields.get(self.field(code))
        label, shape = (code, {_OWN: ""}) if field is None else (field.label, _signatures(field))
        return SetAside(step, code, label, "gone", self._before.version, shape, value)

    def _place(self, entry: SetAside, moved: AnswersOfSteps) -> list[SetAside]:
        """Put into ``moved`` what fits; what is left of it."""
        code = self.field(entry.code)
        field, home = self._after.fields.get(code), self._new_homes.get(code)
        if field is None or home is None:
            return [entry]
        fitting, rest = _split(entry.value, entry.shape, _signatures(field))
        if fitting is None:
            return [_left(entry, "another_type", rest)]
        there = moved.setdefault(home, {})
        if code in there:
            there[code], taken = _joined(there[code], fitting)
            lost = [] if taken is None else [_left(entry, "taken", taken)]
        elif entry.reason == "parts_gone":
            # Somebody removed the whole: its parts alone do not come back.
            return [entry]
        else:
            there[code], lost = fitting, []
        return lost if rest is None else [*lost, _left(entry, "parts_gone", rest)]


def _left(entry: SetAside, reason: Reason, value: object) -> SetAside:
    return msgspec.structs.replace(entry, reason=reason, value=value)


def _renames(rows: Mapping[str, Renamed]) -> dict[str, str]:
    return {former: code for code, row in rows.items() for former in row.renamed_from}


def _homes(catalogue: Catalogue) -> dict[str, str]:
    return {code: key for key, step in catalogue.steps.items() for code in step.fields}


def _signatures(shape: Shape) -> dict[str, str]:
    """What must be the same for an answer to mean the same."""
    own = {_OWN: _signature(shape)}
    return own | {name: _signature(column) for name, column in shape.columns.items()}


def _signature(shape: Shape) -> str:
    parts = (shape.type, shape.unit or "", shape.lookup or "")
    return "|".join(parts).rstrip("|")


def _reads(before: str, after: str) -> bool:
    """Whether an answer of the one kind can be read as one of the other."""
    one, _, rest = before.partition("|")
    other, _, others = after.partition("|")
    return rest == others and (one == other or any({one, other} <= alike for alike in _ALIKE))


def _split(
    value: Any, before: Mapping[str, str], after: Mapping[str, str]
) -> tuple[Any | None, Any | None]:
    """What fits, and the rest; None where there is none."""
    if not _reads(before[_OWN], after[_OWN]):
        return None, value
    unfit = {
        name
        for name, kind in before.items()
        if name != _OWN and not (name in after and _reads(kind, after[name]))
    }
    if isinstance(value, dict):
        return _split_row(value, unfit)
    if not isinstance(value, list) or not any(
        isinstance(row, dict) and unfit & row.keys() for row in value
    ):
        return value, None
    rows = _rows(value)
    if rows is None:
        # Without ids its parts would never find each other again.
        return None, value
    split = [_split_row(row, unfit) for row in rows.values()]
    return [fitting for fitting, _ in split], [rest for _, rest in split if rest] or None


def _split_row(row: dict[str, Any], unfit: set[str]) -> tuple[dict[str, Any], Any | None]:
    rest = {name: part for name, part in row.items() if name in unfit}
    fitting = {name: part for name, part in row.items() if name not in unfit}
    if rest and _ROW_ID in row:
        rest[_ROW_ID] = row[_ROW_ID]
    return fitting, rest or None


def _joined(there: Any, coming: Any) -> tuple[Any, Any | None]:
    """What is there wins; parts that it lacks come in. And what found no place."""
    if isinstance(there, dict) and isinstance(coming, dict):
        taken = {
            name: part
            for name, part in coming.items()
            if name in there and not _same(there[name], part)
        }
        return {**coming, **there}, taken or None
    here, rows = _rows(there), _rows(coming)
    if here is None or rows is None:
        return there, None if _same(there, coming) else coming
    joined, taken_rows = [], []
    for row_id, row in here.items():
        whole, taken_parts = _joined(row, rows.pop(row_id, {}))
        joined.append(whole)
        taken_rows += [] if taken_parts is None else [{**taken_parts, _ROW_ID: row_id}]
    # A row that somebody removed meanwhile does not come back by itself.
    taken_rows += rows.values()
    return joined, taken_rows or None


def _rows(value: Any) -> dict[str, dict[str, Any]] | None:
    """The rows of a table by their ids; None for anything else, as a draft may hold anything."""
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        return None
    ids = [row.get(_ROW_ID) for row in value]
    if not all(isinstance(row_id, str) for row_id in ids) or len(set(ids)) != len(ids):
        return None
    return dict(zip(ids, value, strict=True))


def _same(one: Any, other: Any) -> bool:
    """As JSON: Python calls 1 and true equal."""
    return msgspec.json.encode(one) == msgspec.json.encode(other)
