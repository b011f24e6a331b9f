"""The pages for elder people: the same questions, one at a time, with the same result."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema_rs import is_valid

from miniprogram_api.catalogue.elder import OPTIONS_READ
from miniprogram_api.catalogue.schemas import PlanView
from miniprogram_api.catalogue.service import (
    CatalogueService,
    CompiledPlan,
    SamplePerson,
    Selection,
    sample_answers,
)
from miniprogram_api.drafts.merge import apply_patch

DEFAULTS = Selection(operation="open", region="370102", theme="restaurant")


@pytest.fixture(scope="module")
def plan(service: CatalogueService) -> CompiledPlan:
    return service.compile(DEFAULTS)


def test_the_pages_ask_what_the_steps_ask_one_question_at_a_time(everything):
    asked = [(step, code) for step, codes in everything.codes_by_step().items() for code in codes]
    assert [(page.step, page.field) for page in everything.elder_pages()] == asked


def test_every_page_says_what_to_do_and_can_be_read_aloud(everything, catalogue):
    for page in everything.elder_pages():
        field = catalogue.fields[page.field]
        assert page.question.startswith(("请", field.label))
        assert page.speak.endswith("。")
        assert page.speak_en.endswith(".")
        assert not set("“”()（）+/") & set(page.speak)
        for part in page.parts:
            assert part.question
            assert part.speak.endswith("。")


def test_few_options_are_read_and_many_are_counted(plan):
    pages = {page.field: page for page in plan.elder_pages()}
    assert "可以选：" in pages["supervision_mode"].speak
    many = [page for page in plan.elder_pages() if "个选项" in page.speak]
    assert many
    assert all(int(page.speak.split("共")[1].split("个")[0]) > OPTIONS_READ for page in many)


def test_what_nobody_needs_is_kept_behind_a_button(plan):
    needed = {
        use.code
        for item in plan.items
        for use in plan.catalogue.items[item].operations["open"].fields.of(item)
        if use.required
    }
    for page in plan.elder_pages():
        assert page.rare is (page.field not in needed)
        assert page.rare is ("这一项可以不填" in page.speak)


def test_a_page_is_passed_over_when_its_question_is(plan):
    ui = {code: entry for step in plan.plan.steps for code, entry in step.ui["fields"].items()}
    for page in plan.elder_pages():
        assert page.when == ui[page.field].get("when")


def test_the_plan_has_pages_only_for_elder_people(plan):
    standard, elder = plan.shown(), plan.shown("elder")
    assert "pages" not in json.loads(standard.body)
    shown = msgspec.json.decode(elder.body, type=PlanView)
    assert msgspec.json.encode(shown.pages) == msgspec.json.encode(plan.elder_pages())
    assert standard.etag != elder.etag
    rest = json.loads(elder.body)
    del rest["pages"]
    assert rest == json.loads(standard.body)


def test_a_what_if_has_pages_too(service):
    shown = service.plan(DEFAULTS, {"sells_tobacco": True}, ui="elder")
    assert {page.field for page in shown.pages} >= {"separate_from_home", "entity_name"}
    assert service.plan(DEFAULTS, {"sells_tobacco": True}).pages is msgspec.UNSET


@given(data=st.data())
@settings(max_examples=40)
def test_answers_given_page_by_page_make_the_draft_that_the_steps_make(
    service: CatalogueService, person: SamplePerson, data: st.DataObject
):
    """In any order, with pages left out, gone back to and answered anew."""
    items = data.draw(st.sets(st.sampled_from(sorted(service.compile(DEFAULTS).items)), max_size=4))
    plan = service.compile(msgspec.structs.replace(DEFAULTS, items=tuple(items)))
    answers = sample_answers(plan, person)["steps"]
    pages = data.draw(
        st.permutations([p for p in plan.elder_pages() if p.field in answers[p.step]])
    )
    kept = pages[: data.draw(st.integers(0, len(pages)))]
    by_pages: dict[str, dict[str, Any]] = {key: {} for key in plan.step_keys}
    for page in [*kept[:3], *kept]:
        first = data.draw(st.sampled_from([None, "另一个回答", answers[page.step][page.field]]))
        for value in (first, answers[page.step][page.field]):
            patch = {page.field: value}
            by_pages[page.step] = apply_patch(by_pages[page.step], patch)
    wanted = {(page.step, page.field) for page in kept}
    by_steps = {
        key: apply_patch({}, {c: v for c, v in step.items() if (key, c) in wanted})
        for key, step in answers.items()
    }
    assert by_pages == by_steps
    assert plan.check_all(by_pages, set()) == plan.check_all(by_steps, set())
    for key, step in by_steps.items():
        assert plan.check_step(key, by_pages[key], by_pages) == plan.check_step(key, step, by_steps)


def test_a_page_alone_is_a_right_answer_to_its_step(plan, person):
    """A front end may check each page against the step's own schema."""
    answers = sample_answers(plan, person)["steps"]
    schemas = {step.key: step.schema for step in plan.plan.steps}
    for page in plan.elder_pages():
        properties: Any = schemas[page.step]["properties"]
        value = answers[page.step].get(page.field)
        if value is not None and "format" not in str(properties[page.field]):
            assert is_valid(properties[page.field], value)
