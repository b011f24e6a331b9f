"""Checking one step: all errors at once, each at its place, none repeating what was typed."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from miniprogram_api.catalogue.checking import ERRORS_MAX
from miniprogram_api.catalogue.facts import Column
from miniprogram_api.catalogue.problems import UnknownStep
from miniprogram_api.catalogue.service import CompiledPlan, StepCheck, sample_answers
from miniprogram_api.catalogue.shapes import schema_of

SECRET = "绝密9张三"
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.just(SECRET),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["_id", "name", "region", "from", "to", SECRET]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


def errors(check: StepCheck) -> set[tuple[str, str]]:
    return {(error.pointer, error.code) for error in check.errors}


def check_with(
    plan: CompiledPlan, answers: dict[str, dict[str, Any]], step: str, **changes: Any
) -> StepCheck:
    return plan.check_step(step, {**answers[step], **changes}, answers)


@pytest.mark.parametrize(
    ("step", "changes", "pointer", "code"),
    [
        ("company", {"entity_name": "ABC公司"}, "/entity_name", "wrong_format"),
        ("company", {"entity_name": "泉香"}, "/entity_name", "too_short"),
        ("company", {"entity_name": "泉" * 51}, "/entity_name", "too_long"),
        ("company", {"entity_name": 5}, "/entity_name", "wrong_type"),
        ("company", {"company_type": "x"}, "/company_type", "not_an_option"),
        ("company", {"company_type": None}, "/company_type", "required"),
        ("company", {"industry_code": "0000"}, "/industry_code", "not_an_option"),
        ("company", {"business_scope": ["nothing"]}, "/business_scope/0", "not_an_option"),
        ("company", {"business_scope": []}, "/business_scope", "required"),
        (
            "company",
            {"business_scope": ["catering_service", "catering_service"]},
            "/business_scope",
            "duplicate",
        ),
        ("company", {"registered_capital_wan": 0}, "/registered_capital_wan", "too_small"),
        ("company", {"registered_capital_wan": 1e9}, "/registered_capital_wan", "too_large"),
        (
            "company",
            {"registered_capital_wan": 0.1234567},
            "/registered_capital_wan",
            "too_precise",
        ),
        ("company", {"registered_capital_wan": "50"}, "/registered_capital_wan", "wrong_type"),
        ("company", {"licence_copies": 1.5}, "/licence_copies", "wrong_type"),
        ("company", {"employees_count": True}, "/employees_count", "wrong_type"),
        ("company", {"business_term": "fixed"}, "/business_term_years", "required"),
        ("premises", {"postal_code": "25000a"}, "/postal_code", "wrong_format"),
        ("premises", {"domicile": {"region": "370102"}}, "/domicile/detail", "required"),
        (
            "premises",
            {"domicile": {"region": "999999", "detail": "x"}},
            "/domicile/region",
            "not_an_option",
        ),
        (
            "premises",
            {"lease_period": {"from": "2026-02-01", "to": "2026-01-31"}},
            "/lease_period/to",
            "dates_reversed",
        ),
        (
            "premises",
            {"lease_period": {"from": "2026-02-30", "to": "2026-03-31"}},
            "/lease_period/from",
            "invalid_date",
        ),
        ("contacts", {"contact_phone": "12345"}, "/contact_phone", "wrong_format"),
        ("contacts", {"contact_email": "a@b"}, "/contact_email", "invalid_email"),
        (
            "contacts",
            {"contact_id_number": "370102199003071239"},
            "/contact_id_number",
            "invalid_id_number",
        ),
        ("contacts", {"by_agent": True}, "/agent", "required"),
        ("contacts", {"by_agent": True, "agent": {"name": "李四"}}, "/agent/phone", "required"),
        ("contacts", {"liaison_officer": {"name": " "}}, "/liaison_officer/name", "wrong_format"),
        ("company", {"website": "ftp://x"}, "/website", "wrong_format"),
        ("fund", {"fund_unit_ratio": 4}, "/fund_unit_ratio", "too_small"),
        ("fund", {"fund_unit_ratio": 13}, "/fund_unit_ratio", "too_large"),
        ("fund", {"fund_payday": 0}, "/fund_payday", "too_small"),
        ("fund", {"fund_first_month": "2026-13"}, "/fund_first_month", "wrong_format"),
        ("fund", {"fund_wage_total": 12.5}, "/fund_wage_total", "wrong_type"),
        ("seals", {"seal_types": ["official", "x"]}, "/seal_types/1", "not_an_option"),
        ("declarations", {"truth_commitment": False}, "/truth_commitment", "must_confirm"),
        ("declarations", {"truth_commitment": None}, "/truth_commitment", "required"),
    ],
)
def test_each_fault_is_told_at_its_place(everything, answers, step, changes, pointer, code):
    check = check_with(everything, answers, step, **changes)
    assert (pointer, code) in errors(check)
    assert check.state == "partial"


def row(**changes: Any) -> dict[str, Any]:
    return {
        "_id": "r1", "name": "张三", "kind": "person", "id_type": "01",
        "id_number": "370102199003071238", "subscribed_wan": 50, "percent": 100,
        "method": "money", "contribution_date": "2029-01-01", **changes,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "pointer", "code"),
    [
        ([row(id_number="370102199003071239")], "/shareholders/0/id_number", "invalid_id_number"),
        (
            [row(), row(_id="r2", id_type="credit_code")],
            "/shareholders/1/id_number",
            "invalid_id_number",
        ),
        ([row(name="")], "/shareholders/0/name", "required"),
        ([row(subscribed_wan=None)], "/shareholders/0/subscribed_wan", "required"),
        ([row(), row()], "/shareholders/1/_id", "duplicate_row"),
        (
            [{k: v for k, v in row().items() if k != "_id"}],
            "/shareholders/0/_id",
            "row_id_required",
        ),
        ([row(_id="a/b")], "/shareholders/0/_id", "wrong_type"),
        ([row(extra=1)], "/shareholders/0/extra", "unknown_field"),
        (["x"], "/shareholders/0", "wrong_type"),
        ([row(_id=str(n)) for n in range(201)], "/shareholders", "too_many"),
        ({"0": row()}, "/shareholders", "wrong_type"),
    ],
)
def test_each_fault_in_a_table_names_its_row(everything, answers, rows, pointer, code):
    check = check_with(everything, answers, "investors", shareholders=rows)
    assert (pointer, code) in errors(check)


def test_a_number_is_read_as_that_of_the_kind_of_document_chosen(everything, answers):
    for id_type, number in (("03", "E12345678"), ("05", "H12345678"), ("01", "11010519491231002x")):
        changes = {"contact_id_type": id_type, "contact_id_number": number}
        assert check_with(everything, answers, "contacts", **changes).errors == ()


def test_all_faults_are_told_at_once(everything, answers):
    changes = {"entity_name": 1, "company_type": "x", "licence_copies": 0, "zzz": 1}
    found = errors(check_with(everything, answers, "company", **changes))
    assert found >= {
        ("/entity_name", "wrong_type"),
        ("/company_type", "not_an_option"),
        ("/licence_copies", "too_small"),
        ("/zzz", "unknown_field"),
    }


def test_an_unknown_field_is_told_and_its_odd_name_is_not_repeated(everything, answers):
    check = check_with(everything, answers, "company", **{"370102199003071238": 1, "zzz": 2})
    assert errors(check) == {("", "unknown_field"), ("/zzz", "unknown_field")}


def test_a_step_is_empty_then_partial_then_complete(everything, answers):
    right = answers["company"]
    assert everything.check_step("company", {}, {}).state == "empty"
    assert (
        everything.check_step("company", {"entity_name": "", "industry_code": None}, {}).state
        == "empty"
    )
    assert everything.check_step("company", {"licence_copies": 1}, {}).state == "partial"
    assert everything.check_step("company", right, answers).state == "complete"


@pytest.mark.parametrize("unseen", ["\0", "\x1b", "\x85", "\u200b", "\u202e", "\u2028", "\ufeff"])
def test_nobody_submits_what_he_cannot_see(everything, answers, unseen):
    domicile = {**answers["premises"]["domicile"], "street": f"文化路{unseen}1号"}
    check = check_with(everything, answers, "premises", domicile=domicile)
    assert errors(check) == {("/domicile/street", "unseen_character")}


@pytest.mark.parametrize("rare", ["𠮷", "\ue863", "ö", "（）", "a b", "é"])
def test_rare_characters_are_characters(everything, answers, rare):
    domicile = {**answers["premises"]["domicile"], "street": f"文化路{rare}1号"}
    assert check_with(everything, answers, "premises", domicile=domicile).errors == ()


def test_a_long_text_has_lines_and_nothing_else_unseen():
    long = schema_of(Column(label="品种", en="Products", type="textarea"))
    validator = Draft202012Validator(long)
    assert [validator.is_valid(f"一行{sign}二行") for sign in ("\n", "\r\n", "\t", "")] == [
        True
    ] * 4
    assert [validator.is_valid(f"一行{sign}二行") for sign in ("\x0b", "\0", "\u202e")] == [
        False
    ] * 3


def test_an_unknown_step_is_a_problem(everything):
    with pytest.raises(UnknownStep):
        everything.check_step("nowhere", {}, {})


def test_another_step_decides_what_a_step_asks(everything, answers):
    answers["premises"]["premises_ownership"] = "owned"
    answers["premises"]["lease_period"] = {"from": "nonsense"}
    assert check_with(everything, answers, "premises").errors == ()
    assert "lease_period" not in everything.flat(answers)
    answers["premises"]["premises_ownership"] = "leased"
    assert check_with(everything, answers, "premises").errors != ()


@given(st.data())
def test_only_the_steps_that_read_a_step_change_with_it(everything, person, data):
    answers = sample_answers(everything, person)["steps"]
    before = {key: everything.check_step(key, answers[key], answers) for key in answers}
    key = data.draw(st.sampled_from(everything.step_keys))
    codes = everything.codes_by_step()[key]
    old = answers[key]
    answers[key] = data.draw(st.dictionaries(st.sampled_from(codes), VALUES))
    touched = {code for code in codes if old.get(code) is not answers[key].get(code)}
    after = {other: everything.check_step(other, answers[other], answers) for other in answers}
    changed = {other for other in answers if before[other] != after[other]} - {key}
    assert changed <= set(everything.steps_reading(key, touched))


def test_few_steps_read_another(everything):
    codes = everything.codes_by_step()
    assert everything.steps_reading("drainage", codes["drainage"]) == ()
    assert everything.steps_reading("tax", codes["tax"]) == ()
    assert "fund" in everything.steps_reading("company", codes["company"])
    assert everything.steps_reading("company", ["registered_capital_wan"]) == (
        "investors",
        "owners",
        "business_licence_partnership",
    )
    with pytest.raises(UnknownStep):
        everything.steps_reading("nowhere", [])


def test_a_question_that_hangs_on_a_hidden_one_is_hidden_too(everything, answers):
    seals = {**answers["seals"], "seal_official_spec": "other"}
    asked = everything.check_step("seals", seals, answers)
    assert ("/seal_official_diameter_mm", "required") in errors(asked)
    without = {**seals, "seal_types": ["finance"]}
    hidden = everything.check_step("seals", without, answers)
    assert errors(hidden) == {("/seal_types", "official_seal_needed")}


def test_a_step_only_knows_its_own_fields(everything, answers):
    """An answer that strayed into another step counts for nothing but is reported there."""
    answers["tax"]["registered_capital_wan"] = 7
    assert everything.flat(answers)["registered_capital_wan"] == 500
    assert ("/registered_capital_wan", "unknown_field") in errors(
        check_with(everything, answers, "tax")
    )


def test_missing_uploads_keep_a_right_form_from_being_ready(everything, answers):
    needed = everything.required_materials(answers)
    assert "premises_use_proof" in needed
    check = everything.check_all(answers, set(needed) - {"premises_use_proof"})
    assert check.errors == ()
    assert check.missing_materials == ("premises_use_proof",)
    assert not check.ready


def test_answers_decide_which_uploads_are_needed(everything, answers):
    assert "fire_layout" not in everything.required_materials(answers)
    answers["fire"]["fire_procedure"] = "ordinary"
    assert "fire_layout" in everything.required_materials(answers)


@given(st.data())
def test_whatever_is_typed_is_answered_and_never_repeated(everything, data):
    codes = everything.codes_by_step()
    key = data.draw(st.sampled_from(everything.step_keys))
    answers = data.draw(st.dictionaries(st.sampled_from([*codes[key], "zzz", SECRET]), VALUES))
    check = everything.check_step(key, answers, {})
    told = json.dumps([(e.pointer, e.code, *e.message) for e in check.errors], ensure_ascii=False)
    assert SECRET not in told
    assert check.state != "complete" or not check.errors


def test_deep_and_huge_answers_are_refused_calmly(everything, answers):
    deep: dict[str, Any] = {}
    for _ in range(50_000):
        deep = {"a": deep}
    assert errors(check_with(everything, answers, "company", entity_name=deep)) >= {
        ("", "too_deep")
    }
    many = {f"field_{n}": n for n in range(5_000)}
    assert len(check_with(everything, answers, "company", **many).errors) == ERRORS_MAX
    long: list[dict[str, Any]] = [{} for _ in range(5_000)]
    assert len(check_with(everything, answers, "investors", shareholders=long).errors) == ERRORS_MAX
    assert ("/entity_name", "too_long") in errors(
        check_with(everything, answers, "company", entity_name="泉" * 1_000_000)
    )


def test_of_more_than_any_form_needs_only_that_is_told(everything, answers):
    """The validator copies the whole step into each of its findings."""
    bulk: list[list[Any]] = [[[] for _ in range(400)] for _ in range(200)]
    blank = check_with(everything, {**answers, "company": {}}, "company")
    given = {"zzz": bulk, "business_scope": bulk, "entity_name": 1}
    check = check_with(everything, {**answers, "company": {}}, "company", **given)
    missing = errors(blank) - {(f"/{code}", "required") for code in given}
    assert errors(check) == {
        ("/zzz", "unknown_field"),
        ("/business_scope", "too_large"),
        ("/entity_name", "wrong_type"),
        *missing,
    }
    # Commas in a text are no values, however many.
    commas = {**answers["company"], "entity_name": 1, "affiliation": "," * 30_000}
    assert ("/affiliation", "too_large") not in errors(
        check_with(everything, {**answers, "company": commas}, "company")
    )


def test_every_error_says_in_both_languages_what_to_do(everything):
    for error in everything.check_all({}, set()).errors:
        assert error.message.zh.startswith(("请填写", "请选择", "请阅读并确认"))
        assert error.message.en.startswith(("Please fill in", "Please choose", "Please confirm"))
