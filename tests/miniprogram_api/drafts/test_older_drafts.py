"""Drafts of before versions were kept: their list is lost, their words are not."""

import asyncio
from typing import Any

import msgspec

from bff.mock.world import World
from miniprogram_api.drafts.log import Author, DraftLog, Entry
from miniprogram_api.drafts.models import Draft
from tests.app import Phone
from tests.builders.signatures import signed_by_all
from tests.miniprogram_api.drafts.builders import (
    a_draft,
    answers_of,
    complete,
    resumed,
    saved,
)

PLACE = {"region": "370102", "detail": "经十路1号"}


async def an_older_draft(world: World, phone: Phone) -> dict[str, Any]:
    """Complete, as the release before this one left it: no version in its rows, one question under
    its former name and one in its former step."""
    draft = await a_draft(phone)
    await complete(phone, draft)
    log = DraftLog(world.services.ring)
    head = await log.head(draft["id"])
    assert head is not None
    state = log.opened(head)
    state.steps["premises"].pop("warehouse_address", None)
    state.steps["food"]["food_warehouse_address"] = PLACE
    economic_type = state.steps["company"].pop("fund_economic_type")
    state.steps["fund"]["fund_economic_type"] = economic_type
    summary = msgspec.structs.replace(head.summary, catalogue="", words=head.revision + 1)
    entry = Entry("step", "food", summary, state)
    await log.append(head.next_place, entry, Author(head.person_id, None), head.at)
    await Draft.filter(id=draft["id"]).update(catalogue_version="2026.11-0a1bbd80")
    return {**draft, "revision": head.revision + 1, "economic_type": economic_type}


async def test_an_older_draft_is_opened_saved_moved_and_submitted(world, verified) -> None:
    phone = await verified()
    draft = await an_older_draft(world, phone)
    opened = await resumed(phone, draft)
    assert (opened["revision"], opened["rebase"]) == (draft["revision"], "offered")
    copies = {"licence_copies": 2}
    revision = (await saved(phone, draft, "company", draft["revision"], copies))["revision"]
    assert (await resumed(phone, draft))["rebase"] == "offered"
    body = {"base_revision": revision}
    told = (await phone.post(f"/drafts/{draft['id']}/rebase", json=body)).json()
    assert told["set_aside"] == []
    now = told["draft"]
    assert answers_of(now, "premises")["warehouse_address"] == PLACE
    assert "food_warehouse_address" not in answers_of(now, "food")
    assert answers_of(now, "company")["fund_economic_type"] == draft["economic_type"]
    assert answers_of(now, "company")["licence_copies"] == 2
    await signed_by_all(world, draft["id"])
    check = (await phone.post(f"/drafts/{draft['id']}/check")).json()
    assert (check["ready"], check["errors"]) == (True, [])
    order = {
        "draft_id": draft["id"], "revision": now["revision"], "declaration": True,
        "delivery": {"method": "window"},
    }  # fmt: skip
    assert (await phone.once("POST", "/applications", json=order)).status_code == 202


async def test_two_phones_move_an_older_draft_at_once(world, signed_in) -> None:
    phone = await signed_in()
    draft = await an_older_draft(world, phone)
    path, body = f"/drafts/{draft['id']}/rebase", {"base_revision": draft["revision"]}
    answers = await asyncio.gather(*(phone.post(path, json=body) for _ in range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert {answer.json()["draft"]["revision"] for answer in answers} == {draft["revision"] + 1}
    assert answers_of(await resumed(phone, draft), "premises")["warehouse_address"] == PLACE
