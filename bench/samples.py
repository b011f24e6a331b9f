"""Real answers for a whole form, and for each step several right ones that differ.

Every save of a measurement changes something, because a save that changes nothing writes nothing.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import msgspec

from kit.clock import SystemClock
from miniprogram_api.catalogue.service import (
    Catalogue,
    CatalogueService,
    SamplePerson,
    Selection,
    sample_answers,
    sample_materials,
)

SELECTION: dict[str, Any] = {
    "operation": "open",
    "region": "370102",
    "theme": "restaurant",
    "items": [],
    "mode": "joint",
}
VARIANTS = 4
_WORDS = "甲乙丙丁"


@dataclass(frozen=True, slots=True)
class Step:
    """``variants`` are complete answers as JSON, each differing from the one before it."""

    key: str
    variants: tuple[bytes, ...]

    @property
    def size(self) -> int:
        return len(self.variants[0])


@dataclass(frozen=True, slots=True)
class Samples:
    steps: tuple[Step, ...]
    materials: tuple[str, ...]
    flat: dict[str, Any]
    """All answers by field code, as a what-if plan takes them."""

    @property
    def largest(self) -> Step:
        return max(self.steps, key=lambda step: step.size)

    @property
    def smallest(self) -> Step:
        return min(self.steps, key=lambda step: step.size)


def load_samples(person: SamplePerson) -> Samples:
    catalogue = CatalogueService(Catalogue.load(), SystemClock())
    compiled = catalogue.compile(msgspec.convert(SELECTION, Selection))
    answers: dict[str, dict[str, Any]] = sample_answers(compiled, person)["steps"]

    def is_right(key: str, changed: dict[str, Any]) -> bool:
        return compiled.check_step(key, changed, {**answers, key: changed}).state == "complete"

    steps = []
    for key in compiled.step_keys:
        changed = [one for one in _changes(answers[key]) if is_right(key, one)]
        # Declarations have no other right answer: there a tick is taken away and set again.
        variants = [answers[key], *(changed or list(_changes(answers[key])))[: VARIANTS - 1]]
        steps.append(Step(key, tuple(msgspec.json.encode(one) for one in variants)))
    return Samples(tuple(steps), sample_materials(compiled, answers), compiled.flat(answers))


def _changes(answers: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The same answers with one leaf changed, in many ways."""
    for path, value in _leaves(answers):
        for other in _others(value):
            if other == value:
                continue
            changed = deepcopy(answers)
            place: Any = changed
            for part in path[:-1]:
                place = place[part]
            place[path[-1]] = other
            yield changed


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if isinstance(value, dict):
        for name, part in value.items():
            if name != "_id":
                yield from _leaves(part, (*path, name))
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from _leaves(part, (*path, number))
    else:
        yield path, value


def _others(value: Any) -> Iterator[Any]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + step for step in range(1, VARIANTS))
    elif isinstance(value, str):
        yield from (f"{value[:-1]}{word}" for word in _WORDS)
        yield from (f"{value[:-1]}{digit}" for digit in range(10))
