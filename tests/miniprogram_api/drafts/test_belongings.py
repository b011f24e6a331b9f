"""Drafts of a person who turned out to be another, who wants a copy, or who has gone."""

import json
from typing import Any

import msgspec
import pytest

from adapters.outbox.models import OutboxEntry
from auth.belongings import Belongings
from kit.database.unit import unit_of_work
from kit.problems import NotFound
from miniprogram_api.drafts.belongings import DraftBelongings
from miniprogram_api.drafts.models import Draft, DraftSave
from tests.app import Phone
from tests.miniprogram_api.drafts.builders import (
    a_draft,
    answers_of,
    resumed,
    saved,
    uploaded,
)
from tests.miniprogram_api.drafts.test_replicas import Replica


@pytest.fixture
def belongings(world) -> Belongings:
    services = world.services
    return DraftBelongings(services.outbox, services.ring, services.clock)


def id_of(phone: Phone) -> str:
    person_id: str = phone.session["person"]["id"]
    return person_id


async def hand_over(belongings: Belongings, one: Phone, other: Phone) -> None:
    async with unit_of_work():
        await belongings.hand_over(id_of(one), id_of(other))


async def erase(belongings: Belongings, phone: Phone) -> None:
    async with unit_of_work():
        await belongings.erase(id_of(phone))


async def all_rows() -> list[dict[str, Any]]:
    rows = await DraftSave.all().order_by("id").values()
    return [dict(row) for row in rows]


async def copy_of(belongings: Belongings, phone: Phone) -> list[dict[str, Any]]:
    exported: list[dict[str, Any]] = json.loads(
        msgspec.json.encode(await belongings.export(id_of(phone), "zh"))
    )
    return exported


class TestHandingOver:
    async def test_the_one_goes_on_where_the_other_was(self, signed_in, belongings):
        one, other = await signed_in("zhangsan"), await signed_in("lisi")
        draft = await a_draft(one)
        await saved(one, draft, "company", 1, {"entity_name": "a"})
        await hand_over(belongings, one, other)
        assert answers_of(await resumed(other, draft), "company") == {"entity_name": "a"}
        await saved(other, draft, "company", 2, {"employees_count": 3})
        listed = (await other.get("/drafts")).json()["items"]
        assert [each["id"] for each in listed] == [draft["id"]]
        assert (await one.get(f"/drafts/{draft['id']}")).status_code == 404
        assert (await one.get("/drafts")).json()["items"] == []
        rows = await DraftSave.all().order_by("revision")
        assert [row.author for row in rows] == [id_of(one), id_of(one), id_of(other)]

    async def test_both_may_have_drafts_of_the_very_same_words(self, signed_in, belongings):
        one, other = await signed_in("zhangsan"), await signed_in("lisi")
        drafts = [await a_draft(phone) for phone in (one, other)]
        for phone, draft in zip((one, other), drafts, strict=True):
            await saved(phone, draft, "company", 1, {"entity_name": "同名餐饮有限公司"})
        await hand_over(belongings, one, other)
        listed = (await other.get("/drafts")).json()["items"]
        assert {each["id"] for each in listed} == {draft["id"] for draft in drafts}

    async def test_doing_it_again_changes_nothing(self, signed_in, belongings):
        one, other = await signed_in("zhangsan"), await signed_in("lisi")
        draft = await a_draft(one)
        await hand_over(belongings, one, other)
        before = await all_rows()
        await hand_over(belongings, one, other)
        assert await all_rows() == before
        assert (await Draft.get(id=draft["id"])).person_id == id_of(other)

    async def test_a_save_that_was_on_its_way_is_brought_by_the_repetition(
        self, signed_in, belongings, world
    ):
        one, other = await signed_in("zhangsan"), await signed_in("lisi")
        draft = await a_draft(one)
        elsewhere = Replica(world, draft["id"], id_of(one))
        seen = await elsewhere.save(1, entity_name="a")
        await hand_over(belongings, one, other)
        # That process still believes in the old person, and in the row that it wrote last.
        late = await elsewhere.save(seen.revision, employees_count=3)
        assert (await other.get(f"/drafts/{draft['id']}")).status_code == 404
        await hand_over(belongings, one, other)
        assert answers_of(await resumed(other, draft), "company") == {
            "entity_name": "a",
            "employees_count": 3,
        }
        await saved(other, draft, "company", late.revision, {"licence_copies": 2})

    async def test_a_draft_that_was_begun_meanwhile_is_brought_too(self, signed_in, belongings):
        one, other = await signed_in("zhangsan"), await signed_in("lisi")
        await hand_over(belongings, one, other)
        draft = await a_draft(one)
        await hand_over(belongings, one, other)
        assert (await resumed(other, draft))["id"] == draft["id"]

    async def test_no_number_of_drafts_keeps_two_from_being_one(self, signed_in, belongings):
        one, other = await signed_in("zhangsan"), await signed_in("lisi")
        draft = await a_draft(one)
        row = await Draft.get(id=draft["id"])
        for number in range(501):
            row.pk = f"{number:032x}"
            row.person_id = id_of(other)
            await row.save(force_create=True)
        await hand_over(belongings, one, other)
        assert await Draft.filter(person_id=id_of(other)).count() == 502


class TestErasing:
    async def test_open_and_submitted_ones_leave_an_empty_row_each(self, signed_in, belongings):
        phone = await signed_in()
        drafts = [await a_draft(phone) for _ in range(2)]
        for draft in drafts:
            await saved(phone, draft, "company", 1, {"entity_name": "a"})
        await DraftSave.filter(draft_id=drafts[0]["id"], revision=2).update(kind="submitted")
        await erase(belongings, phone)
        assert (await phone.get("/drafts")).json()["items"] == []
        assert {(row["kind"], row["person_id"], row["author"]) for row in await all_rows()} == {
            ("erased", "", "")
        }
        assert await Draft.all().count() == 0

    async def test_somebody_elses_stay(self, signed_in, belongings):
        one, other = await signed_in("zhangsan"), await signed_in("lisi")
        draft = await a_draft(other)
        await erase(belongings, one)
        assert (await resumed(other, draft))["revision"] == 1

    async def test_doing_it_again_changes_nothing(self, signed_in, belongings):
        phone = await signed_in()
        await a_draft(phone)
        await erase(belongings, phone)
        before = await all_rows()
        await erase(belongings, phone)
        assert await all_rows() == before

    async def test_a_save_that_was_on_its_way_leaves_no_words(self, signed_in, belongings, world):
        phone = await signed_in()
        draft = await a_draft(phone)
        elsewhere = Replica(world, draft["id"], id_of(phone))
        seen = await elsewhere.save(1, entity_name="a")
        await erase(belongings, phone)
        with pytest.raises(NotFound):
            await elsewhere.save(seen.revision, entity_name="b")
        assert {row["kind"] for row in await all_rows()} == {"erased"}

    async def test_the_files_are_left_to_the_materials(self, signed_in, belongings):
        phone = await signed_in()
        draft = await a_draft(phone)
        assert (await uploaded(phone, draft, "premises_use_proof")).status_code == 201
        await erase(belongings, phone)
        assert not await OutboxEntry.filter(topic="file.erase").exists()


class TestCopy:
    async def test_it_has_every_word_also_those_set_aside(self, signed_in, belongings):
        phone = await signed_in()
        draft = await a_draft(phone)
        file = (await uploaded(phone, draft, "premises_use_proof")).json()
        await saved(phone, draft, "company", 1, {"entity_name": "a", "employees_count": 3})
        only = {"base_revision": 3, "items": ["food_operation"]}
        assert (await phone.put(f"/drafts/{draft['id']}/selection", json=only)).status_code == 200
        (exported,) = await copy_of(belongings, phone)
        said = {
            **exported["set_aside"].get("company", {}),
            **exported["answers"].get("company", {}),
        }
        assert said == {"entity_name": "a", "employees_count": 3}
        assert exported["files"] == {"premises_use_proof": [file["id"]]}
        assert (exported["id"], exported["state"]) == (draft["id"], "open")
        assert exported["created_at"].endswith("+08:00")

    async def test_it_opens_nothing_and_is_nobody_elses(self, signed_in, belongings):
        one, other = await signed_in("zhangsan"), await signed_in("lisi")
        draft = await a_draft(one)
        await uploaded(one, draft, "premises_use_proof")
        assert "signature" not in json.dumps(await copy_of(belongings, one))
        assert await copy_of(belongings, other) == []
