"""What is only guessed is never told as law or as a promise, and what answers hide counts for
nothing, whatever is chosen wherever."""

from collections import defaultdict
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from miniprogram_api.catalogue.conditions import Condition, Parameter
from miniprogram_api.catalogue.service import (
    CatalogueService,
    CompiledPlan,
    SamplePerson,
    Selection,
    sample_answers,
)

OPERATIONS = ("open", "change", "cancel")
REGIONS = ("370102", "370202", "371702")
FAR_ABOVE = 100_000


def plans(service: CatalogueService, operation: Any, region: str) -> Iterator[CompiledPlan]:
    """Of every theme, and of every item alone."""
    items = service.catalogue.items
    alone = [("restaurant", (code,)) for code in items if operation in items[code].operations]
    for theme, codes in [*((theme, ()) for theme in service.catalogue.themes), *alone]:
        wanted = Selection(operation=operation, region=region, theme=theme, items=codes)
        yield service.compile(wanted)


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_no_time_that_somebody_guessed_is_told(service, operation, region) -> None:
    for compiled in plans(service, operation, region):
        plan = compiled.plan
        assert {line.confidence for line in plan.notice.limits} <= {"high", "medium"}
        told = {line.item for line in plan.notice.limits}
        for item in plan.items:
            clock = item.clock
            shown = clock.promise is not None or clock.statutory is not None
            assert (item.code in told) is shown, item.code
            assert clock.confidence in (("high", "medium") if shown else (None,))
            assert clock.statutory is None or clock.statutory.confidence != "low"


def test_no_guessed_rule_keeps_anybody_from_submitting(catalogue) -> None:
    guessed = [rule for rule in catalogue.rules if rule.confidence == "low"]
    assert all(rule.severity != "block" for rule in guessed)


def deciding(condition: Condition, found: dict[str, set[Any]]) -> None:
    """Answers by question of which some meet the condition's tests."""
    if condition.field is not None:
        constants = [condition.equals, *(condition.in_ or ())]
        found[condition.field].update(
            it for it in constants if it is not None and not isinstance(it, Parameter)
        )
        found[condition.field].update({FAR_ABOVE} if condition.at_least is not None else ())
        found[condition.field].update({(condition.contains,)} if condition.contains else ())
    for part in condition.parts():
        deciding(part, found)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_plan_with_answers_needs_what_a_draft_with_them_needs(
    service: CatalogueService, person: SamplePerson, operation: Any
) -> None:
    """Also where something was chosen otherwise later, with the answers below it left there."""
    chance = Random(7)
    for compiled in list(plans(service, operation, "370102"))[: len(service.catalogue.themes)]:
        found: dict[str, set[Any]] = defaultdict(set)
        for code in compiled.items:
            facts = service.catalogue.items[code].operations[operation]
            for use in (*facts.fields.of(code), *facts.materials.of(code)):
                if use.when is not None:
                    deciding(use.when, found)
        homes = {code: key for key, codes in compiled.codes_by_step().items() for code in codes}
        right = sample_answers(compiled, person)["steps"]
        for _ in range(4):
            steps = {key: dict(answers) for key, answers in right.items()}
            for code in sorted(found.keys() & homes.keys()):
                if chance.random() < 0.6:
                    value = chance.choice(sorted([*found[code], False], key=repr))
                    it = list(value) if isinstance(value, tuple) else value
                    steps.setdefault(homes[code], {})[code] = it
            flat = {code: it for answers in steps.values() for code, it in answers.items()}
            view = compiled.seen(flat).view
            needed = {it.code for it in view.materials if it.required and it.obtain == "upload"}
            assert needed == set(compiled.required_materials(steps)), compiled.selection
            assert not {question.code for question in view.questions} & flat.keys()
            assert compiled.seen(flat).view == view


def test_a_hidden_question_is_not_asked_for_its_answer(service: CatalogueService) -> None:
    wanted = Selection(operation="change", region="370102", theme="restaurant")
    asked = {it.code for it in service.plan(wanted, {"change_items": ["04"]}).questions}
    hidden = {it.code for it in service.plan(wanted, {"change_items": ["01"]}).questions}
    assert "capital_change_kind" in asked
    assert "capital_change_kind" not in hidden
