"""Facts that hold from one day to another: a change of the law is a new row, not an edit.

Several rows of one code are written ``CODE@FIRST-DAY`` (also as the name of an item's file), each
with its ``valid_from``; the row before ends with its ``valid_to``, the last day on which it holds.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from itertools import pairwise
from typing import Protocol, TypeVar

_DAY = timedelta(days=1)


class DatedRow(Protocol):
    @property
    def valid_from(self) -> date | None: ...

    @property
    def valid_to(self) -> date | None: ...


class Renamed(Protocol):
    @property
    def renamed_from(self) -> tuple[str, ...]: ...


Row = TypeVar("Row", bound=DatedRow)


def code_of(key: str) -> str:
    """``seal@2027-01-01`` is a row of ``seal``."""
    return key.partition("@")[0]


def holds_on(row: DatedRow, day: date) -> bool:
    return (row.valid_from is None or row.valid_from <= day) and (
        row.valid_to is None or day <= row.valid_to
    )


def rows_on(rows: Mapping[str, Row], day: date) -> dict[str, Row]:
    """By code; where rows overlap (a fault) the later one."""
    return {code_of(key): row for key, row in rows.items() if holds_on(row, day)}


def first_days(rows: Iterable[DatedRow]) -> list[date]:
    """The days on which some row begins to hold or holds no more, after the beginning of time."""
    days = {date.min}
    for row in rows:
        if row.valid_from is not None:
            days.add(row.valid_from)
        if row.valid_to is not None and row.valid_to < date.max:
            days.add(row.valid_to + _DAY)
    return sorted(days)


def faults(rows: Mapping[str, DatedRow]) -> Iterator[tuple[str, str]]:
    """(key, rule) of keys and days that do not fit, and of rows that overlap."""
    by_code: dict[str, list[tuple[str, DatedRow]]] = {}
    for key, row in rows.items():
        code, at, day = key.partition("@")
        by_code.setdefault(code, []).append((key, row))
        if at and (row.valid_from is None or row.valid_from.isoformat() != day):
            yield key, "`valid_from` is not the day in its name"
        if row.valid_from and row.valid_to and row.valid_to < row.valid_from:
            yield key, "`valid_to` is before `valid_from`"
    for same in by_code.values():
        ordered = sorted(same, key=lambda pair: pair[1].valid_from or date.min)
        for (_, before), (key, after) in pairwise(ordered):
            if before.valid_to is None or before.valid_to >= (after.valid_from or date.min):
                yield key, "holds while another row of the same code does"
