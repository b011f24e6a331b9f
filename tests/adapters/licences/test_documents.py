"""Reading what the service tells: odd levels, odd values, nothing guessed."""

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.errors import AdapterError, Refused, Unreachable
from adapters.licences.documents import TokenRejected, company_in, token_in

USCC = "91370102MA3QAAA01U"
BASE = {"uniscid": USCC, "entname": "测试甲餐饮有限公司", "lerep": "测试甲某"}


def answer(found: object, header: object = None) -> tuple[int, bytes]:
    inner = {"header": header or {"status": "1"}, "data": found}
    return 200, json.dumps({"code": "200", "data": {"code": "200", "data": inner}}).encode()


def read(**base: object):
    return company_in(answer({"baseinfo": {**BASE, **base}}), USCC)


@given(st.lists(st.booleans(), min_size=3, max_size=3))
def test_every_mixture_of_texts_and_objects_is_read_the_same(as_text: list[bool]) -> None:
    def put(value: object, text: bool) -> object:
        return json.dumps(value) if text else value

    found = put({"baseinfo": BASE}, as_text[0])
    inner = put({"header": {"status": "1"}, "data": found}, as_text[1])
    middle = put({"code": "200", "data": inner}, as_text[2])
    body = json.dumps({"code": "200", "data": middle}).encode()
    assert company_in((200, body), USCC).name == BASE["entname"]


@given(st.binary(max_size=60))
def test_whatever_comes_ends_in_an_adapter_error(body: bytes) -> None:
    for status in (200, 403, 404):
        with pytest.raises(AdapterError):
            company_in((status, body), USCC)
        with pytest.raises(AdapterError):
            token_in((status, body))


@given(
    st.dictionaries(
        st.sampled_from(["regcap", "opfrom", "opto", "empnum", "dom", "industryco", "regstateCn"]),
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(max_size=20),
    )
)
def test_an_odd_value_is_left_out_and_breaks_nothing(odd: dict[str, object]) -> None:
    company = read(**odd)
    assert company.name == BASE["entname"]
    assert company.capital_wan is None or company.capital_wan >= 0
    assert len(company.industry) in {0, 4}


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ("2019-05-20", date(2019, 5, 20)),
        ("2019-05-20 00:00:00", date(2019, 5, 20)),
        ("20190520", date(2019, 5, 20)),
        ("2019年05月20日", date(2019, 5, 20)),
        ("2019-02-30", None),
        ("", None),
        ("长期", None),
        (None, None),
    ],
)
def test_dates_come_in_several_forms(told: object, meant: date | None) -> None:
    assert read(opto=told).term_to == meant


def test_an_end_in_a_thousand_years_is_a_long_term() -> None:
    assert read(opto="9999-12-31").term_to is None
    assert read(opto="2039-05-19").term_to == date(2039, 5, 19)


@pytest.mark.parametrize(
    ("words", "state"),
    [
        ("在营（开业）企业", "active"),
        ("存续", "active"),
        ("吊销，未注销", "revoked"),
        ("吊销", "revoked"),
        ("注销", "cancelled"),
        ("吊销，已注销", "cancelled"),
        ("迁出", "other"),
        ("", "other"),
    ],
)
def test_a_state_that_means_nothing_to_us_is_not_taken_for_active(words: str, state: str) -> None:
    assert read(regstateCn=words).state == state


def test_two_namesakes_give_the_head_no_number() -> None:
    rows = [
        {"name": "测试甲某", "certype": "10", "cerno": number, "positionCn": "董事"}
        for number in ("370102199003071238", "370103197909220014")
    ]
    found = {"baseinfo": BASE, "priPerson": rows}
    assert company_in(answer(found), USCC).legal_representative_id is None
    found["priPerson"] = rows[:1]
    assert company_in(answer(found), USCC).legal_representative_id is not None


def test_a_closed_branch_is_not_counted() -> None:
    rows = [{"brname": "一", "regstateCn": "注销"}, {"brname": "二"}, "三"]
    assert company_in(answer({"baseinfo": BASE, "brchinfo": rows}), USCC).branches == 1


def test_an_entry_of_another_company_never_passes() -> None:
    with pytest.raises(Unreachable, match="another_company"):
        read(uniscid="91370103MA3QBBB022")
    assert read(uniscid="").name == BASE["entname"]


def test_a_header_without_data_says_that_there_is_none() -> None:
    for header, data in (({"status": "0"}, None), ({"status": "1"}, None), ({"status": "0"}, {})):
        with pytest.raises(Refused, match="not_found"):
            company_in(answer(data, header), USCC)
    with pytest.raises(Unreachable, match="unknown_9"):
        company_in(answer({"baseinfo": BASE}, {"status": "9"}), USCC)


def test_a_token_that_is_not_valid_is_told_in_the_status_or_in_the_code() -> None:
    for told in ((401, b""), (200, b'{"code":"401"}'), (200, b'{"code":401,"msg":"x"}')):
        with pytest.raises(TokenRejected):
            company_in(told, USCC)


@pytest.mark.parametrize(
    "data", [{"access_token": "x"}, {"expires_in": 9}, {"access_token": "", "expires_in": 9}, {}]
)
def test_half_a_token_is_none(data: dict[str, object]) -> None:
    with pytest.raises(Unreachable, match="broken_answer"):
        token_in((200, json.dumps({"code": "200", "data": data}).encode()))
