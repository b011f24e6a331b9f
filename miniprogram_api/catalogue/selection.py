"""What somebody wants to apply for, and the items that it comes to."""

from typing import Annotated

import msgspec

from kit.problems import FieldError, InvalidRequest
from kit.text import Text
from miniprogram_api.catalogue.catalogue import Catalogue
from miniprogram_api.catalogue.conditions import Answers, Condition, holds, with_parameters
from miniprogram_api.catalogue.facts import (
    Confidence,
    Mode,
    Operation,
    Served,
    Theme,
    ThemeItem,
)
from miniprogram_api.catalogue.problems import (
    OperationNotOffered,
    RegionNotServed,
    UnknownItem,
    UnknownRegion,
    UnknownTheme,
)

ITEMS_MAX = 60

RegionText = Annotated[str, msgspec.Meta(min_length=1, max_length=12)]
KeyText = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
ItemCodes = Annotated[tuple[KeyText, ...], msgspec.Meta(max_length=ITEMS_MAX)]


class Selection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``items`` are sorted and unique however they were given; none means the theme's defaults."""

    operation: Operation
    region: RegionText
    theme: KeyText
    items: ItemCodes = ()
    mode: Mode = "joint"

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "items", tuple(sorted(set(self.items))))


class Decision(msgspec.Struct, frozen=True):
    """Whether the answers call for one of the theme's conditional items; None: not known yet."""

    item: str
    why: str
    applies: bool | None
    selected: bool
    # The lowest of the theme's and of the figures of the city that the condition uses.
    confidence: Confidence
    decided_by: tuple[str, ...]


class Choice(msgspec.Struct, frozen=True):
    """A selection that was found good: its items in the order in which they are shown."""

    selection: Selection
    theme: Theme
    items: tuple[str, ...]
    served: Served
    # What the theme has for this operation.
    offered: tuple[ThemeItem, ...]

    def decisions(self, answers: Answers) -> tuple[Decision, ...]:
        return tuple(
            Decision(
                entry.code,
                entry.why or "",
                _applies(entry, answers, self.served),
                entry.code in self.items,
                self._confidence(entry, entry.when),
                tuple(dict.fromkeys(entry.when.fields())),
            )
            for entry in self.offered
            if entry.when is not None
        )

    def condition_of(self, item: str) -> Condition | None:
        """When the theme calls for an item, with the figures of the region."""
        for entry in self.theme.items:
            if entry.code == item and entry.when is not None:
                return with_parameters(entry.when, _figures(self.served))
        return None

    def _confidence(self, entry: ThemeItem, when: Condition) -> Confidence:
        figures = [self.served.parameters[name].confidence for name in when.parameters()]
        own = entry.confidence or self.theme.confidence
        return min([own, *figures], key=_RANKS.index)


_RANKS: tuple[Confidence, ...] = ("low", "medium", "high")


def choose(catalogue: Catalogue, selection: Selection, answers: Answers) -> Choice:
    """Raises the problem that says what is wrong with the selection, with all its places."""
    region = catalogue.regions.get(selection.region)
    if region is None:
        raise _at("/region", UnknownRegion)
    served = catalogue.served_city(region.code)
    if served is None:
        raise _at("/region", RegionNotServed)
    theme = catalogue.themes.get(selection.theme)
    if theme is None:
        raise _at("/theme", UnknownTheme)
    if selection.operation not in theme.operations:
        raise _at("/operation", OperationNotOffered)
    operation = selection.operation
    offered = tuple(
        entry for entry in theme.items if operation in catalogue.items[entry.code].operations
    )
    if not selection.items:
        items = tuple(
            entry.code for entry in offered if _is_default(entry, operation, answers, served)
        )
        return Choice(selection, theme, items, served, offered)
    _refuse_wrong_items(catalogue, selection)
    shown = [entry.code for entry in theme.items] + list(catalogue.items)
    return Choice(
        selection, theme, tuple(sorted(selection.items, key=shown.index)), served, offered
    )


def _applies(entry: ThemeItem, answers: Answers, served: Served) -> bool | None:
    if entry.when is None:
        return None
    return holds(with_parameters(entry.when, _figures(served)), answers)


def _figures(served: Served) -> dict[str, int | float]:
    return {name: parameter.value for name, parameter in served.parameters.items()}


def _is_default(entry: ThemeItem, operation: Operation, answers: Answers, served: Served) -> bool:
    applies = _applies(entry, answers, served)
    unknown = entry.unless_known and operation == "open"
    return entry.always or (unknown if applies is None else applies)


def _refuse_wrong_items(catalogue: Catalogue, selection: Selection) -> None:
    # The items were sorted, so their places in what the client sent are not known any more.
    chosen = [catalogue.items.get(code) for code in selection.items]
    if any(item is None for item in chosen):
        raise _at("/items", UnknownItem)
    if any(item is not None and selection.operation not in item.operations for item in chosen):
        raise _at("/items", OperationNotOffered)
    apart = [
        FieldError("/items", "items_exclude_each_other", _not_both(item.name, other.name))
        for item in chosen
        for other in chosen
        if item is not None and other is not None
        if other.code in item.operations[selection.operation].excludes
    ]
    if apart:
        raise InvalidRequest(errors=apart)


def _not_both(one: str, other: str) -> Text:
    return Text(
        f"“{one}”与“{other}”不能同时申请，请只选其中一项",
        f"{one} and {other} exclude each other; choose one of them",
    )


def _at(pointer: str, problem: type[InvalidRequest]) -> InvalidRequest:
    return problem(errors=[FieldError(pointer, problem.code, problem.title)])
