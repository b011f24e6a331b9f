"""Who applied, as it was proven, and what may go to whom outside, at the HTTP edge."""

import json
from typing import Any

from auth.models import AccessLog
from bff.mock.personas import PERSONAS
from bff.mock.world import World
from miniprogram_api.applications.frozen import FrozenContent, opened
from miniprogram_api.applications.models import Application, ApplicationDocument
from tests.app import Phone
from tests.builders.applications import a_ready_draft, submission
from tests.builders.consents import agreed


async def submitted(phone: Phone) -> dict[str, Any]:
    answer = await phone.once("POST", "/applications", json=submission(await a_ready_draft(phone)))
    assert answer.status_code == 202, answer.text
    application: dict[str, Any] = answer.json()
    return application


async def content_of(world: World, application: dict[str, Any]) -> FrozenContent:
    row = await Application.get(id=application["id"])
    return opened(world.services.ring, row)


def last_filing(world: World) -> dict[str, Any]:
    exchanges = world.far_sides["province"].exchanges()
    filing: dict[str, Any] = next(each for each in exchanges if each["what"] == "submit")
    return filing


async def accesses() -> list[tuple[str, str, str]]:
    return await AccessLog.filter(who="province").values_list("who", "what", "why")


async def test_what_was_proven_is_frozen_and_filed_whatever_the_form_says(verified, world):
    phone = await verified()
    application = await submitted(phone)
    await world.driver.settle()
    person = PERSONAS["zhangsan"]
    frozen = (await content_of(world, application)).applicant
    assert frozen is not None
    assert (frozen.name, frozen.id_number) == (person.name.reveal(), person.id_number.reveal())
    filing = last_filing(world)
    assert (filing["has_applicant"], filing["has_company"]) == (True, False)
    assert person.id_number.reveal() not in json.dumps(filing)


async def test_without_a_consent_everything_is_filed_but_what_only_the_receivers_need(
    verified, world
):
    phone = await verified()
    application = await submitted(phone)
    await world.driver.settle()
    assert set(last_filing(world)["withheld"]) == {"seal", "bank_appointment"}
    seal, bank = application["consents"]
    assert (seal["purpose"], seal["granted"], seal["items"]) == (
        "share_with_seal_shop", False, ["seal"],
    )  # fmt: skip
    assert (bank["purpose"], bank["granted"]) == ("share_with_bank", False)
    assert "银行" in bank["text"]
    shown = (await phone.get(f"/applications/{application['id']}")).json()
    assert shown["consents"] == application["consents"]
    assert {matter["state"] for matter in shown["matters"]} == {"forwarded"}


async def test_each_receiver_has_a_consent_of_its_own_and_withdrawing_undoes_nothing(
    verified, world
):
    phone = await verified()
    await agreed(phone, "share_with_bank")
    application = await submitted(phone)
    assert (await phone.delete("/consents/share_with_bank")).status_code == 204
    await world.driver.settle()
    assert last_filing(world)["withheld"] == ["seal"]
    shown = (await phone.get(f"/applications/{application['id']}")).json()
    assert [(each["purpose"], each["granted"]) for each in shown["consents"]] == [
        ("share_with_seal_shop", False),
        ("share_with_bank", True),
    ]
    assert (await content_of(world, application)).consents == {
        "share_with_seal_shop": False,
        "share_with_bank": True,
    }


async def test_the_person_can_see_that_the_province_read_it(verified, world):
    phone = await verified()
    await submitted(phone)
    await world.driver.settle()
    fetched = await ApplicationDocument.all().count()
    assert fetched
    seen = await accesses()
    assert seen.count(("province", "application", "application")) == 1
    assert seen.count(("province", "documents", "application")) == fetched
    assert len(seen) == fetched + 1
    assert {row.person_id for row in await AccessLog.filter(who="province")} == {
        phone.session["person"]["id"]
    }


async def test_a_filing_that_the_province_refused_was_read_all_the_same(verified, world):
    phone = await verified()
    for text in ("申请信息未通过校验", "未查询到相关主题套餐！"):
        how = {"times": 1, "then": {"text": text}}
        await phone.mock("PUT", "/scenarios/province.refuse", json=how)
        await submitted(phone)
        await world.driver.settle()
    assert await accesses() == [("province", "application", "application")] * 2
