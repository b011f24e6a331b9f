"""Several devices at one draft, and a model that says what must be in it.

The model is simpler than the product: it keeps every state of the draft by revision, and says of
each place what an answer must have done to it. Besides what it expects, :meth:`Truth.follow` checks
of what the product really wrote that nobody's word was overwritten by somebody who had not seen it.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from adapters.outbox.put import Outbox
from bff.mock.world import World
from kit.clock import Clock
from miniprogram_api.catalogue.service import CatalogueService
from miniprogram_api.drafts.ports import Grants
from miniprogram_api.drafts.restoring import DraftRestoring
from miniprogram_api.drafts.service import DraftDesk, DraftService
from miniprogram_api.drafts.state import DecodedState

Place = tuple[str, ...]


class Process:
    """What one process of the product keeps of drafts; gone when it is killed."""

    def __init__(
        self, world: World, clock: Clock | None = None, grants: Grants | None = None
    ) -> None:
        services = world.services
        clock = clock or services.clock
        catalogue = services.provided[CatalogueService]
        desk = DraftDesk(catalogue, services.ring, clock, grants)
        self.drafts = DraftService(desk, catalogue, Outbox(clock))
        self.restoring = DraftRestoring(desk, catalogue, self.drafts)


class Rows(dict[str, Any]):
    """A repeated group: its rows by their ids. In another order they are not the same."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rows) and list(self.items()) == list(other.items())

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None


Doc = dict[str, Any]
ABSENT = None


def known(json: Mapping[str, Any]) -> Doc:
    """One step's answers as the model has them."""
    return {code: _known(value) for code, value in json.items()}


def _known(value: Any) -> Any:
    if isinstance(value, list):
        return Rows({row["_id"]: {k: v for k, v in row.items() if k != "_id"} for row in value})
    return dict(value) if isinstance(value, dict) else value


def sent(view: Doc, local: Doc) -> dict[str, Any]:
    """What a device sends: members that changed, null for what it removed, whole lists."""
    return {
        code: _sent(view.get(code), local.get(code))
        for code in {**view, **local}
        if view.get(code) != local.get(code)
    }


def _sent(seen: Any, said: Any) -> Any:
    if isinstance(said, Rows):
        before = seen if isinstance(seen, Rows) else {}
        return [
            {"_id": row_id, **dict.fromkeys(before.get(row_id, {})), **row}
            for row_id, row in said.items()
        ]
    if isinstance(said, dict):
        old = seen if isinstance(seen, dict) else {}
        return {k: said.get(k) for k in {**old, **said} if old.get(k) != said.get(k)}
    return said


def outcome(view: Any, local: Any, now: Any, place: Place = ()) -> tuple[Any, set[Place]]:
    """What ``local``, made from ``view``, makes of what is there now, and the contested places."""
    if local in (now, view):
        return now, set()
    if view == now:
        return local, set()
    if not (isinstance(local, dict) and type(local) is type(now)):
        return now, {place}
    before = view if type(view) is type(now) else {}
    merged, contested = type(now)(), set[Place]()
    for name in _names(before, local, now):
        value, more = outcome(before.get(name), local.get(name), now.get(name), (*place, name))
        contested |= more
        if value is not ABSENT:
            merged[name] = value
    return merged, contested


def _names(view: dict[str, Any], local: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Whoever moved rows gives the order, what is there now when both did; new rows come last."""
    shared = view.keys() & local.keys() & now.keys()
    seen, mine, theirs = ([name for name in side if name in shared] for side in (view, local, now))
    first, second = (local, now) if mine != seen and theirs == seen else (now, local)
    return [*first, *(name for name in second if name not in first)]


def places(doc: Any, place: Place = ()) -> dict[Place, Any]:
    """Every answer by its place; a row or an object is there even if it is empty."""
    if not isinstance(doc, dict):
        return {place: doc}
    found: dict[Place, Any] = {place: "there"} if place else {}
    for name, value in doc.items():
        found |= places(value, (*place, name))
    return found


def applied(view: Doc, patch: dict[str, Any]) -> Doc:
    """RFC 7396 in the model's words; a list is sent whole, absent members of its rows stay."""
    applied = copy.deepcopy(view)
    for code, value in patch.items():
        if value is None:
            applied.pop(code, None)
        elif isinstance(value, dict):
            applied[code] = _patched(applied.get(code) or {}, value)
        elif isinstance(value, list):
            rows, before = known({code: value})[code], applied.get(code) or {}
            applied[code] = type(rows)(
                {row_id: _patched(before.get(row_id, {}), row) for row_id, row in rows.items()}
            )
        else:
            applied[code] = value
    return applied


def _patched(before: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**before, **patch}.items() if value is not None}


def differences(local: Any, now: Any, place: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    """Without a base every difference is contested."""
    if local == now:
        return set()
    if isinstance(local, dict) and type(local) is type(now):
        return {
            found
            for name in {**now, **local}
            for found in differences(local.get(name), now.get(name), (*place, name))
        }
    return {place}


def place_of(conflict: Mapping[str, Any], groups: frozenset[str]) -> Place:
    """A conflict's pointer with the row's id where it has an index."""
    tokens: list[str] = conflict["pointer"].split("/")[1:]
    for number, token in enumerate(tokens[:-1]):
        if token in groups:
            tokens[number + 1] = conflict["row"]
    return tuple(tokens)


@dataclass
class State:
    """A draft at one revision, as the model has it."""

    theme: str
    steps: dict[str, Doc]
    aside: dict[str, Doc]

    @classmethod
    def of(cls, state: DecodedState) -> "State":
        def part(answers: Mapping[str, Any]) -> dict[str, Doc]:
            return {key: known(said) for key, said in answers.items() if said}

        return cls(state.selection.theme, part(state.steps), part(state.aside))

    @property
    def everything(self) -> Doc:
        """All answers by step, asked or not."""
        return {
            key: {**self.aside.get(key, {}), **self.steps.get(key, {})}
            for key in {**self.aside, **self.steps}
        }


class Made(NamedTuple):
    """What a save makes of a step."""

    said: Doc
    aside: Doc
    contested: set[Place]
    """Then nothing is made of it."""


@dataclass
class Truth:
    """All states of one draft, and since which revision each place is as it is."""

    asked: Mapping[str, Mapping[str, frozenset[str]]]
    """By theme and step."""
    states: dict[int, State]
    since: dict[Place, int] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
    """Thinned out."""

    @property
    def newest(self) -> int:
        return max(self.states)

    @property
    def now(self) -> State:
        return self.states[self.newest]

    def changed_since(self, step: str, base: int) -> bool:
        return any(
            self.states[revision].steps.get(step, {})
            != self.states[revision - 1].steps.get(step, {})
            for revision in range(base + 1, self.newest + 1)
        )

    def selected_since(self, base: int) -> bool:
        return any(
            self.states[revision].theme != self.states[revision - 1].theme
            for revision in range(base + 1, self.newest + 1)
        )

    def saved(self, step: str, base: int, patch: Doc, *, by_owner: bool) -> Made:
        """What a save makes of the step. The owner contradicts what lies aside, or takes it up or
        away; of that a helper knows nothing."""
        now, aside = self.now.steps.get(step, {}), self.now.aside.get(step, {})
        if base in self.gone and self.changed_since(step, base):
            local = applied(now, patch)
            return Made(local, aside, differences(local, now))
        view = self.states[base].steps.get(step, {})
        if not by_owner or not self.changed_since(step, base):
            said, contested = outcome(view, applied(view, patch), now)
            return Made(said, aside, contested)
        both, contested = outcome(view, applied(view, patch), {**aside, **now})
        stays = {code: said for code, said in aside.items() if both.get(code) == said}
        hidden = stays.keys() - now.keys()
        return Made(
            {code: said for code, said in both.items() if code not in hidden},
            {code: said for code, said in aside.items() if code in now or code in stays},
            contested,
        )

    def restored(self, base: int, revision: int) -> tuple[Doc, set[Place]]:
        """As :meth:`saved`, of all answers, those that are set aside among them."""
        now, old = self.now.everything, self.states[revision].everything
        if base in self.gone:
            return old, differences(old, now)
        return outcome(self.states[base].everything, old, now)

    def with_step(self, step: str, made: Made) -> State:
        steps, aside = {**self.now.steps, step: made.said}, {**self.now.aside, step: made.aside}
        return State(
            self.now.theme,
            {k: v for k, v in steps.items() if v},
            {k: v for k, v in aside.items() if v},
        )

    def parted(self, everything: Doc, theme: str, besides: Mapping[str, Any]) -> State:
        steps, aside = {}, {}
        for key, said in everything.items():
            stays = self.asked[theme].get(key, frozenset()) | set(besides.get(key, ()))
            steps[key] = {code: value for code, value in said.items() if code in stays}
            aside[key] = {code: value for code, value in said.items() if code not in stays}
        return State(
            theme, {k: v for k, v in steps.items() if v}, {k: v for k, v in aside.items() if v}
        )

    def add(self, state: State) -> None:
        if state != self.now:
            self.states[self.newest + 1] = state

    def follow(self, before: State, really: State, revision: int, base: int, step: str) -> None:
        """One step was written by somebody who last saw ``base``: he had seen whatever changed (or
        the very words that were there before and came back)."""
        old, new = (places(state.everything.get(step, {})) for state in (before, really))
        seen = places(self.states[base].steps.get(step, {})) if base in self.states else {}
        for place in old.keys() | new.keys():
            if old.get(place) != new.get(place):
                last = self.since.get((step, *place), 0)
                known_ = last <= base or seen.get(place) == old.get(place)
                assert known_, f"{place} of revision {last} was overwritten unseen (base {base})"
                self.since[step, *place] = revision
