"""Housekeeping at drafts: reminders of their end, each once, and logs that grow no further."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from adapters.outbox.models import OutboxEntry
from bff.mock.world import World
from miniprogram_api.drafts.log import row_id
from miniprogram_api.drafts.models import Draft, DraftSave
from miniprogram_api.drafts.service import DraftService
from miniprogram_api.drafts.thinning import KEPT_LAST, PAST_BYTES_MAX
from tests.app import Phone
from tests.miniprogram_api.drafts.builders import a_draft, answers_of, resumed, saved

DAY = timedelta(days=1)
MEGABYTE = 1024 * 1024


async def let_pass(world: World, phone: Phone, **span: float) -> None:
    """Time, with the house kept at its end."""
    world.clock.advance(timedelta(**span))
    drafts: DraftService = world.services.provided[DraftService]
    await drafts.tend()
    await drafts.erase_expired()
    await world.driver.settle()
    await phone.login()


async def told(phone: Phone) -> list[str]:
    items = (await phone.get("/messages?limit=50")).json()["items"]
    return [f"{item['title']} {item['body']}" for item in reversed(items)]


class TestReminders:
    async def test_the_owner_is_reminded_a_week_and_a_day_before_and_told_of_the_end(
        self, signed_in, world: World
    ):
        phone = await signed_in()
        draft = await a_draft(phone)
        await let_pass(world, phone, days=22)
        assert await told(phone) == []
        for _ in range(3):
            await let_pass(world, phone, days=1, hours=6)
        (week,) = await told(phone)
        assert "草稿即将到期" in week
        assert "7天后" in week
        await let_pass(world, phone, days=3, hours=12)
        _, day = await told(phone)
        assert "1天后" in day
        link = (await phone.get("/messages")).json()["items"][0]["link"]
        assert link.endswith(draft["id"])
        await let_pass(world, phone, days=9)
        *_, end = await told(phone)
        assert "草稿已删除" in end
        assert len(await told(phone)) == 3
        assert not await Draft.exists(id=draft["id"])

    async def test_whoever_saved_meanwhile_is_not_reminded_before_it_is_time_again(
        self, signed_in, world: World
    ):
        phone = await signed_in()
        draft = await a_draft(phone)
        await let_pass(world, phone, days=22)
        await saved(phone, draft, "company", 1, {"entity_name": "a"})
        await let_pass(world, phone, days=7.5)
        await let_pass(world, phone, days=14)
        assert await told(phone) == []
        await let_pass(world, phone, days=2)
        assert len(await told(phone)) == 1

    async def test_two_workers_that_look_at_once_tell_it_once(self, signed_in, world: World):
        phone = await signed_in()
        draft = await a_draft(phone)
        drafts: DraftService = world.services.provided[DraftService]
        world.clock.advance(timedelta(days=25))
        for _ in range(2):
            await Draft.filter(id=draft["id"]).update(look_at=world.clock.now())
            await drafts.tend()
        await world.driver.settle()
        await phone.login()
        assert len(await told(phone)) == 1

    async def test_a_submitted_draft_ends_no_more_and_is_not_looked_at_again(
        self, signed_in, world: World
    ):
        phone = await signed_in()
        draft = await a_draft(phone)
        await Draft.filter(id=draft["id"]).update(submitted_at=world.clock.now(), expires_at=None)
        await let_pass(world, phone, days=25)
        assert await told(phone) == []
        assert (await Draft.get(id=draft["id"])).look_at is None

    async def test_who_erases_a_draft_is_told_nothing(self, signed_in, world: World):
        phone = await signed_in()
        draft = await a_draft(phone)
        assert (await phone.delete(f"/drafts/{draft['id']}")).status_code == 204
        assert not await OutboxEntry.filter(topic="person.tell").exists()


async def revisions(draft: dict[str, Any]) -> list[int]:
    rows = await DraftSave.filter(draft_id=draft["id"]).order_by("id")
    return [row.revision for row in rows]


def copied(row: DraftSave, revision: int, at: datetime, sealed: bytes = b"") -> DraftSave:
    own = {"id": row_id(row.draft_id, revision), "revision": revision, "at": at}
    same = {name: getattr(row, name) for name in ("draft_id", "person_id", "kind", "author")}
    cipher = sealed or bytes(MEGABYTE)
    return DraftSave(**own, **same, summary=row.summary, answers_cipher=cipher)


async def spread(draft: dict[str, Any], step: timedelta) -> None:
    """As if its changes had been made that far from one another, the last of them just now."""
    rows = await DraftSave.filter(draft_id=draft["id"]).order_by("-id")
    for number, row in enumerate(rows):
        await DraftSave.filter(id=row.id).update(at=rows[0].at - number * step)


class TestThinning:
    @pytest.mark.parametrize(("step", "left"), [(0.05, {60}), (8, {35, 36}), (24, {60})])
    async def test_old_rows_go_and_everything_can_still_be_filled_in(
        self, signed_in, world: World, step: float, left: set[int]
    ):
        """Sixty changes within three hours, over twenty days, over sixty days: of the second a row
        for each day, those of the last week and the newest stay: 35 or 36, by the time of day."""
        phone = await signed_in()
        draft = await a_draft(phone)
        for n in range(1, 60):
            await saved(phone, draft, "company", n, {"employees_count": n, f"field_{n}": n})
        await spread(draft, timedelta(hours=step))
        drafts: DraftService = world.services.provided[DraftService]
        await Draft.filter(id=draft["id"]).update(look_at=world.clock.now())
        await drafts.tend()
        kept = await revisions(draft)
        assert kept[0] == 1
        assert kept[-KEPT_LAST:] == list(range(61 - KEPT_LAST, 61))
        assert len(kept) in left
        await Draft.filter(id=draft["id"]).update(look_at=world.clock.now())
        assert await drafts.tend() == 0
        reply = await saved(phone, draft, "company", 60, {"employees_count": 0})
        assert reply["revision"] == 61
        now = answers_of(await resumed(phone, draft), "company")
        assert now == {"employees_count": 0, **{f"field_{n}": n for n in range(1, 60)}}

    async def test_the_past_of_a_draft_takes_no_more_room_than_it_may(
        self, signed_in, world: World
    ):
        """Thirty large rows an hour apart, then the newest."""
        phone = await signed_in()
        draft = await a_draft(phone)
        await saved(phone, draft, "company", 1, {"employees_count": 7})
        first, last = await DraftSave.filter(draft_id=draft["id"]).order_by("id")
        now = last.at
        await DraftSave.filter(id=first.id).update(at=now - timedelta(hours=30))
        rows = [
            copied(last, revision, now - timedelta(hours=30 - revision))
            for revision in range(2, 31)
        ]
        await last.delete()
        await DraftSave.bulk_create([*rows, *(copied(last, n, now, b"-") for n in range(31, 51))])
        drafts: DraftService = world.services.provided[DraftService]
        await Draft.filter(id=draft["id"]).update(look_at=world.clock.now())
        assert await drafts.tend() > 0
        kept = await DraftSave.filter(draft_id=draft["id"]).order_by("id")
        past = kept[:-KEPT_LAST]
        assert past[0].id == first.id
        assert [row.revision for row in past[1:]] == list(range(31 - len(past) + 1, 31))
        room = sum(len(row.answers_cipher) for row in past)
        assert PAST_BYTES_MAX - MEGABYTE <= room <= PAST_BYTES_MAX

    async def test_a_draft_is_looked_at_while_time_may_make_rows_superfluous(
        self, signed_in, world: World
    ):
        phone = await signed_in()
        draft = await a_draft(phone)
        for n in range(1, 40):
            await saved(phone, draft, "company", n, {"employees_count": n})
        assert len(await revisions(draft)) == 40
        await let_pass(world, phone, days=1, hours=1)
        of_a_day = await revisions(draft)
        assert KEPT_LAST + 2 <= len(of_a_day) <= KEPT_LAST + 3
        await let_pass(world, phone, days=1, hours=1)
        assert await revisions(draft) == of_a_day
