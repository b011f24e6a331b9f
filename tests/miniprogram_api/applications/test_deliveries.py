"""One delivery of what was chosen when submitting and what the form says."""

from typing import Any

import msgspec
import pytest

from bff.mock.world import World
from kit.problems import InvalidRequest
from miniprogram_api.applications.deliveries import agreed_delivery
from miniprogram_api.applications.frozen import opened
from miniprogram_api.applications.models import Application
from miniprogram_api.applications.problems import DeliveryContradicts
from miniprogram_api.applications.schemas import DeliveryChoice
from miniprogram_api.catalogue.service import LookupEntry
from tests.builders.applications import a_ready_draft, submission

PLACES = {
    code: LookupEntry(code, code, {"kind": kind, "region": "370102"})
    for code, kind in (("a_hall", "window"), ("a_machine", "self_service"))
}
MAILED = {
    "collection_mode": "mail",
    "delivery_receiver": "测试收件人",
    "delivery_phone": "13800000009",
    "delivery_address": {"region": "370102", "street": "测试街道", "detail": "测试路1号"},
}
RECEIVER = {"name": "测试收件人", "phone": "13800000009", "address": "测试街道测试路1号"}


def agreed(chosen: dict[str, str], answers: dict[str, Any]) -> dict[str, str]:
    return agreed_delivery(msgspec.convert(chosen, DeliveryChoice), answers, PLACES)


def test_where_the_form_does_not_ask_the_choice_is_the_delivery():
    assert agreed({"method": "window"}, {}) == {"method": "window"}
    courier = {"method": "courier", **RECEIVER, "region": "110101", "postal_code": "100000"}
    assert agreed(courier, {}) == courier


def test_what_the_form_says_need_not_be_said_again():
    expected = {"method": "courier", **RECEIVER, "region": "370102"}
    assert agreed({"method": "courier"}, MAILED) == expected
    assert agreed({"method": "courier", **RECEIVER}, MAILED) == expected
    kiosk = {"collection_mode": "self_service", "collection_window": "a_machine"}
    assert agreed({"method": "kiosk"}, kiosk) == {"method": "kiosk", "place": "a_machine"}


def test_a_place_that_an_older_list_asked_as_a_text_keeps_nothing_from_being_submitted():
    answers = {"collection_mode": "window", "collection_window": "历下区政务服务大厅三楼"}
    assert agreed({"method": "window"}, answers) == {"method": "window"}
    chosen = {"method": "window", "place": "a_hall"}
    assert agreed(chosen, answers) == chosen


@pytest.mark.parametrize(
    ("chosen", "answers", "pointers"),
    [
        ({"method": "window"}, MAILED, ["/delivery/method"]),
        ({"method": "courier", **RECEIVER}, {"collection_mode": "window"}, ["/delivery/method"]),
        ({"method": "courier", "phone": "13800000008"}, MAILED, ["/delivery/phone"]),
        (
            {"method": "window", "place": "a_machine"},
            {"collection_mode": "window", "collection_window": "a_hall"},
            ["/delivery/place"],
        ),
    ],
)
def test_a_contradiction_is_named(chosen, answers, pointers):
    with pytest.raises(DeliveryContradicts) as raised:
        agreed(chosen, answers)
    assert [error.pointer for error in raised.value.errors] == pointers


@pytest.mark.parametrize(
    ("chosen", "pointers"),
    [
        ({"method": "courier"}, ["/delivery/name", "/delivery/phone", "/delivery/address"]),
        ({"method": "courier", "name": "a", "phone": "13800000009"}, ["/delivery/address"]),
        ({"method": "courier", **RECEIVER, "name": " "}, ["/delivery/name"]),
        ({"method": "courier", **RECEIVER, "address": "\u202e测试路1号"}, ["/delivery/address"]),
        ({"method": "window", "place": "a_machine"}, ["/delivery/place"]),
        ({"method": "kiosk", "place": "nowhere"}, ["/delivery/place"]),
    ],
)
def test_a_delivery_that_cannot_be_made_is_refused(chosen, pointers):
    with pytest.raises(InvalidRequest) as raised:
        agreed(chosen, {})
    assert [error.pointer for error in raised.value.errors] == pointers


@pytest.mark.parametrize("name", ["phone", "postal_code", "region"])
def test_nothing_follows_a_number_not_even_a_line_break(name):
    courier = {"method": "courier", **RECEIVER, "postal_code": "250000", "region": "370102"}
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({**courier, name: f"{courier[name]}\n"}, DeliveryChoice)


async def test_a_form_that_asks_decides_over_http(verified, world: World, sensitive_values):
    sensitive_values |= {RECEIVER["name"], RECEIVER["phone"], RECEIVER["address"]}
    phone = await verified()
    draft = await a_ready_draft(phone, theme="restaurant", items=["business_licence", "delivery"])
    step = next(
        one["key"]
        for one in draft["plan"]["steps"]
        if "collection_mode" in one["schema"]["properties"]
    )
    body = {"base_revision": draft["revision"], "answers": {"collection_window": None, **MAILED}}
    saved = await phone.put(f"/drafts/{draft['id']}/steps/{step}", json=body)
    assert saved.json()["step"]["errors"] == []
    wanted = submission({**draft, "revision": saved.json()["revision"]})
    refused = await phone.once("POST", "/applications", json=wanted)
    assert refused.status_code == 422
    assert refused.json()["code"] == "delivery_contradicts"
    assert (await phone.get(f"/drafts/{draft['id']}")).json()["state"] == "open"
    wanted["delivery"] = {"method": "courier"}
    answer = await phone.once("POST", "/applications", json=wanted)
    assert answer.status_code == 202, answer.text
    row = await Application.get(id=answer.json()["id"])
    content = opened(world.services.ring, row)
    assert content.delivery == {"method": "courier", **RECEIVER, "region": "370102"}
