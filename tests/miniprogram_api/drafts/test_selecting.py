"""Another selection for the same draft: answers are kept."""

from typing import Any

from miniprogram_api.drafts.models import DraftSave
from tests.miniprogram_api.drafts.builders import (
    a_draft,
    answers_of,
    filled,
    resumed,
    sample_steps,
    save,
    saved,
)


async def change(phone, draft, base, **selection):
    return await phone.put(
        f"/drafts/{draft['id']}/selection", json={"base_revision": base, **selection}
    )


async def test_answers_that_are_no_longer_asked_come_back_when_they_are_asked_again(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone)
    steps = await sample_steps(phone, draft)
    revision = await filled(phone, draft)
    whole = [item["code"] for item in draft["plan"]["items"]]
    fewer = await change(phone, draft, revision, items=["business_licence"])
    assert fewer.status_code == 200
    narrow = fewer.json()
    assert fewer.headers["ETag"] == (await phone.get(f"/drafts/{draft['id']}")).headers["ETag"]
    assert [item["code"] for item in narrow["plan"]["items"]] == ["business_licence"]
    assert "drainage" not in {step["key"] for step in narrow["steps"]}
    assert narrow["progress"]["total"] == len(narrow["steps"]) < len(draft["steps"])
    assert not any(step["errors"] for step in narrow["steps"])
    again = (await change(phone, draft, narrow["revision"], items=whole)).json()
    assert {step["key"]: step["answers"] for step in again["steps"]} == steps
    assert again["progress"] == {"complete": len(steps), "total": len(steps)}


async def test_what_is_left_out_of_a_change_stays(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone)
    moved = (await change(phone, draft, 1, region="370103")).json()
    assert (moved["region"], moved["theme"]) == ("370103", "restaurant")
    assert moved["plan"]["items"] == draft["plan"]["items"]
    listed = (await phone.get("/drafts")).json()["items"][0]
    assert (listed["region"], listed["revision"]) == ("370103", moved["revision"])


async def test_a_change_that_changes_nothing_is_the_same_revision(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone)
    assert (await change(phone, draft, 1, region="370102")).json()["revision"] == 1
    assert (await change(phone, draft, 1)).json()["revision"] == 1


async def test_two_devices_that_change_different_things_are_merged(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone)
    await change(phone, draft, 1, region="370103")
    both = (await change(phone, draft, 1, items=["business_licence"])).json()
    assert both["region"] == "370103"
    assert [item["code"] for item in both["plan"]["items"]] == ["business_licence"]


async def test_two_devices_that_change_the_same_thing_are_told(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone)
    first = (await change(phone, draft, 1, region="370103")).json()
    answer = await change(phone, draft, 1, region="370104")
    assert answer.status_code == 409
    problem = answer.json()
    assert problem["current_revision"] == first["revision"]
    assert problem["conflicts"] == [
        {"pointer": "/region", "row": None, "base": "370102", "mine": "370104", "theirs": "370103"}
    ]


class TestAThinnedBase:
    """Of the selection that was seen last nothing is known any more; rows of a selection may go."""

    async def test_whatever_is_chosen_otherwise_is_a_conflict(self, signed_in):
        """Guessed from the older row it would be a change that nobody else has made."""
        phone = await signed_in()
        draft = await a_draft(phone)
        await change(phone, draft, 1, region="370103")
        await saved(phone, draft, "company", 2, {"employees_count": 1})
        newest = (await change(phone, draft, 3, region="370102")).json()["revision"]
        await DraftSave.filter(draft_id=draft["id"], revision__in=[2, 3]).delete()
        refused = await change(phone, draft, 3, region="370104")
        assert refused.status_code == 409
        assert refused.json()["conflicts"] == [
            {
                "pointer": "/region",
                "row": None,
                "base": None,
                "mine": "370104",
                "theirs": "370102",
            }
        ]
        chosen = await change(phone, draft, newest, region="370104")
        assert (chosen.status_code, chosen.json()["region"]) == (200, "370104")

    async def test_whatever_is_chosen_alike_is_none(self, signed_in):
        phone = await signed_in()
        draft = await a_draft(phone)
        await change(phone, draft, 1, region="370103")
        newest = (await change(phone, draft, 2, region="370104")).json()["revision"]
        await DraftSave.filter(draft_id=draft["id"], revision=2).delete()
        same = await change(phone, draft, 2, region="370104")
        assert (same.status_code, same.json()["revision"]) == (200, newest)


async def test_an_unacceptable_selection_changes_nothing(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone)
    unacceptable: tuple[dict[str, Any], ...] = (
        {"region": "999999"},
        {"theme": "none"},
        {"items": ["none"]},
        {"mode": "odd"},
        {"operation": "odd"},
        {"items": [1]},
        {"answers": {}},
    )
    for wrong in unacceptable:
        assert (await change(phone, draft, 1, **wrong)).status_code == 422, wrong
    missing = await phone.put(f"/drafts/{draft['id']}/selection", json={"region": "370103"})
    assert missing.status_code == 422
    assert (await resumed(phone, draft))["revision"] == 1


async def test_answers_saved_under_the_new_selection_merge_with_an_older_base(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone)
    first = await saved(phone, draft, "company", 1, {"entity_name": "a"})
    await change(phone, draft, first["revision"], items=["business_licence"])
    reply = await saved(phone, draft, "company", first["revision"], {"employees_count": 3})
    now = answers_of(await resumed(phone, draft), "company")
    assert now["entity_name"] == "a"
    assert reply["step"]["key"] == "company"


OF_THE_FUND = "fund_economic_type"
"""A question of the step ``company``, asked for the housing fund only."""


async def without_the_fund(phone, draft, base):
    items = [item["code"] for item in draft["plan"]["items"] if item["code"] != "housing_fund"]
    narrow = (await change(phone, draft, base, items=items)).json()
    (step,) = (step for step in narrow["plan"]["steps"] if step["key"] == "company")
    assert OF_THE_FUND not in step["schema"]["properties"]
    return narrow["revision"]


async def with_everything(phone, draft, base):
    items = [item["code"] for item in draft["plan"]["items"]]
    return (await change(phone, draft, base, items=items)).json()


async def test_what_a_phone_types_late_for_what_is_not_chosen_any_more_is_in_nobodys_way(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone)
    right = (await sample_steps(phone, draft))["company"]
    late = {OF_THE_FUND: right[OF_THE_FUND]}
    asked = {code: said for code, said in right.items() if code not in late}
    base = (await saved(phone, draft, "company", 1, asked))["revision"]
    await without_the_fund(phone, draft, base)
    reply = await saved(phone, draft, "company", base, late)
    assert (reply["step"]["state"], reply["step"]["errors"]) == ("complete", [])
    check = (await phone.post(f"/drafts/{draft['id']}/check")).json()
    assert not [error for error in check["errors"] if error["step"] == "company"]
    # A field that no list has is told as ever.
    strange = await saved(phone, draft, "company", reply["revision"], {"zzz": 1})
    assert {error["pointer"] for error in strange["step"]["errors"]} == {"/zzz"}
    again = await with_everything(phone, draft, strange["revision"])
    assert answers_of(again, "company") == right


async def test_a_selection_that_sets_an_answer_aside_takes_nobodys_word_back(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone)
    base = (await saved(phone, draft, "company", 1, {OF_THE_FUND: "1"}))["revision"]
    now = await without_the_fund(phone, draft, base)
    # Nobody has said otherwise meanwhile: what was set aside is what this phone saw.
    reply = await saved(phone, draft, "company", base, {OF_THE_FUND: "2"})
    assert reply["revision"] == now + 1
    again = await with_everything(phone, draft, reply["revision"])
    assert answers_of(again, "company") == {OF_THE_FUND: "2"}
    # What was taken away does not come back either, whether something else was said besides or not.
    for besides in ({}, {"employees_count": 3}):
        base = (await saved(phone, draft, "company", again["revision"], {OF_THE_FUND: "2"}))[
            "revision"
        ]
        await without_the_fund(phone, draft, base)
        reply = await saved(phone, draft, "company", base, {OF_THE_FUND: None, **besides})
        assert (await saved(phone, draft, "company", base, {OF_THE_FUND: None, **besides})) == reply
        again = await with_everything(phone, draft, reply["revision"])
        assert answers_of(again, "company") == besides
    again = await saved(
        phone, draft, "company", again["revision"], {OF_THE_FUND: "2", "employees_count": None}
    )
    # Somebody has: both are told, although nothing asks it any more.
    base = again["revision"]
    other = await saved(phone, draft, "company", base, {OF_THE_FUND: "3"})
    await without_the_fund(phone, draft, other["revision"])
    answer = await save(phone, draft, "company", base, {OF_THE_FUND: "4"})
    assert answer.status_code == 409
    (conflict,) = answer.json()["conflicts"]
    assert [conflict[side] for side in ("base", "mine", "theirs")] == ["2", "4", "3"]
    # Whoever only sends what he saw brings nothing back from aside.
    seen = {OF_THE_FUND: "2", "employees_count": 3}
    same = await saved(phone, draft, "company", base, seen)
    assert (same["merged"], same["answers"]) == (True, {"employees_count": 3})
