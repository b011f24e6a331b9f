"""The catalogue: all that can be applied for, read once from data files and never changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from miniprogram_api.catalogue import consistency
from miniprogram_api.catalogue.facts import (
    Banks,
    BusinessScope,
    Field,
    Industries,
    Item,
    LookupEntry,
    Material,
    Region,
    Regions,
    Release,
    Served,
    Step,
    Theme,
)
from miniprogram_api.catalogue.reading import CatalogueFaulty, FolderReader
from miniprogram_api.catalogue.rules import AnyRule

T = TypeVar("T")
Lookup = Mapping[str, LookupEntry]

DATA_FOLDER = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """``version`` is readable and changes with every byte of the data: ``2026.11-3f2a9c1b``."""

    version: str
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

    @classmethod
    def load(cls, folder: Path = DATA_FOLDER) -> "Catalogue":
        """Raises :class:`~.reading.CatalogueFaulty`, which lists all faults that were found."""
        reader = FolderReader(folder)
        release = reader.one("catalogue.yaml", Release)
        fields, field_files = _dictionary(reader)
        items = {name: reader.one(name, Item) for name in reader.names("items")}
        regions = reader.json("regions.json", Regions)
        lookups = _lookups(reader)
        read = consistency.Data(
            fields=fields,
            field_files=field_files,
            materials=reader.mapping("materials.yaml", Material),
            items={name: item for name, item in items.items() if item is not None},
            themes=reader.mapping("themes.yaml", Theme),
            steps=reader.mapping("steps.yaml", Step),
            rules=tuple(reader.sequence("rules.yaml", AnyRule)),  # type: ignore[arg-type]
            regions={region.code: region for region in regions.regions} if regions else {},
            served=reader.mapping("served.yaml", Served),
            lookups=lookups,
            samples=reader.mapping("samples.yaml", object),
        )
        # What refers to what is only looked at when every file could be read: a file that failed
        # would otherwise be reported once for each reference into it.
        if reader.faults or release is None or regions is None:
            raise CatalogueFaulty(reader.faults)
        for fault in consistency.faults(read):
            reader.fault(*fault)
        reader.raise_if_faulty()
        return cls(
            version=f"{release.release}-{reader.content_hash()}",
            fields=_fixed(read.fields),
            materials=_fixed(read.materials),
            items=_fixed({item.code: item for item in read.items.values()}),
            themes=_fixed(read.themes),
            steps=_fixed(read.steps),
            rules=read.rules,
            regions=_fixed(read.regions),
            zones=frozenset(regions.zones),
            served=_fixed(read.served),
            lookups=_fixed({name: _fixed(entries) for name, entries in lookups.items()}),
            samples=_fixed(read.samples),
        )

    def served_city(self, region: str) -> Served | None:
        """The served city that a city's or county's code belongs to."""
        return self.served.get(f"{region[:4]}00") if len(region) == 6 else None


def _fixed(mapping: Mapping[str, T]) -> Mapping[str, T]:
    return MappingProxyType(dict(mapping))


def _dictionary(reader: FolderReader) -> tuple[dict[str, Field], dict[str, str]]:
    """All questions, and the file that each stands in."""
    fields: dict[str, Field] = {}
    files: dict[str, str] = {}
    for name in reader.names("fields"):
        for code, field in reader.mapping(name, Field).items():
            if code in fields:
                reader.fault(name, (code,), f"this code is in {files[code]} already")
            fields[code] = field
            files[code] = name
    return fields, files


def _lookups(reader: FolderReader) -> dict[str, Lookup]:
    """The lists that are too long for a form; answers are checked against them all the same."""
    industries = reader.one("industries.yaml", Industries)
    scope = reader.one("business_scope.yaml", BusinessScope)
    banks = reader.json("banks.json", Banks)
    lookups: dict[str, Lookup] = {}
    if industries is not None:
        lookups["industries"] = {
            code: LookupEntry(code, name, {}) for code, name in industries.entries.items()
        }
    if scope is not None:
        lookups["business_scope"] = {
            code: LookupEntry(
                code,
                entry.text,
                {"kind": entry.kind} | ({"permit": entry.permit} if entry.permit else {}),
            )
            for code, entry in scope.entries.items()
        }
    if banks is not None:
        lookups["banks"] = {code: LookupEntry(code, name, {}) for code, name in banks.banks} | {
            code: LookupEntry(code, name, {"city": city})
            for code, name, city in banks.regional_banks
        }
        lookups["bank_branches"] = {
            code: LookupEntry(code, name, {"bank": bank, "region": region})
            for code, name, bank, region in banks.branches
        }
    return lookups
