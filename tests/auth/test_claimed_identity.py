"""Who somebody says he is: what is refused before anybody is asked."""

from datetime import UTC, date, datetime

import pytest

from auth.claimed_identity import read_claim
from auth.problems import MinorNotServed
from kit.problems import InvalidRequest
from tests.kit.test_codes import an_id_number

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


def faults(name: str | None, id_number: str | None) -> set[tuple[str, str]]:
    with pytest.raises(InvalidRequest) as refusal:
        read_claim(name, id_number, NOW)
    return {(error.pointer, error.code) for error in refusal.value.errors}


@pytest.mark.parametrize(
    "name",
    [
        "张三",
        "欧阳娜娜",
        "阿依古丽·买买提",
        "迪丽热巴•迪力木拉提",
        "𠮷田",
        "\ue863小",
        "Anna Maria",
    ],
)
def test_names_as_registers_have_them_are_taken(name):
    assert read_claim(name, "370102199003071238", NOW).name.reveal() == name


@pytest.mark.parametrize(
    "name",
    [None, "", " ", "张", "张3", "张三\n", "张\u200b三", "<b>张三</b>", "张" * 51, "张三\ud800"],
)
def test_what_is_no_name_is_refused(name):
    if name == "张三\n":
        assert read_claim(name, "370102199003071238", NOW).name.reveal() == "张三"
    else:
        assert faults(name, "370102199003071238") == {("/name", "name_format")}


def test_a_small_x_and_blanks_around_are_forgiven():
    claim = read_claim(" 张三 ", " 11010519491231002x ", NOW)
    assert claim.name.reveal() == "张三"
    assert claim.id_number.reveal() == "11010519491231002X"


def test_all_faults_are_told_at_once():
    assert faults("", None) == {("/name", "name_format"), ("/id_number", "id_number_format")}


def test_refusals_hold_nothing_of_what_was_typed():
    with pytest.raises(InvalidRequest) as refusal:
        read_claim("张三3", "370102199003071239", NOW)
    document = refusal.value.document("zh", instance="", trace_id="")
    assert "张三3" not in str(document)
    assert "370102199003071239" not in str(document)


@pytest.mark.parametrize(
    ("born", "way"),
    [
        (date(2008, 11, 23), "收入证明"),
        (date(2010, 11, 22), "收入证明"),
        (date(2010, 11, 23), "监护人"),
        (date(2020, 1, 1), "监护人"),
    ],
)
def test_minors_are_shown_the_way_to_a_counter(born, way):
    with pytest.raises(MinorNotServed) as refusal:
        read_claim("孙七", an_id_number(born=born), NOW)
    assert refusal.value.detail is not None
    assert way in refusal.value.detail.zh
    assert refusal.value.next == "contact"


def test_the_eighteenth_birthday_counts_by_the_date_in_china():
    number = an_id_number(born=date(2008, 11, 23))
    read_claim("孙七", number, datetime(2026, 11, 22, 16, 0, tzinfo=UTC))
    with pytest.raises(MinorNotServed):
        read_claim("孙七", number, datetime(2026, 11, 22, 15, 59, tzinfo=UTC))


def test_a_claim_does_not_show_itself():
    claim = read_claim("张三丰", "370102199003071238", NOW)
    assert "张三丰" not in repr(claim)
    assert "19900307" not in repr(claim)
