"""The questions that decide about a plan and are not answered yet."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from miniprogram_api.catalogue.catalogue import Catalogue
from miniprogram_api.catalogue.claims import AskedMaterial, asked_state
from miniprogram_api.catalogue.conditions import Answers, Condition, holds, is_blank
from miniprogram_api.catalogue.facts import Use
from miniprogram_api.catalogue.plan_schemas import OpenQuestion
from miniprogram_api.catalogue.provenance import Chosen
from miniprogram_api.catalogue.selection import Choice

Decided = Literal["items", "materials", "clocks"]


class Asking(NamedTuple):
    """A plan's parts that may depend on answers; ``homes``: the step that asks each question."""

    catalogue: Catalogue
    choice: Choice
    chosen: Chosen
    materials: Sequence[AskedMaterial]
    homes: Mapping[str, str]


def open_questions(asking: Asking, answers: Answers, hidden: Collection[str]) -> list[OpenQuestion]:
    """Those first that no step asks, then in the order of the form."""
    decided: dict[str, dict[Decided, list[str]]] = {}
    for kind, code, condition in _undecided(asking, answers):
        for question in condition.fields():
            if question not in hidden and is_blank(answers.get(question)):
                lists = decided.setdefault(question, {"items": [], "materials": [], "clocks": []})
                if code not in lists[kind]:
                    lists[kind].append(code)
    order = {code: place for place, code in enumerate(asking.homes)}
    return [
        OpenQuestion(
            code=code,
            question=_words(asking, code),
            step=asking.homes.get(code),
            **decided[code],
        )
        for code in sorted(decided, key=lambda code: order.get(code, -1))
    ]


def _undecided(asking: Asking, answers: Answers) -> Iterator[tuple[Decided, str, Condition]]:
    for decision in asking.choice.decisions(answers):
        condition = asking.choice.condition_of(decision.item)
        if decision.applies is None and condition is not None:
            yield "items", decision.item, condition
    for asked in asking.materials:
        needed = [use for use in asked.uses if use.required]
        for condition in (*_open(asked.uses, answers), *_open(needed, answers)):
            yield "materials", asked.code, condition
    for item, operation in asking.chosen:
        condition = operation.clock.promise_when
        if condition is not None and holds(condition, answers) is None:
            yield "clocks", item.code, condition


def _open(uses: Sequence[Use], answers: Answers) -> list[Condition]:
    """The conditions on which it depends whether any of the claims stands."""
    if asked_state(uses, answers) is not None:
        return []
    return [use.when for use in uses if use.when is not None and holds(use.when, answers) is None]


def _words(asking: Asking, code: str) -> str:
    situation = asking.choice.theme.situations.get(code)
    return asking.catalogue.fields[code].label if situation is None else situation.question
