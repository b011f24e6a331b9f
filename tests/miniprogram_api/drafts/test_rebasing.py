"""An old draft keeps its list, and moves to a newer one on its person's word with nothing lost."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bff.mock.world import World
from miniprogram_api.catalogue.following import CatalogueFollower
from miniprogram_api.catalogue.models import CatalogueVersion
from miniprogram_api.catalogue.service import CatalogueService
from tests.app import Phone
from tests.builders.catalogues import a_copy, edit, file_of, imported, item_file, rename
from tests.miniprogram_api.drafts.builders import (
    a_draft,
    answers_of,
    complete,
    filled,
    resumed,
    sample_steps,
    save,
    saved,
)


@pytest.fixture
async def follower(world: World) -> AsyncIterator[CatalogueFollower]:
    follower: CatalogueFollower = world.services.provided[CatalogueFollower]
    yield follower
    await CatalogueVersion.all().delete()
    await follower.look()
    world.services.provided[CatalogueService]._older.clear()


@pytest.fixture
def newer(follower, tmp_path) -> Path:
    """One question renamed, one of another type, one gone."""
    folder = a_copy(tmp_path / "newer", "2026.12")
    for old, new in (("licence_copies", "copies_of_licence"), ("postal_code", "post_code")):
        rename(folder, old, new)
    fields = file_of(folder, "fields", "copies_of_licence")
    edit(folder, fields, "copies_of_licence", renamed_from=["licence_copies"])
    text: dict[str, Any] = {"type": "text", "max_length": 20, "min": None, "max": None}
    edit(folder, fields, "employees_count", **text)
    return folder


async def take_up(follower: CatalogueFollower, folder: Path) -> str:
    version = await imported(folder)
    await follower.look()
    return version


async def rebase(phone: Phone, draft: dict[str, Any], base: int, **selection: Any) -> Any:
    path = f"/drafts/{draft['id']}/rebase"
    return await phone.post(path, json={"base_revision": base, **selection})


def codes(changes: list[dict[str, Any]], kind: str) -> set[str]:
    return {change["code"] for change in changes if change["kind"] == kind}


async def test_a_draft_keeps_the_list_that_it_was_made_under(signed_in, follower, newer) -> None:
    phone = await signed_in()
    draft = await a_draft(phone)
    assert draft["rebase"] == "none"
    before = (await phone.get(f"/drafts/{draft['id']}")).headers["ETag"]
    version = await take_up(follower, newer)
    answer = await phone.get(f"/drafts/{draft['id']}", headers={"If-None-Match": before})
    now = answer.json()
    assert answer.status_code == 200
    assert (now["plan"], now["rebase"]) == (draft["plan"], "offered")
    assert (await a_draft(phone))["plan"]["catalogue_version"] == version
    reply = await saved(phone, draft, "company", 1, {"licence_copies": 2})
    assert reply["step"]["errors"] != []
    assert not any(error["code"] == "unknown_field" for error in reply["step"]["errors"])
    etag = (await phone.get(f"/drafts/{draft['id']}")).headers["ETag"]
    again = await phone.get(f"/drafts/{draft['id']}", headers={"If-None-Match": etag})
    assert again.status_code == 304


async def test_moving_loses_nothing_and_says_what_changed(signed_in, follower, newer) -> None:
    phone = await signed_in()
    draft = await a_draft(phone)
    steps = await sample_steps(phone, draft)
    revision = await filled(phone, draft)
    company = steps["company"]
    version = await take_up(follower, newer)
    answer = await rebase(phone, draft, revision)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    now = told["draft"]
    assert now == await resumed(phone, draft)
    assert answer.headers["ETag"] == (await phone.get(f"/drafts/{draft['id']}")).headers["ETag"]
    assert (now["plan"]["catalogue_version"], now["rebase"]) == (version, "none")
    assert now["revision"] == revision + 1
    moved = {code: it for step in now["steps"] for code, it in step["answers"].items()}
    assert moved["copies_of_licence"] == company["licence_copies"]
    assert codes(told["added"], "field") == {"post_code"}
    assert codes(told["removed"], "field") == {"postal_code"}
    assert {"copies_of_licence", "employees_count"} <= codes(told["changed"], "field")
    kept = {entry["code"]: (entry["reason"], entry["value"]) for entry in told["set_aside"]}
    assert kept == {
        "employees_count": ("another_type", company["employees_count"]),
        "postal_code": ("gone", steps[home_of(steps, "postal_code")]["postal_code"]),
    }
    assert now["set_aside"] == told["set_aside"]


def home_of(steps: dict[str, Any], code: str) -> str:
    return next(key for key, answers in steps.items() if code in answers)


async def test_moving_again_changes_nothing(signed_in, follower, newer) -> None:
    phone = await signed_in()
    draft = await a_draft(phone)
    await take_up(follower, newer)
    first = (await rebase(phone, draft, 1)).json()
    again = (await rebase(phone, draft, first["draft"]["revision"])).json()
    assert again["draft"]["revision"] == first["draft"]["revision"] == 2
    assert again["added"] == again["removed"] == again["changed"] == []


async def test_back_under_the_old_list_everything_is_in_its_place(
    signed_in, follower, newer, tmp_path
) -> None:
    phone = await signed_in()
    draft = await a_draft(phone)
    steps = await sample_steps(phone, draft)
    revision = await filled(phone, draft)
    await take_up(follower, newer)
    there = (await rebase(phone, draft, revision)).json()
    # A list can be taken back: its former data, under a name of its own.
    former = a_copy(tmp_path / "former", "2027.01")
    fields = file_of(former, "fields", "licence_copies")
    edit(former, fields, "licence_copies", renamed_from=["copies_of_licence"])
    await take_up(follower, former)
    back = (await rebase(phone, draft, there["draft"]["revision"])).json()
    assert back["set_aside"] == []
    assert "set_aside" not in back["draft"]
    assert {step["key"]: step["answers"] for step in back["draft"]["steps"]} == steps


async def test_what_is_set_aside_survives_further_work(signed_in, follower, newer) -> None:
    phone = await signed_in()
    draft = await a_draft(phone)
    revision = await filled(phone, draft)
    await take_up(follower, newer)
    told = (await rebase(phone, draft, revision)).json()
    base = told["draft"]["revision"]
    base = (await saved(phone, draft, "company", base, {"employees_count": "5"}))["revision"]
    path = f"/drafts/{draft['id']}/selection"
    for items in (["business_licence"], ["business_licence", "seal"]):
        body = {"base_revision": base, "items": items}
        base = (await phone.put(path, json=body)).json()["revision"]
    now = await resumed(phone, draft)
    assert now["set_aside"] == told["set_aside"]
    assert answers_of(now, "company")["employees_count"] == "5"


async def test_a_device_that_has_not_heard_of_the_move_loses_no_word(
    signed_in, follower, newer
) -> None:
    phone = await signed_in()
    draft = await a_draft(phone)
    base = (await saved(phone, draft, "company", 1, {"entity_name": "a"}))["revision"]
    await take_up(follower, newer)
    assert (await rebase(phone, draft, base)).status_code == 200
    reply = await saved(phone, draft, "company", base, {"licence_copies": 3, "entity_name": "b"})
    assert any(error["code"] == "unknown_field" for error in reply["step"]["errors"])
    now = answers_of(await resumed(phone, draft), "company")
    assert (now["entity_name"], now["licence_copies"]) == ("b", 3)


@pytest.fixture
def without_drainage(follower, tmp_path) -> Path:
    folder = a_copy(tmp_path / "ended", "2026.12")
    file = item_file(folder, "drainage_permit")
    file.write_text(f"{file.read_text('utf-8')}\nvalid_to: 2020-12-31\n", "utf-8")
    return folder


async def test_what_is_not_offered_any_more_cannot_be_submitted_before_the_draft_is_moved(
    verified, follower, without_drainage
) -> None:
    phone = await verified()
    draft = await a_draft(phone, items=["business_licence", "drainage_permit"])
    revision = await complete(phone, draft)
    body = {
        "draft_id": draft["id"], "revision": revision, "declaration": True,
        "delivery": {"method": "window"},
    }  # fmt: skip
    await take_up(follower, without_drainage)
    refused = await phone.once("POST", "/applications", json=body)
    assert refused.status_code == 409
    assert (refused.json()["code"], refused.json()["next"]) == ("draft_outdated", "rebase")
    check = (await phone.post(f"/drafts/{draft['id']}/check")).json()
    assert (check["ready"], check["errors"], check["rebase"]) == (False, [], "required")
    told = (await rebase(phone, draft, revision)).json()
    assert codes(told["removed"], "item") == {"drainage_permit"}
    assert told["set_aside"] == []
    assert (await phone.post(f"/drafts/{draft['id']}/check")).json()["ready"]
    body["revision"] = told["draft"]["revision"]
    assert (await phone.once("POST", "/applications", json=body)).status_code == 202


async def test_an_old_draft_whose_items_are_still_offered_is_submitted_as_it_is(
    verified, follower, newer
) -> None:
    phone = await verified()
    draft = await a_draft(phone, items=["business_licence"])
    revision = await complete(phone, draft)
    await take_up(follower, newer)
    check = (await phone.post(f"/drafts/{draft['id']}/check")).json()
    assert (check["ready"], check["rebase"]) == (True, "offered")
    body = {
        "draft_id": draft["id"], "revision": revision, "declaration": True,
        "delivery": {"method": "window"},
    }  # fmt: skip
    assert (await phone.once("POST", "/applications", json=body)).status_code == 202
    assert (await resumed(phone, draft))["rebase"] == "none"
    refused = await rebase(phone, draft, revision + 1)
    assert (refused.status_code, refused.json()["code"]) == (409, "draft_submitted")


async def test_with_nothing_left_of_what_was_chosen_somebody_chooses_anew(
    signed_in, follower, without_drainage
) -> None:
    phone = await signed_in()
    draft = await a_draft(phone, items=["drainage_permit"])
    await take_up(follower, without_drainage)
    moved = (await rebase(phone, draft, 1, items=["business_licence"])).json()
    assert [item["code"] for item in moved["draft"]["plan"]["items"]] == ["business_licence"]
    wrong = await rebase(phone, draft, moved["draft"]["revision"], items=["drainage_permit"])
    assert (wrong.status_code, wrong.json()["code"]) == (422, "unknown_item")


async def test_a_revision_that_never_was_is_refused(signed_in) -> None:
    phone = await signed_in()
    draft = await a_draft(phone)
    assert (await rebase(phone, draft, 7)).status_code == 422
    assert (await save(phone, draft, "company", 1, {})).status_code == 200


async def test_a_revision_of_an_older_list_is_restored_in_the_words_of_the_new_one(
    signed_in, follower, newer
) -> None:
    phone = await signed_in()
    draft = await a_draft(phone)
    await saved(phone, draft, "company", 1, {"licence_copies": 2, "entity_name": "a"})
    await saved(phone, draft, "company", 2, {"licence_copies": 3})
    await take_up(follower, newer)
    assert (await rebase(phone, draft, 3)).status_code == 200
    await saved(phone, draft, "company", 4, {"entity_name": "b"})
    path = f"/drafts/{draft['id']}/restore"
    answer = await phone.post(path, json={"base_revision": 3, "revision": 2})
    assert answer.status_code == 200, answer.text
    assert answers_of(answer.json(), "company") == {"copies_of_licence": 2, "entity_name": "b"}
