"""Pushes of the province: both callers, bare and rich peers, and everybody else refused."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from adapters.province.callbacks import ProvincePush
from adapters.province.crypto import encrypt
from adapters.province.port import NotAuthentic, NotUnderstood, OneWindowCallbacks, StatusNotice
from kit.secrets import Secret
from tests.adapters.province.world import (
    APP_KEY,
    CALLBACK_TOKEN,
    DOCUMENT_TOKEN,
    ENCRYPT_KEY,
    beijing,
    settings,
)

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
SERIAL = "8ab0a2967283edb9017283edb9c00000"
BARE = {"serialNo": SERIAL, "state": "02", "item": "food_operation"}
FACE = {
    "certId": "c" * 32,
    "entName": "示例餐饮有限公司",
    "socialCode": "91370102MA3QAAA01U",
    "issueDept": "市场监督管理局",
    "certNo": "",
    "issueDate": "2026-11-24",
}

push = ProvincePush(settings())


def _wrapper(content: object, **changed: Any) -> str:
    plain = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    wrapper = {"token": CALLBACK_TOKEN, "appKey": APP_KEY, "data": encrypt(plain, ENCRYPT_KEY)}
    return json.dumps({**wrapper, **changed})


def _form(field: str, content: object) -> bytes:
    return urlencode({field: _wrapper(content)}).encode()


def _read(*entries: dict[str, Any]) -> list[StatusNotice]:
    return push.read_status(JSON, _wrapper(list(entries)).encode())


def _read_one(**more: Any) -> StatusNotice:
    (notice,) = _read({**BARE, **more})
    return notice


def test_it_is_the_port():
    _: OneWindowCallbacks = push


def test_a_peer_that_sends_three_members_only_is_understood():
    notice = _read_one()
    assert (notice.serial_no, notice.item_code) == (SERIAL, "food_operation")
    assert (notice.state, notice.peer_code) == ("accepted", "02")
    assert (notice.peer_time, notice.peer_sequence, notice.reason) == (None, None, "")
    assert (notice.fields, notice.materials) == ((), ())


def test_our_extension_members_are_read():
    notice = _read_one(
        state="04",
        noderesult=5,
        time="2026-11-23 09:30:00",
        seq="3",
        reason="请补正",
        fields=["premises_area_m2"],
        materials="premises_use_proof;floor_plan;",
    )
    assert notice.state == "correction_required"
    assert notice.peer_time == beijing("2026-11-23 09:30")
    assert notice.peer_sequence == 3
    assert notice.reason == "请补正"
    assert notice.fields == ("premises_area_m2",)
    assert notice.materials == ("premises_use_proof", "floor_plan")
    assert "请补正" not in repr(notice)


def test_a_code_of_no_table_is_kept_as_unknown():
    notice = _read_one(state="42")
    assert (notice.state, notice.peer_code) == ("unknown", "42")


@pytest.mark.parametrize("value", ["", "tomorrow", "2026-02-30 00:00:00", 5, None])
def test_a_time_that_cannot_be_read_is_as_good_as_none(value: object):
    assert _read_one(time=value).peer_time is None


@pytest.mark.parametrize("value", ["", "x", "1" * 19, -1, 10**18, 1.5, True, None, "３"])
def test_a_sequence_that_cannot_be_stored_is_as_good_as_none(value: object):
    assert _read_one(seq=value).peer_sequence is None


def test_both_callers_say_the_same():
    from_form = push.read_status(f"{FORM}; charset=utf-8", _form("data", [BARE]))
    from_body = push.read_status(JSON, _wrapper([BARE]).encode())
    assert from_form == from_body


def test_a_push_may_carry_many_matters_and_stand_inside_a_string():
    twice_wrapped = json.dumps(_wrapper(json.dumps([BARE, {**BARE, "item": "seal"}])))
    notices = push.read_status("text/plain", twice_wrapped.encode())
    assert [notice.item_code for notice in notices] == ["food_operation", "seal"]


def test_items_come_back_in_our_codes():
    translated = ProvincePush(settings(item_codes={"food_operation": "37TCP0003A24"}))
    (notice,) = translated.read_status(JSON, _wrapper([{**BARE, "item": "37TCP0003A24"}]).encode())
    assert notice.item_code == "food_operation"


def test_event_ids_are_equal_for_a_repeat_however_it_was_wrapped():
    shuffled = dict(reversed(BARE.items()))
    (by_form,) = push.read_status(FORM, _form("data", [shuffled]))
    assert by_form.event_id == _read_one().event_id


@pytest.mark.parametrize(
    "more",
    [
        {"state": "03"},
        {"item": "seal"},
        {"serialNo": "0" * 32},
        {"seq": 2},
        {"time": "2026-11-23 09:30:00"},
        {"reason": "x"},
    ],
)
def test_event_ids_differ_for_different_news(more: dict[str, Any]):
    assert _read_one(**more).event_id != _read_one().event_id


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"token": "somebody else's"}, "wrong_token"),
        ({"token": None}, "wrong_token"),
        ({"token": ""}, "wrong_token"),
        ({"appKey": "testappkey0002"}, "wrong_app_key"),
        ({"data": None}, "no_data"),
        ({"data": "AAAA"}, "undecipherable"),
        ({"data": encrypt("[]", "fedcba9876543210")}, "undecipherable"),
        ({"data": encrypt("not json", ENCRYPT_KEY)}, "not_json_inside"),
    ],
)
def test_a_foreign_or_tampered_push_is_refused_without_repeating_it(
    changed: dict[str, Any], reason: str
):
    with pytest.raises(NotAuthentic) as caught:
        push.read_status(JSON, _wrapper([BARE], **changed).encode())
    assert caught.value.args == (reason,)


def test_a_changed_character_of_the_data_does_not_read_as_news():
    sealed = encrypt(json.dumps([BARE]), ENCRYPT_KEY)
    for position in range(0, len(sealed) - 4, 7):
        other = "A" if sealed[position] != "A" else "B"
        tampered = sealed[:position] + other + sealed[position + 1 :]
        with pytest.raises((NotAuthentic, NotUnderstood)):
            push.read_status(JSON, _wrapper([], data=tampered).encode())


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (JSON, b""),
        (JSON, b"\xff"),
        (JSON, b"[]"),
        (JSON, b"[" * 100_000),
        (FORM, b""),
        (FORM, b"\xff\xfe"),
        (FORM, b"param=%7B%7D"),
        (FORM, b"data="),
        (FORM, b"&".join(b"a=1" for _ in range(30))),
        ("", b"data=x"),
    ],
)
def test_a_body_that_is_no_push_is_not_authentic(content_type: str, body: bytes):
    with pytest.raises(NotAuthentic):
        push.read_status(content_type, body)


def test_nothing_matches_an_empty_secret():
    unset = ProvincePush(settings(callback_token=Secret(""), document_token=Secret("")))
    with pytest.raises(NotAuthentic):
        unset.read_status(JSON, _wrapper([BARE], token="").encode())
    assert not unset.allows_document_download("")


@pytest.mark.parametrize(
    "content",
    [
        {},
        BARE,
        ["text"],
        [{**BARE, "serialNo": ""}],
        [{**BARE, "state": None}],
        [{**BARE, "item": ["x"]}],
        [BARE] * 501,
    ],
)
def test_the_provinces_own_push_in_another_shape_is_not_understood(content: object):
    with pytest.raises(NotUnderstood):
        push.read_status(JSON, _wrapper(content).encode())


def test_a_certificate_is_read_with_its_whole_face():
    entry = {"item": "营业执照", "certInfo": FACE}
    body = _form("param", {"serialNo": SERIAL, "data": [entry]})
    (notice,) = push.read_certificate(FORM, body)
    assert (notice.serial_no, notice.item_code, notice.name) == (
        SERIAL,
        "business_licence",
        "营业执照",
    )
    assert notice.certificate_no == "91370102MA3QAAA01U"
    assert (notice.issued_by, notice.issued_on) == ("市场监督管理局", "2026-11-24")
    assert notice.face == FACE
    assert "示例餐饮" not in repr(notice)
    assert [notice] == push.read_certificate(
        JSON, _wrapper({"serialNo": SERIAL, "data": [entry]}).encode()
    )


def test_the_item_named_by_the_peer_wins_over_the_certificates_name():
    entry = {"item": "某某许可证", "itemCode": "some_permit", "certInfo": {**FACE, "certNo": "7"}}
    body = _wrapper({"serialNo": SERIAL, "data": [entry]}).encode()
    (notice,) = push.read_certificate(JSON, body)
    assert (notice.item_code, notice.certificate_no) == ("some_permit", "7")


def test_the_joint_certificate_belongs_to_the_whole_application():
    entry = {"item": "YYYZ_HYZH_XK", "certInfo": FACE}
    body = _wrapper({"serialNo": SERIAL, "data": [entry]}).encode()
    (notice,) = push.read_certificate(JSON, body)
    assert (notice.item_code, notice.name) == ("", "行业综合许可证")


@pytest.mark.parametrize(
    "content",
    [[], {}, {"serialNo": SERIAL}, {"serialNo": SERIAL, "data": [{"item": "营业执照"}]}],
)
def test_a_certificate_without_its_parts_is_not_understood(content: object):
    with pytest.raises(NotUnderstood):
        push.read_certificate(JSON, _wrapper(content).encode())


def test_only_the_provinces_token_opens_a_document():
    assert push.allows_document_download(DOCUMENT_TOKEN)
    assert not push.allows_document_download(CALLBACK_TOKEN)
    assert not push.allows_document_download("")


def test_the_answer_is_the_escaped_string_that_the_peer_unwraps():
    assert push.answer(ok=True) == rb'"{\"massage\":\"success\",\"status\":\"1\"}"'
    assert json.loads(json.loads(push.answer(ok=False)))["status"] == "0"
