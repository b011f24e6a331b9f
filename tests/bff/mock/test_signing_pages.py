"""The e-signature service's page, played on the mock's page and by its API."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

from bff.mock.world import World
from tests.app import Phone
from tests.miniprogram_api.signatures.signing import (
    a_draft_of_two,
    answer_page,
    asked,
    begin,
    own_task,
)

OpenPhone = Callable[..., Awaitable[Phone]]


async def test_a_page_is_shown_by_its_address_until_the_result_is_known(
    verified: OpenPhone, world: World
) -> None:
    owner, partner = await verified("zhangsan"), await verified("lisi")
    draft = await a_draft_of_two(owner)
    await asked(owner, draft)
    assert (await partner.mock("GET", "/signatures")).json()["items"] == []
    task = await own_task(partner)
    action = (await begin(partner, task)).json()["client_action"]
    (shown,) = (await partner.mock("GET", "/signatures")).json()["items"]
    assert (shown["signature_id"], shown["persona"]) == (task["id"], "lisi")
    assert parse_qs(urlsplit(action["url"]).query)["flowNo"] == [shown["flow"]]
    await answer_page(partner, task)
    assert (await partner.get(f"/signatures/{task['id']}")).json()["state"] == "signed"
    assert (await partner.mock("GET", "/signatures")).json()["items"] == []


async def test_a_page_that_is_over_is_not_shown(verified: OpenPhone, world: World) -> None:
    owner, partner = await verified("zhangsan"), await verified("lisi")
    await asked(owner, await a_draft_of_two(owner))
    await begin(partner, await own_task(partner))
    world.clock.advance(timedelta(minutes=31))
    assert (await partner.mock("GET", "/signatures")).json()["items"] == []
