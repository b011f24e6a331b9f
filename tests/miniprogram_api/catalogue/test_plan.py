"""The plan as it is shown: the contract's shape, promises, notice, savings, what-if."""

import json

import msgspec
import pytest
from jsonschema_rs import Draft202012Validator, meta

from kit.problems import InvalidRequest, NotFound, Problem
from miniprogram_api.catalogue.clocks import promise_of
from miniprogram_api.catalogue.problems import (
    OperationNotOffered,
    RegionNotServed,
    UnknownItem,
    UnknownRegion,
    UnknownTheme,
)
from miniprogram_api.catalogue.service import CatalogueService, Selection
from tests.miniprogram_api.catalogue.conftest import together

DEFAULTS = Selection(operation="open", region="370102", theme="restaurant")


def chosen(*items: str, region: str = "370102") -> Selection:
    return Selection(operation="open", region=region, theme="restaurant", items=items)


def test_the_plan_has_the_members_of_the_contract(service):
    plan = json.loads(service.compile(DEFAULTS).plan_json)
    assert plan.keys() >= {
        "catalogue_version", "operation", "region", "theme", "mode", "items", "steps", "materials",
        "notice", "savings",
    }  # fmt: skip
    assert plan["items"][0].keys() >= {"code", "name", "department", "kind", "clock", "depends_on"}
    assert plan["items"][0]["clock"].keys() >= {
        "promise",
        "unit",
        "statutory",
        "confidence",
        "source",
    }
    assert plan["steps"][0].keys() >= {"key", "title", "schema", "ui", "serves"}
    assert plan["materials"][0].keys() >= {
        "code", "name", "required", "serves", "obtain", "formats", "bytes_max",
    }  # fmt: skip
    assert plan["savings"].keys() >= {
        "fields_joint", "fields_apart", "materials_joint", "materials_apart",
    }  # fmt: skip
    assert plan["catalogue_version"] == service.version


def test_every_step_is_a_closed_json_schema_with_chinese_titles(everything):
    for step in everything.plan.steps:
        assert meta.is_valid(step.schema)
        Draft202012Validator(step.schema)
        assert step.schema["additionalProperties"] is False
        for code, rules in step.schema["properties"].items():
            assert any("一" <= character <= "鿿" for character in rules["title"])
            assert code in step.ui["fields"]


def test_the_plan_tells_which_items_an_answer_serves(everything):
    fields = {code: ui for step in everything.plan.steps for code, ui in step.ui["fields"].items()}
    assert len(fields["entity_name"]["serves"]) >= 90
    assert fields["fund_payday"]["serves"] == ["housing_fund"]
    assert fields["agent"]["when"] == {"field": "by_agent", "equals": True}
    assert fields["food_business_form"]["default"] == "catering"
    assert fields["company_type"]["options"][0].keys() == {"value", "label"}


def test_twelve_items_ask_much_less_together_than_apart(everything):
    savings = everything.plan.savings
    assert savings.fields_joint < 0.6 * savings.fields_apart
    assert savings.materials_joint < 0.6 * savings.materials_apart


def test_a_guessed_promise_is_never_shown_as_one(service, catalogue):
    for item in catalogue.items.values():
        for operation in item.operations.values():
            promise = operation.clock.promise
            is_guess = promise is not None and promise.confidence == "low"
            for answers in ({}, {"fire_procedure": "commitment"}):
                shown = promise_of(operation.clock, answers)
                assert not (is_guess and shown.shown)
                assert not shown.shown or shown.confidence != "low"
    opened = [code for code, item in catalogue.items.items() if "open" in item.operations]
    whole = together(catalogue, opened, "open")
    for entry in service.compile(chosen(*whole)).plan.items:
        promise = catalogue.items[entry.code].operations["open"].clock.promise
        if promise is None or promise.confidence == "low":
            assert entry.clock.promise is None


@pytest.mark.parametrize(
    ("item", "promise", "unit", "statutory"),
    [
        ("business_licence", 4, "working_hours", 3),
        ("social_insurance", 4, "working_hours", 15),
        ("housing_fund", 4, "working_hours", None),
        ("seal", 2, "working_hours", None),
        ("tax_registration", 2, "working_hours", 1),
        ("food_operation", None, "working_days", 10),
        ("outdoor_advertising", None, "working_days", 20),
        ("bank_appointment", None, None, None),
    ],
)
def test_clocks_show_the_promise_or_the_limit_of_the_law(
    everything, item, promise, unit, statutory
):
    clock = next(entry.clock for entry in everything.plan.items if entry.code == item)
    assert (clock.promise, clock.unit) == (promise, unit)
    assert (None if clock.statutory is None else clock.statutory.amount) == statutory


def test_a_promise_with_a_condition_needs_its_answer(everything, answers):
    assert not everything.promise_of("fire_safety_check").shown
    promise = everything.promise_of("fire_safety_check", answers)
    assert (promise.amount, promise.unit, promise.shown) == (1, "working_days", True)
    answers["fire"]["fire_procedure"] = "ordinary"
    assert not everything.promise_of("fire_safety_check", answers).shown
    assert everything.promise_of("fire_safety_check", answers).amount == 10


def test_seal_and_tax_wait_for_the_licence_only_if_it_is_applied_for_too(service):
    assert service.compile(DEFAULTS).promise_of("seal").after == "business_licence"
    assert service.compile(chosen("seal")).promise_of("seal").after is None


def test_dependencies_are_those_among_the_chosen_items(service):
    together = service.compile(chosen("business_licence", "seal")).plan.items
    alone = service.compile(chosen("seal")).plan.items
    assert together[1].depends_on == ["business_licence"]
    assert together[1].licence_first
    assert alone[0].depends_on == []


def test_only_uploads_are_bound_by_formats_and_size(everything):
    for material in everything.plan.materials:
        is_upload = material.obtain == "upload"
        assert bool(material.formats) == is_upload
        assert (material.bytes_max > 0) == is_upload
        assert is_upload or not material.watermark
    assert {m.watermark for m in everything.plan.materials} == {True, False}
    licence = next(m for m in everything.plan.materials if m.code == "business_licence_copy")
    assert licence.follows == "business_licence"


def test_the_notice_says_all_that_one_should_know(everything):
    notice = everything.plan.notice
    assert {line.item for line in notice.what} == set(everything.items)
    assert {line.item for line in notice.legal_basis} == set(everything.items)
    assert "不是山东省的正式事项清单" in notice.remark
    assert any(line.text.startswith("承诺4个工作小时") for line in notice.limits)
    food = [line.text for line in notice.limits if line.item == "food_operation"]
    assert len(food) == 1
    assert food[0].startswith("法定10个工作日")
    assert len(notice.materials) == len(everything.plan.materials)


def test_conditional_items_come_and_go_with_the_answers(service):
    def items(answers: dict[str, object], region: str = "370102") -> set[str]:
        selection = msgspec.structs.replace(DEFAULTS, region=region)
        return {item.code for item in service.plan(selection, answers).items}

    assert {"fire_safety_check", "outdoor_advertising"} <= items({})
    assert "tobacco_retail" not in items({})
    assert "tobacco_retail" in items({"sells_tobacco": True})
    assert "tobacco_retail" in items({"company": {"business_scope": ["tobacco_sale"]}})
    assert "outdoor_advertising" not in items({"puts_up_sign": False})
    assert "fire_safety_check" not in items({"premises_area_m2": 100})
    assert "fire_safety_check" in items({"premises_area_m2": 100}, region="371402")


def test_a_guessed_threshold_is_marked_as_a_guess(service):
    decisions = {d.item: d for d in service.plan(DEFAULTS, {"premises_area_m2": 10}).decisions}
    assert decisions["fire_safety_check"].applies is False
    assert decisions["fire_safety_check"].confidence == "low"
    assert decisions["outdoor_advertising"].applies is None
    assert decisions["outdoor_advertising"].confidence == "high"


def test_chosen_items_stay_whatever_the_answers(service):
    selection = chosen("business_licence", "fire_safety_check")
    plan = service.plan(selection, {"premises_area_m2": 10})
    assert [item.code for item in plan.items] == ["business_licence", "fire_safety_check"]


def test_answers_decide_about_materials_and_clocks(service):
    plan = service.plan(DEFAULTS, {"fire_procedure": "commitment", "supervision_mode": "board"})
    materials = {material.code: material for material in plan.materials}
    assert materials["fire_commitment"].required
    assert "fire_check_form" not in materials
    assert "no_supervisor_consent" not in materials
    clock = next(item.clock for item in plan.items if item.code == "fire_safety_check")
    assert (clock.promise, clock.unit) == (1, "working_days")
    assert plan.savings.fields_joint == service.compile(DEFAULTS).plan.savings.fields_joint


def test_odd_answers_do_not_disturb_a_what_if(service):
    odd = {"company": 5, "sells_tobacco": [], "premises_area_m2": {"a": 1}, "x": None, "fire": {}}
    items = {item.code for item in service.plan(DEFAULTS, odd).items}
    assert {"business_licence", "outdoor_advertising"} <= items
    assert "fire_safety_check" not in items


@pytest.mark.parametrize(
    ("change", "problem", "pointer"),
    [
        ({"region": "110101"}, UnknownRegion, "/region"),
        ({"region": "370000"}, RegionNotServed, "/region"),
        ({"region": "370102001"}, RegionNotServed, "/region"),
        ({"theme": "circus"}, UnknownTheme, "/theme"),
        (
            {"operation": "cancel", "items": ("name_declaration",)},
            OperationNotOffered,
            "/items",
        ),
        ({"items": ("seal", "circus_permit")}, UnknownItem, "/items"),
    ],
)
def test_a_wrong_selection_is_refused_at_its_place(service, change, problem, pointer):
    with pytest.raises(problem) as refused:
        service.compile(msgspec.structs.replace(DEFAULTS, **change))
    assert [error.pointer for error in refused.value.errors] == [pointer]
    document = json.dumps(refused.value.document("zh", instance="-", trace_id="-"))
    assert "circus" not in document


@pytest.mark.parametrize("order", [1, -1])
def test_items_that_exclude_each_other_are_not_chosen_together(service, order):
    both = ("food_operation", "small_catering_registration")[::order]
    with pytest.raises(InvalidRequest) as refused:
        service.compile(msgspec.structs.replace(DEFAULTS, items=both))
    (error,) = refused.value.errors
    assert (error.pointer, error.code) == ("/items", "items_exclude_each_other")
    assert "小餐饮登记" in error.message.zh
    assert "食品经营许可" in error.message.zh
    for one in both:
        assert service.compile(msgspec.structs.replace(DEFAULTS, items=(one,))).items == (one,)


@pytest.mark.parametrize(
    ("answers", "item"),
    [
        ({}, "small_catering_registration"),
        ({"premises_area_m2": 49.9}, "small_catering_registration"),
        ({"premises_area_m2": 50}, "food_operation"),
    ],
)
def test_the_area_decides_between_registration_and_permit(service, answers, item):
    """山东省食品小作坊小餐饮和食品摊点管理条例 article 2: less than 50 m2."""
    selection = msgspec.structs.replace(DEFAULTS, theme="small_catering")
    items = {entry.code for entry in service.plan(selection, answers).items}
    assert items & {"small_catering_registration", "food_operation"} == {item}


def test_every_problem_has_a_code_of_its_own():
    problems = (UnknownRegion, RegionNotServed, UnknownTheme, UnknownItem, OperationNotOffered)
    assert len({problem.code for problem in problems}) == len(problems)
    assert all(issubclass(problem, Problem) for problem in problems)


def test_themes_and_items_are_found_by_region_and_word(service: CatalogueService):
    themes = service.themes("open", "370102")
    theme = themes[0]
    assert (theme.key, theme.industry) == ("restaurant", "6210")
    assert len(themes) >= 30
    assert len(theme.items) == 12
    assert len(theme.defaults) == 11
    assert service.themes("open", "370000") == ()
    assert len(service.themes("cancel", "370102")) == len(themes)
    assert [item.code for item in service.items("open", "370102", "烟草")] == ["tobacco_retail"]
    assert len(service.items()) >= 80
    assert "customs" not in {item.code for item in service.items("open")}
    with pytest.raises(UnknownRegion):
        service.items("open", "nowhere")


def test_an_item_tells_all_its_questions_with_their_sources(service: CatalogueService):
    item = service.item("food_operation")
    asked = {field.code: field for field in item.fields}
    assert asked["food_online_url"].when == {"field": "food_online_operation", "equals": True}
    assert all(field.source for field in [*item.fields, *item.materials])
    with pytest.raises(NotFound):
        service.item("circus_permit")
    with pytest.raises(NotFound):
        service.item("name_declaration", "cancel")


def test_regions_are_listed_level_by_level(service: CatalogueService):
    regions = {region.code: region for region in service.regions()}
    assert len(regions) == 168
    assert regions["370102"].served
    assert not regions["370000"].served
    assert not regions["370000"].served
    assert (regions["370176"].zone, regions["370176"].level) == (True, "county")
    assert regions["370100"].level == "city"
    towns = service.regions("370102")
    assert {town.level for town in towns} == {"town"}
    assert all(town.parent == "370102" for town in towns)
    with pytest.raises(UnknownRegion):
        service.regions("1")
