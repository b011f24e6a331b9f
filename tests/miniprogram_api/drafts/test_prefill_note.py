"""The register's note beside a draft: where answers come from, and what should be looked at."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.text import Text
from miniprogram_api.drafts.register_note import (
    CHANGED_BY,
    RegisterNote,
    agrees,
    findings,
    origins,
)
from tests.builders.catalogues import shipped

USCC = "91370102MA3QAAA01U"
ADDRESS = {"region": "370102", "street": "测试街道", "detail": "测试路1号"}
KNOWN: dict[str, Any] = {
    "credit_code": USCC,
    "entity_name": "测试甲餐饮有限公司",
    "domicile": ADDRESS,
    "employees_count": 10,
    "shareholders": [
        {"_id": "register-1", "name": "测试甲某", "subscribed_wan": 60},
        {"_id": "register-2", "name": "测试乙某", "subscribed_wan": 40},
    ],
}
ANSWERED = RegisterNote(USCC, "answered", KNOWN, "active")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


def told(note: RegisterNote, operation: str = "cancel", **given: object) -> set[tuple[str, str]]:
    return {(at, code) for at, code, _ in findings(note, {"credit_code": USCC, **given}, operation)}


@given(JSON)
def test_everything_agrees_with_itself(value: object) -> None:
    assert agrees(value, value)


@given(JSON, JSON)
def test_comparing_never_fails(one: object, other: object) -> None:
    assert agrees(one, other) in {True, False}


@pytest.mark.parametrize(
    ("known", "given"),
    [
        ("测试（甲）公司", "测试(甲) 公司"),
        ("11010519491231002X", "11010519491231002x"),
        (100, 100.0),
        (["a", "b"], ["b", "a"]),
        (ADDRESS, {"region": "370102", "detail": "测试街道 测试路1号"}),
        ({"name": "甲"}, {"name": "甲", "phone": "13800000000"}),
        (KNOWN["shareholders"], [
            {"_id": "x", "name": "测试乙某", "subscribed_wan": 40.0, "method": "money"},
            {"_id": "y", "name": "测试甲某", "subscribed_wan": 60},
        ]),
    ],
)  # fmt: skip
def test_the_same_said_in_another_way_is_no_difference(known: object, given: object) -> None:
    assert agrees(known, given)


@pytest.mark.parametrize(
    ("known", "given"),
    [
        ("测试甲公司", "测试乙公司"),
        (100, 100.5),
        (1, True),
        (["a"], ["a", "b"]),
        (ADDRESS, {**ADDRESS, "region": "370103"}),
        (ADDRESS, {**ADDRESS, "detail": "测试路2号"}),
        (KNOWN["shareholders"], KNOWN["shareholders"][:1]),
        (KNOWN["shareholders"], [KNOWN["shareholders"][0]] * 2),
        ({"name": "甲"}, {}),
    ],
)
def test_what_is_not_the_same_is_a_difference(known: object, given: object) -> None:
    assert not agrees(known, given)


def test_an_answer_is_the_registers_the_persons_or_not_verified() -> None:
    given = {"entity_name": "测试甲餐饮有限公司", "domicile": {}, "contact_name": "测试"}
    assert origins(ANSWERED, given) == {
        "entity_name": "register", "domicile": "typed", "contact_name": "typed",
    }  # fmt: skip
    assert origins(RegisterNote(USCC, "waiting"), given) == {
        "entity_name": "unverified", "domicile": "unverified", "contact_name": "typed",
    }  # fmt: skip


def test_a_cancellation_is_about_the_company_as_it_is_registered() -> None:
    assert told(ANSWERED, **KNOWN) == set()
    assert told(ANSWERED, entity_name="测试乙公司", contact_name="谁") == {
        ("entity_name", "register_differs")
    }


def test_what_is_to_be_changed_may_differ_and_nothing_else() -> None:
    given = {"entity_name": "测试乙公司", "domicile": {"region": "370102", "detail": "别处"}}
    assert told(ANSWERED, "change", **given, change_items=["01"]) == {
        ("domicile", "register_differs")
    }
    assert told(ANSWERED, "change", **given, change_items=["01", "02"]) == set()
    assert told(ANSWERED, "change", **given) == {
        ("entity_name", "register_differs"), ("domicile", "register_differs"),
    }  # fmt: skip
    # A word of a change means nothing in a cancellation.
    assert len(told(ANSWERED, "cancel", **given, change_items=["01", "02"])) == 2


def test_every_change_names_an_option_that_people_can_choose() -> None:
    fields = shipped().fields
    options = fields["change_items"].options.keys()
    assert set().union(*CHANGED_BY.values()) <= options
    assert CHANGED_BY.keys() <= fields.keys()


def test_the_number_of_staff_is_not_compared() -> None:
    assert told(ANSWERED, employees_count=99) == set()


def test_for_another_company_only_the_code_is_wrong() -> None:
    note = RegisterNote(USCC, "answered", KNOWN, "cancelled")
    assert told(note, credit_code="91370103MA3QBBB022", entity_name="x") == {
        ("credit_code", "register_differs")
    }


def test_an_unknown_company_is_told_at_its_code() -> None:
    assert told(RegisterNote(USCC, "unknown"), entity_name="x") == {
        ("credit_code", "register_unknown")
    }


@pytest.mark.parametrize(
    ("company", "operation", "is_told"),
    [
        ("cancelled", "change", True),
        ("cancelled", "cancel", True),
        ("revoked", "change", True),
        ("revoked", "cancel", False),
        ("active", "change", False),
        ("other", "cancel", False),
    ],
)
def test_a_company_that_is_no_more_cannot_be_changed(
    company: Any, operation: str, is_told: bool
) -> None:
    note = RegisterNote(USCC, "answered", {}, company)
    assert told(note, operation) == ({("credit_code", "register_not_active")} if is_told else set())


def test_branches_and_investments_are_settled_before_a_cancellation() -> None:
    note = RegisterNote(USCC, "answered", {}, "active", branches=1, investments=2)
    given = {"branches_cancelled": "none", "outward_investment": "none"}
    assert told(note, **given) == {
        ("branches_cancelled", "register_differs"), ("outward_investment", "register_differs"),
    }  # fmt: skip
    assert told(note, branches_cancelled="settled", outward_investment="settled") == set()
    assert told(note, "change", **given) == set()


def test_the_simple_procedure_is_not_for_everybody() -> None:
    at = ("deregistration_mode", "simple_not_open")
    for note in (
        RegisterNote(USCC, "answered", {}, "revoked"),
        RegisterNote(USCC, "answered", {}, "active", investments=1),
    ):
        assert told(note, deregistration_mode="simple") == {at}
        assert told(note, deregistration_mode="ordinary") == set()
    assert told(ANSWERED, deregistration_mode="simple") == set()


def test_no_warning_repeats_what_was_typed_or_registered() -> None:
    note = RegisterNote(USCC, "answered", KNOWN, "revoked", 1, 1)
    given = {"credit_code": USCC, "entity_name": "测试别名公司", "branches_cancelled": "none"}
    for _, _, message in findings(note, given, "cancel"):
        assert isinstance(message, Text)
        assert "测试" not in message.zh + message.en
        assert USCC not in message.zh + message.en
