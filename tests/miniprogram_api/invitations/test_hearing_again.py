"""A lost answer is heard again by its idempotency key, as long as one may still ask for it."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from bff.mock.world import World
from kit.ids import new_id
from miniprogram_api.materials.models import Upload
from miniprogram_api.materials.uploads import UploadService
from tests.app import Phone
from tests.builders.applications import submission
from tests.miniprogram_api.drafts.builders import RESTAURANT, a_draft, complete, resumed
from tests.miniprogram_api.invitations.builders import EVERYTHING, handed_over, helping
from tests.miniprogram_api.materials.builders import a_png
from tests.miniprogram_api.materials.parts import PROOF, sent, told

PAPER = a_png(4, 4)
SHA256 = hashlib.sha256(PAPER).hexdigest()
Phones = tuple[Phone, Phone]


@pytest.fixture
async def phones(verified: Callable[..., Awaitable[Phone]]) -> Phones:
    """The owner's and the helper's."""
    return await verified("zhangsan"), await verified("lisi")


class Asked:
    """Requests with a key each, which can be made again as they were."""

    def __init__(self, phone: Phone) -> None:
        self.phone = phone
        self.made: list[tuple[str, dict[str, Any], httpx.Response]] = []

    async def post(self, path: str, **how: Any) -> Any:
        how["headers"] = {"Idempotency-Key": new_id()}
        answer = await self.phone.post(path, **how)
        assert answer.status_code in {200, 201, 202}, answer.text
        self.made.append((path, how, answer))
        return answer.json()

    async def uploaded(self, draft: dict[str, Any]) -> None:
        wish = {"material": PROOF, "name": "图纸.png", "size": len(PAPER), "sha256": SHA256}
        upload = await self.post(f"/drafts/{draft['id']}/uploads", json=wish)
        await sent(self.phone, upload, PAPER)
        await self.post(f"/uploads/{upload['id']}/complete")

    async def hears_all(self) -> None:
        for path, how, first in self.made:
            again = await self.phone.post(path, **how)
            assert again.status_code == first.status_code, (path, again.text)
            assert again.content == first.content
            assert again.headers["idempotent-replay"] == "true"

    async def hears_nothing(self) -> None:
        """What a stranger hears."""
        for path, how, _ in self.made:
            again = await self.phone.post(path, **how)
            assert told(again) == (404, "not_found"), path
            assert "图纸" not in again.text


async def test_a_helper_who_was_shut_out_hears_no_more_and_nothing_is_done_twice(
    phones: Phones,
) -> None:
    owner, helper = phones
    draft = await a_draft(owner)
    made = await helping(owner, helper, draft)
    his = Asked(helper)
    await his.uploaded(draft)
    await his.hears_all()
    assert (await owner.delete(f"/invitations/{made['id']}")).status_code == 204
    await his.hears_nothing()
    await helping(owner, helper, draft)
    await his.hears_all()
    assert await Upload.all().count() == 1


async def test_a_narrower_scope_and_the_last_day_end_it_as_well(
    phones: Phones, world: World
) -> None:
    owner, helper = phones
    draft, his = await a_draft(owner), Asked(helper)
    for_files = await helping(owner, helper, draft)
    await his.uploaded(draft)
    await helping(owner, helper, draft, scope={"steps": ["premises"], "materials": False})
    await his.hears_all()
    await owner.delete(f"/invitations/{for_files['id']}")
    await his.hears_nothing()
    await helping(owner, helper, draft, scope=EVERYTHING, days=1)
    await his.hears_all()
    world.clock.advance(timedelta(days=1))
    await helper.renew()
    await his.hears_nothing()


async def test_a_terminal_hears_no_more_when_the_hand_over_ends(
    phones: Phones, phone: Callable[..., Awaitable[Phone]], world: World
) -> None:
    owner, counter = phones[0], await phone()
    draft, its = await a_draft(owner), Asked(counter)
    claimed = await handed_over(owner, counter, world, draft)
    await its.uploaded(draft)
    await its.hears_all()
    assert (await owner.delete(f"/handovers/{claimed['id']}")).status_code == 204
    for path, how, _ in its.made:
        assert told(await counter.post(path, **how)) == (401, "session_ended")


@pytest.mark.one_stack
async def test_the_owner_hears_all_of_it_also_when_it_is_submitted_and_a_helper_does_not(
    phones: Phones,
) -> None:
    owner, helper = phones
    mine, his = Asked(owner), Asked(helper)
    draft = await mine.post("/drafts", json=RESTAURANT)
    path = f"/drafts/{draft['id']}"
    await helping(owner, helper, draft)
    await his.uploaded(draft)
    await mine.post(f"{path}/invitations", json={"role": "signer", "days": 1})
    await mine.post(f"{path}/handover-codes", json={"purpose": "counter"})
    listed = (await owner.get(f"{path}/documents")).json()["items"]
    await mine.post(f"{path}/documents/{listed[0]['code']}")
    await complete(owner, draft)
    await mine.post(f"{path}/signatures")
    whole = {**draft, "revision": (await resumed(owner, draft))["revision"]}
    await mine.post("/applications", json=submission(whole))
    await mine.hears_all()
    await his.hears_nothing()


async def test_of_a_draft_that_is_gone_nothing_is_heard_and_none_is_made_again(
    phones: Phones,
) -> None:
    owner, helper = phones
    mine, his = Asked(owner), Asked(helper)
    draft = await mine.post("/drafts", json=RESTAURANT)
    await mine.post(f"/drafts/{draft['id']}/invitations", json={"role": "helper", "days": 1})
    await mine.uploaded(draft)
    await helping(owner, helper, draft)
    await his.uploaded(draft)
    assert (await owner.delete(f"/drafts/{draft['id']}")).status_code == 204
    await mine.hears_nothing()
    await his.hears_nothing()
    assert (await owner.get("/drafts")).json()["items"] == []


async def test_a_completion_is_heard_again_for_all_its_72_hours(
    phones: Phones, world: World
) -> None:
    """The upload's row, from which follows who may hear it, is not swept before."""
    owner, _ = phones
    mine = Asked(owner)
    await mine.uploaded(await a_draft(owner))
    world.clock.advance(timedelta(hours=71, minutes=59))
    await owner.renew()
    await world.services.provided[UploadService].sweep()
    await mine.hears_all()
    world.clock.advance(timedelta(minutes=2))
    assert await world.services.provided[UploadService].sweep() == 1
