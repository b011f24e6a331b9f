"""What somebody wants to apply for, and the items that it comes to."""

from typing import Annotated

import msgspec

from kit.problems import FieldError, InvalidRequest
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


class Choice(msgspec.Struct, frozen=True):
    """A selection that was found good: its items in the order in which they are shown."""

    selection: Selection
    theme: Theme
    items: tuple[str, ...]
    served: Served

    def decisions(self, answers: Answers) -> tuple[Decision, ...]:
        return tuple(
            Decision(
                entry.code,
                entry.why or "",
                _applies(entry, answers, self.served),
                entry.code in self.items,
                self._confidence(entry.when),
            )
            for entry in self.theme.items
            if entry.when is not None
        )

    def _confidence(self, when: Condition) -> Confidence:
        figures = [self.served.parameters[name].confidence for name in when.parameters()]
        return min([self.theme.confidence, *figures], key=_RANKS.index)


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
    if not selection.items:
        items = tuple(entry.code for entry in theme.items if _is_default(entry, answers, served))
        return Choice(selection, theme, items, served)
    _refuse_wrong_items(catalogue, selection)
    shown = [entry.code for entry in theme.items] + list(catalogue.items)
    return Choice(selection, theme, tuple(sorted(selection.items, key=shown.index)), served)


def _applies(entry: ThemeItem, answers: Answers, served: Served) -> bool | None:
    if entry.when is None:
        return None
    figures = {name: parameter.value for name, parameter in served.parameters.items()}
    return holds(with_parameters(entry.when, figures), answers)


def _is_default(entry: ThemeItem, answers: Answers, served: Served) -> bool:
    applies = _applies(entry, answers, served)
    return entry.always or (entry.unless_known if applies is None else applies)


def _refuse_wrong_items(catalogue: Catalogue, selection: Selection) -> None:
    # The items were sorted, so their places in what the client sent are not known any more.
    chosen = [catalogue.items.get(code) for code in selection.items]
    if any(item is None for item in chosen):
        raise _at("/items", UnknownItem)
    if any(item is not None and selection.operation not in item.operations for item in chosen):
        raise _at("/items", OperationNotOffered)


def _at(pointer: str, problem: type[InvalidRequest]) -> InvalidRequest:
    return problem(errors=[FieldError(pointer, problem.code, problem.title)])
