"""Every rule over several answers has an example that keeps it and one that breaks it, in the data;
the rules are the same wherever they are run."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniprogram_api.catalogue.catalogue import DATA_FOLDER
from miniprogram_api.catalogue.checking import ERRORS_MAX
from miniprogram_api.catalogue.facts import Operation
from miniprogram_api.catalogue.files import Folder
from miniprogram_api.catalogue.loading import RULE_EXAMPLES
from miniprogram_api.catalogue.reading import FolderReader
from miniprogram_api.catalogue.rule import Rule, RuleContext, number
from miniprogram_api.catalogue.rule_examples import RuleExample, broken_at, example_faults
from miniprogram_api.catalogue.rules import AnyRule
from miniprogram_api.catalogue.service import (
    Catalogue,
    CatalogueService,
    CompiledPlan,
    SamplePerson,
    Selection,
    sample_answers,
)
from tests.miniprogram_api.catalogue.conftest import NOON
from tests.miniprogram_api.catalogue.spoiling import faults, replace

TODAY = NOON.date()
LI = "370200199506150029"
# Answers with which the questions are asked that the samples hide.
OPENING = {
    "supervision_mode": "single", "change_items": ["01", "02", "03", "04", "10", "12", "officers"],
    "bo_exempt": False, "deregistration_mode": "ordinary", "capital_change_kind": "decrease",
    "partnership_type": "03", "composition_form": "02",
}  # fmt: skip


@pytest.fixture(scope="module")
def examples() -> dict[str, RuleExample]:
    return FolderReader(Folder(DATA_FOLDER)).mapping(RULE_EXAMPLES, RuleExample)


def officer(id_number: str = "370102199003071238", **changes: Any) -> dict[str, Any]:
    return {
        "_id": id_number, "name": "张三", "appointment": "elected", "id_type": "01",
        "id_number": id_number, **changes,
    }  # fmt: skip


def changed(
    plan: CompiledPlan, answers: dict[str, dict[str, Any]], changes: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    home = {code: key for key, codes in plan.codes_by_step().items() for code in codes}
    for code, value in changes.items():
        before = answers[home[code]].pop(code, None)
        if value is not None:
            answers[home[code]][code] = whole_rows(value, before)
    return answers


def whole_rows(value: Any, sample: Any) -> Any:
    """An example's rows have only what the rule reads; the rest is the sample's."""
    if not (isinstance(value, list) and value and isinstance(value[0], dict)):
        return value
    whole = sample[0] if sample else {}
    return [{**whole, "_id": str(number), **row} for number, row in enumerate(value)]


def test_every_rule_keeps_and_breaks_as_its_examples_say(catalogue: Catalogue, examples):
    assert examples.keys() == {rule.code for rule in catalogue.rules}
    for rule in catalogue.rules:
        example = examples[rule.code]
        assert list(example_faults(rule, example, catalogue.known())) == [], rule.code
        assert broken_at(rule, example.keeps, catalogue.known()) == []
        assert broken_at(rule, example.breaks, catalogue.known()) == [example.pointer]


def test_every_kind_of_rule_is_used(catalogue: Catalogue):
    kinds = {type(rule) for rule in catalogue.rules}
    assert kinds == set(AnyRule.__args__)


Offered = Mapping[Operation, Mapping[str, set[str]]]


@pytest.fixture(scope="module")
def offered_by_operation(catalogue: Catalogue) -> Offered:
    """What each item asks."""
    operations: tuple[Operation, ...] = ("open", "change", "cancel")
    return {
        operation: {
            code: {use.code for use in item.operations[operation].fields.of(code)}
            for code, item in catalogue.items.items()
            if operation in item.operations
        }
        for operation in operations
    }


def forms_with(
    service: CatalogueService, offered_by_operation: Offered, rule: Rule
) -> Iterator[CompiledPlan]:
    """Forms of few items that ask all that a rule reads."""
    for operation, offered in offered_by_operation.items():
        if rule.operations and operation not in rule.operations:
            continue
        first = [code for code in rule.items if code in offered] or list(offered)
        for code in first:
            items, missing = [code], set(rule.reads()) - offered[code]
            while missing:
                best = max(offered, key=lambda other: len(offered[other] & missing))
                if not offered[best] & missing:
                    break
                items.append(best)
                missing -= offered[best]
            if not missing:
                selection = Selection(
                    operation=operation, region="370102", theme="restaurant", items=tuple(items)
                )
                yield service.compile(selection)
                break


def told(
    plan: CompiledPlan, answers: dict[str, dict[str, Any]], codes: frozenset[str]
) -> list[str]:
    check = plan.check_all(answers, set())
    return [error.pointer for error in (*check.errors, *check.remarks) if error.code in codes]


def codes_of(rule: Rule, example: RuleExample, plan: CompiledPlan) -> frozenset[str]:
    """What it says when its example breaks it: its own code, unless it has several to tell."""
    context = RuleContext(example.breaks, TODAY, "370102", *plan.catalogue.known())
    return frozenset(error.code for error in rule.told(context))


def test_a_broken_rule_is_told_in_the_forms_that_ask_for_it(
    service: CatalogueService, person: SamplePerson, examples, offered_by_operation: Offered
):
    """At its step, whatever else the form asks; a rule that no form asks for is no rule."""
    unseen = []
    for rule in service.catalogue.rules:
        example, seen = examples[rule.code], False
        for plan in forms_with(service, offered_by_operation, rule):
            codes = codes_of(rule, example, plan)
            kept, broken = (
                filled_in(plan, person, answers) for answers in (example.keeps, example.breaks)
            )
            assert told(plan, kept, codes) == [], rule.code
            if not example.breaks.keys() <= plan.flat(broken).keys():
                # Other answers hide what it reads: then it has to be silent.
                assert told(plan, broken, codes) == [], rule.code
                continue
            # Of 201 shareholders so much is wrong that not everything is told at once.
            too_much = len(plan.check_all(broken, set()).errors) >= ERRORS_MAX
            assert too_much or told(plan, broken, codes) == [example.pointer], rule.code
            seen = True
            break
        if not seen:
            unseen.append(rule.code)
    assert unseen == []


def filled_in(
    plan: CompiledPlan, person: SamplePerson, answers: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    asked = {code for codes in plan.codes_by_step().values() for code in codes}
    opening = {code: value for code, value in OPENING.items() if code in asked}
    return changed(plan, sample_answers(plan, person)["steps"], {**opening, **answers})


def test_the_loader_refuses_a_rule_that_its_examples_do_not_prove(folder: Path):
    replace(folder, "rules_forms.yaml", "years: 5", "years: 6")
    (fault, *_) = faults(folder)
    assert (fault.file, fault.place) == ("rule_examples.yaml", "capital_increase_within_five_years")
    assert fault.line is not None


def test_only_what_the_law_says_keeps_somebody_from_submitting(catalogue: Catalogue):
    for rule in catalogue.rules:
        assert rule.severity != "block" or rule.confidence != "low"
        assert "口径" not in rule.source or rule.severity != "block"


def test_a_hidden_table_breaks_no_rule(everything, answers):
    """The supervisors of a mode that was dropped stay in the draft but are asked no more."""
    stale = changed(everything, answers, {"supervisors": [officer()], "supervision_mode": "none"})
    assert everything.check_all(stale, set()).errors == ()


def test_rules_are_silent_about_what_is_not_answered(everything):
    nothing: dict[str, dict[str, Any]] = {key: {} for key in everything.step_keys}
    codes = {error.code for error in everything.check_all(nothing, set()).errors}
    assert codes == {"required"}


@given(st.dictionaries(st.text(max_size=4), st.none() | st.booleans() | st.floats() | st.text()))
def test_no_answer_of_a_wrong_shape_makes_a_rule_raise(catalogue, odd):
    for rule in catalogue.rules:
        for value in (odd, [odd], [None, 1], "x", 1e308, 10**400, float("nan"), True):
            answers = dict.fromkeys(rule.reads(), value)
            list(rule.broken(RuleContext(answers, TODAY, "370102", *catalogue.known())))


@given(st.decimals(min_value=0, max_value=10**8, places=6))
def test_amounts_are_read_as_they_were_written(amount):
    assert number(float(amount)) == amount or amount > 10**9
