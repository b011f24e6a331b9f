"""What a signer's list costs, and how the owner's draft shows that it has changed."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from bff.mock.world import World
from kit.ids import new_id
from miniprogram_api.drafts.log import NOBODY, Entry, Place
from miniprogram_api.drafts.service import DraftDesk, SignableDrafts
from miniprogram_api.signatures.book import SignatureBook
from tests.app import Phone
from tests.builders.signatures import a_signature
from tests.builders.statements import statements_on
from tests.miniprogram_api.signatures.signing import (
    a_draft_of_two,
    answer_page,
    asked,
    begin,
    own_task,
)

OpenPhone = Callable[..., Awaitable[Phone]]


async def _copy(world: World, draft_id: str) -> str:
    """The same answers in another draft: nobody may fill in ten forms within a second."""
    desk: DraftDesk = world.services.provided[SignableDrafts]._desk
    head = await desk.log.head(draft_id)
    assert head is not None
    place = Place(new_id(), head.person_id, 1)
    entry = Entry("created", None, head.summary, desk.log.opened(head))
    return (await desk.log.append(place, entry, NOBODY, world.clock.now())).draft_id


async def _waiting(world: World, draft_id: str) -> None:
    """A task for everybody, without the PDFs."""
    provided = world.services.provided
    draft = await provided[SignableDrafts].present(draft_id)
    for standing in draft.standings:
        book = provided[SignatureBook]
        await a_signature(book, draft_id, draft.owner, standing, state="pending", signed_at=None)


async def test_ten_tasks_are_listed_with_as_many_statements_as_one(
    verified: OpenPhone, world: World, stack: str
) -> None:
    owner, partner = await verified("zhangsan"), await verified("lisi")
    draft_id, counts = (await a_draft_of_two(owner))["id"], []
    for more in (1, 9):
        for _ in range(more):
            await _waiting(world, await _copy(world, draft_id))
        await partner.get("/signatures")
        with (
            statements_on("draft_save") as drafts,
            statements_on("signature") as tasks,
            statements_on("person") as people,
        ):
            items = (await partner.get("/signatures")).json()["items"]
        assert {one["asked_by"] for one in items} == {"*三"}
        counts.append((len(items), len(drafts), len(tasks), len(people)))
    (one, *few), (ten, *as_few) = counts
    assert (one, ten) == (1, 10)
    assert few == as_few
    assert few[:2] == ([1, 1] if stack == "embedded" else [0, 0])


async def _unchanged(owner: Phone, draft: dict[str, Any], etag: str) -> bool:
    path, headers = f"/drafts/{draft['id']}", {"If-None-Match": etag}
    return (await owner.get(path, headers=headers)).status_code == 304


async def _etag(owner: Phone, draft: dict[str, Any]) -> str:
    return str((await owner.get(f"/drafts/{draft['id']}")).headers["ETag"])


@pytest.mark.parametrize("scenario", [None, "esign_wrong_key"])
async def test_a_signing_that_begins_and_one_that_fails_change_the_drafts_etag(
    verified: OpenPhone, world: World, scenario: str | None
) -> None:
    """One that expires, and one that proves nothing."""
    owner, partner = await verified("zhangsan"), await verified("lisi")
    draft = await a_draft_of_two(owner)
    await asked(owner, draft)
    before, task = await _etag(owner, draft), await own_task(partner)
    assert await _unchanged(owner, draft, before)
    assert (await begin(partner, task)).status_code == 200
    assert not await _unchanged(owner, draft, before)
    begun = await _etag(owner, draft)
    assert (await begin(partner, task)).status_code == 200
    assert await _unchanged(owner, draft, begun)
    if scenario is None:
        world.clock.advance(timedelta(minutes=31))
        await partner.renew()
        await owner.renew()
    else:
        world.far_sides["e_signature"].arm(scenario, 1)
        await answer_page(partner, task)
    assert (await partner.get(f"/signatures/{task['id']}")).json()["state"] == "pending"
    assert not await _unchanged(owner, draft, begun)
    kinds = (await owner.get(f"/drafts/{draft['id']}/history")).json()["items"]
    assert [one["kind"] for one in kinds[:3]] == ["sign_failed", "sign_begun", "sign_asked"]


async def test_whoever_has_not_shown_who_he_is_is_told_to(
    signed_in: OpenPhone, verified: OpenPhone, world: World
) -> None:
    owner = await verified()
    await asked(owner, await a_draft_of_two(owner))
    partner = await signed_in("lisi")
    unproven = (await partner.get("/signatures")).json()
    assert (unproven["items"], unproven["hint"]["next"]) == ([], "verify_identity")
    await partner.verify()
    proven = (await partner.get("/signatures")).json()
    assert ([item["state"] for item in proven["items"]], proven["hint"]) == (["pending"], None)
