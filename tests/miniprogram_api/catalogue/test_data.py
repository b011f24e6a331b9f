"""The shipped data: how much there is, where it comes from, and that it can be filled in."""

import re

import pytest

from miniprogram_api.catalogue.catalogue import DATA_FOLDER
from miniprogram_api.catalogue.facts import Operation, Uses
from miniprogram_api.catalogue.service import (
    Catalogue,
    CatalogueService,
    SamplePerson,
    Selection,
    sample_answers,
    sample_materials,
)
from tests.miniprogram_api.catalogue.conftest import together

OPERATIONS = ("open", "change", "cancel")
# The joint set-up of a company comes first whatever is opened.
BASICS = {
    "business_licence", "social_insurance", "medical_insurance", "housing_fund", "seal",
    "tax_registration", "bank_appointment",
}  # fmt: skip
WORKPLACE = re.compile(r"domain\.md|datasets\.md|seeds/|from memory|\bR[123]\b|@[0-9a-f]{7,}")


def uses(catalogue: Catalogue) -> list[tuple[str, str, Uses, Uses]]:
    return [
        (code, name, operation.fields, operation.materials)
        for code, item in catalogue.items.items()
        for name, operation in item.operations.items()
    ]


def errors(service: CatalogueService, person: SamplePerson, selection: Selection) -> list[str]:
    plan = service.compile(selection)
    answers = sample_answers(plan, person)["steps"]
    check = plan.check_all(answers, set(sample_materials(plan, answers)))
    return [f"{error.step}{error.pointer}: {error.code}" for error in check.errors]


def test_there_are_enough_items_and_themes(catalogue):
    assert len(catalogue.items) >= 95
    assert len(catalogue.themes) >= 35
    for operation in OPERATIONS:
        assert len([i for i in catalogue.items.values() if operation in i.operations]) >= 90


def test_all_cities_are_served_and_their_counties_with_them(catalogue):
    counties = [code for code in catalogue.regions if len(code) == 6 and code[2:] != "0000"]
    assert len(counties) == 16 + 151
    assert all(catalogue.served_city(code) is not None for code in counties)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_sample_answers_are_right_for_every_theme_and_item(service, person, operation):
    themes, items = service.catalogue.themes, service.catalogue.items
    for theme in themes:
        assert not errors(service, person, _selection(operation, theme)), theme
    for code, item in items.items():
        if operation in item.operations:
            assert not errors(service, person, _selection(operation, "restaurant", code)), code
    offered = [code for code, item in items.items() if operation in item.operations]
    whole = together(service.catalogue, offered, operation)
    assert not errors(service, person, _selection(operation, "restaurant", *whole))


def _selection(operation: Operation, theme: str, *items: str) -> Selection:
    return Selection(operation=operation, region="370102", theme=theme, items=items)


def test_every_required_question_has_a_sample(catalogue):
    required = {
        use.code for _, _, fields, _ in uses(catalogue) for use in fields.of("-") if use.required
    }
    assert required <= catalogue.samples.keys()


def test_every_theme_holds_the_joint_set_up_and_what_its_industry_needs(catalogue):
    for key, theme in catalogue.themes.items():
        always = {entry.code for entry in theme.items if entry.always}
        assert always >= BASICS, key
        others = {entry.code for entry in theme.items} - BASICS
        assert others, key
        assert theme.presets["industry_code"] == theme.industry_code


def test_the_restaurant_keeps_its_eleven_matters(service):
    plan = service.compile(_selection("open", "restaurant"))
    assert len(plan.items) == 11
    assert plan.plan.savings.fields_joint <= 170


def test_nothing_in_the_dictionaries_is_unused(catalogue):
    fields = {use.code for _, _, asked, _ in uses(catalogue) for use in asked.of("-")}
    materials = {use.code for _, _, _, asked in uses(catalogue) for use in asked.of("-")}
    assert set(catalogue.fields) == fields
    assert set(catalogue.materials) == materials


def test_changes_and_endings_say_what_and_why(catalogue):
    for code, operation, fields, _ in uses(catalogue):
        asked = {use.code for use in fields.of("-")}
        if code in catalogue.themes["restaurant"].presets or operation == "open":
            continue
        kind = catalogue.items[code].kind
        if kind in ("permit", "filing") and code not in ("beneficial_owner", "employment"):
            assert asked & {"change_items", "cancel_reason", "has_customs_record"}, code


def test_permits_wait_for_the_licence_or_come_before_it(catalogue):
    """``licence_first`` is accepting with the licence missing: it must be waited for then."""
    for code, item in catalogue.items.items():
        for operation in item.operations.values():
            if operation.licence_first:
                assert "business_licence" in operation.depends_on, code


def test_dependencies_have_no_circle(catalogue):
    for name in OPERATIONS:
        waits = {
            code: set(item.operations[name].depends_on)
            for code, item in catalogue.items.items()
            if name in item.operations
        }
        while waits:
            free = {code for code, others in waits.items() if not others & waits.keys()}
            assert free, waits
            waits = {code: others for code, others in waits.items() if code not in free}


def test_a_promise_that_nobody_published_is_a_guess(catalogue):
    """Only what is shown may be trusted: estimates and figures of elsewhere have low confidence."""
    for code, item in catalogue.items.items():
        for operation in item.operations.values():
            promise = operation.clock.promise
            if promise is not None and ("推测" in promise.source or "其他地区" in promise.source):
                assert promise.confidence == "low", code


def test_a_threshold_of_another_place_is_a_guess(catalogue):
    entries = [entry for theme in catalogue.themes.values() for entry in theme.items]
    borrowed = [entry for entry in entries if "其他地区" in (entry.source or "")]
    assert borrowed
    assert {entry.confidence for entry in borrowed} == {"low"}
    for served in catalogue.served.values():
        for parameter in served.parameters.values():
            assert parameter.confidence == "low" or "外省" not in parameter.source


def test_sources_are_named_for_officials_and_not_for_this_workplace():
    for path in sorted(DATA_FOLDER.rglob("*.yaml")):
        found = WORKPLACE.search(path.read_text("utf-8"))
        assert found is None, (path, found)


def test_law_is_named_for_every_item(catalogue):
    for code, item in catalogue.items.items():
        assert item.legal_basis, code
        assert item.department, code


def test_documents_have_the_codes_of_the_standards(catalogue):
    for code in ("contact_id_type", "legal_representative_id_type"):
        assert list(catalogue.fields[code].options)[:3] == ["01", "02", "03"]
    assert all(re.fullmatch("[0-9]{4}", code) for code in catalogue.lookups["industries"])
    assert {"10", "20", "40", "50"} <= catalogue.fields["affiliation"].options.keys()


def test_a_number_of_a_person_is_personal(catalogue):
    for code, field in catalogue.fields.items():
        columns = {column.type for column in field.columns.values()}
        if field.type == "id_number" or "id_number" in columns:
            assert field.personal, code


@pytest.mark.parametrize("operation", ["change", "cancel"])
def test_what_is_changed_or_ended_is_not_called_an_opening(catalogue, operation):
    named = {
        code: item.name_in(operation)
        for code, item in catalogue.items.items()
        if operation in item.operations
    }
    assert {code: name for code, name in named.items() if "设立" in name} == {}
