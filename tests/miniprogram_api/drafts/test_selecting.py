"""Another selection for the same draft: answers are kept."""

from typing import Any

from miniprogram_api.drafts.models import DraftSave
from tests.miniprogram_api.drafts.builders import (
    a_draft,
    answers_of,
    filled,
    resumed,
    sample_steps,
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
