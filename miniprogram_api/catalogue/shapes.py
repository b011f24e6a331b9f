"""Field types: the JSON Schema 2020-12 of an answer, and what a front end needs to ask for it.

The schema that is shown to front ends is the very one that the server validates with.
"""

from collections.abc import Callable, Mapping
from datetime import date

from kit.clock import CHINA, Clock
from miniprogram_api.catalogue.catalogue import Catalogue
from miniprogram_api.catalogue.columns import columns_of
from miniprogram_api.catalogue.facts import Column, FieldType, Shape
from miniprogram_api.catalogue.numbers import is_credit_code, is_id_number

Schema = dict[str, object]
Check = Callable[[str], bool]

ROW_ID_PATTERN = "^[A-Za-z0-9_-]{1,64}$"
_TEXT_MAX = 200
_MOBILE = "^1[3-9][0-9]{9}$"
_LANDLINE = "^(0[0-9]{2,3}-?)?[2-9][0-9]{6,7}(-[0-9]{1,6})?$|^400-?[0-9]{3}-?[0-9]{4}$"
# Controls and what only steers the writing of others, such as its direction, also between lines;
# private-use characters stay, because rare names are written with them.
_UNSEEN = "[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]"
_UNSEEN_IN_LINES = "[^\\P{Cc}\\t\\n\\r]|\\p{Cf}"
# A fen amount below ten billion yuan stays an exact integer in JavaScript.
_FEN_MAX = 999_999_999_999


def schema_of(shape: Shape) -> Schema:
    return {"title": shape.label, **_SCHEMAS[shape.type](shape)}


def _text(shape: Shape) -> Schema:
    schema: Schema = {
        "type": "string",
        "minLength": shape.min_length or 1,
        "maxLength": shape.max_length or _TEXT_MAX,
    }
    if shape.type == "email":
        return {**schema, "format": "email"}
    if shape.type == "url":
        return {**schema, "pattern": "^https?://[^\\s]+$"}
    if shape.pattern is not None:
        return {**schema, "pattern": shape.pattern}
    # Text of blanks alone is no answer, and nobody signs what he cannot see.
    unseen = _UNSEEN_IN_LINES if shape.type == "textarea" else _UNSEEN
    return {**schema, "pattern": "\\S", "not": {"pattern": unseen}}


def _number(shape: Shape) -> Schema:
    if shape.type == "money":
        return {"type": "integer", "minimum": 0, "maximum": _FEN_MAX}
    schema: Schema = {"type": shape.type}
    bounds = {"minimum": shape.min, "maximum": shape.max, "exclusiveMinimum": shape.above}
    schema.update({name: bound for name, bound in bounds.items() if bound is not None})
    if shape.decimals is not None:
        schema["multipleOf"] = 10.0**-shape.decimals if shape.decimals else 1
    return schema


def _list(entry: Schema, entries_max: int) -> Schema:
    return {
        "type": "array",
        "items": entry,
        "minItems": 1,
        "maxItems": entries_max,
        "uniqueItems": True,
    }


def _group(columns: Mapping[str, Column]) -> Schema:
    return {
        "type": "object",
        "properties": {name: schema_of(column) for name, column in columns.items()},
        "required": [name for name, column in columns.items() if column.required],
        "additionalProperties": False,
    }


def _table(shape: Shape) -> Schema:
    row = _group(shape.columns)
    properties: Schema = {"_id": {"type": "string", "pattern": ROW_ID_PATTERN}}
    required = [name for name, column in shape.columns.items() if column.required]
    row["properties"] = {
        **properties,
        **{name: schema_of(column) for name, column in shape.columns.items()},
    }
    row["required"] = ["_id", *required]
    return {
        "type": "array",
        "items": row,
        "minItems": shape.min_rows or 1,
        "maxItems": shape.max_rows or 1,
    }


def _lookup(shape: Shape) -> Schema:
    return {"type": "string", "maxLength": 64, "format": f"lookup-{shape.lookup}"}


def _id_number(shape: Shape) -> Schema:
    if shape.id_type_field is None:
        return {"type": "string", "format": "id-number"}
    # Which digits are right depends on the kind of document: checked beside the schema.
    return {"type": "string", "minLength": 5, "maxLength": 32, "not": {"pattern": _UNSEEN}}


def _string(**rules: object) -> Callable[[Shape], Schema]:
    return lambda _: {"type": "string", **rules}


def _options(shape: Shape) -> Schema:
    return {"type": "string", "enum": list(shape.options)}


def _compound(shape: Shape) -> Schema:
    return _group(columns_of(shape))


_SCHEMAS: Mapping[FieldType, Callable[[Shape], Schema]] = {
    "text": _text,
    "textarea": _text,
    "email": _text,
    "url": _text,
    "number": _number,
    "integer": _number,
    "money": _number,
    "boolean": lambda _: {"type": "boolean"},
    "confirm": lambda _: {"const": True},
    "select": _options,
    "multiselect": lambda shape: _list(_options(shape), len(shape.options)),
    "lookup": _lookup,
    "scope_picker": lambda shape: _list(_lookup(shape), shape.max_rows or 1),
    "date": _string(format="date"),
    "month": _string(pattern="^20[0-9]{2}-(0[1-9]|1[0-2])$"),
    "phone": _string(maxLength=20, pattern=f"{_MOBILE}|{_LANDLINE}"),
    "mobile": _string(maxLength=11, pattern=_MOBILE),
    "id_number": _id_number,
    "credit_code": _string(format="credit-code"),
    "bank_account": _string(pattern="^[0-9]{6,32}$"),
    "region": _string(format="region"),
    "person": _compound,
    "group": _compound,
    "address": _compound,
    "date_range": _compound,
    "table": _table,
}


def ui_of(shape: Shape) -> Schema:
    """Labels, options and hints; members that say nothing are left out."""
    ui: Schema = {"widget": shape.type, "label_en": shape.en}
    for name in ("hint", "unit", "lookup", "default", "id_type_field"):
        value = getattr(shape, name)
        if value is not None:
            ui[name] = value
    if shape.type == "money":
        ui["unit"] = "分"
    if shape.options:
        ui["options"] = [{"value": value, "label": label} for value, label in shape.options.items()]
    columns = columns_of(shape)
    if columns:
        ui["columns"] = {name: ui_of(column) for name, column in columns.items()}
    return ui


def formats(catalogue: Catalogue, clock: Clock) -> dict[str, Check]:
    """The formats of our own, as the validator calls them: with strings only."""

    def today() -> date:
        return clock.now().astimezone(CHINA).date()

    def is_county_or_city(code: str) -> bool:
        return len(code) == 6 and code in catalogue.regions

    own: dict[str, Check] = {
        "id-number": lambda value: is_id_number(value, today()),
        "credit-code": is_credit_code,
        "region": is_county_or_city,
    }
    for name, entries in catalogue.lookups.items():
        own[f"lookup-{name}"] = entries.__contains__
    return own
