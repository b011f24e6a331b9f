"""Whoever has to sign is reminded, and nobody of what is over."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from bff.mock.world import World
from kit.ids import new_id
from miniprogram_api.drafts.models import Draft, DraftSave
from miniprogram_api.signatures.models import Signature
from tests.app import Phone
from tests.miniprogram_api.signatures.signing import (
    a_draft_of_two,
    asked,
    change,
    own_task,
    sign,
    step_with,
    titles,
)

REMINDER = "还有文件等您签名"
Phones = tuple[Phone, Phone]
Ending = Callable[[Phone, Phone, dict[str, Any]], Awaitable[None]]


@pytest.fixture
async def phones(verified: Callable[..., Awaitable[Phone]]) -> Phones:
    """The owner's and the partner's."""
    return await verified("zhangsan"), await verified("lisi")


async def reminders(world: World, partner: Phone, days: float) -> int:
    """Of the partner, after so many days more."""
    await world.driver.advance_to(world.clock.now() + timedelta(days=days))
    await partner.renew()
    return (await titles(partner)).count(REMINDER)


async def signed(owner: Phone, partner: Phone, draft: dict[str, Any]) -> None:
    assert (await sign(partner))["state"] == "signed"


async def refused(owner: Phone, partner: Phone, draft: dict[str, Any]) -> None:
    path = f"/signatures/{(await own_task(partner))['id']}/refuse"
    answer = await partner.once("POST", path, json={"reason": "not_mine"})
    assert answer.status_code == 200, answer.text


async def removed(owner: Phone, partner: Phone, draft: dict[str, Any]) -> None:
    """The shareholder is another person now."""
    _, rows = step_with(draft, "shareholders")
    other = {"name": "王五", "id_number": "370102199003070011"}
    rows = [{**row, **other} if row["name"] == "李四" else row for row in rows]
    await change(owner, draft, "shareholders", rows)


async def erased(owner: Phone, partner: Phone, draft: dict[str, Any]) -> None:
    assert (await owner.delete(f"/drafts/{draft['id']}")).status_code == 204


async def submitted(owner: Phone, partner: Phone, draft: dict[str, Any]) -> None:
    """As the row that closes the log says it."""
    await Draft.filter(id=draft["id"]).update(expires_at=None)
    newest = await DraftSave.filter(draft_id=draft["id"]).order_by("-id").first()
    assert newest is not None
    await DraftSave.filter(id=newest.id).update(kind="submitted")


async def signed_with_another_task(owner: Phone, partner: Phone, draft: dict[str, Any]) -> None:
    """Which has the same documents: asked between two changes of which one was taken back."""
    row = await Signature.get(id=(await own_task(partner))["id"])
    own = {"id": new_id(), "slot": None, "state": "signed"}
    columns = {name: getattr(row, name) for name in Signature._meta.db_fields}
    await Signature.create(**{**columns, **own})


@pytest.mark.parametrize(
    "ending", [signed, refused, removed, erased, submitted, signed_with_another_task]
)
async def test_nobody_is_reminded_of_what_is_over(
    phones: Phones, world: World, ending: Ending
) -> None:
    owner, partner = phones
    draft = await a_draft_of_two(owner)
    await asked(owner, draft)
    assert await reminders(world, partner, 1.5) == 1
    await owner.renew()
    assert (await partner.verify()).json()["state"] == "passed"
    await ending(owner, partner, draft)
    assert await reminders(world, partner, 2) == 1


async def test_reminders_come_five_times_and_end(phones: Phones, world: World) -> None:
    owner, partner = phones
    await asked(owner, await a_draft_of_two(owner))
    told = [await reminders(world, partner, days) for days in (2, 2, 7, 7, 7, 4)]
    assert told == [1, 2, 3, 4, 5, 5]


async def test_a_change_that_is_taken_back_is_reminded_of_again(
    phones: Phones, world: World
) -> None:
    """Our own clock of ten minutes, after which everybody concerned would be asked anew, has not
    run out."""
    owner, partner = phones
    draft = await a_draft_of_two(owner)
    await asked(owner, draft)
    _, name = step_with(draft, "entity_name")
    await world.driver.advance_to(world.clock.now() + timedelta(hours=23, minutes=55))
    await owner.renew()
    await change(owner, draft, "entity_name", f"新{name}")
    assert await reminders(world, partner, 0.004) == 0
    await owner.renew()
    await change(owner, draft, "entity_name", name)
    assert await reminders(world, partner, 3) == 1
