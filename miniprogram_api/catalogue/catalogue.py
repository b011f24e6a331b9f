"""The catalogue: all that can be applied for, read once from data files and never changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from kit.workdays import WorkCalendar
from miniprogram_api.catalogue.consistency import Data
from miniprogram_api.catalogue.facts import (
    Field,
    Item,
    Material,
    Region,
    Release,
    Served,
    Step,
    Theme,
)
from miniprogram_api.catalogue.files import Folder
from miniprogram_api.catalogue.loading import Lookup, Rows, faults, read_rows
from miniprogram_api.catalogue.lookups import IndustryDivisions
from miniprogram_api.catalogue.names import NameBook
from miniprogram_api.catalogue.reading import CatalogueFaulty, FolderReader, Parsed
from miniprogram_api.catalogue.rule_examples import Known
from miniprogram_api.catalogue.rules import AnyRule
from miniprogram_api.catalogue.templates import Documents

T = TypeVar("T")

DATA_FOLDER = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """``version`` is readable and changes with every byte of the data: ``2026.11-3f2a9c1b``."""

    version: str
    # The first day of those on which just these rows hold: see `on`.
    since: date
    fields: Mapping[str, Field]
    materials: Mapping[str, Material]
    items: Mapping[str, Item]
    themes: Mapping[str, Theme]
    steps: Mapping[str, Step]
    rules: tuple[AnyRule, ...]
    regions: Mapping[str, Region]
    zones: frozenset[str]
    served: Mapping[str, Served]
    lookups: Mapping[str, Lookup]
    samples: Mapping[str, object]
    names: NameBook
    divisions: IndustryDivisions
    documents: Documents
    # Announced years that the library does not know yet, by file: see kit.workdays.
    workdays: Mapping[str, bytes]
    calendar: WorkCalendar = field(repr=False, compare=False)
    parsed: Parsed = field(repr=False, compare=False)
    # By the first day of each span in which the same rows hold; shared by the views of all spans.
    _views: "dict[date, Catalogue]" = field(repr=False, compare=False)

    @classmethod
    def load(cls, folder: Path = DATA_FOLDER, parsed: Parsed | None = None) -> "Catalogue":
        """``parsed``: of a catalogue that has files in common. Raises
        :class:`~.reading.CatalogueFaulty`, which lists all faults that were found."""
        return cls.read(FolderReader(Folder(folder), parsed))

    @classmethod
    def read(cls, reader: FolderReader) -> "Catalogue":
        """As it is on the first day of its release: see :meth:`on`. Raises CatalogueFaulty."""
        release = reader.one("catalogue.yaml", Release)
        rows = read_rows(reader)
        # What refers to what is only looked at when every file could be read: a file that failed
        # would otherwise be reported once for each reference into it.
        if reader.faults or release is None or rows is None:
            raise CatalogueFaulty(reader.faults)
        for fault in faults(rows):
            reader.fault(*fault)
        reader.raise_if_faulty()
        version = f"{release.release}-{reader.content_hash()}"
        views: dict[date, Catalogue] = {}
        common = _Common(version, rows, reader.parsed, views)
        for first_day in rows.first_days():
            views[first_day] = cls._view(common, first_day, rows.on(first_day))
        return views[date.min].on(date.fromisoformat(f"{release.release.replace('.', '-')}-01"))

    @classmethod
    def _view(cls, common: "_Common", since: date, data: Data) -> "Catalogue":
        return cls(
            version=common.version,
            since=since,
            fields=_fixed(data.fields),
            materials=_fixed(data.materials),
            items=_fixed({item.code: item for item in data.items.values()}),
            themes=_fixed(data.themes),
            steps=_fixed(data.steps),
            rules=data.rules,
            regions=MappingProxyType(data.regions),
            zones=common.rows.zones,
            served=MappingProxyType(data.served),
            lookups=MappingProxyType(data.lookups),
            samples=_fixed(data.samples),
            names=data.names,
            divisions=common.rows.divisions,
            documents=data.documents,
            workdays=MappingProxyType(common.rows.workdays),
            calendar=_calendar(common.rows.workdays),
            parsed=common.parsed,
            _views=common.views,
        )

    def known(self) -> Known:
        """What rules look up."""
        return Known(self.names, self.lookups, self.calendar)

    @property
    def is_dated(self) -> bool:
        return len(self._views) > 1

    def on(self, day: date) -> "Catalogue":
        """With the rows that hold on that day; the same object for all days of a span."""
        if len(self._views) == 1:
            return self
        return self._views[max(first for first in self._views if first <= day)]

    def before(self, day: date) -> "tuple[Catalogue, ...]":
        """As it was on earlier days, the latest first."""
        return tuple(
            self._views[since] for since in sorted(self._views, reverse=True) if since <= day
        )

    def served_city(self, region: str) -> Served | None:
        """The served city that a city's or county's code belongs to."""
        return self.served.get(f"{region[:4]}00") if len(region) == 6 else None


@dataclass(frozen=True, slots=True)
class _Common:
    """What the views of all spans share."""

    version: str
    rows: Rows
    parsed: Parsed
    views: dict[date, Catalogue]


def _calendar(years: Mapping[str, bytes]) -> WorkCalendar:
    calendar = WorkCalendar()
    calendar.take_up(years)
    return calendar


def _fixed(mapping: Mapping[str, T]) -> Mapping[str, T]:
    return MappingProxyType(dict(mapping))
