"""Searching the long lists: divisions, industries, business scope, banks and their branches.

Built once for a version of the catalogue. A search goes through one list, at most some 2,000
entries, and takes two milliseconds at most.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, NamedTuple

from msgspec import Meta

from miniprogram_api.catalogue.facts import Confidence, Fact, LookupEntry, Region, Words
from miniprogram_api.catalogue.initials import initials_of
from miniprogram_api.catalogue.problems import UnknownLookup
from miniprogram_api.catalogue.reading import FolderReader

DIVISIONS_FILE = "lookups/industry_divisions.yaml"
REGIONS = "regions"
_LETTERS = range(1, 13)
_LETTERS_ANYWHERE_MIN = 3
"""Two letters are somewhere in every other name."""


class IndustrySection(Fact, frozen=True, kw_only=True):
    name: Words
    divisions: dict[Annotated[str, Meta(pattern="^[0-9]{2}$")], Words]


class IndustryDivisions(Fact, frozen=True, kw_only=True):
    """What the four digits of a class of GB/T 4754 belong to."""

    source: Words
    confidence: Confidence
    sections: dict[Annotated[str, Meta(pattern="^[A-T]$")], IndustrySection]

    @classmethod
    def read(cls, reader: FolderReader) -> "IndustryDivisions | None":
        return reader.one(DIVISIONS_FILE, cls)

    def details_of(self, code: str) -> dict[str, str]:
        for letter, section in self.sections.items():
            name = section.divisions.get(code[:2])
            if name is not None:
                return {"section": f"{letter} {section.name}", "division": f"{code[:2]} {name}"}
        return {}


class Page(NamedTuple):
    entries: tuple[LookupEntry, ...]
    next_place: int | None
    """Where the next page begins; None after the last."""


@dataclass(frozen=True, slots=True)
class _Searched:
    entry: LookupEntry
    code: str
    name: str
    initials: tuple[str, ...]
    anywhere: str


class Lookups:
    """All lists of one version of the catalogue."""

    def __init__(
        self,
        lists: Mapping[str, Mapping[str, LookupEntry]],
        regions: Mapping[str, Region],
        divisions: IndustryDivisions,
    ) -> None:
        entries = {name: list(one.values()) for name, one in lists.items()}
        entries["industries"] = [
            entry._replace(details={**entry.details, **divisions.details_of(entry.code)})
            for entry in entries.get("industries", ())
        ]
        entries[REGIONS] = list(_region_entries(regions))
        self._lists = {name: [_searched(one) for one in every] for name, every in entries.items()}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._lists)

    def find(self, name: str, q: str, place: int, limit: int) -> Page:
        """The best first: a code or a name that begins so, then first letters in pinyin that begin
        so, then what has it anywhere; within that, the list's order. Everything without ``q``.
        Raises UnknownLookup."""
        entries = self._lists.get(name)
        if entries is None:
            raise UnknownLookup
        wanted = q.strip().lower()
        found = entries if not wanted else _ranked(entries, wanted)
        page = found[place : place + limit]
        more = place + limit < len(found)
        return Page(tuple(one.entry for one in page), place + limit if more else None)


def _ranked(entries: list[_Searched], wanted: str) -> list[_Searched]:
    letters = wanted.isascii() and wanted.isalpha() and len(wanted) in _LETTERS
    inside = letters and len(wanted) >= _LETTERS_ANYWHERE_MIN
    ranks: tuple[list[_Searched], ...] = ([], [], [])
    for one in entries:
        if one.code.startswith(wanted) or one.name.startswith(wanted):
            ranks[0].append(one)
        elif letters and any(initials.startswith(wanted) for initials in one.initials):
            ranks[1].append(one)
        elif wanted in one.anywhere or (inside and any(wanted in it for it in one.initials)):
            ranks[2].append(one)
    return [one for rank in ranks for one in rank]


def _searched(entry: LookupEntry) -> _Searched:
    anywhere = "\n".join((entry.code, entry.name, *entry.details.values())).lower()
    initials = initials_of(entry.name)
    return _Searched(entry, entry.code.lower(), entry.name.lower(), initials, anywhere)


def _region_entries(regions: Mapping[str, Region]) -> Iterator[LookupEntry]:
    """With all that lies above in ``path``: two cities have a 市中区, many counties a 城关镇."""
    for region in regions.values():
        above = regions.get(region.parent or "")
        path = [region.name]
        while above is not None:
            path.append(above.name)
            above = regions.get(above.parent or "")
        details = {"path": "".join(reversed(path))}
        if region.parent is not None:
            details["parent"] = region.parent
        yield LookupEntry(region.code, region.name, details)
