"""Numbers of documents. The synthetic vectors are those that are published with the standards or
were made for tests; none is a living person's."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniprogram_api.catalogue.numbers import (
    is_clearing_number,
    is_credit_code,
    is_document_number,
    is_id_number,
)

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    "number",
    ["11010519491231002X", "11010519491231002x", "370102199003071238", "370800198801010019",
     "370200199506150029"],
)  # fmt: skip
def test_right_identity_numbers_are_accepted(number):
    assert is_id_number(number, TODAY)


@pytest.mark.parametrize(
    "number",
    ["", "x", "37010219900307123", "3701021990030712381", "370102199003071237",
     "370102199002301230", "370102209903071230", "990102199003071238", "37010219900307123Y",
     "３70102199003071238"],
)  # fmt: skip
def test_wrong_identity_numbers_are_refused(number):
    assert not is_id_number(number, TODAY)


def with_check(first_17: str) -> str:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(digit) * weight for digit, weight in zip(first_17, weights, strict=True))
    return first_17 + "10X98765432"[total % 11]


@pytest.mark.parametrize("prefix", ["810000", "820000", "830000"])
def test_residence_permits_are_identity_numbers(prefix):
    assert is_id_number(with_check(f"{prefix}19900307123"), TODAY)


def test_nobody_is_born_in_the_future():
    assert is_id_number(with_check("37010220261123123"), TODAY)
    assert not is_id_number(with_check("37010220261124123"), TODAY)


@given(st.dates(date(1900, 1, 1), TODAY), st.integers(0, 999))
def test_every_number_with_a_real_birth_date_and_its_check_digit_is_right(born, order):
    number = with_check(f"370102{born:%Y%m%d}{order:03}")
    assert is_id_number(number, TODAY)
    wrong = number[:16] + str((int(number[16]) + 1) % 10) + number[17]
    assert not is_id_number(wrong, TODAY)


@pytest.mark.parametrize(
    "code",
    ["91370102MA3QAAA01U", "91370800MA3QAAA1XT", "91371400MA3FDEM13D", "92371500MA3FDEM21A",
     "93370783MA3FDEM3X4", "11370000000000019R", "91110000101623741K", "11370800MB28559184",
     "11370883MB2857374H", "1237080079619134XQ", "91370102MA3F002250"],
)  # fmt: skip
def test_right_credit_codes_are_accepted_also_with_remainder_zero(code):
    assert is_credit_code(code)


@pytest.mark.parametrize(
    "code",
    ["", "91370102MA3QAAA01V", "91350211M0000XUF46", "113708012345678907", "91370102ma3qaaa01u",
     "91370102MA3QAAA01", "91370102MA3QAIA01U"],
)  # fmt: skip
def test_wrong_credit_codes_are_refused(code):
    assert not is_credit_code(code)


@pytest.mark.parametrize(
    ("id_type", "number", "is_right"),
    [
        ("01", "370102199003071238", True),
        ("01", "370102199003071239", False),
        ("07", with_check("81000019900307123"), True),
        ("03", "E12345678", True),
        ("03", "护照12345", False),
        ("04", "CHN123456789012", True),
        ("04", with_check("91115619900307123"), True),
        ("04", "370102199003071238", False),
        ("05", "H12345678", True),
        ("05", "12345678", False),
        ("06", "12345678", True),
        ("06", "A1", False),
        ("credit_code", "91370102MA3QAAA01U", True),
        ("credit_code", "370102199003071238", False),
        ("02", "军1234567", False),
        ("99", "ABC-12345", True),
    ],
)
def test_each_kind_of_document_has_its_own_numbers(id_type, number, is_right):
    assert is_document_number(id_type, number, TODAY) is is_right


@given(st.text(max_size=40), st.sampled_from(["01", "03", "04", "05", "06", "07", "99", "?"]))
def test_no_text_makes_a_check_fail_in_another_way(text, id_type):
    is_document_number(id_type, text, TODAY)
    is_credit_code(text)
    is_clearing_number(text)


def test_clearing_numbers_have_a_check_digit():
    assert is_clearing_number("102100099996")
    assert not is_clearing_number("314653617115")
    assert not is_clearing_number("10210009999")
