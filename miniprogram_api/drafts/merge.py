"""How two devices' answers to one step become one: a patch, and a three-way merge by field.

Pure. Values are JSON as msgspec decodes it. The rules (docs/drafts.md says why):

* A patch is RFC 7396: members that are present replace, ``null`` removes, absent members stay.
* A list of objects that each carry their own ``_id`` is a repeated group. A patch gives the whole
  list, so a row that is not in it is removed; within a row that stays, absent members stay.
* The merge keeps what only one side changed since the base. Both sides' equal changes are one.
  Where both changed the same place differently there is a conflict, and nobody guesses.
* Any other list, and any plain value, is one place.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

JSON: TypeAlias = Any
"""What ``msgspec.json.decode`` gives: dict, list, str, int, float, bool or None."""

ROW_ID = "_id"


class _Absent:
    """There is no such member; ``None`` is JSON's null."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()


@dataclass(frozen=True, slots=True)
class Conflict:
    """One place that both sides changed differently; a side that has no such place says ABSENT.

    ``pointer`` is an RFC 6901 pointer into what we sent, or into what was saved for a row that we
    removed; ``row`` is the ``_id`` of the innermost row that the place belongs to, which names it
    for every side.
    """

    pointer: str
    row: str | None
    base: JSON
    mine: JSON
    theirs: JSON


@dataclass(frozen=True, slots=True)
class Merged:
    """``answers`` counts only when there is no conflict."""

    answers: dict[str, JSON]
    conflicts: tuple[Conflict, ...]


def apply_patch(target: JSON, patch: JSON) -> JSON:
    """``target`` as it is after ``patch``; neither is changed. ``target`` may be ABSENT."""
    if isinstance(patch, dict):
        patched = dict(target) if isinstance(target, dict) else {}
        for name, value in patch.items():
            if value is None:
                patched.pop(name, None)
            elif isinstance(value, dict | list):
                patched[name] = apply_patch(patched.get(name, ABSENT), value)
            else:
                patched[name] = value
        return patched
    rows = _rows(patch)
    if rows:
        before = _rows(target) or {}
        return [apply_patch(before.get(row_id, ABSENT), row) for row_id, row in rows.items()]
    return patch


def merge(base: Mapping[str, JSON], mine: Mapping[str, JSON], theirs: Mapping[str, JSON]) -> Merged:
    """What both sides made of ``base``, together."""
    conflicts: list[Conflict] = []
    answers = _Merge(conflicts).members(dict(base), dict(mine), dict(theirs), "", None)
    return Merged(answers, tuple(conflicts))


def differences(
    mine: JSON, theirs: JSON, pointer: str = "", row: str | None = None
) -> Iterator[Conflict]:
    """Every place in which the two differ, where nobody knows what both were made from."""
    if same(mine, theirs):
        return
    if isinstance(mine, dict) and isinstance(theirs, dict):
        for name in {**theirs, **mine}:
            sides = mine.get(name, ABSENT), theirs.get(name, ABSENT)
            yield from differences(*sides, f"{pointer}/{_token(name)}", row)
        return
    my_rows, their_rows = _rows(mine), _rows(theirs)
    if my_rows is None or their_rows is None:
        yield Conflict(pointer, row, ABSENT, mine, theirs)
        return
    places = {row_id: index for rows in (their_rows, my_rows) for index, row_id in enumerate(rows)}
    for row_id, index in places.items():
        sides = my_rows.get(row_id, ABSENT), their_rows.get(row_id, ABSENT)
        yield from differences(*sides, f"{pointer}/{index}", row_id)


def same(one: JSON, other: JSON) -> bool:
    """Equal as JSON. Python calls ``1``, ``1.0`` and ``True`` equal; a form does not."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


class _Merge:
    """One merge on its way through the two trees."""

    def __init__(self, conflicts: list[Conflict]) -> None:
        self._conflicts = conflicts

    def members(
        self,
        base: dict[str, JSON],
        mine: dict[str, JSON],
        theirs: dict[str, JSON],
        pointer: str,
        row: str | None,
    ) -> dict[str, JSON]:
        """Theirs come first and keep their order: what adds nothing then changes no byte."""
        merged = {}
        for name in [*theirs, *(name for name in mine if name not in theirs)]:
            value = self.place(
                base.get(name, ABSENT),
                mine.get(name, ABSENT),
                theirs.get(name, ABSENT),
                f"{pointer}/{_token(name)}",
                row,
            )
            if value is not ABSENT:
                merged[name] = value
        return merged

    def place(self, base: JSON, mine: JSON, theirs: JSON, pointer: str, row: str | None) -> JSON:
        if same(mine, theirs) or same(base, mine):
            return theirs
        if same(base, theirs):
            return mine
        if isinstance(mine, dict) and isinstance(theirs, dict):
            before = base if isinstance(base, dict) else {}
            return self.members(before, mine, theirs, pointer, row)
        my_rows, their_rows = _rows(mine), _rows(theirs)
        if my_rows is not None and their_rows is not None:
            return self._rows(_rows(base) or {}, my_rows, their_rows, pointer)
        self._conflicts.append(Conflict(pointer, row, base, mine, theirs))
        return theirs

    def _rows(
        self,
        base: dict[str, JSON],
        mine: dict[str, JSON],
        theirs: dict[str, JSON],
        pointer: str,
    ) -> list[JSON]:
        my_places = {row_id: index for index, row_id in enumerate(mine)}
        their_places = {row_id: index for index, row_id in enumerate(theirs)}
        merged = []
        for row_id in _order(list(mine), list(theirs), list(base)):
            index = my_places[row_id] if row_id in mine else their_places[row_id]
            value = self.place(
                base.get(row_id, ABSENT),
                mine.get(row_id, ABSENT),
                theirs.get(row_id, ABSENT),
                f"{pointer}/{index}",
                row_id,
            )
            if value is not ABSENT:
                merged.append(value)
        return merged


def _order(mine: Sequence[str], theirs: Sequence[str], base: Sequence[str]) -> list[str]:
    """The rows of both sides. Whoever moved rows gives the order, and they when both did: an order
    is no answer, so it is never a conflict."""
    in_all = set(mine) & set(theirs) & set(base)

    def kept(side: Sequence[str]) -> list[str]:
        return [row_id for row_id in side if row_id in in_all]

    we_moved = kept(mine) != kept(base)
    they_moved = kept(theirs) != kept(base)
    first, second = (mine, theirs) if we_moved and not they_moved else (theirs, mine)
    placed = set(first)
    return [*first, *(row_id for row_id in second if row_id not in placed)]


def _rows(value: JSON) -> dict[str, JSON] | None:
    """The rows of a repeated group by their ids, in their order; None for anything else."""
    if not isinstance(value, list):
        return None
    rows = {}
    for row in value:
        row_id = row.get(ROW_ID) if isinstance(row, dict) else None
        if not isinstance(row_id, str) or row_id in rows:
            return None
        rows[row_id] = row
    return rows


def _token(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
