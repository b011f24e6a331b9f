"""Every route that needs a token refuses whoever has none, whatever the method."""

import re

import httpx
import pytest

from bff.app import described_routes
from tests.builders.applications import an_application
from tests.contract.test_contract import the_app

PROTECTED = [
    (route.method, re.sub(r"{\w+}", "0" * 32, route.path))
    for route in described_routes(the_app())
    if route.description.access.needs_token
]


@pytest.mark.parametrize(("method", "path"), PROTECTED, ids=str)
async def test_no_token_no_entry(world, method, path) -> None:
    async with httpx.AsyncClient(base_url=world.services.settings.http.public_url) as stranger:
        answer = await stranger.request(method, path)
        head = await stranger.head(path)
    assert (answer.status_code, answer.json()["code"]) == (401, "login_required")
    assert answer.json()["next"] == "login"
    assert head.status_code in {401, 405}


@pytest.mark.parametrize(
    "token", ["nonsense", "a.b.c", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.", "x" * 9000]
)
async def test_a_made_up_token_is_refused(world, token) -> None:
    async with httpx.AsyncClient(base_url=world.services.settings.http.public_url) as stranger:
        headers = {"Authorization": f"Bearer {token}"}
        answer = await stranger.get("/api/v1/me", headers=headers)
    assert answer.status_code in {401, 413}
    assert token not in answer.text


async def test_somebody_elses_things_look_absent(verified, world) -> None:
    owner, other = await verified("zhangsan"), await verified("lisi")
    application = await an_application(owner)
    foreign = (
        f"/drafts/{application['draft_id']}",
        f"/applications/{application['id']}",
        f"/applications/{application['id']}/timeline",
        f"/applications/{application['id']}/wait?timeout_s=0",
    )
    for path in foreign:
        theirs = await other.get(path)
        absent = await other.get(re.sub(r"[0-9a-f]{32}", "0" * 32, path))
        assert (theirs.status_code, absent.status_code) == (404, 404)
        assert theirs.json()["code"] == absent.json()["code"]
        assert theirs.json()["detail"] == absent.json()["detail"]
