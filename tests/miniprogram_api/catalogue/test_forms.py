"""The union: whatever is selected, each question and material once, all that is needed is there,
and the sample answers are right."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miniprogram_api.catalogue.facts import Use
from miniprogram_api.catalogue.service import (
    CatalogueService,
    CompiledPlan,
    SamplePerson,
    Selection,
    sample_answers,
    sample_materials,
)
from tests.builders.catalogues import shipped

# What excludes another item would not go together with the theme's own.
ITEMS = tuple(
    code
    for code, item in shipped().items.items()
    if "open" in item.operations and not item.operations["open"].excludes
)
REGIONS = ("370102", "370124", "370100", "371402", "371471", "371482")
PEOPLE = st.sampled_from(
    [
        SamplePerson("张三", "370102199003071238", "13800138000"),
        SamplePerson("李四", "370200199506150029", "15900001111"),
        SamplePerson("王五", "11010519491231002X", "19912345678"),
    ]
)
SELECTIONS = st.builds(
    lambda items, region, mode: Selection(
        operation="open", region=region, theme="restaurant", items=tuple(items), mode=mode
    ),
    st.sets(st.sampled_from(ITEMS)),
    st.sampled_from(REGIONS),
    st.sampled_from(["joint", "single"]),
)


def results(service: CatalogueService, plan: CompiledPlan) -> set[str]:
    """The items whose results there will be: any registration gives what the company's gives."""
    items = service.catalogue.items
    return set(plan.items) | {items[code].stands_for or code for code in plan.items}


def field_uses(service: CatalogueService, plan: CompiledPlan) -> list[Use]:
    """What the data say that the chosen items ask, without what another one's result gives."""
    return [
        use
        for code in plan.items
        for use in service.catalogue.items[code].operations["open"].fields.of(code)
        if use.follows not in results(service, plan)
    ]


def material_uses(service: CatalogueService, plan: CompiledPlan) -> list[Use]:
    return [
        use
        for code in plan.items
        for use in service.catalogue.items[code].operations["open"].materials.of(code)
    ]


@given(SELECTIONS)
def test_every_question_is_asked_once_and_none_is_left_out(service, selection):
    plan = service.compile(selection)
    asked = Counter(code for codes in plan.codes_by_step().values() for code in codes)
    assert set(asked) == {use.code for use in field_uses(service, plan)}
    assert set(asked.values()) == {1}
    assert plan.plan.savings.fields_joint == len(asked)
    shown = [code for step in plan.plan.steps for code in step.schema["properties"]]
    assert Counter(shown) == asked


@given(SELECTIONS)
def test_what_any_item_requires_is_required(service, selection):
    plan = service.compile(selection)
    needed = {u.code for u in field_uses(service, plan) if u.required and u.when is None}
    required = {code for step in plan.plan.steps for code in step.schema["required"]}
    assert required == needed


@given(SELECTIONS)
def test_every_material_is_listed_once_with_all_whom_it_serves(service, selection):
    plan = service.compile(selection)
    uses = material_uses(service, plan)
    codes = [material.code for material in plan.plan.materials]
    assert len(codes) == len(set(codes))
    assert set(codes) == {use.code for use in uses}
    for material in plan.plan.materials:
        assert set(material.serves) == {u.item for u in uses if u.code == material.code}


@given(SELECTIONS)
def test_a_joint_form_never_asks_more_than_the_items_apart(service, selection):
    savings = service.compile(selection).plan.savings
    assert savings.fields_joint <= savings.fields_apart
    assert savings.materials_joint <= savings.materials_apart
    assert savings.uploads_joint <= savings.uploads_apart


@given(SELECTIONS, PEOPLE)
@settings(max_examples=60)
def test_sample_answers_are_right_for_every_selection(service, selection, person):
    plan = service.compile(selection)
    answers = sample_answers(plan, person)["steps"]
    assert tuple(answers) == plan.step_keys
    files = set(sample_materials(plan, answers))
    check = plan.check_all(answers, files)
    assert [(error.step, error.pointer, error.code) for error in check.errors] == []
    assert check.ready
    for key in plan.step_keys:
        assert plan.check_step(key, answers[key], answers).state == "complete"
    assert sample_answers(plan, person)["steps"] == answers


@given(SELECTIONS, PEOPLE)
@settings(max_examples=60)
def test_each_item_gets_the_answers_it_needs(service, selection, person):
    plan = service.compile(selection)
    answers = sample_answers(plan, person)["steps"]
    flat = plan.flat(answers)
    for item in plan.items:
        own = plan.answers_of_item(item, answers)
        assert own.items() <= flat.items()
        uses = service.catalogue.items[item].operations["open"].fields.of(item)
        needed = {u.code for u in uses if u.required and u.when is None and u.code in flat}
        assert needed <= own.keys()


@given(st.permutations(["seal", "business_licence", "seal", "tax_registration"]))
def test_the_order_and_repetition_of_items_do_not_matter(service, items):
    wanted = Selection(operation="open", region="370102", theme="restaurant", items=tuple(items))
    assert wanted.items == ("business_licence", "seal", "tax_registration")
    assert service.compile(wanted) is service.compile(wanted)
    assert service.compile(wanted).items == ("business_licence", "seal", "tax_registration")


def test_a_result_of_a_chosen_item_is_not_asked_for(service):
    def codes(*items: str) -> set[str]:
        plan = service.compile(
            Selection(operation="open", region="370102", theme="restaurant", items=items)
        )
        return {code for codes in plan.codes_by_step().values() for code in codes}

    assert "credit_code" in codes("food_operation")
    assert "credit_code" not in codes("business_licence", "food_operation")


@pytest.mark.parametrize("left_out", ["contact_name", "shareholders", "food_items", "ad_location"])
def test_a_required_answer_that_is_missing_is_told(everything, answers, left_out):
    step = next(key for key, codes in everything.codes_by_step().items() if left_out in codes)
    del answers[step][left_out]
    check = everything.check_step(step, answers[step], answers)
    assert ("required", f"/{left_out}") in {(e.code, e.pointer) for e in check.errors}


def test_many_selections_do_not_fill_the_memory(service):
    for region in service.catalogue.regions:
        if service.catalogue.served_city(region):
            for mode in ("joint", "single"):
                service.compile(
                    Selection(operation="open", region=region, theme="restaurant", mode=mode)
                )
    for first in ITEMS[:12]:
        for second in ITEMS[:12]:
            items = (first, second)
            service.compile(
                Selection(operation="open", region="370102", theme="restaurant", items=items)
            )
    assert len(service.serving._plans) <= 64
    assert len(service.serving._forms) <= 16
