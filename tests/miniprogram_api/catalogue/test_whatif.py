"""What-if: what answers change in a plan, and that the answers named are those that do."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miniprogram_api.catalogue.conditions import Condition, deciding, holds
from miniprogram_api.catalogue.plan_schemas import PlanChanges
from miniprogram_api.catalogue.schemas import PlanView
from miniprogram_api.catalogue.service import CatalogueService, Selection

DEFAULTS = Selection(operation="open", region="370102", theme="restaurant")
ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        "sells_tobacco": st.booleans(),
        "puts_up_sign": st.booleans(),
        "discharges_sewage": st.booleans(),
        "premises_area_m2": st.sampled_from([10, 299, 300, 5000]),
        "business_scope": st.sampled_from([["catering_service"], ["tobacco_sale"], []]),
        "fire_procedure": st.sampled_from(["commitment", "ordinary"]),
        "supervision_mode": st.sampled_from(["none", "board", "single"]),
        "premises_ownership": st.sampled_from(["leased", "owned"]),
        "company_type": st.sampled_from(["limited", "joint_stock"]),
        "by_agent": st.booleans(),
    },
)


def changes(service: CatalogueService, answers: dict[str, Any], **more: Any) -> PlanChanges:
    found = service.plan(DEFAULTS, answers, **more).changes
    assert found is not None
    return found


def test_an_item_comes_with_the_answer_that_decided_it(service):
    (item,) = changes(service, {"sells_tobacco": True, "puts_up_sign": True}).items
    assert (item.code, item.change, item.decided_by) == (
        "tobacco_retail", "added", ["sells_tobacco"],
    )  # fmt: skip


def test_an_item_goes_with_its_materials_inspection_and_days(service):
    found = changes(service, {"premises_area_m2": 100})
    assert [(i.code, i.change, i.confidence) for i in found.items] == [
        ("fire_safety_check", "removed", "low")
    ]
    assert {m.change for m in found.materials} == {"removed"}
    assert {code for m in found.materials for code in m.decided_by} == {"premises_area_m2"}
    assert [i.item for i in found.inspections] == ["fire_safety_check"]
    (clock,) = found.clocks
    assert clock.after is None
    assert clock.before is not None
    assert (clock.before.amount, clock.before.promised) == (10, False)
    assert "减少1个事项（公众聚集场所" in found.text
    assert "1 inspections dropped" in found.text_en


def test_a_promise_comes_with_its_condition(service):
    (clock,) = changes(service, {"fire_procedure": "commitment"}).clocks
    assert clock.decided_by == ["fire_procedure"]
    assert msgspec.to_builtins(clock.after) == {
        "amount": 1, "unit": "working_days", "promised": True,
    }  # fmt: skip


def test_two_sets_of_answers_can_be_compared(service):
    before = {"sells_tobacco": True, "premises_area_m2": 100}
    found = changes(service, {**before, "premises_area_m2": 300}, previous=before)
    assert found.compared_with == "previous_answers"
    assert [(i.code, i.change) for i in found.items] == [("fire_safety_check", "added")]


def test_answers_that_change_nothing_say_so(service):
    found = changes(service, {"entity_name": "济南示例饭店有限公司"})
    assert [*found.items, *found.materials, *found.inspections, *found.clocks] == []
    assert found.text == "办理事项、材料和时限没有变化"


def test_chosen_items_stay_and_only_their_materials_change(service):
    selection = msgspec.structs.replace(DEFAULTS, items=("business_licence", "fire_safety_check"))
    found = service.plan(
        selection, {"premises_area_m2": 10, "fire_procedure": "commitment"}
    ).changes
    assert found.items == []
    assert {m.code: m.change for m in found.materials}["fire_commitment"] == "now_required"


@pytest.mark.parametrize("ui", ["standard", "elder"])
def test_what_is_sent_is_the_plan(service, ui):
    answers = {"sells_tobacco": True, "fire_procedure": "commitment"}
    sent = service.plan_json(DEFAULTS, answers, None, ui)
    assert sent == msgspec.json.encode(service.plan(DEFAULTS, answers, None, ui))
    compiled = service.compile(DEFAULTS)
    assert compiled.plan_json == msgspec.json.encode(compiled.plan)


def names(view: PlanView) -> dict[str, set[str]]:
    return {
        "items": {item.code for item in view.items},
        "materials": {material.code for material in view.materials},
        "inspections": {item.code for item in view.items if item.inspection},
    }


@given(ANSWERS, ANSWERS)
@settings(max_examples=60)
def test_the_changes_are_the_difference_of_the_plans_and_each_is_explained(service, before, after):
    found = changes(service, after, previous=before)
    old, new = names(service.plan(DEFAULTS, before)), names(service.plan(DEFAULTS, after))
    for kind, moved in (
        ("items", {(c.code, c.change) for c in found.items}),
        (
            "materials",
            {(c.code, c.change) for c in found.materials if not c.change.startswith("now_")},
        ),
        ("inspections", {(c.item, c.change) for c in found.inspections}),
    ):
        added = {(code, "added") for code in new[kind] - old[kind]}
        assert moved == added | {(code, "removed") for code in old[kind] - new[kind]}
    differing = {code for code in {*before, *after} if before.get(code) != after.get(code)}
    decided: list[Sequence[str]] = [
        *(change.decided_by for change in found.items),
        *(change.decided_by for change in found.materials),
        *(change.decided_by for change in found.inspections),
        *(change.decided_by for change in found.clocks),
    ]
    assert all(decided)
    assert {code for codes in decided for code in codes} <= differing


def test_without_answers_the_questions_that_decide_are_told(service):
    questions = {q.code: q for q in service.compile(DEFAULTS).plan.questions}
    assert questions["sells_tobacco"].items == ["tobacco_retail"]
    assert questions["sells_tobacco"].step is None
    assert questions["premises_area_m2"].step == "premises"
    assert questions["premises_area_m2"].question == "经营场所面积"
    assert questions["fire_procedure"].clocks == ["fire_safety_check"]
    assert "fire_commitment" in questions["fire_procedure"].materials


def test_a_question_that_is_answered_is_not_asked_any_more(service):
    answers: dict[str, Any] = {"sells_tobacco": False, "business_scope": ["catering_service"]}
    codes = {q.code for q in service.plan(DEFAULTS, answers).questions}
    assert codes.isdisjoint(answers)
    assert "puts_up_sign" in codes


@pytest.mark.parametrize("theme", ["restaurant"])
def test_every_conditional_item_names_what_decides_it(service, catalogue, theme):
    plan = service.compile(msgspec.structs.replace(DEFAULTS, theme=theme)).plan
    for decision in plan.decisions:
        assert decision.decided_by
        for code in decision.decided_by:
            assert code in catalogue.fields or code in catalogue.themes[theme].situations


def test_only_the_parts_that_matter_decide():
    written = {"any": [{"field": "a", "equals": True}, {"field": "b", "equals": True}]}
    either = msgspec.convert(written, Condition)
    assert deciding(either, {}, {"a": True, "b": False}) == ("a",)
    assert deciding(either, {"a": True}, {"a": False, "b": False}) == ("a", "b")
    assert deciding(either, {"a": True}, {"a": True, "b": True}) == ()


LEAVES = st.builds(
    lambda field, value: {"field": field, "equals": value}, st.sampled_from("abc"), st.booleans()
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts})
        | st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts})
        | inner.map(lambda part: {"not": part})
    ),
    max_leaves=6,
)
GIVEN = st.dictionaries(st.sampled_from("abc"), st.booleans())


@given(CONDITIONS, GIVEN, GIVEN)
def test_the_deciding_answers_differ_and_there_are_some_whenever_the_result_does(
    written, before, after
):
    condition = msgspec.convert(written, Condition)
    codes = deciding(condition, before, after)
    assert bool(codes) is (holds(condition, before) != holds(condition, after))
    assert all(before.get(code) != after.get(code) for code in codes)
