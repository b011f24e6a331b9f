"""What is sent has the known peer's shape; what it answers is understood in all its envelopes."""

import json
from datetime import UTC, datetime

import pytest

from adapters.province.port import FiledApplicant, FiledItem, FiledRole, FiledSignature
from adapters.province.wire import (
    Answer,
    NotUnderstoodAnswer,
    read_answer,
    read_token,
    submit_request,
    token_headers,
)
from kit.secrets import IdNumber, PersonName, Secret
from tests.adapters.province.world import a_filing, a_material, settings

CASE = {"state": "200", "error": "", "bizId": "b" * 32, "receiveId": "a" * 32}


def test_headers_of_the_token_call_are_signed_over_time_key_and_nonce():
    at = datetime.fromtimestamp(1714036504, UTC)
    assert token_headers("testappkey0001", at, "0123456789") == {
        "x-aep-appkey": "testappkey0001",
        "x-aep-timestamp": "1714036504",
        "x-aep-nonce": "0123456789",
        "x-aep-signature": "bfbd86766e259be098322ca9d54b6c32fc4300303030370e9ac5f11da54fa023",
    }


def test_the_application_is_a_joint_one_in_a_region_of_twelve_digits_and_beijing_time():
    sent = submit_request("t", a_filing(), settings())
    application = sent["params"]["application"]
    assert sent["token"] == "t"
    assert application["industryCode"] == "ZZLB6210"
    assert application["regcode"] == "370102000000"
    assert application["applyDate"] == "2026-11-23 09:00:00"
    assert application["applyNo"] == "SD20261123ABCDEFGH"
    assert application["item"] == [
        {"itemCode": "business_licence", "itemName": "营业执照"},
        {"itemCode": "food_operation", "itemName": "食品经营许可"},
    ]


def test_who_applies_is_told_as_it_was_verified_and_for_which_company():
    applicant = FiledApplicant(PersonName("王小明"), IdNumber("370102199001011230"), None)
    filing = a_filing(
        applicant=applicant, acting_for=FiledRole("91370102MA3QAAA01U", "legal_person")
    )
    application = submit_request("t", filing, settings())["params"]["application"]
    assert application["applicant"] == {
        "name": "王小明",
        "id_number": "370102199001011230",
        "phone": "",
    }
    assert application["acting_for"] == {"uscc": "91370102MA3QAAA01U", "role": "legal_person"}
    assert "王小明" not in repr(filing)
    old = submit_request("t", a_filing(), settings())["params"]["application"]
    assert {"applicant", "acting_for"}.isdisjoint(old)


def test_who_signed_which_document_is_told_with_what_proves_it():
    evidence = {"reference": "r", "digest": "0" * 64, "signature": "s", "certificate": "c"}
    signed_at = datetime(2026, 11, 23, 1, tzinfo=UTC)
    signature = FiledSignature(
        PersonName("王小明"), IdNumber("370102199001011230"), None, ["shareholders"],
        {"articles": "1" * 64}, signed_at, evidence,
    )  # fmt: skip
    filing = a_filing(signatures=[signature])
    (sent,) = submit_request("t", filing, settings())["params"]["application"]["signatures"]
    assert (sent["name"], sent["signedAt"]) == ("王小明", "2026-11-23 09:00:00")
    assert (sent["documents"], sent["evidence"]) == ({"articles": "1" * 64}, evidence)
    assert "王小明" not in repr(signature)


def test_only_items_with_a_receiver_outside_say_whether_he_may_have_the_answers():
    items = [
        FiledItem("business_licence", "营业执照", {}),
        FiledItem("seal", "印章刻制", {}, sharing=False),
        FiledItem("bank_appointment", "银行预约", {"bank_code": "102"}, sharing=True),
    ]
    sent = submit_request("t", a_filing(items=items), settings())["params"]
    assert [item.get("sharing") for item in sent["application"]["item"]] == [None, False, True]
    assert sent["form"]["DC_YYYZ_SEAL"] == {}


def test_an_industry_code_that_is_marked_already_stays():
    sent = submit_request("t", a_filing(industry_code="SDZZLB001"), settings())
    assert sent["params"]["application"]["industryCode"] == "SDZZLB001"


@pytest.mark.parametrize(
    ("region", "peer"),
    [
        ("370871", "370833000000"),
        ("370871001", "370833001000"),
        ("370102", "370102000000"),
        ("370102000000", "370102000000"),
    ],
)
def test_regions_follow_the_peers_own_spelling(region: str, peer: str):
    assert settings().peer_region(region) == peer


def test_items_are_translated_both_ways_by_the_peers_table():
    translated = settings(item_codes={"food_operation": "37TCP0003A24"})
    sent = submit_request("t", a_filing(), translated)
    codes = [item["itemCode"] for item in sent["params"]["application"]["item"]]
    assert codes == ["business_licence", "37TCP0003A24"]
    assert translated.own_item("37TCP0003A24") == "food_operation"
    assert translated.own_item("business_licence") == "business_licence"


def test_one_code_of_the_peer_stands_for_one_item():
    with pytest.raises(ValueError, match="two items"):
        settings(item_codes={"a": "x", "b": "x"})


def test_the_common_form_is_picked_out_of_the_answers():
    form = submit_request("t", a_filing(), settings())["params"]["form"]
    assert form["DC_YYYZ_DWJBXX"] == {
        "ENTNAME": "示例餐饮有限公司",
        "UNISCID": "",
        "LEREP": "王小明",
        "TEL": "13800000007",
        "OPLOC": "济南市历下区示例路7号",
    }


def test_each_item_has_its_sub_form_with_repeated_groups_beside_it():
    answers = {"kitchen_area_m2": 40, "staff": [{"_id": "1", "post": "厨师"}], "modes": ["堂食"]}
    filing = a_filing(items=[FiledItem("food_operation", "食品经营许可", answers)])
    form = submit_request("t", filing, settings())["params"]["form"]
    assert form["DC_YYYZ_SPJY"] == {"kitchen_area_m2": 40, "modes": ["堂食"]}
    assert form["DC_YYYZ_SPJY_STAFF_LIST"] == [{"_id": "1", "post": "厨师"}]


def test_materials_carry_what_the_peer_needs_to_download_and_check_them():
    filing = a_filing(materials=[a_material(("d1", b"lease"))])
    (material,) = submit_request("t", filing, settings())["params"]["material"]["material"]
    (file,) = material["files"]
    assert material["resourceType"] == "ITEM"
    assert material["items"] == ["business_licence"]
    assert (file["documentId"], file["fileType"]) == ("d1", "pdf")
    assert file["submitTime"] == "2026-11-23 09:00:00"
    assert len(file["sha256"]) == 64


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_an_answer_is_read_however_deep_it_stands_in_strings(depth: int):
    text = json.dumps(CASE)
    for _ in range(depth):
        text = json.dumps(text)
    assert read_answer(text.encode()) == Answer("known", "b" * 32)


def test_a_number_for_a_state_is_read_too():
    assert read_answer(json.dumps({**CASE, "state": 200}).encode()).outcome == "known"


def test_success_without_a_case_number_means_absent():
    assert read_answer(b'{"state":"200","error":"","bizId":""}') == Answer("absent")


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("token验证失败！", "token_refused"),
        ("该行业未配置相关主题套餐！370102===ZZLB6210===正餐服务", "package_missing"),
        ("未查询到相关主题套餐！370102===ZZLB6210===正餐服务", "package_missing"),
        ("申请基本信息字段application为空！", "refused"),
    ],
)
def test_refusals_are_told_apart_by_the_peers_words(text: str, outcome: str):
    body = json.dumps({"state": "300", "error": text, "bizId": "", "receiveId": ""})
    assert read_answer(body.encode()).outcome == outcome


def test_the_exception_envelope_is_no_answer():
    body = '{"custom":{"code":"0","text":"获取信息失败！"},"status":{"code":"200"}}'
    with pytest.raises(NotUnderstoodAnswer) as caught:
        read_answer(body.encode())
    assert caught.value.code == "exception_envelope"
    assert caught.value.text == "获取信息失败！"


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"null", b"{}", b'{"state":"500"}', b'"x"', b"\xff", b"[" * 100_000],
)
def test_anything_else_is_not_understood(body: bytes):
    with pytest.raises(NotUnderstoodAnswer):
        read_answer(body)
    with pytest.raises(NotUnderstoodAnswer):
        read_token(body)


def test_a_token_is_given_or_denied():
    assert read_token(b'{"token":"abc"}') == "abc"
    assert read_token(b'{"code":"0","msg":"x"}') is None
    assert read_token(b'{"code":0}') is None


@pytest.mark.parametrize("key", ["", "0123456789abcde", "0123456789abcdef0", "密" * 16])
def test_a_key_of_another_length_is_found_at_the_start(key: str):
    with pytest.raises(ValueError, match="16 ASCII"):
        settings(encrypt_key=Secret(key))
