"""Time alone makes right answers wrong: the draft, its ETag and every list say so."""

from datetime import date, timedelta
from typing import Any

from bff.mock.world import World
from kit.clock import CHINA
from miniprogram_api.drafts.models import Draft, DraftSave
from tests.app import Phone
from tests.miniprogram_api.drafts.builders import (
    a_draft,
    filled,
    resumed,
    sample_steps,
    save,
    saved,
)

LATER = timedelta(days=6)


def step_of(draft: dict[str, Any], key: str) -> dict[str, Any]:
    found: dict[str, Any] = next(step for step in draft["steps"] if step["key"] == key)
    return found


def codes(step: dict[str, Any]) -> list[str]:
    return [error["code"] for error in step["errors"]]


def today(world: World) -> date:
    return world.clock.now().astimezone(CHINA).date()


async def whole(phone: Phone, draft: dict[str, Any]) -> tuple[dict[str, Any], str]:
    answer = await phone.get(f"/drafts/{draft['id']}")
    return answer.json(), answer.headers["etag"]


async def listed(phone: Phone) -> list[dict[str, Any]]:
    """The progress of the one draft in the list and on the first screen."""
    (item,) = (await phone.get("/drafts")).json()["items"]
    (shown,) = (await phone.get("/home")).json()["drafts"]
    return [item["progress"], shown["progress"]]


async def wrong_steps(phone: Phone, draft: dict[str, Any]) -> set[str]:
    """As submitting would say."""
    errors = (await phone.post(f"/drafts/{draft['id']}/check")).json()["errors"]
    return {error["step"] for error in errors}


async def test_an_appointment_that_has_passed_is_told_wherever_the_draft_is(signed_in, world):
    phone = await signed_in()
    draft = await a_draft(phone)
    total = len(draft["steps"])
    revision = await filled(phone, draft)
    before, tag = await whole(phone, draft)
    everything = {"complete": total, "total": total}
    assert (before["progress"], await listed(phone)) == (everything, [everything] * 2)
    world.clock.advance(LATER)
    await phone.login()
    unlooked = await listed(phone)
    answer = await phone.get(f"/drafts/{draft['id']}", headers={"If-None-Match": tag})
    assert answer.status_code == 200
    now, new_tag = await whole(phone, draft)
    bank = step_of(now, "bank")
    assert (bank["state"], codes(bank)) == ("partial", ["appointment_too_early_or_late"])
    wrong = await wrong_steps(phone, draft)
    less = {"complete": total - len(wrong), "total": total}
    assert {step["key"] for step in now["steps"] if step["state"] != "complete"} == wrong
    assert (now["progress"], unlooked, await listed(phone)) == (less, [less] * 2, unlooked)
    # Saving something else tells the same, and so does its ETag.
    answer = await save(phone, draft, "contacts", revision, {"contact_email": "q@example.com"})
    assert answer.json()["progress"] == less
    again, newest_tag = await whole(phone, draft)
    assert (again["progress"], answer.headers["etag"]) == (less, newest_tag)
    assert len({tag, new_tag, newest_tag}) == 3
    # As soon as all is mended, it is as it was.
    right = await sample_steps(phone, draft)
    for key in wrong:
        await saved(phone, draft, key, again["revision"], right[key])
    assert (await resumed(phone, draft))["progress"] == everything
    assert await listed(phone) == [everything] * 2


async def test_the_same_draft_is_not_sent_again_before_its_day(signed_in, world):
    phone = await signed_in()
    draft = await a_draft(phone)
    await saved(phone, draft, "contacts", 1, {"contact_email": "q@example.com"})
    _, tag = await whole(phone, draft)
    world.clock.advance(LATER)
    await phone.login()
    answer = await phone.get(f"/drafts/{draft['id']}", headers={"If-None-Match": tag})
    assert answer.status_code == 304


async def test_an_appointment_that_was_too_far_away_becomes_right(signed_in, world):
    phone = await signed_in()
    draft = await a_draft(phone)
    revision = await filled(phone, draft)
    far = today(world) + timedelta(days=60)
    while far.weekday() > 4:
        far += timedelta(days=1)
    await saved(phone, draft, "bank", revision, {"appointment_date": str(far)})
    before, tag = await whole(phone, draft)
    assert step_of(before, "bank")["state"] == "partial"
    for _ in range(3):
        world.clock.advance(timedelta(days=19))
        await phone.login()
        base = (await resumed(phone, draft))["revision"]
        email = {"contact_email": f"q{base}@example.com"}
        await saved(phone, draft, "contacts", base, email)
    now, new_tag = await whole(phone, draft)
    assert (step_of(now, "bank")["state"], codes(step_of(now, "bank"))) == ("complete", [])
    assert new_tag != tag


async def test_what_was_submitted_stays_as_it_was(signed_in, world):
    phone = await signed_in()
    draft = await a_draft(phone)
    newest = await filled(phone, draft)
    await DraftSave.filter(draft_id=draft["id"], revision=newest).update(kind="submitted")
    await Draft.filter(id=draft["id"]).update(submitted_at=world.clock.now())
    world.clock.advance(LATER)
    await phone.login()
    now = await resumed(phone, draft)
    (item,) = (await phone.get("/drafts")).json()["items"]
    assert now["progress"]["complete"] == item["progress"]["complete"] == len(draft["steps"])
    assert all(step["state"] == "complete" for step in now["steps"])


async def test_a_step_that_is_not_asked_any_more_takes_nothing_away(signed_in, world):
    phone = await signed_in()
    draft = await a_draft(phone)
    revision = await filled(phone, draft)
    items = [item["code"] for item in draft["plan"]["items"] if "bank" not in item["code"]]
    change = {"base_revision": revision, "items": items}
    answer = await phone.put(f"/drafts/{draft['id']}/selection", json=change)
    assert answer.status_code == 200, answer.text
    without = answer.json()
    assert "bank" not in [step["key"] for step in without["steps"]]
    world.clock.advance(LATER)
    await phone.login()
    now = await resumed(phone, draft)
    assert now["progress"]["complete"] == sum(step["state"] == "complete" for step in now["steps"])
    assert await listed(phone) == [now["progress"]] * 2
