"""What a helper sees and does, and what the applicant is told of it."""

import json
import re
from datetime import timedelta
from typing import Any

import msgspec

from auth.models import AccessLog
from bff.mock.personas import COMPANIES
from miniprogram_api.catalogue.service import CatalogueService
from miniprogram_api.drafts.models import DraftSave
from miniprogram_api.drafts.ports import NoGrants
from miniprogram_api.drafts.schemas import SaveStep
from miniprogram_api.drafts.service import Author, DraftDesk, DraftService, Grant, NamedAuthor
from tests.builders.applications import scanned
from tests.miniprogram_api.drafts.builders import (
    a_draft,
    answers_of,
    filled,
    resumed,
    save,
    saved,
    uploaded,
)
from tests.miniprogram_api.invitations.builders import (
    COUNTER,
    grants_of,
    handed_over,
    helping,
    invited,
)
from tests.miniprogram_api.materials.builders import a_png

SCOPED = {"steps": ["premises"], "materials": False}
NAME = "济南甲乙丙餐饮有限公司"


async def test_a_helper_sees_the_steps_of_his_scope_and_nothing_else(signed_in, verified):
    owner, helper = await signed_in(), await verified("lisi")
    draft = await a_draft(owner)
    await filled(owner, draft)
    await saved(owner, draft, "company", 17, {"entity_name": NAME})
    assert (await uploaded(owner, draft, "premises_use_proof", a_png())).status_code == 201
    await helping(owner, helper, draft, scope=SCOPED)
    seen, whole = await resumed(helper, draft), await resumed(owner, draft)
    assert [step["key"] for step in seen["steps"]] == ["premises"]
    assert answers_of(seen, "premises") == answers_of(whole, "premises")
    assert seen["materials"] == []
    assert seen["signatures"] == []
    assert {"register", "set_aside"}.isdisjoint(seen)
    # The plan has every option of every question, and nobody's answers.
    shown = json.dumps({**seen, "plan": None}, ensure_ascii=False)
    assert "/files/" not in shown
    for step in whole["steps"]:
        for typed in step["answers"].values():
            if step["key"] != "premises" and isinstance(typed, str) and not typed.isascii():
                assert typed not in shown


async def test_a_helper_for_everything_sees_all_answers_and_the_files(signed_in, verified):
    owner, helper = await signed_in(), await verified("lisi")
    draft = await a_draft(owner)
    await filled(owner, draft)
    assert (await uploaded(owner, draft, "premises_use_proof", a_png())).status_code == 201
    await scanned(owner, draft)
    await helping(owner, helper, draft)
    seen, whole = await resumed(helper, draft), await resumed(owner, draft)
    assert seen["steps"] == whole["steps"]
    assert without_links(seen["materials"]) == without_links(whole["materials"])
    assert any(material["files"] for material in seen["materials"])


def without_links(materials: list[dict[str, Any]]) -> list[Any]:
    """Those are each person's own."""
    return [[{**file, "url": None} for file in material["files"]] for material in materials]


async def test_his_saves_are_merged_like_everybodys_and_stay_in_his_scope(signed_in, verified):
    owner, helper = await signed_in(), await verified("lisi")
    draft = await a_draft(owner)
    await helping(owner, helper, draft, scope=SCOPED)
    mine = await saved(helper, draft, "premises", 1, {"premises_area_m2": 80})
    theirs = await saved(owner, draft, "premises", 1, {"premises_use": "restaurant"})
    assert theirs["merged"] is True
    assert theirs["answers"]["premises_area_m2"] == 80
    assert mine["revision"] + 1 == theirs["revision"]
    refused = await save(helper, draft, "company", 1, {"entity_name": NAME})
    missing = await save(helper, draft, "no_such_step", 1, {"entity_name": NAME})
    assert refused.status_code == missing.status_code == 404
    assert refused.json()["code"] == missing.json()["code"]


async def test_a_conflict_shows_a_helper_places_of_his_scope_only(signed_in, verified):
    owner, helper = await signed_in(), await verified("lisi")
    draft = await a_draft(owner)
    await saved(owner, draft, "company", 1, {"entity_name": NAME})
    await saved(owner, draft, "premises", 2, {"premises_area_m2": 70})
    await helping(owner, helper, draft, scope=SCOPED)
    answer = await save(helper, draft, "premises", 1, {"premises_area_m2": 80})
    assert answer.status_code == 409
    assert [one["pointer"] for one in answer.json()["conflicts"]] == ["/premises_area_m2"]
    assert NAME not in answer.text


async def test_checking_tells_a_helper_what_is_wrong_in_his_scope(signed_in, verified):
    owner, helper, all_of_it = (
        await signed_in(), await verified("lisi"), await verified("wangwu"),
    )  # fmt: skip
    draft = await a_draft(owner)
    await helping(owner, helper, draft, scope=SCOPED)
    await helping(owner, all_of_it, draft)
    path = f"/drafts/{draft['id']}/check"
    check = (await helper.post(path)).json()
    assert {error["step"] for error in check["errors"]} == {"premises"}
    assert check["missing_materials"] == check["missing_signatures"] == check["consents"] == []
    assert check["ready"] is False
    check, whole = (await all_of_it.post(path)).json(), (await owner.post(path)).json()
    assert check["errors"] == whole["errors"]
    assert check["missing_materials"] == whole["missing_materials"] != []
    assert check["consents"] == [] != whole["consents"]


async def test_files_come_and_go_by_a_helper_who_may_and_are_the_owners(signed_in, verified):
    owner, helper, other = await signed_in(), await verified("lisi"), await verified("wangwu")
    draft = await a_draft(owner)
    await helping(owner, helper, draft, scope={"steps": ["company"], "materials": True})
    await helping(owner, other, draft, scope=SCOPED)
    assert (await uploaded(other, draft, "premises_use_proof", a_png())).status_code == 404
    sent = await uploaded(helper, draft, "premises_use_proof", a_png())
    assert sent.status_code == 201
    file_id = sent.json()["id"]
    assert (await owner.get(f"/files/{file_id}")).status_code == 200
    assert (await helper.get(f"/files/{file_id}")).status_code == 404
    path = f"/drafts/{draft['id']}/materials/premises_use_proof/{file_id}"
    assert (await other.delete(path)).status_code == 404
    assert (await helper.delete(path)).status_code == 204


async def test_a_first_touch_that_is_a_removal_is_told_and_done_as_one(signed_in, verified):
    """The line is written inside the very unit that changes the draft."""
    owner, helper = await signed_in(), await verified("lisi")
    draft = await a_draft(owner)
    file_id = (await uploaded(owner, draft, "premises_use_proof", a_png())).json()["id"]
    await helping(owner, helper, draft)
    path = f"/drafts/{draft['id']}/materials/premises_use_proof/{file_id}"
    assert (await helper.delete(path)).status_code == 204
    assert not any(one["files"] for one in (await resumed(owner, draft))["materials"])
    lines = (await owner.get("/me/access-log")).json()["items"]
    assert [line["what"] for line in lines if line["who"] == "helper"] == ["draft"]


async def test_helped_drafts_are_listed_apart(signed_in, verified):
    owner, helper = await signed_in(), await verified("lisi")
    drafts = [await a_draft(owner) for _ in range(3)]
    own = await a_draft(helper)
    made = [await helping(owner, helper, draft) for draft in drafts]
    await invited(owner, await a_draft(owner))

    async def listed(**query: str) -> list[str]:
        page = (await helper.get("/drafts", params={"role": "helper", **query})).json()
        ids = [item["id"] for item in page["items"]]
        if page["next_cursor"]:
            ids += await listed(**{**query, "cursor": page["next_cursor"]})
        return ids

    newest_first = [draft["id"] for draft in reversed(drafts)]
    assert await listed() == await listed(limit="2") == newest_first
    assert [item["id"] for item in (await helper.get("/drafts")).json()["items"]] == [own["id"]]
    await owner.delete(f"/invitations/{made[0]['id']}")
    assert await listed() == newest_first[:2]


async def test_what_is_registered_is_told_to_the_owner_only(verified):
    """Of a draft that began with the register's answers a helper sees answers, and nothing of where
    they are from or what they should be."""
    owner, helper = await verified("wangwu"), await verified("zhangsan")
    await owner.put("/me/acting-for", json={"uscc": COMPANIES[0].uscc})
    draft = await a_draft(owner, operation="cancel", items=["business_licence"])
    await helping(owner, helper, draft)
    typed = await saved(helper, draft, "company", 1, {"entity_name": NAME})
    seen, whole = await helper.get(f"/drafts/{draft['id']}"), await resumed(owner, draft)
    check = await helper.post(f"/drafts/{draft['id']}/check")
    for told in (json.dumps(typed), seen.text, check.text):
        for word in ('"register', '"origins"', '"warnings"'):
            assert word not in told
    assert "register_differs" in json.dumps(whole)
    assert whole["register"]["state"] == "answered"
    assert (await owner.post(f"/drafts/{draft['id']}/check")).json()["warnings"]


class AskingNobody(NoGrants):
    """Fails whoever asks it."""

    async def grant(self, draft_id: str, person_id: str) -> Grant | None:
        raise AssertionError("the owner is asked about")


async def test_an_owners_look_and_save_ask_nobody_else(signed_in, world):
    services, owner = world.services, await signed_in()
    draft, person_id = await a_draft(owner), (await owner.get("/me")).json()["id"]
    catalogue = services.provided[CatalogueService]
    desk = DraftDesk(catalogue, services.ring, services.clock, AskingNobody())
    drafts = DraftService(desk, catalogue, services.outbox)
    assert (await drafts.open(person_id, draft["id"])).grant is None
    change = SaveStep(1, msgspec.Raw(b'{"premises_area_m2": 80}'))
    saved = await drafts.save_step(Author(person_id, None), draft["id"], "premises", change, "zh")
    assert saved.view.revision == 2


async def test_each_save_names_who_wrote_it(signed_in, verified, world, database):
    owner, helper = await signed_in(), await verified("lisi")
    draft = await a_draft(owner)
    await helping(owner, helper, draft, label="我的会计")
    await saved(helper, draft, "premises", 1, {"premises_area_m2": 80})
    row = await DraftSave.get(draft_id=draft["id"], revision=2)
    book = grants_of(world)
    named = await book.authors(draft["id"])
    assert named == {row.author: NamedAuthor("helper", "*四", "我的会计")}


async def test_looks_are_told_to_the_owner_once_in_ten_minutes(signed_in, verified, world):
    owner, helper = await signed_in(), await verified("lisi")
    draft, second = await a_draft(owner), await a_draft(owner)

    async def lines() -> list[dict[str, str]]:
        page = (await owner.get("/me/access-log")).json()["items"]
        return [line for line in page if line["who"] == "helper"]

    for one in (draft, second):
        await helping(owner, helper, one)
    assert await lines() == []
    for _ in range(3):
        await resumed(helper, draft)
        await helper.post(f"/drafts/{draft['id']}/check")
    assert [(line["what"], line["why"]) for line in await lines()] == [("draft", "helping")]
    assert "帮办" in (await lines())[0]["text"]
    # What is read by a save that writes nothing is told, too.
    assert (await save(helper, second, "premises", 1, {})).status_code == 200
    assert len(await lines()) == 2
    world.clock.advance(timedelta(minutes=9, seconds=58))
    await resumed(helper, draft)
    assert len(await lines()) == 2
    world.clock.advance(timedelta(seconds=3))
    await resumed(helper, draft)
    assert len(await lines()) == 3


async def test_the_owner_is_told_who_looked_at_which_draft(signed_in, verified, phone, world):
    """By what he called them himself; nothing that they told of themselves."""
    owner, helper = await signed_in(), await verified("lisi")
    draft, second = await a_draft(owner), await a_draft(owner)
    made = await helping(owner, helper, draft, label="我的会计")
    unnamed = await helping(owner, helper, second)
    await resumed(helper, draft)
    await resumed(helper, second)
    counter = await phone()
    claimed = await handed_over(owner, counter, world, draft)
    await resumed(counter, draft)
    lines = (await owner.get("/me/access-log")).json()["items"][:3]
    assert [(line["draft_id"], line["grant_id"]) for line in lines] == [
        (draft["id"], claimed["id"]), (second["id"], unnamed["id"]), (draft["id"], made["id"]),
    ]  # fmt: skip
    named = [re.findall("（(.+?)）", line["text"]) for line in lines]
    (terminal,) = (one.name for one in world.services.settings.terminals if one.id == COUNTER)
    assert named == [[terminal], [], ["我的会计"]]
    row = await AccessLog.get(id=lines[2]["id"])
    assert row.name_cipher
    assert "会计".encode() not in bytes(row.name_cipher)


async def test_what_the_owner_called_them_goes_with_his_account(verified):
    owner, helper = await verified("zhangsan"), await verified("lisi")
    draft = await a_draft(owner)
    await helping(owner, helper, draft, label="我的会计")
    await resumed(helper, draft)
    assert await AccessLog.filter(name_cipher__isnull=False).count() == 1
    assert (await owner.request("DELETE", "/me")).status_code == 204
    assert await AccessLog.filter(name_cipher__isnull=False).count() == 0


async def test_a_second_invitation_adds_to_the_first(signed_in, verified):
    owner, helper = await signed_in(), await verified("lisi")
    draft = await a_draft(owner)
    await helping(owner, helper, draft, scope=SCOPED)
    first = await helper.get(f"/drafts/{draft['id']}")
    second = await helping(owner, helper, draft, scope={"steps": ["company"], "materials": False})
    both = await helper.get(
        f"/drafts/{draft['id']}", headers={"If-None-Match": first.headers["ETag"]}
    )
    assert both.status_code == 200
    assert {step["key"] for step in both.json()["steps"]} == {"company", "premises"}
    await owner.delete(f"/invitations/{second['id']}")
    left = await helper.get(f"/drafts/{draft['id']}")
    assert [step["key"] for step in left.json()["steps"]] == ["premises"]
