"""Of the rest of a draft a helper learns nothing: how far it is, what it lacks, its files."""

from datetime import timedelta
from typing import Any

import pytest

from tests.app import Phone
from tests.builders.applications import scanned, submission
from tests.miniprogram_api.drafts.builders import (
    a_draft,
    complete,
    filled,
    resumed,
    sample_steps,
    save,
    saved,
    uploaded,
)
from tests.miniprogram_api.invitations.builders import handed_over, helping
from tests.miniprogram_api.materials.builders import a_png

PREMISES = {"steps": ["premises"], "materials": False}
PROOF = "premises_use_proof"


class TestProgress:
    async def test_it_is_of_the_steps_of_the_scope_wherever_it_is_told(self, signed_in, verified):
        owner, helper = await signed_in(), await verified("lisi")
        draft = await a_draft(owner)
        await helping(owner, helper, draft, scope=PREMISES)
        answers = (await sample_steps(owner, draft))["premises"]
        revision = await filled(owner, draft)
        await saved(owner, draft, "premises", revision, dict.fromkeys(answers))
        assert (await resumed(helper, draft))["progress"] == {"complete": 0, "total": 1}
        reply = await saved(helper, draft, "premises", revision + 1, answers)
        assert reply["progress"] == {"complete": 1, "total": 1}
        (item,) = (await helper.get("/drafts?role=helper")).json()["items"]
        assert item["progress"] == {"complete": 1, "total": 1}
        whole = (await resumed(owner, draft))["progress"]
        assert whole["total"] == len(draft["steps"]) > 1

    async def test_two_invitations_count_what_either_shows(self, signed_in, verified):
        owner, helper = await signed_in(), await verified("lisi")
        draft = await a_draft(owner)
        for step in ("premises", "company"):
            await helping(owner, helper, draft, scope={"steps": [step], "materials": False})
        assert (await resumed(helper, draft))["progress"]["total"] == 2
        (item,) = (await helper.get("/drafts?role=helper")).json()["items"]
        assert item["progress"]["total"] == 2

    async def test_whoever_helps_with_everything_sees_all_of_it(self, signed_in, verified):
        owner, helper = await signed_in(), await verified("lisi")
        draft = await a_draft(owner)
        await helping(owner, helper, draft)
        await saved(owner, draft, "company", 1, {"employees_count": 1})
        seen, whole = await resumed(helper, draft), await resumed(owner, draft)
        assert seen["progress"] == whole["progress"]

    async def test_what_a_save_answers_is_what_the_helper_has_now(self, signed_in, verified):
        owner, helper = await signed_in(), await verified("lisi")
        draft = await a_draft(owner)
        await helping(owner, helper, draft, scope=PREMISES)
        answer = await save(helper, draft, "premises", 1, {"premises_area_m2": 80})
        path, known = f"/drafts/{draft['id']}", {"If-None-Match": answer.headers["ETag"]}
        assert (await helper.get(path, headers=known)).status_code == 304
        assert (await owner.get(path, headers=known)).status_code == 200


class TestReady:
    async def test_his_part_is_ready_when_nothing_of_it_is_missing(self, signed_in, verified):
        """Whatever the others have not done yet, and before anybody has signed."""
        owner, helper = await signed_in(), await verified("lisi")
        draft = await a_draft(owner)
        await helping(owner, helper, draft, scope=PREMISES)
        path = f"/drafts/{draft['id']}/check"
        assert (await helper.post(path)).json()["ready"] is False
        answers = (await sample_steps(owner, draft))["premises"]
        await saved(owner, draft, "premises", 1, answers)
        assert (await helper.post(path)).json()["ready"] is True
        assert (await owner.post(path)).json()["ready"] is False

    async def test_who_signs_is_nothing_that_readiness_tells(self, verified):
        owner, helper = await verified("zhangsan"), await verified("lisi")
        draft = await a_draft(owner)
        await helping(owner, helper, draft)
        await filled(owner, draft)
        path = f"/drafts/{draft['id']}/check"
        for material in (await owner.post(path)).json()["missing_materials"]:
            assert (await uploaded(owner, draft, material)).status_code == 201
        await scanned(owner, draft)
        theirs, whole = (await helper.post(path)).json(), (await owner.post(path)).json()
        assert (whole["ready"], theirs["ready"]) == (False, True)
        assert whole["missing_signatures"] != theirs["missing_signatures"] == []

    @pytest.mark.parametrize("materials", [True, False])
    async def test_that_a_file_is_being_checked_is_told_to_those_who_see_the_files(
        self, signed_in, verified, world, materials: bool
    ):
        owner, helper = await signed_in(), await verified("lisi")
        draft = await a_draft(owner)
        steps = None if not materials else ["premises"]
        await helping(owner, helper, draft, scope={"steps": steps, "materials": materials})
        world.far_sides["scanner"].arm("scanner_down", 1000)
        assert (await uploaded(owner, draft, PROOF, a_png())).status_code == 201
        check = (await helper.post(f"/drafts/{draft['id']}/check")).json()
        told = [error["pointer"] for error in check["errors"] if error["step"] == "materials"]
        assert told == ([f"/{PROOF}"] if materials else [])


class TestBefore:
    """What was answered before he was let in is the owner's history."""

    async def test_a_guessed_base_tells_nothing_of_it(self, signed_in, verified):
        owner, helper = await signed_in(), await verified("lisi")
        draft = await a_draft(owner)
        await saved(owner, draft, "premises", 1, {"premises_address_detail": "旧址一号"})
        await saved(owner, draft, "premises", 2, {"premises_address_detail": None})
        await helping(owner, helper, draft, scope=PREMISES)
        for base in (0, 1, 2):
            answer = await save(
                helper, draft, "premises", base, {"premises_address_detail": "新址二号"}
            )
            assert answer.status_code == 409
            (conflict,) = answer.json()["conflicts"]
            assert (conflict["base"], conflict["theirs"]) == (None, None)

    async def test_what_was_there_when_he_came_is_his_base(self, signed_in, verified):
        owner, helper = await signed_in(), await verified("lisi")
        draft = await a_draft(owner)
        await saved(owner, draft, "premises", 1, {"premises_area_m2": 70})
        await helping(owner, helper, draft, scope=PREMISES)
        seen = (await resumed(helper, draft))["revision"]
        await saved(owner, draft, "premises", seen, {"premises_use": "restaurant"})
        merged = await saved(helper, draft, "premises", seen, {"premises_area_m2": 80})
        assert merged["merged"] is True
        await saved(owner, draft, "premises", seen + 2, {"premises_area_m2": 90})
        answer = await save(helper, draft, "premises", seen + 2, {"premises_area_m2": 100})
        assert [one["base"] for one in answer.json()["conflicts"]] == [80]

    async def test_what_lies_aside_by_now_no_conflict_of_his_shows(self, signed_in, verified):
        owner, helper = await signed_in(), await verified("lisi")
        draft = await a_draft(owner)
        code = "fund_economic_type"
        await saved(owner, draft, "company", 1, {code: "1"})
        await helping(owner, helper, draft, scope={"steps": ["company"], "materials": False})
        assert (await resumed(helper, draft))["revision"] == 2
        await saved(owner, draft, "company", 2, {code: "2"})
        items = [item["code"] for item in draft["plan"]["items"] if item["code"] != "housing_fund"]
        fewer = {"base_revision": 3, "items": items}
        assert (await owner.put(f"/drafts/{draft['id']}/selection", json=fewer)).status_code == 200
        for mine in ("2", "3"):
            answer = await save(helper, draft, "company", 2, {code: mine})
            assert answer.status_code == 409
            (conflict,) = answer.json()["conflicts"]
            assert (conflict["base"], conflict["theirs"]) == ("1", None)


def links_of(view: dict[str, Any]) -> list[str]:
    return [file["url"] for material in view["materials"] for file in material["files"]]


class TestLinks:
    """A link opens a file without an access token; to whoever was let in it says who that is."""

    @pytest.fixture
    async def owner(self, signed_in) -> Phone:
        return await signed_in()

    @pytest.fixture
    async def draft(self, owner: Phone) -> dict[str, Any]:
        """With one file that was checked."""
        draft = await a_draft(owner)
        assert (await uploaded(owner, draft, PROOF, a_png())).status_code == 201
        await scanned(owner, draft)
        return draft

    async def opens(self, device: Phone, link: str) -> int:
        return (await device.get(device.base + link)).status_code

    async def test_it_is_none_any_more_when_the_invitation_was_taken_back(
        self, owner, draft, verified, phone
    ):
        helper, anybody = await verified("lisi"), await phone()
        made = await helping(owner, helper, draft)
        (theirs,) = links_of(await resumed(helper, draft))
        (own,) = links_of(await resumed(owner, draft))
        sent = (await uploaded(helper, draft, PROOF, a_png(3, 3))).json()
        await scanned(owner, draft)
        for link in (theirs, sent["url"], own):
            assert await self.opens(anybody, link) == 200
        await owner.delete(f"/invitations/{made['id']}")
        assert await self.opens(anybody, theirs) == 404
        assert await self.opens(anybody, sent["url"]) == 404
        assert await self.opens(anybody, own) == 200

    async def test_nobody_makes_it_another_persons(self, owner, draft, verified, phone):
        helper, anybody = await verified("lisi"), await phone()
        made = await helping(owner, helper, draft)
        (theirs,) = links_of(await resumed(helper, draft))
        await owner.delete(f"/invitations/{made['id']}")
        bare, _, holder = theirs.partition("&holder=")
        owners = f"{owner.session['person']['id']}.{draft['id']}"
        assert holder == f"{helper.session['person']['id']}.{draft['id']}"
        for link in (bare, f"{bare}&holder={owners}", f"{bare}&holder="):
            assert await self.opens(anybody, link) == 404

    async def test_it_ends_with_the_invitation_and_with_a_narrower_scope(
        self, owner, draft, verified, phone, world
    ):
        helper, anybody = await verified("lisi"), await phone()
        with_files = await helping(owner, helper, draft)
        await helping(owner, helper, draft, scope=PREMISES, days=1)
        (link,) = links_of(await resumed(helper, draft))
        await owner.delete(f"/invitations/{with_files['id']}")
        assert await self.opens(anybody, link) == 404
        await helping(owner, helper, draft, scope={"steps": ["company"], "materials": True}, days=1)
        world.clock.advance(timedelta(hours=23, minutes=55))
        await helper.renew()
        (link,) = links_of(await resumed(helper, draft))
        assert await self.opens(anybody, link) == 200
        world.clock.advance(timedelta(minutes=6))
        assert await self.opens(anybody, link) == 404

    async def test_a_terminals_ends_with_the_hand_over(self, owner, draft, phone, world):
        counter, anybody = await phone(), await phone()
        claimed = await handed_over(owner, counter, world, draft)
        (link,) = links_of(await resumed(counter, draft))
        assert await self.opens(anybody, link) == 200
        assert (await owner.delete(f"/handovers/{claimed['id']}")).status_code == 204
        assert await self.opens(anybody, link) == 404

    async def test_of_a_submitted_draft_only_the_owners_opens(self, verified, phone):
        owner, helper, anybody = await verified("zhangsan"), await verified("lisi"), await phone()
        draft = await a_draft(owner)
        await complete(owner, draft)
        await helping(owner, helper, draft)
        theirs, own = links_of(await resumed(helper, draft)), links_of(await resumed(owner, draft))
        whole = {**draft, "revision": (await resumed(owner, draft))["revision"]}
        submitted = await owner.once("POST", "/applications", json=submission(whole))
        assert submitted.status_code == 202, submitted.text
        assert await self.opens(anybody, theirs[0]) == 404
        assert await self.opens(anybody, own[0]) == 200
