"""The simulated province checks like a real one, refuses in its words and forgets nothing."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from adapters.errors import Refused
from adapters.far_side import FarSide, Simulator
from adapters.province.port import FiledApplicant, FiledItem
from adapters.province.scenarios import SCENARIOS
from adapters.province.simulator import ProvinceSimulator
from adapters.province.wire import QUERY_PATH, SUBMIT_PATH, submit_request, token_headers
from kit.secrets import IdNumber, PersonName
from kit.workdays import WorkCalendar
from tests.adapters.province.world import (
    APP_KEY,
    CALLBACK_TOKEN,
    DOCUMENT_TOKEN,
    ENCRYPT_KEY,
    PERSONAL,
    World,
    a_filing,
    a_material,
    a_world,
    beijing,
    settings,
)

TOKEN_PATH = "/rest/aep/token"


async def _post(world: World, path: str, **how: Any) -> Any:
    async with (
        aiohttp.ClientSession() as session,
        session.post(world.base_url + path, **how) as answer,
    ):
        return await answer.json()


async def _token(world: World) -> str:
    headers = token_headers(APP_KEY, world.clock.now(), "0123456789")
    answer = await _post(world, TOKEN_PATH, headers=headers)
    return str(answer["token"])


async def _submit(world: World, change: Callable[[Any], object]) -> Any:
    message = submit_request(
        await _token(world), a_filing(materials=[a_material(("d1", b"x"))]), settings()
    )
    change(message)
    return await _post(world, SUBMIT_PATH, json=message)


def test_it_is_what_the_mock_needs_of_a_simulator(world: World):
    _: Simulator = world.simulator


@pytest.mark.parametrize(
    ("changed", "refused"),
    [
        ({"x-aep-appkey": "another"}, "wrong_app_key"),
        ({"x-aep-signature": "0" * 64}, "wrong_signature"),
        ({"x-aep-nonce": "abcdefabcd"}, "wrong_signature"),
        ({"x-aep-nonce": "XYZ"}, "malformed_headers"),
        ({"x-aep-timestamp": "now"}, "malformed_headers"),
        ({"x-aep-timestamp": "1714036504"}, "stale_timestamp"),
    ],
)
async def test_a_badly_signed_token_call_is_denied(
    world: World, changed: dict[str, str], refused: str
):
    headers = token_headers(APP_KEY, world.clock.now(), "0123456789") | changed
    answer = await _post(world, TOKEN_PATH, headers=headers)
    assert answer["code"] == "0"
    assert world.exchanges("token")[0]["refused"] == refused


@pytest.mark.parametrize("token", ["", "0" * 32, None, 5])
@pytest.mark.parametrize("path", [SUBMIT_PATH, QUERY_PATH])
async def test_no_call_without_a_good_token(world: World, path: str, token: object):
    answer = await _post(world, path, json={"token": token, "params": {}})
    assert (answer["state"], answer["error"]) == ("300", "token验证失败！")


async def test_a_token_dies_after_two_hours(world: World):
    token = await _token(world)
    world.clock.at = beijing("2026-11-23 11:00")
    answer = await _post(world, QUERY_PATH, json={"token": token, "params": {"serialNo": "x"}})
    assert answer["error"] == "token验证失败！"
    await _token(world)
    assert len(world.far_side.all("token")) == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda p: p.update(application={}), "application_empty"),
        (lambda p: p.pop("application"), "application_empty"),
        (lambda p: p["application"].pop("industryName"), "industryName_empty"),
        (lambda p: p["application"].update(applyNo=" "), "applyNo_empty"),
        (lambda p: p["application"].update(serialNo="SD2026"), "serial_no"),
        (lambda p: p["application"].update(applyDate="2026-11-23T09:00:00"), "apply_date"),
        (lambda p: p["application"].update(regcode="370102"), "region"),
        (lambda p: p["application"].update(regcode="110101000000"), "region"),
        (lambda p: p["application"].update(industryCode="6210"), "not_joint"),
        (lambda p: p["application"].update(item=[]), "no_items"),
        (lambda p: p["application"].update(item={}), "item_empty"),
        (lambda p: p["application"]["item"].append(p["application"]["item"][0]), "item_twice"),
        (lambda p: p["application"]["item"][0].pop("itemCode"), "itemCode_empty"),
        (lambda p: p.pop("form"), "form_empty"),
        (lambda p: p["form"].pop("DC_YYYZ_DWJBXX"), "DC_YYYZ_DWJBXX_empty"),
        (lambda p: p["form"]["DC_YYYZ_DWJBXX"].update(ENTNAME=""), "ENTNAME_empty"),
        (lambda p: p.update(material=[]), "material_empty"),
        (lambda p: p["material"]["material"][0].update(resourceType="PAPER"), "resource_type"),
        (lambda p: p["material"]["material"][0].pop("files"), "files_empty"),
        (
            lambda p: p["material"]["material"][0]["files"][0].pop("documentId"),
            "documentId_empty",
        ),
    ],
)
async def test_a_filing_that_is_not_whole_is_refused_and_nothing_is_kept(
    world: World, change: Callable[[Any], object], code: str
):
    answer = await _submit(world, lambda message: change(message["params"]))
    assert answer["state"] == "300"
    assert answer["error"].endswith(("！", "正餐服务"))
    assert answer["bizId"] == ""
    assert world.exchanges("submit")[0]["refused"] == code
    assert world.simulator.cases() == []
    assert world.simulator.next_due() is None


async def test_the_refusals_of_the_known_peer_are_word_for_word(world: World):
    empty = await _submit(world, lambda message: message["params"].update(application=None))
    assert empty["error"] == "申请基本信息字段application为空！"
    single = await _submit(
        world, lambda message: message["params"]["application"].update(industryCode="6210")
    )
    assert single["error"] == "未查询到相关主题套餐！370102===6210===正餐服务"


async def test_regions_and_items_outside_of_the_packages_are_refused(tmp_path: Path):
    regions, items = frozenset({"370102"}), frozenset({"business_licence"})
    async with a_world(tmp_path, regions=regions, items=items) as world:
        await _submit(world, dict)
        assert world.exchanges("submit")[0]["refused"] == "item_not_served"
        answer = await _submit(
            world,
            lambda message: message["params"]["application"].update(regcode="371402000000"),
        )
        assert answer["error"] == "该行业未配置相关主题套餐！371402===ZZLB6210===正餐服务"


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"[" * 100_000])
async def test_a_body_that_is_no_message_gets_the_other_envelope(world: World, body: bytes):
    answer = await _post(world, SUBMIT_PATH, data=body)
    assert answer["custom"]["code"] == "0"
    assert "state" not in answer


async def test_a_query_needs_a_serial_number(world: World):
    token = await _token(world)
    for params in ({}, {"serialNo": ""}, {"serialNo": 5}, None):
        answer = await _post(world, QUERY_PATH, json={"token": token, "params": params})
        assert answer["state"] == "300"


async def test_everything_survives_a_kill(tmp_path: Path):
    async with a_world(tmp_path) as world:
        await world.client.submit(a_filing("business_licence", "seal"))
        await world.pass_time(beijing("2026-11-23 10:00"))
        before = world.simulator.cases()
        assert world.states()["business_licence"] == "accepted"
    async with a_world(tmp_path, at=beijing("2026-11-23 10:00")) as reopened:
        assert reopened.simulator.cases() == before
        assert await reopened.client.look_up(a_filing().serial_no) is not None
        await reopened.pass_days(1)
        assert reopened.states() == {"business_licence": "completed", "seal": "completed"}
        assert reopened.callbacks.states_of("business_licence") == ["approved", "completed"]


async def test_the_journal_shows_no_secret_and_nothing_personal(
    world: World, sensitive_values: set[str]
):
    sensitive_values.update({APP_KEY, ENCRYPT_KEY, CALLBACK_TOKEN, DOCUMENT_TOKEN})
    world.callbacks.documents["d1"] = b"lease"
    world.arm("province.refuse", text="法定代表人王小明")
    filing = a_filing(materials=[a_material(("d1", b"lease"))])
    with pytest.raises(Refused) as caught:
        await world.client.submit(filing)
    await world.client.submit(filing)
    shown = f"{caught.value!r} {filing!r} {world.callbacks.certificates!r} {settings()!r}"
    assert not [value for value in PERSONAL if value in shown]
    await world.pass_days(10)
    journal = json.dumps(world.far_side.exchanges(2000), ensure_ascii=False)
    assert "certificate" in journal
    hidden = PERSONAL | {APP_KEY, ENCRYPT_KEY, CALLBACK_TOKEN, DOCUMENT_TOKEN}
    hidden |= {token for token, _ in world.far_side.all("token")}
    assert not [value for value in hidden if value in journal]


def test_scenarios_are_told_in_both_languages():
    assert all(text.zh and text.en for text in SCENARIOS.values())
    assert all(name.startswith("province.") for name in SCENARIOS)


async def test_without_cases_the_province_has_nothing_to_do(world: World, tmp_path: Path):
    assert await world.simulator.run_due() == 0
    far_side = FarSide(tmp_path / "other.sqlite3", "province", world.clock)
    try:
        assert ProvinceSimulator(far_side, WorkCalendar(), world.told).next_due() is None
    finally:
        far_side.close()


async def test_the_journal_says_that_somebody_applied_and_what_was_withheld(world: World):
    items = [
        FiledItem("business_licence", "营业执照", {}),
        FiledItem("seal", "印章刻制", {}, sharing=False),
    ]
    applicant = FiledApplicant(PersonName("王小明"), IdNumber("370102199001011230"), None)
    await world.client.submit(a_filing(items=items, applicant=applicant))
    (entry,) = world.exchanges("submit")
    assert (entry["has_applicant"], entry["has_company"]) == (True, False)
    assert entry["withheld"] == ["seal"]
    assert "370102199001011230" not in json.dumps(world.far_side.all("case"), default=str)


async def test_a_filing_that_says_neither_is_taken_all_the_same(world: World):
    await world.client.submit(a_filing())
    (entry,) = world.exchanges("submit")
    assert (entry["has_applicant"], entry["has_company"]) == (False, False)
    assert entry["withheld"] == []
