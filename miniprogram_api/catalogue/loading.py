"""From data files to the rows of a catalogue, and from the rows to what holds on one day."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import msgspec

from kit.workdays import ExtraYearError, WorkCalendar
from miniprogram_api.catalogue import consistency, dated
from miniprogram_api.catalogue.dated import Renamed, code_of
from miniprogram_api.catalogue.facts import (
    Banks,
    BusinessScope,
    CollectionPlaces,
    Field,
    Industries,
    Item,
    LookupEntry,
    Material,
    Regions,
    Served,
    Step,
    Theme,
)
from miniprogram_api.catalogue.lookups import IndustryDivisions
from miniprogram_api.catalogue.name_facts import NameFacts
from miniprogram_api.catalogue.name_regions import RegionWords
from miniprogram_api.catalogue.names import NameBook
from miniprogram_api.catalogue.reading import FolderReader, Place
from miniprogram_api.catalogue.rule_examples import RuleExample
from miniprogram_api.catalogue.rules import AnyRule
from miniprogram_api.catalogue.templates import read_documents

RULE_FILES = ("rules.yaml", "rules_forms.yaml")
RULE_EXAMPLES = "rule_examples.yaml"

Lookup = Mapping[str, LookupEntry]


@dataclass(frozen=True, slots=True)
class Rows:
    """All rows, whatever the day: ``data`` has them under ``CODE`` or ``CODE@FIRST-DAY``."""

    data: consistency.Data
    zones: frozenset[str]
    workdays: Mapping[str, bytes]
    divisions: IndustryDivisions

    def first_days(self) -> list[date]:
        data = self.data
        templates = data.documents.templates
        dictionaries = (data.fields, data.materials, data.items, data.themes, templates)
        rows = [row for rows in dictionaries for row in rows.values()]
        return dated.first_days([*rows, *data.rules])

    def on(self, day: date) -> consistency.Data:
        """What holds on that day. Themes, steps and rules leave out what does not; an item that
        asks for a question which does not hold is a fault, because it would ask less in silence."""
        data = self.data
        fields = dated.rows_on(data.fields, day)
        items = {file: item for file, item in data.items.items() if dated.holds_on(item, day)}
        held = {item.code for item in items.values()}
        gone_items = {item.code for item in data.items.values()} - held
        gone = {code_of(key) for key in data.fields} - fields.keys()
        return replace(
            data,
            fields=fields,
            field_files={code_of(key): file for key, file in data.field_files.items()},
            materials=dated.rows_on(data.materials, day),
            items=items,
            themes={
                key: _without(theme, gone_items)
                for key, theme in dated.rows_on(data.themes, day).items()
            },
            steps={
                key: msgspec.structs.replace(
                    step, fields=tuple(code for code in step.fields if code not in gone)
                )
                for key, step in data.steps.items()
            },
            rules=tuple(
                rule
                for rule in data.rules
                if dated.holds_on(rule, day) and gone.isdisjoint(rule.reads())
            ),
            samples={code: it for code, it in data.samples.items() if code not in gone},
            documents=data.documents.on(day),
        )


def _without(theme: Theme, gone: set[str]) -> Theme:
    kept = tuple(entry for entry in theme.items if entry.code not in gone)
    return msgspec.structs.replace(theme, items=kept)


def read_rows(reader: FolderReader) -> Rows | None:
    """Faults are the reader's; None when something is missing without which nothing fits."""
    fields, field_files = _dictionary(reader)
    items = {name: reader.one(name, Item) for name in reader.names("items")}
    regions = reader.json("regions.json", Regions)
    rules = list(_rules(reader))
    names, divisions = NameFacts.read(reader), IndustryDivisions.read(reader)
    workdays = _workdays(reader)
    materials = reader.mapping("materials.yaml", Material)
    themes, steps = reader.mapping("themes.yaml", Theme), reader.mapping("steps.yaml", Step)
    examples = reader.mapping(RULE_EXAMPLES, RuleExample)
    served, lookups = reader.mapping("served.yaml", Served), _lookups(reader)
    samples = reader.mapping("samples.yaml", object)
    if regions is None or names is None or divisions is None:
        return None
    data = consistency.Data(
        fields=fields,
        field_files=field_files,
        materials=materials,
        items={name: item for name, item in items.items() if item is not None},
        themes=themes,
        steps=steps,
        rules=tuple(rule for rule, _ in rules),
        rule_places={rule.code: place for rule, place in rules},
        rule_examples=examples,
        regions={region.code: region for region in regions.regions},
        served=served,
        lookups=lookups,
        samples=samples,
        names=_name_book(names, regions),
        documents=read_documents(reader),
    )
    return Rows(data, frozenset(regions.zones), workdays, divisions)


def _name_book(names: NameFacts, regions: Regions) -> NameBook:
    parts, by_code = names.parts, {region.code: region for region in regions.regions}
    zones = frozenset(regions.zones)
    return NameBook(names, RegionWords(by_code, zones, parts.region_endings, parts.zone_words))


def _rules(reader: FolderReader) -> Iterator[tuple[AnyRule, tuple[str, int]]]:
    """With the file and the place in it."""
    for name in RULE_FILES:
        found: list[AnyRule] = reader.sequence(name, AnyRule)  # type: ignore[arg-type]
        yield from ((rule, (name, index)) for index, rule in enumerate(found))


def faults(rows: Rows) -> Iterator[tuple[str, Place, str]]:
    data = rows.data
    for key, rule in dated.faults(data.fields):
        yield data.field_files[key], (key,), rule
    for key, rule in dated.faults(data.materials):
        yield "materials.yaml", (key,), rule
    for key, rule in dated.faults(data.themes):
        yield "themes.yaml", (key,), rule
    for key, rule in dated.faults(data.documents.templates):
        yield data.documents.files[key], (key,), rule
    files = {_item_key(file): file for file in data.items}
    for key, rule in dated.faults({_item_key(file): item for file, item in data.items.items()}):
        yield files[key], (), rule
    yield from _renamed(data)
    wrong_names = list(data.names.facts.faults())
    # No example can be run with a rule on names that is missing.
    yield from wrong_names or _on_each_day(rows)


def _on_each_day(rows: Rows) -> Iterator[tuple[str, Place, str]]:
    """Each once, also where it shows on many days."""
    told = set()
    for day in rows.first_days():
        for fault in consistency.faults(rows.on(day)):
            if fault not in told:
                told.add(fault)
                yield fault


def _renamed(data: consistency.Data) -> Iterator[tuple[str, Place, str]]:
    """A former code leads to one new code, and is in use for nothing else."""
    fields = [(data.field_files[key], (key,), key, row) for key, row in data.fields.items()]
    materials = [("materials.yaml", (key,), key, row) for key, row in data.materials.items()]
    themes = [("themes.yaml", (key,), key, row) for key, row in data.themes.items()]
    items = [(file, (), row.code, row) for file, row in data.items.items()]
    named: list[Sequence[tuple[str, Place, str, Renamed]]] = [fields, materials, themes, items]
    for rows in named:
        codes, owners = {code_of(key) for _, _, key, _ in rows}, dict[str, str]()
        for file, place, key, row in rows:
            for former in row.renamed_from:
                if former in codes:
                    yield file, (*place, "renamed_from"), f"`{former}` is in use"
                owner = owners.setdefault(former, code_of(key))
                if owner != code_of(key):
                    yield file, (*place, "renamed_from"), f"`{former}` became `{owner}` already"


def _item_key(file: str) -> str:
    return file.rpartition("/")[2].removesuffix(".yaml")


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


def _workdays(reader: FolderReader) -> dict[str, bytes]:
    """The years that the library does not know yet; read by the calendar itself."""
    found = {name: reader.bytes_of(name) for name in reader.names("workdays", ".json")}
    years = {name: content for name, content in found.items() if content is not None}
    try:
        WorkCalendar().take_up(years)
    except ExtraYearError as error:
        reader.fault(error.file, (), error.rule)
    return years


_PLACES_FILE = "lookups/collection_places.yaml"


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
    # Lists that were imported before this one was there have none.
    is_there = _PLACES_FILE in reader.names("lookups")
    places = reader.one(_PLACES_FILE, CollectionPlaces) if is_there else None
    lookups["collection_places"] = {
        code: LookupEntry(code, place.name, {"kind": place.kind, "region": place.region})
        for code, place in (places.places if places is not None else {}).items()
    }
    return lookups
