"""A name is kept for a draft: once, by whoever it belongs to, until it is given up or runs out."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from bff.mock.world import World
from kit.ids import new_id
from miniprogram_api.drafts.service import DraftService
from miniprogram_api.names.models import NameReservation
from miniprogram_api.names.service import KEPT_MAX, NameKeeping
from tests.app import Phone
from tests.builders.applications import a_draft

NAME, OTHER = "济南试泉香餐饮有限公司", "济南另泉居餐饮有限公司"
WISH = {"company_type": "limited", "industry_code": "6210"}


async def keep(phone: Phone, draft: dict[str, Any], name: str = NAME, **how: Any) -> httpx.Response:
    path = f"/drafts/{draft['id']}/name-reservation"
    return await phone.once("POST", path, json={"name": name, **WISH}, **how)


async def kept(phone: Phone, draft: dict[str, Any]) -> httpx.Response:
    return await phone.get(f"/drafts/{draft['id']}/name-reservation")


async def give_up(phone: Phone, draft: dict[str, Any]) -> httpx.Response:
    return await phone.delete(f"/drafts/{draft['id']}/name-reservation")


def in_library(world: World) -> list[str]:
    """The numbers that the far side keeps."""
    return [number for number, _ in world.far_sides["name_library"].all("kept")]


async def is_free(phone: Phone, name: str = NAME) -> bool:
    body = {"region": "370102", "name": name, **WISH}
    answer = await phone.post("/catalogue/name-checks", json=body)
    return bool(answer.json()["verdict"] == "free")


async def test_a_free_name_is_kept_for_two_months(signed_in, world):
    phone = await signed_in()
    draft = await a_draft(phone)
    assert (await kept(phone, draft)).status_code == 404
    answer = await keep(phone, draft)
    assert answer.status_code == 201
    assert answer.json()["name"] == NAME
    assert [answer.json()["number"]] == in_library(world)
    assert (await kept(phone, draft)).json() == answer.json()
    assert not await is_free(phone)


async def test_when_it_has_run_out_it_is_nobodys(signed_in, world):
    phone = await signed_in()
    draft = await a_draft(phone)
    await keep(phone, draft)
    await NameReservation.all().update(until="2020-01-01")
    assert (await kept(phone, draft)).status_code == 404
    assert await world.services.provided[NameKeeping].sweep() == 1
    assert not await NameReservation.exists()


async def test_given_up_it_is_free_for_others(signed_in, world):
    phone = await signed_in()
    draft = await a_draft(phone)
    await keep(phone, draft)
    assert (await give_up(phone, draft)).status_code == 204
    assert (await kept(phone, draft)).status_code == 404
    assert (await give_up(phone, draft)).status_code == 404
    await world.driver.settle()
    assert in_library(world) == []
    assert await is_free(phone)


async def test_another_name_takes_the_place_of_the_first(signed_in, world):
    phone = await signed_in()
    draft = await a_draft(phone)
    await keep(phone, draft)
    second = await keep(phone, draft, OTHER)
    assert (await kept(phone, draft)).json() == second.json()
    await world.driver.settle()
    assert in_library(world) == [second.json()["number"]]


async def test_what_others_have_is_taken(signed_in, world):
    phone, neighbour = await signed_in(), await signed_in("lisi")
    draft, others = await a_draft(phone), await a_draft(neighbour)
    await keep(phone, draft)
    answer = await keep(neighbour, others)
    assert (answer.status_code, answer.json()["code"]) == (409, "name_taken")
    assert (await kept(neighbour, others)).status_code == 404
    assert await NameReservation.all().count() == 1


async def test_a_name_against_the_rules_is_never_asked_for(signed_in, world):
    phone = await signed_in()
    draft = await a_draft(phone)
    answer = await keep(phone, draft, "中国试泉香餐饮有限公司")
    assert (answer.status_code, answer.json()["code"]) == (422, "name_refused")
    assert all(error["code"].startswith("name_") for error in answer.json()["errors"])
    assert not await NameReservation.exists()
    assert in_library(world) == []


async def test_nor_one_that_the_library_forbids(signed_in, world):
    phone = await signed_in()
    draft = await a_draft(phone)
    world.far_sides["name_library"].arm("names_not_allowed", 1)
    answer = await keep(phone, draft)
    assert (answer.status_code, answer.json()["code"]) == (422, "name_refused")
    assert not await NameReservation.exists()


@pytest.mark.parametrize("fault", ["names_lost_answer", "names_down"])
async def test_asking_again_after_no_answer_keeps_it_once(signed_in, world, fault):
    phone = await signed_in()
    draft = await a_draft(phone)
    world.far_sides["name_library"].arm(fault, 1, service="reserve")
    answer = await keep(phone, draft)
    assert (answer.status_code, answer.json()["next"]) == (503, "retry")
    assert "Retry-After" in answer.headers
    again = await keep(phone, draft)
    assert again.status_code == 201
    assert in_library(world) == [again.json()["number"]]


async def test_what_nobody_comes_back_for_is_given_up_after_an_hour(signed_in, world):
    phone = await signed_in()
    draft = await a_draft(phone)
    world.far_sides["name_library"].arm("names_lost_answer", 1, service="reserve")
    await keep(phone, draft)
    assert len(in_library(world)) == 1
    names = world.services.provided[NameKeeping]
    assert await names.sweep() == 0
    await NameReservation.all().update(at=world.clock.now() - timedelta(hours=2))
    assert await names.sweep() == 1
    await world.driver.settle()
    assert in_library(world) == []
    assert not await NameReservation.exists()


async def test_taps_at_the_same_moment_keep_one(signed_in, world):
    phone = await signed_in()
    draft = await a_draft(phone)
    answers = await asyncio.gather(*(keep(phone, draft) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert len(in_library(world)) == 1


async def test_the_same_tap_repeated_gets_the_same_answer(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone)
    key = {"Idempotency-Key": new_id()}
    first = await keep(phone, draft, headers=key)
    again = await keep(phone, draft, headers=key)
    assert again.headers["Idempotent-Replay"] == "true"
    assert again.text == first.text


async def test_somebody_elses_draft_keeps_nothing(signed_in, world):
    owner, stranger = await signed_in(), await signed_in("lisi")
    draft = await a_draft(owner)
    assert (await keep(stranger, draft)).status_code == 404
    await keep(owner, draft)
    assert (await kept(stranger, draft)).status_code == 404
    assert (await give_up(stranger, draft)).status_code == 404
    assert len(in_library(world)) == 1


async def test_a_draft_that_is_gone_keeps_no_name(signed_in, world):
    phone = await signed_in()
    draft, other = await a_draft(phone), await a_draft(phone)
    await keep(phone, draft)
    await keep(phone, other, OTHER)
    await phone.delete(f"/drafts/{draft['id']}")
    assert await world.services.provided[NameKeeping].sweep() == 1
    await world.driver.settle()
    assert in_library(world) == [(await kept(phone, other)).json()["number"]]
    assert await is_free(phone)


async def test_only_an_opening_keeps_a_name(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone, operation="cancel", items=["business_licence"])
    answer = await keep(phone, draft)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_an_opening")


async def test_nobody_keeps_names_from_others_by_the_dozen(signed_in, world):
    phone = await signed_in()
    draft = await a_draft(phone)
    await keep(phone, draft)
    row = await NameReservation.get()
    for _ in range(KEPT_MAX - 1):
        await NameReservation.create(
            id=new_id(), draft_id=new_id(), person_id=row.person_id, reference=new_id(),
            name_cipher=b"", state="kept", until="2099-01-01", at=row.at,
        )  # fmt: skip
    answer = await keep(phone, draft, OTHER)
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_names_kept")
    assert (await keep(phone, draft)).status_code == 201


async def test_a_deleted_account_gives_its_names_up(verified, world):
    phone = await verified()
    draft = await a_draft(phone)
    await keep(phone, draft)
    exported = (await phone.get("/me/export")).json()
    assert [name["name"] for name in exported["belongings"]["names"]] == [NAME]
    assert (await phone.delete("/me")).status_code in {202, 204}
    await world.driver.settle()
    assert in_library(world) == []
    assert not await NameReservation.exists()


async def test_another_process_finds_the_drafts_that_are_there(signed_in, world):
    phone = await signed_in()
    draft = await a_draft(phone)
    drafts = world.services.provided[DraftService]
    assert await drafts.among([draft["id"], new_id()]) == {draft["id"]}
