"""What is registered becomes answers; what does not fit a question is left to the person."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.licences.port import Officer, RegisteredCompany, Shareholder
from kit.secrets import IdNumber, PersonName
from miniprogram_api.catalogue.service import Catalogue
from miniprogram_api.drafts.register_answers import ANSWERED, address_in, answers_of, scope_in
from tests.builders.catalogues import shipped

HEAD, OTHER = "370102199003071238", "370103197909220014"
COMPANY = RegisteredCompany(
    uscc="91370102MA3QAAA01U",
    name="测试甲餐饮有限公司",
    kind="company",
    state="active",
    state_text="在营",
    legal_representative=PersonName("测试甲某"),
    legal_representative_id=IdNumber(HEAD),
    type_text="有限责任公司（自然人投资或控股）",
    domicile="山东省济南市历下区测试街道测试路1号",
    scope="许可项目：餐饮服务。一般项目：餐饮管理；礼仪服务。（依法须经批准的项目，经相关部门批准后方可开展）",
    capital_wan=Decimal("100.000000"),
    term_from=date(2019, 5, 20),
    term_to=date(2039, 5, 19),
    industry_class="H",
    industry="6210",
    employees=12,
    officers=(
        Officer(PersonName("测试甲某"), "执行董事兼总经理", True, IdNumber(HEAD)),
        Officer(PersonName("测试乙某"), "监事", True, IdNumber(OTHER)),
        Officer(PersonName("测试丙某"), "财务负责人", False, IdNumber("E12345678")),
        Officer(PersonName("测试丁某"), "副董事长", True, None),
        Officer(PersonName("测试戊某"), "董事会秘书、副总经理", True, None),
    ),
    shareholders=(
        Shareholder(PersonName("测试甲某"), "居民身份证", IdNumber(HEAD), Decimal(60), Decimal(10)),
        Shareholder(
            PersonName("测试有限公司"), "营业执照", IdNumber("91370103MA3QBBB022"), Decimal(40)
        ),
    ),
)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return shipped()


def answers(catalogue: Catalogue, with_numbers: bool = True, **other: Any):
    return answers_of(replace(COMPANY, **other), catalogue, with_numbers=with_numbers)


def test_a_company_answers_the_questions_that_it_can(catalogue: Catalogue) -> None:
    found = answers(catalogue)
    assert found["entity_name"] == COMPANY.name
    assert found["company_type"] == "limited"
    assert found["industry_code"] == "6210"
    assert found["business_scope"] == ["catering_service", "catering_management", "party_service"]
    assert found["registered_capital_wan"] == 100
    assert (found["business_term"], found["business_term_years"]) == ("fixed", 20)
    assert found["domicile"] == {"region": "370102", "street": "测试街道", "detail": "测试路1号"}
    assert found["legal_representative_post"] == "executive_director"
    assert found["legal_representative_id_number"] == HEAD
    first, second = found["shareholders"]
    assert (first["kind"], first["id_type"], first["percent"]) == ("person", "01", 60)
    assert (second["kind"], second["id_type"], second["percent"]) == ("company", "credit_code", 40)
    assert [(row["name"], row.get("post")) for row in found["directors"]] == [
        ("测试甲某", "executive_director"), ("测试丁某", "director"),
    ]  # fmt: skip
    assert [row["name"] for row in found["managers"]] == ["测试甲某"]
    assert [row["name"] for row in found["supervisors"]] == ["测试乙某"]
    assert found["finance_officer"] == {"name": "测试丙某"}


def test_whatever_is_answered_is_a_question_that_may_be_answered(catalogue: Catalogue) -> None:
    individual = answers(catalogue, kind="individual", officers=(), shareholders=())
    assert individual.keys() | answers(catalogue).keys() <= ANSWERED
    assert catalogue.fields.keys() >= ANSWERED
    assert "premises_address" in individual
    assert "domicile" not in individual


def test_an_agent_is_shown_no_numbers_of_identity_documents(catalogue: Catalogue) -> None:
    shown = repr(answers(catalogue, with_numbers=False))
    assert HEAD not in shown
    assert OTHER not in shown
    # An organisation's code is no secret.
    assert "91370103MA3QBBB022" in shown


@pytest.mark.parametrize(
    ("scope", "found"),
    [
        ("餐饮服务；餐饮管理", ["catering_service", "catering_management"]),
        ("餐饮服务;餐饮服务", ["catering_service"]),
        ("食品销售（仅销售预包装食品）", ["prepackaged_food_sale"]),
        ("食品销售(仅销售预包装食品)；餐饮服务。", ["prepackaged_food_sale", "catering_service"]),
        ("餐饮服务；火箭发射", []),
        ("", []),
    ],
)
def test_half_a_scope_would_be_another_scope(
    catalogue: Catalogue, scope: str, found: list[str]
) -> None:
    assert scope_in(scope, catalogue) == found


@pytest.mark.parametrize(
    ("line", "region", "detail"),
    [
        ("山东省济南市历下区测试路1号", "370102", "测试路1号"),
        ("济南市历下区测试路1号", "370102", "测试路1号"),
        ("山东省德州市平原县测试镇测试村9号", "371426", "测试村9号"),
        ("济南市测试路1号", None, None),
        ("江苏省南京市玄武区测试路1号", None, None),
        ("山东省济南市历下区", None, None),
        ("", None, None),
    ],
)
def test_an_address_is_taken_apart_only_if_its_county_is_certain(
    catalogue: Catalogue, line: str, region: str | None, detail: str | None
) -> None:
    found = address_in(line, catalogue)
    assert (found or {}).get("region") == region
    assert (found or {}).get("detail") == detail


@given(st.text(max_size=40))
def test_no_line_is_too_odd_for_an_address_or_a_scope(catalogue: Catalogue, line: str) -> None:
    address_in(f"山东省济南市历下区{line}", catalogue)
    scope_in(line, catalogue)


def test_what_does_not_fit_is_left_out(catalogue: Catalogue) -> None:
    found = answers(
        catalogue,
        type_text="外星公司",
        industry="9999",
        currency="美元",
        term_from=None,
        term_to=None,
        domicile="海上",
        legal_representative_id=None,
        officers=(),
        shareholders=(),
        employees=None,
    )
    assert found.keys() <= {
        "entity_name", "credit_code", "business_scope", "legal_representative_name",
    }  # fmt: skip


def test_shares_that_do_not_add_up_have_no_percentages(catalogue: Catalogue) -> None:
    rows = answers(catalogue, capital_wan=Decimal(120))["shareholders"]
    assert not any("percent" in row for row in rows)


def test_a_term_without_an_end_is_long_and_one_of_odd_length_has_no_years(
    catalogue: Catalogue,
) -> None:
    assert answers(catalogue, term_to=None)["business_term"] == "long_term"
    odd = answers(catalogue, term_to=date(2039, 9, 1))
    assert odd["business_term"] == "fixed"
    assert "business_term_years" not in odd
