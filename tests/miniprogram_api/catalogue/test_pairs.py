"""Proofs over the shipped data: every pair of items of every theme, and every theme's samples."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

import pytest

from miniprogram_api.catalogue.claims import givers
from miniprogram_api.catalogue.facts import Operation, Use
from miniprogram_api.catalogue.form import Form
from miniprogram_api.catalogue.provenance import claims_of, savings_of
from miniprogram_api.catalogue.service import (
    Catalogue,
    CatalogueService,
    SamplePerson,
    Selection,
    sample_answers,
    sample_materials,
)
from miniprogram_api.catalogue.step_schemas import StepSchemas
from tests.miniprogram_api.catalogue.conftest import StoppedClock, together

OPERATIONS: tuple[Operation, ...] = ("open", "change", "cancel")


def offered(catalogue: Catalogue, theme: str, operation: Operation) -> list[str]:
    return [
        entry.code
        for entry in catalogue.themes[theme].items
        if operation in catalogue.items[entry.code].operations
    ]


def pairs(catalogue: Catalogue, operation: Operation) -> Iterator[tuple[str, tuple[str, str]]]:
    """Each pair once, with one of the themes that have it: a theme only presets answers."""
    seen: set[frozenset[str]] = set()
    for theme in catalogue.themes:
        for pair in combinations(offered(catalogue, theme, operation), 2):
            if frozenset(pair) not in seen:
                seen.add(frozenset(pair))
                yield theme, pair


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_pair_of_every_theme_asks_its_union_once_and_all_that_is_required(
    catalogue: Catalogue, operation: Operation
):
    schemas = StepSchemas(catalogue, StoppedClock())
    count = 0
    for theme, pair in pairs(catalogue, operation):
        count += 1
        form = Form(catalogue, theme, operation, pair, schemas)
        chosen = [
            (catalogue.items[code], catalogue.items[code].operations[operation]) for code in pair
        ]
        given = givers(item for item, _ in chosen)
        uses = [
            use
            for item, facts in chosen
            for use in facts.fields.of(item.code)
            if use.follows not in given
        ]
        papers = [use for item, facts in chosen for use in facts.materials.of(item.code)]
        assert_union(form, uses)
        assert_materials(form, papers, pair)
        savings = savings_of(claims_of(chosen), catalogue.materials, {})
        assert savings.fields_joint == len({use.code for use in uses})
        brought = {use.code for use in papers if use.follows not in given}
        assert savings.materials_joint == len(brought)
    assert count > 300


def _members(of: Mapping[str, object], name: str) -> Any:
    """A part of a schema, whose shape the schema's standard gives and no type of ours."""
    return of[name]


def assert_union(form: Form, uses: list[Use]) -> None:
    asked = Counter(
        code for view in form.step_views for code in _members(view.schema, "properties")
    )
    assert set(asked) == {use.code for use in uses}
    assert set(asked.values()) == {1}
    required = {code for view in form.step_views for code in _members(view.schema, "required")}
    assert required == {use.code for use in uses if use.required and use.when is None}
    for view in form.step_views:
        for code, ui in _members(view.ui, "fields").items():
            assert set(ui["serves"]) == {use.item for use in uses if use.code == code}
            may_be_needed = any(use.required for use in uses if use.code == code)
            assert may_be_needed is (
                code in _members(view.schema, "required") or "required_when" in ui
            )


def assert_materials(form: Form, papers: list[Use], pair: tuple[str, str]) -> None:
    listed = Counter(asked.code for asked in form.materials)
    assert set(listed) == {use.code for use in papers}
    assert set(listed.values()) <= {1}
    for asked in form.materials:
        assert set(asked.uses) == {use for use in papers if use.code == asked.code}
        assert asked.follows in {None, *pair}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_sample_answer_set_is_right_for_its_theme(
    service: CatalogueService, person: SamplePerson, operation: Operation
):
    wrong = {}
    for theme in service.catalogue.themes:
        listed = offered(service.catalogue, theme, operation)
        items = together(service.catalogue, listed, operation)
        for chosen in ((), items):
            plan = service.compile(
                Selection(operation=operation, region="370102", theme=theme, items=chosen)
            )
            answers = sample_answers(plan, person)["steps"]
            check = plan.check_all(answers, sample_materials(plan, answers))
            if not check.ready:
                wrong[theme] = [(error.pointer, error.code) for error in check.errors]
    assert wrong == {}
