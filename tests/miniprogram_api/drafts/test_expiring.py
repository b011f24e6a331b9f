"""Drafts end thirty days after the last save, can be read a week longer, and are then erased."""

from datetime import timedelta

from adapters.outbox.models import OutboxEntry
from kit.clock import in_china
from miniprogram_api.drafts.models import Draft, DraftSave
from miniprogram_api.drafts.service import DraftService
from tests.miniprogram_api.drafts.builders import a_draft, resumed, save, saved, uploaded


async def test_an_expired_draft_can_be_read_and_not_changed(signed_in, world):
    phone = await signed_in()
    draft = await a_draft(phone)
    world.clock.advance(timedelta(days=30))
    await phone.login()
    now = await resumed(phone, draft)
    assert now["state"] == "expired"
    answer = await save(phone, draft, "company", 1, {"entity_name": "a"})
    assert (answer.status_code, answer.json()["code"]) == (409, "draft_expired")
    answer = await uploaded(phone, draft, "premises_use_proof")
    assert answer.json()["code"] == "draft_expired"
    (listed,) = (await phone.get("/drafts")).json()["items"]
    assert listed["state"] == "expired"
    person = (await Draft.get(id=draft["id"])).person_id
    assert await world.services.provided[DraftService].open_drafts(person, 5) == []


async def test_every_save_puts_the_end_off(signed_in, world):
    phone = await signed_in()
    draft = await a_draft(phone)
    world.clock.advance(timedelta(days=20))
    await phone.login()
    await saved(phone, draft, "company", 1, {"entity_name": "a"})
    world.clock.advance(timedelta(days=20))
    await phone.login()
    assert (await resumed(phone, draft))["state"] == "open"
    drafts: DraftService = world.services.provided[DraftService]
    world.clock.advance(timedelta(days=16))
    assert await drafts.erase_expired() == 0
    moved = (await Draft.get(id=draft["id"])).expires_at
    assert moved == (await DraftSave.get(draft_id=draft["id"], revision=2)).at + timedelta(days=30)


async def test_what_expired_a_week_ago_is_erased_with_its_files(signed_in, world):
    phone = await signed_in()
    draft, other = await a_draft(phone), await a_draft(phone)
    file = (await uploaded(phone, draft, "premises_use_proof")).json()
    drafts: DraftService = world.services.provided[DraftService]
    world.clock.advance(timedelta(days=36))
    await phone.login()
    assert await drafts.erase_expired() == 0
    assert (await resumed(phone, other))["state"] == "expired"
    world.clock.advance(timedelta(days=2))
    assert await drafts.erase_expired() == 2
    assert await Draft.all().count() == 0
    assert [row.kind for row in await DraftSave.all()] == ["erased", "erased"]
    await world.driver.settle()
    await phone.login()
    assert (await phone.get(f"/files/{file['id']}")).status_code == 404
    entries = await OutboxEntry.filter(topic="file.erase")
    assert {entry.outcome for entry in entries} == {"done"}


async def test_there_is_an_end_to_how_many_drafts_one_person_may_have_open(signed_in):
    phone = await signed_in()
    first = await a_draft(phone)
    row = await Draft.get(id=first["id"])
    for number in range(499):
        await Draft.create(
            id=f"{number:032x}",
            person_id=row.person_id,
            operation="open",
            region="370102",
            theme="restaurant",
            mode="joint",
            catalogue_version="v",
            created_at=row.created_at,
            expires_at=row.expires_at,
        )
    body = {"operation": "open", "region": "370102", "theme": "restaurant"}
    answer = await phone.once("POST", "/drafts", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_drafts")


async def test_the_empty_rows_of_an_erased_draft_go_once_nobody_can_write_after_them(
    signed_in, world
):
    phone = await signed_in()
    draft, other = await a_draft(phone), await a_draft(phone)
    for revision in range(1, 4):
        await saved(phone, draft, "company", revision, {"employees_count": revision})
    assert (await phone.delete(f"/drafts/{draft['id']}")).status_code == 204
    await world.driver.advance_to(world.clock.now() + timedelta(hours=2))
    rows = await DraftSave.filter(draft_id=draft["id"])
    assert {row.kind for row in rows} == {"erased"}
    assert len(rows) == 5
    await world.driver.advance_to(world.clock.now() + timedelta(hours=2))
    assert await DraftSave.filter(draft_id=draft["id"]).count() == 0
    assert await DraftSave.filter(draft_id=other["id"]).count() == 1
    await phone.login()
    assert (await phone.get(f"/drafts/{draft['id']}")).status_code == 404


async def test_in_its_last_week_a_draft_is_kept_by_a_save_that_changes_nothing(signed_in, world):
    phone = await signed_in()
    draft = await a_draft(phone)
    said = {"entity_name": "a"}
    first = await saved(phone, draft, "company", 1, said)
    world.clock.advance(timedelta(days=22))
    await phone.login()
    assert (await saved(phone, draft, "company", 2, said))["revision"] == 2
    world.clock.advance(timedelta(days=1))
    await phone.login()
    # However it is said that nothing is to be changed, and whatever was seen last.
    for unchanged, base in (({}, 2), (said, 1)):
        again = await saved(phone, draft, "company", base, unchanged)
        assert (again["revision"], again["step"]) == (3, first["step"])
        assert again["progress"] == first["progress"]
    now = await resumed(phone, draft)
    before, kept = await DraftSave.filter(draft_id=draft["id"], revision__in=[2, 3]).order_by("id")
    assert now["expires_at"] == in_china(kept.at + timedelta(days=30))
    # Nothing that was read or signed before is another one by it.
    assert kept.summary == before.summary
    world.clock.advance(timedelta(days=29))
    await phone.login()
    assert (await resumed(phone, draft))["state"] == "open"


async def test_one_that_cannot_be_read_keeps_no_other_from_being_erased(signed_in, world, capsys):
    phone = await signed_in()
    damaged, other = await a_draft(phone), await a_draft(phone)
    await DraftSave.filter(draft_id=damaged["id"]).update(answers_cipher=b"damaged")
    drafts: DraftService = world.services.provided[DraftService]
    world.clock.advance(timedelta(days=38))
    assert await drafts.erase_expired() == 1
    assert [draft.id for draft in await Draft.all()] == [damaged["id"]]
    assert damaged["id"] in capsys.readouterr().out
    assert {row.kind for row in await DraftSave.filter(draft_id=other["id"])} == {"erased"}
