"""What the data files must be among themselves. Each check yields (file, place, rule)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kit.workdays import WorkCalendar
from miniprogram_api.catalogue.conditions import Condition
from miniprogram_api.catalogue.dated import code_of
from miniprogram_api.catalogue.facts import (
    Field,
    Item,
    LookupEntry,
    Material,
    Region,
    Served,
    Shape,
    Step,
    Theme,
    ThemeItem,
    Uses,
)
from miniprogram_api.catalogue.names import NameBook
from miniprogram_api.catalogue.numbers import is_clearing_number
from miniprogram_api.catalogue.reading import Place
from miniprogram_api.catalogue.rule_examples import Known, RuleExample, example_faults
from miniprogram_api.catalogue.rules import AnyRule
from miniprogram_api.catalogue.templates import Documents, template_faults

Found = Iterator[tuple[str, Place, str]]

_CODE = re.compile(r"[a-z][a-z0-9_]{1,63}")
# What a question of each type cannot do without.
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "text": ("max_length",),
    "textarea": ("max_length",),
    "email": ("max_length",),
    "url": ("max_length",),
    "number": ("max", "decimals"),
    "integer": ("max",),
    "select": ("options",),
    "multiselect": ("options",),
    "lookup": ("lookup",),
    "scope_picker": ("lookup", "max_rows"),
    "table": ("columns", "max_rows"),
    "group": ("columns",),
}
_BANK_CATEGORY_LENGTH = 3
_COMPOUND = frozenset({"table", "group", "person", "address", "date_range", "scope_picker"})


@dataclass(frozen=True, slots=True)
class Data:
    fields: Mapping[str, Field]
    field_files: Mapping[str, str]
    materials: Mapping[str, Material]
    # By file name, so that a fault can name it.
    items: Mapping[str, Item]
    themes: Mapping[str, Theme]
    steps: Mapping[str, Step]
    rules: tuple[AnyRule, ...]
    # Where each stands: its file, and the how-manieth it is there.
    rule_places: Mapping[str, tuple[str, int]]
    rule_examples: Mapping[str, RuleExample]
    regions: Mapping[str, Region]
    served: Mapping[str, Served]
    lookups: Mapping[str, Mapping[str, LookupEntry]]
    samples: Mapping[str, object]
    names: NameBook
    documents: Documents

    def item_codes(self) -> frozenset[str]:
        return frozenset(item.code for item in self.items.values())


def faults(data: Data) -> Found:
    yield from _fields(data)
    yield from _twins(data)
    yield from _steps(data)
    yield from _items(data)
    yield from _themes(data)
    yield from _rules(data)
    yield from _unused_examples(data)
    yield from _regions(data)
    items = {item.code: item for item in data.items.values()}
    yield from template_faults(data.documents, data.fields, data.materials, items)
    for code, entry in data.lookups["business_scope"].items():
        if entry.details.get("permit", "") not in data.item_codes() | {""}:
            yield "business_scope.yaml", ("entries", code), "no such item for `permit`"
    for name in ("banks", "bank_branches"):
        for code in data.lookups[name]:
            if len(code) > _BANK_CATEGORY_LENGTH and not is_clearing_number(code):
                yield "banks.json", (code,), "is not a clearing number"
    for code in data.samples.keys() - data.fields.keys():
        yield "samples.yaml", (code,), "no such field"


def _fields(data: Data) -> Found:
    for code, field in data.fields.items():
        file = data.field_files[code]
        if _CODE.fullmatch(code) is None:
            yield file, (code,), "a code is lower-case letters, digits and underscores"
        if field.type == "id_number" and field.id_type_field not in (None, *data.fields):
            yield file, (code, "id_type_field"), "no such field"
        for place, rule in _shape(field):
            yield file, (code, *place), rule


def _shape(shape: Shape) -> Iterator[tuple[Place, str]]:
    for need in _NEEDS.get(shape.type, ()):
        if getattr(shape, need) in (None, {}):
            yield (), f"type `{shape.type}` needs `{need}`"
    if shape.type == "number" and shape.min is None and shape.above is None:
        yield (), "type `number` needs `min` or `above`"
    if shape.pattern is not None and not _is_pattern(shape.pattern):
        yield ("pattern",), "is not a regular expression"
    chosen = shape.default if isinstance(shape.default, tuple) else (shape.default,)
    if shape.options and any(value not in (None, *shape.options) for value in chosen):
        yield ("default",), "is not among the options"
    yield from _columns(shape)


def _columns(shape: Shape) -> Iterator[tuple[Place, str]]:
    for name, column in shape.columns.items():
        place: Place = ("columns", name)
        if _CODE.fullmatch(name) is None:
            yield place, "a column is lower-case letters, digits and underscores"
        if column.type in _COMPOUND:
            yield place, f"a column cannot be of type `{column.type}`"
        if column.id_type_field not in (None, *shape.columns):
            yield place, "`id_type_field` is no column of this table"
        for inner, rule in _shape(column):
            yield (*place, *inner), rule


def _is_pattern(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True


def _twins(data: Data) -> Found:
    """One meaning has one code: a name that is somebody's twin is free for nobody else."""
    owners: dict[str, str] = {}
    for code, field in data.fields.items():
        for twin in field.twins:
            if twin in data.fields:
                yield data.field_files[code], (code, "twins"), f"`{twin}` is a field of its own"
            if twin in owners:
                rule = f"`{twin}` is a twin of `{owners[twin]}` already"
                yield data.field_files[code], (code, "twins"), rule
            owners[twin] = code


def _steps(data: Data) -> Found:
    home: dict[str, str] = {}
    for key, step in data.steps.items():
        if key in data.fields:
            yield "steps.yaml", (key,), "a step cannot have the code of a field"
        for code in step.fields:
            if code not in data.fields:
                yield "steps.yaml", (key, "fields"), f"no such field: `{code}`"
            if code in home:
                yield "steps.yaml", (key, "fields"), f"`{code}` is in `{home[code]}` already"
            home[code] = key
    for code in data.fields:
        if code not in home:
            yield data.field_files[code], (code,), "belongs to no step"


def _items(data: Data) -> Found:
    order = {
        code: place
        for place, code in enumerate(code for step in data.steps.values() for code in step.fields)
    }
    codes = data.item_codes()
    for file, item in data.items.items():
        if code_of(file.rpartition("/")[2].removesuffix(".yaml")) != item.code:
            yield file, ("code",), "the file has another name"
        for name, operation in item.operations.items():
            place: Place = ("operations", name)
            for code in (*operation.depends_on, *filter(None, [operation.clock.after])):
                if code not in codes or code == item.code:
                    yield file, (*place, "depends_on"), f"no such item: `{code}`"
            for code in operation.excludes:
                if code not in codes or code == item.code:
                    yield file, (*place, "excludes"), f"no such item: `{code}`"
            asked = {use.code for use in operation.fields.of(item.code)}
            fields = (*place, "fields")
            yield from _uses(file, fields, operation.fields, data.fields, codes)
            yield from _whens(file, fields, operation.fields, asked, order)
            materials = (*place, "materials")
            yield from _uses(file, materials, operation.materials, data.materials, codes)
            yield from _whens(file, materials, operation.materials, asked, {})


def _uses(
    file: str, place: Place, uses: Uses, known: Mapping[str, object], items: frozenset[str]
) -> Found:
    plain = (*uses.required, *uses.optional, *uses.from_results)
    for code in plain:
        if plain.count(code) > 1:
            yield file, place, f"`{code}` is named twice"
    for use in uses.of(""):
        if use.code not in known:
            yield file, place, f"no such code: `{use.code}`"
    for code, giver in uses.from_results.items():
        if giver not in items:
            yield file, (*place, "from_results", code), f"no such item: `{giver}`"


def _whens(file: str, place: Place, uses: Uses, asked: set[str], order: Mapping[str, int]) -> Found:
    """A condition may only look at what this item asks as well, and at nothing asked later."""
    for index, use in enumerate(uses.conditional):
        for code in use.when.fields():
            if code not in asked:
                yield file, (*place, "conditional", index), f"`{code}` is not asked by this item"
            if order.get(code, -1) >= order.get(use.code, len(order)):
                yield file, (*place, "conditional", index), f"`{code}` is asked later"
        if any(True for _ in use.when.parameters()):
            yield file, (*place, "conditional", index), "only a theme may use parameters"


def _themes(data: Data) -> Found:
    for key, theme in data.themes.items():
        if theme.industry_code not in data.lookups["industries"]:
            yield "themes.yaml", (key, "industry_code"), "no such industry"
        for code in theme.situations.keys() & data.fields.keys():
            yield "themes.yaml", (key, "situations", code), "is the code of a field"
        for code in theme.presets.keys() - data.fields.keys():
            yield "themes.yaml", (key, "presets", code), "no such field"
        for index, entry in enumerate(theme.items):
            yield from _theme_item((key, "items", index), entry, theme, data)
        yield from _never_both(key, theme, data)


def _never_both(key: str, theme: Theme, data: Data) -> Found:
    """Of two items that exclude each other a theme's defaults have one at most: the condition of
    one is `not` the other's, and only one is taken while nothing is known."""
    items = {item.code: item for item in data.items.values()}
    entries = {entry.code: entry for entry in theme.items}
    for code, entry in entries.items():
        operations = items[code].operations.values() if code in items else ()
        for other in {code for operation in operations for code in operation.excludes}:
            there = entries.get(other)
            if there is None:
                continue
            conditions = (entry.when, there.when)
            opposite = None not in conditions and (
                Condition(not_=entry.when) == there.when or Condition(not_=there.when) == entry.when
            )
            if not opposite or (entry.unless_known and there.unless_known):
                yield "themes.yaml", (key, "items"), f"`{code}` and `{other}` may both be defaults"


def _theme_item(place: Place, entry: ThemeItem, theme: Theme, data: Data) -> Found:
    if entry.code not in data.item_codes():
        yield "themes.yaml", place, f"no such item: `{entry.code}`"
    if entry.always == (entry.when is not None):
        yield "themes.yaml", place, "an item needs either `always` or `when`"
    if entry.when is not None:
        yield from _theme_condition(place, entry.when, theme, data)


def _theme_condition(place: Place, when: Condition, theme: Theme, data: Data) -> Found:
    for code in when.fields():
        if code not in data.fields and code not in theme.situations:
            yield "themes.yaml", (*place, "when"), f"neither field nor situation: `{code}`"
    for name in when.parameters():
        for city, served in data.served.items():
            if name not in served.parameters:
                yield "served.yaml", (city, "parameters"), f"`{name}` is missing"


def _rules(data: Data) -> Found:
    known = Known(data.names, data.lookups, WorkCalendar())
    seen: set[str] = set()
    for rule in data.rules:
        file, index = data.rule_places[rule.code]
        if rule.code in seen:
            yield file, (index, "code"), f"`{rule.code}` is used twice"
        seen.add(rule.code)
        for code in sorted(rule.reads() - set(data.fields)):
            yield file, (index,), f"no such field: `{code}`"
        for code in sorted(set(rule.items) - data.item_codes()):
            yield file, (index, "items"), f"no such item: `{code}`"
        if rule.severity == "block" and rule.confidence == "low":
            yield file, (index, "severity"), "a rule of low confidence may only warn"
        example = data.rule_examples.get(rule.code)
        if example is None:
            yield file, (index,), f"`{rule.code}` has no example in rule_examples.yaml"
        else:
            for fault in example_faults(rule, example, known):
                yield "rule_examples.yaml", (rule.code,), fault


def _unused_examples(data: Data) -> Found:
    for code in data.rule_examples.keys() - data.rule_places.keys():
        yield "rule_examples.yaml", (code,), "no such rule"


def _regions(data: Data) -> Found:
    for region in data.regions.values():
        if region.parent is not None and region.parent not in data.regions:
            yield "regions.json", (region.code,), f"no such parent: `{region.parent}`"
    for code in data.served:
        if code not in data.regions or not code.endswith("00"):
            yield "served.yaml", (code,), "is not the code of a city"
