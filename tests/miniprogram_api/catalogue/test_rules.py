"""Every rule over several answers has an example that keeps it and one that breaks it.

Each example changes some right answers; ``None`` takes an answer away.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.text import Text
from miniprogram_api.catalogue.conditions import holds
from miniprogram_api.catalogue.rules import RuleContext, number
from miniprogram_api.catalogue.service import Catalogue, CompiledPlan
from tests.miniprogram_api.catalogue.conftest import NOON

TODAY = NOON.date()
LI = "370200199506150029"
WANG = "370800198801010019"
MINOR = "370102201001011231"


def shareholder(**changes: Any) -> dict[str, Any]:
    return {
        "_id": "a", "name": "张三", "kind": "person", "id_type": "01",
        "id_number": "370102199003071238", "subscribed_wan": 50, "percent": 100,
        "method": "money", "contribution_date": "2029-11-01", **changes,
    }  # fmt: skip


def officer(id_number: str = "370102199003071238", **changes: Any) -> dict[str, Any]:
    return {
        "_id": id_number, "name": "张三", "appointment": "elected", "id_type": "01",
        "id_number": id_number, **changes,
    }  # fmt: skip


def director(id_number: str = "370102199003071238", **changes: Any) -> dict[str, Any]:
    return officer(id_number, post="director", country="CN", **changes)


def address(region: str) -> dict[str, str]:
    return {"region": region, "street": "某街道", "detail": "某路1号"}


SUPERVISED = {"supervision_mode": "single"}
TWO_HALVES = [
    shareholder(percent=33.3333, subscribed_wan=0.1),
    shareholder(_id="b", id_number=LI, percent=66.6667, subscribed_wan=0.2),
]
JOINT = {"company_type": "joint_stock", "setup_method": "01", "entity_name": "济南示例股份有限公司"}


class Example(NamedTuple):
    keeps: Mapping[str, Any]
    breaks: Mapping[str, Any]
    pointer: str


EXAMPLES: dict[str, Example] = {
    "name_form_of_limited_company": Example(
        {"entity_name": "济南示例有限责任公司"},
        {"entity_name": "济南示例股份有限公司"},
        "/entity_name",
    ),
    "name_form_of_joint_stock_company": Example(
        JOINT, {**JOINT, "entity_name": "济南示例有限公司"}, "/entity_name"
    ),
    "domicile_outside_region": Example(
        {"domicile": address("370102")}, {"domicile": address("370103")}, "/domicile/region"
    ),
    "premises_outside_region": Example(
        {"premises_address": address("370102")},
        {"premises_address": address("371402")},
        "/premises_address/region",
    ),
    "sole_shareholder": Example({}, {"shareholders": TWO_HALVES}, "/shareholders"),
    "limited_company_shareholders": Example(
        {"company_type": "limited", "shareholders": TWO_HALVES},
        {"company_type": "limited", "shareholders": [shareholder(_id=str(n)) for n in range(51)]},
        "/shareholders",
    ),
    "sole_shareholder_is_a_person": Example(
        {}, {"shareholders": [shareholder(kind="company")]}, "/shareholders"
    ),
    "sole_shareholder_is_a_company": Example(
        {"company_type": "limited_corporate_sole", "shareholders": [shareholder(kind="company")]},
        {"company_type": "limited_corporate_sole"},
        "/shareholders",
    ),
    "capital_sum": Example(
        {"registered_capital_wan": 0.3, "shareholders": TWO_HALVES},
        {"registered_capital_wan": 0.31, "shareholders": TWO_HALVES},
        "/shareholders",
    ),
    "share_sum": Example(
        {"shareholders": TWO_HALVES}, {"shareholders": [shareholder(percent=99)]}, "/shareholders"
    ),
    "contribution_within_five_years": Example(
        {"shareholders": [shareholder(contribution_date="2031-11-23")]},
        {"shareholders": [shareholder(contribution_date="2031-11-24")]},
        "/shareholders/0/contribution_date",
    ),
    "paid_before_establishment": Example(
        {**JOINT, "shareholders": [shareholder(paid_wan=50)]}, JOINT, "/shareholders/0/paid_wan"
    ),
    "shareholder_repeated": Example(
        {"shareholders": TWO_HALVES},
        {"shareholders": [shareholder(), shareholder(_id="b")]},
        "/shareholders/1/id_number",
    ),
    "director_repeated": Example(
        {"directors": [director(), director(LI), director(WANG)]},
        {"directors": [director(), director(_id="b")]},
        "/directors/1/id_number",
    ),
    "board_size": Example(
        {"directors": [director(), director(LI), director(WANG)]},
        {"directors": [director(), director(LI)]},
        "/directors",
    ),
    "legal_representative_is_director": Example({}, {"directors": [director(LI)]}, "/directors"),
    "legal_representative_is_manager": Example(
        {"legal_representative_post": "manager", "managers": [officer()]},
        {"legal_representative_post": "manager", "managers": None},
        "/managers",
    ),
    "supervisory_board_size": Example(
        {"supervision_mode": "board", "supervisors": [officer(n) for n in (LI, WANG, MINOR)]},
        {"supervision_mode": "board", "supervisors": [officer(n) for n in (LI, WANG)]},
        "/supervisors",
    ),
    "single_supervisor": Example(
        {**SUPERVISED, "supervisors": [officer(LI)]},
        {**SUPERVISED, "supervisors": [officer(LI), officer(WANG)]},
        "/supervisors",
    ),
    "joint_stock_needs_supervision": Example(
        {**JOINT, "supervision_mode": "audit_committee"}, JOINT, "/supervision_mode"
    ),
    "supervisor_is_director": Example(
        {**SUPERVISED, "supervisors": [officer(LI)]},
        {**SUPERVISED, "supervisors": [officer()]},
        "/supervisors/0/id_number",
    ),
    "supervisor_is_manager": Example(
        {**SUPERVISED, "supervisors": [officer(LI)], "managers": [officer(WANG)]},
        {**SUPERVISED, "supervisors": [officer(LI)], "managers": [officer(LI)]},
        "/supervisors/0/id_number",
    ),
    "supervisor_is_finance_officer": Example(
        {**SUPERVISED, "supervisors": [officer(LI)]},
        {**SUPERVISED, "supervisors": [officer("370102199003071238")]},
        "/supervisors/0/id_number",
    ),
    "legal_representative_is_adult": Example(
        {}, {"legal_representative_id_number": MINOR}, "/legal_representative_id_number"
    ),
    "director_is_adult": Example({}, {"directors": [director(MINOR)]}, "/directors/0/id_number"),
    "supervisor_is_adult": Example(
        {**SUPERVISED, "supervisors": [officer(LI)]},
        {**SUPERVISED, "supervisors": [officer(MINOR)]},
        "/supervisors/0/id_number",
    ),
    "manager_is_adult": Example(
        {"managers": [officer(LI)]}, {"managers": [officer(MINOR)]}, "/managers/0/id_number"
    ),
    "investment_ratios": Example(
        {"natural_person_ratio": 99.9, "foreign_ratio": 0.1},
        {"natural_person_ratio": 60, "foreign_ratio": 30, "state_ratio": 10.1},
        "/natural_person_ratio",
    ),
    "official_seal_needed": Example({}, {"seal_types": ["finance"]}, "/seal_types"),
    "pension_and_injury_insurance_needed": Example(
        {"social_insurance_types": ["1", "5"]},
        {"social_insurance_types": ["1", "2"]},
        "/social_insurance_types",
    ),
    "fund_ratios_equal": Example(
        {"fund_unit_ratio": 12, "fund_person_ratio": 12},
        {"fund_unit_ratio": 12, "fund_person_ratio": 5},
        "/fund_person_ratio",
    ),
    "fund_payers_within_employees": Example(
        {"employees_count": 10, "fund_payers": 10},
        {"employees_count": 9, "fund_payers": 10},
        "/fund_payers",
    ),
    "fund_needs_employees": Example(
        {"employees_count": 1}, {"employees_count": 0}, "/employees_count"
    ),
    "fund_first_month_passed": Example(
        {"fund_first_month": "2026-11"}, {"fund_first_month": "2026-10"}, "/fund_first_month"
    ),
    "appointment_too_early_or_late": Example(
        {"appointment_date": "2026-12-07"}, {"appointment_date": "2026-12-08"}, "/appointment_date"
    ),
    "food_contact_staff_within_employees": Example(
        {"food_contact_staff_count": 12},
        {"food_contact_staff_count": 13},
        "/food_contact_staff_count",
    ),
    "health_certificates_within_employees": Example(
        {"health_cert_count": 12}, {"health_cert_count": 13}, "/health_cert_count"
    ),
    "semi_finished_needs_central_kitchen": Example(
        {"food_items": ["semi_finished"], "food_business_form_marks": ["central_kitchen"]},
        {"food_items": ["semi_finished"], "food_business_form_marks": None},
        "/food_items",
    ),
    "tobacco_needs_separate_premises": Example(
        {}, {"separate_from_home": False}, "/separate_from_home"
    ),
    "water_use_parts": Example(
        {"water_total": 0.3, "water_tap": 0.1, "water_self": 0.2},
        {"water_total": 0.3, "water_tap": 0.1, "water_self": 0.21},
        "/water_total",
    ),
    "discharge_parts": Example(
        {},
        {"discharge_total": 1, "discharge_production": 0.6, "discharge_domestic": 0.5},
        "/discharge_total",
    ),
}


def changed(
    plan: CompiledPlan, answers: dict[str, dict[str, Any]], changes: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    home = {code: key for key, codes in plan.codes_by_step().items() for code in codes}
    for code, value in changes.items():
        answers[home[code]].pop(code, None)
        if value is not None:
            answers[home[code]][code] = value
    return answers


def test_every_rule_has_its_examples(catalogue: Catalogue):
    assert EXAMPLES.keys() == {rule.code for rule in catalogue.rules}


@pytest.mark.parametrize("code", EXAMPLES)
def test_an_example_that_keeps_the_rule_passes(catalogue, everything, answers, code):
    flat = everything.flat(changed(everything, answers, EXAMPLES[code].keeps))
    rule = next(rule for rule in catalogue.rules if rule.code == code)
    assert rule.when is None or holds(rule.when, flat) is True, "the rule was not even asked"
    assert list(rule.broken(RuleContext(flat, TODAY, "370102"))) == []


@pytest.mark.parametrize("code", EXAMPLES)
def test_an_example_that_breaks_the_rule_is_told_at_its_place(everything, answers, code):
    example = EXAMPLES[code]
    check = everything.check_all(changed(everything, answers, example.breaks), set())
    told = [(error.pointer, error.message) for error in check.errors if error.code == code]
    assert [pointer for pointer, _ in told] == [example.pointer]
    assert isinstance(told[0][1], Text)
    home = everything.codes_by_step()
    step = next(error.step for error in check.errors if error.code == code)
    assert example.pointer.split("/")[1] in home[step]


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
            list(rule.broken(RuleContext(answers, TODAY, "370102")))


@given(st.decimals(min_value=0, max_value=10**8, places=6))
def test_amounts_are_read_as_they_were_written(amount):
    assert number(float(amount)) == amount or amount > 10**9
