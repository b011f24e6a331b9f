"""Identity numbers and credit codes."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.codes import Holder, InvalidCode, read_credit_code, read_id_number

TODAY = date(2026, 11, 22)
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def an_id_number(region: str = "370102", born: date = date(1990, 3, 7), sequence: int = 123) -> str:
    """Synthetic, with the check digit of the standard's own weights."""
    body = f"{region}{born:%Y%m%d}{sequence:03d}"
    total = sum(int(digit) * weight for digit, weight in zip(body, WEIGHTS, strict=True))
    return body + "10X98765432"[total % 11]


def fault_of(number: str) -> str:
    with pytest.raises(InvalidCode) as refusal:
        read_id_number(number, TODAY)
    return refusal.value.fault


@pytest.mark.parametrize(
    "number",
    ["11010519491231002X", "370102199003071238", "370800198801010019", "370200199506150029"],
)
def test_published_id_numbers_are_read(number):
    assert read_id_number(number, TODAY).holder is Holder.RESIDENT


def test_birth_date_and_sex_are_read():
    read = read_id_number("370102199003071238", TODAY)
    assert (read.born, read.is_male) == (date(1990, 3, 7), True)


@given(
    born=st.dates(date(1900, 1, 1), TODAY),
    sequence=st.integers(0, 999),
    region=st.sampled_from(["370102", "371202", "810000", "820000", "830000", "911156", "999840"]),
)
def test_every_number_with_a_right_check_digit_is_read_also_of_abolished_regions(
    born, sequence, region
):
    read = read_id_number(an_id_number(region, born, sequence), TODAY)
    assert read.born == born
    assert read.is_male == (sequence % 2 == 1)


@given(position=st.integers(0, 17), step=st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(position, step):
    number = an_id_number()
    wrong = str((int(number[position].replace("X", "0")) + step) % 10)
    if wrong != number[position]:
        fault_of(number[:position] + wrong + number[position + 1 :])


@pytest.mark.parametrize(
    ("region", "holder"),
    [
        ("810000", Holder.HONG_KONG_MACAO_TAIWAN),
        ("820000", Holder.HONG_KONG_MACAO_TAIWAN),
        ("830000", Holder.HONG_KONG_MACAO_TAIWAN),
        ("911156", Holder.FOREIGN_PERMANENT_RESIDENT),
        ("710000", Holder.RESIDENT),
    ],
)
def test_residence_permits_are_citizens_too(region, holder):
    assert read_id_number(an_id_number(region), TODAY).holder is holder


def test_faults_are_told_apart():
    assert fault_of("370102199003071239") == "check_digit"
    assert fault_of(an_id_number("160000")) == "region"
    assert fault_of(an_id_number(born=TODAY + timedelta(days=1))) == "birth_date"
    assert fault_of("370102199002301231") == "birth_date"
    assert fault_of("370102209912311234") == "birth_date"


@pytest.mark.parametrize(
    "number",
    [
        "", "37010219900307123", "3701021990030712380", "37010219900307123x",
        "３７０１０２199003071238", "370102900307123", "370102199003071238\n",
    ],
)  # fmt: skip
def test_other_shapes_are_a_format_fault(number):
    assert fault_of(number) == "format"


@pytest.mark.parametrize(
    ("born", "age"),
    [
        (date(2008, 11, 22), 18),
        (date(2008, 11, 23), 17),
        (date(2008, 2, 29), 18),
        (TODAY, 0),
    ],
)
def test_age_counts_completed_years(born, age):
    assert read_id_number(an_id_number(born=born), TODAY).age_on(TODAY) == age


def test_what_was_read_does_not_show_itself():
    assert "1990" not in repr(read_id_number("370102199003071238", TODAY))


@pytest.mark.parametrize(
    "code",
    [
        "91370102MA3QAAA01U", "91370800MA3QAAA1XT", "91371400MA3FDEM13D", "92371500MA3FDEM21A",
        "93370783MA3FDEM3X4", "11370000000000019R", "91110000101623741K", "11370800MB28559184",
        "11370883MB2857374H", "1237080079619134XQ",
    ],
)  # fmt: skip
def test_known_credit_codes_are_read_with_a_valid_body(code):
    assert read_credit_code(code).has_valid_body


def test_a_sum_divisible_by_31_has_the_check_character_zero():
    assert read_credit_code("91370102MA3F002250").region == "370102"


def a_credit_code(first_seventeen: str) -> str:
    weights = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
    pairs = zip(first_seventeen, weights, strict=True)
    total = sum(CREDIT_ALPHABET.index(character) * weight for character, weight in pairs)
    return first_seventeen + CREDIT_ALPHABET[-total % 31]


def test_codes_of_collectives_may_begin_with_a_letter():
    read = read_credit_code(a_credit_code("N2370883MF0000001"))
    assert (read.authority, read.kind) == ("N", "2")


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("91370102MA3QAAA01V", "format"),
        ("91370102ma3qaaa01u", "format"),
        ("91370102MA3QAAA01", "format"),
        ("91370102MA3QAAA01T", "check_digit"),
        ("91370102MA3QAAA0IU", "format"),
    ],
)
def test_wrong_credit_codes_are_refused(code, fault):
    with pytest.raises(InvalidCode) as refusal:
        read_credit_code(code)
    assert refusal.value.fault == fault


def test_an_invalid_body_is_only_noted():
    assert not read_credit_code(a_credit_code("91370102MA3QAAA02")).has_valid_body
