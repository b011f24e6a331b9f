"""What differs between two versions of the catalogue, in an order that can be read."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from miniprogram_api.catalogue.catalogue import Catalogue

Kind = Literal[
    "item", "field", "material", "theme", "step", "rule", "document", "party", "city", "region",
    "lookup", "workdays",
]  # fmt: skip
What = Literal["added", "removed", "changed", "renamed"]
_VALUE_LENGTH_MAX = 60
_ABSENT = object()
# Shown beside the row already, or nothing that an applicant meets.
_UNTOLD = frozenset({"code", "renamed_from"})


class Detail(NamedTuple):
    """One member of a changed row. ``before`` or ``after`` is None where it is new or gone."""

    place: str
    before: str | None
    after: str | None


class Difference(NamedTuple):
    kind: Kind
    code: str
    name: str
    what: What
    details: tuple[Detail, ...] = ()


def differences(before: Catalogue, after: Catalogue) -> Iterator[Difference]:
    """By kind and code. A row that was renamed and changed is told as renamed, with its changes."""
    yield from _rows("item", before.items, after.items, "name")
    yield from _rows("field", before.fields, after.fields, "label")
    yield from _rows("material", before.materials, after.materials, "name")
    yield from _rows("theme", before.themes, after.themes, "name")
    yield from _rows("step", before.steps, after.steps, "title")
    rules = [{rule.code: rule for rule in side.rules} for side in (before, after)]
    yield from _rows("rule", rules[0], rules[1], "message")
    documents, others = before.documents, after.documents
    yield from _rows("document", documents.templates, others.templates, "title")
    yield from _rows("party", documents.parties, others.parties, "title")
    names = {code: region.name for code, region in {**before.regions, **after.regions}.items()}
    for difference in _rows("city", before.served, after.served, "source"):
        yield difference._replace(name=names.get(difference.code, ""))
    yield from _rows("region", before.regions, after.regions, "name")
    for name in sorted(before.lookups.keys() | after.lookups.keys()):
        yield from _entries(name, before.lookups.get(name, {}), after.lookups.get(name, {}))
    for name in sorted(before.workdays.keys() | after.workdays.keys()):
        one, other = before.workdays.get(name), after.workdays.get(name)
        if one != other:
            what: What = "added" if one is None else ("removed" if other is None else "changed")
            yield Difference("workdays", name, name, what)


def _rows(
    kind: Kind, before: Mapping[str, Any], after: Mapping[str, Any], label: str
) -> Iterator[Difference]:
    former = {
        old: code
        for code, row in after.items()
        for old in getattr(row, "renamed_from", ())
        if old in before and code not in before
    }
    renamed = set(former.values())
    for code in sorted(after.keys() - before.keys() - renamed):
        yield Difference(kind, code, getattr(after[code], label), "added")
    for code in sorted(before.keys() - after.keys()):
        if code not in former:
            yield Difference(kind, code, getattr(before[code], label), "removed")
    for old in sorted(former):
        new = former[old]
        details = (Detail("code", old, new), *_details(before[old], after[new]))
        yield Difference(kind, new, getattr(after[new], label), "renamed", details)
    for code in sorted(before.keys() & after.keys()):
        if before[code] is not after[code]:
            changed = tuple(_details(before[code], after[code]))
            if changed:
                yield Difference(kind, code, getattr(after[code], label), "changed", changed)


def _entries(
    name: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[Difference]:
    """A long list by its size: an official reads its own source for the rest."""
    added = len(after.keys() - before.keys())
    removed = len(before.keys() - after.keys())
    changed = sum(before[code] != after[code] for code in before.keys() & after.keys())
    if added or removed or changed:
        detail = Detail("entries", None, f"+{added} -{removed} ~{changed}")
        yield Difference("lookup", name, name, "changed", (detail,))


def _details(before: Any, after: Any) -> Iterator[Detail]:
    one, other = msgspec.to_builtins(before), msgspec.to_builtins(after)
    for detail in _compared("", one, other):
        if detail.place.partition(".")[0] not in _UNTOLD:
            yield detail


def _compared(place: str, one: Any, other: Any) -> Iterator[Detail]:
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted(one.keys() | other.keys()):
            inner = f"{place}.{name}" if place else name
            yield from _compared(inner, one.get(name, _ABSENT), other.get(name, _ABSENT))
    elif isinstance(one, list | tuple) and isinstance(other, list | tuple):
        gone = [part for part in one if part not in other]
        come = [part for part in other if part not in one]
        for part in gone:
            yield Detail(place, _written(part), None)
        for part in come:
            yield Detail(place, None, _written(part))
        if not gone and not come and list(one) != list(other):
            yield Detail(place, _written(one), _written(other))
    elif one != other:
        yield Detail(place, _written(one), _written(other))


def _written(value: Any) -> str | None:
    if value is _ABSENT or value is None:
        return None
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= _VALUE_LENGTH_MAX else f"{text[: _VALUE_LENGTH_MAX - 1]}…"
