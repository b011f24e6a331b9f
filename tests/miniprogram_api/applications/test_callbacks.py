"""The province's way back to us, at the HTTP edge: proved, kept, answered in its own words."""

import hashlib
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from adapters.outbox.models import InboxEntry
from adapters.province.crypto import encrypt
from bff.mock.world import World
from kit.ids import new_id
from tests.app import Phone
from tests.builders.applications import a_draft, an_application

Verified = Callable[..., Awaitable[Phone]]

TAKEN = r'"{\"massage\":\"success\",\"status\":\"1\"}"'
NOT_TAKEN = r'"{\"massage\":\"fail\",\"status\":\"0\"}"'


def wrapped(world: World, plain: str, **changes: str) -> dict[str, str]:
    settings = world.services.settings.province
    return {
        "token": settings.callback_token.reveal(),
        "appKey": settings.app_key.reveal(),
        "data": encrypt(plain, settings.encrypt_key.reveal()),
        **changes,
    }


class TestStatus:
    async def test_a_wrong_token_is_told_apart_and_nothing_is_kept(
        self, world: World, phone: Verified
    ):
        stranger = await phone()
        for path in ("status", "certificate"):
            answer = await stranger.post(
                f"/callbacks/province/{path}", json=wrapped(world, "[]", token="guessed")
            )
            assert (answer.status_code, answer.text) == (401, NOT_TAKEN)
        assert not await InboxEntry.exists()

    @pytest.mark.parametrize("plain", ["{}", '[{"state":"02"}]', '["x"]'])
    async def test_what_cannot_be_read_stays_with_the_province(
        self, world: World, phone: Verified, plain: str
    ):
        province = await phone()
        answer = await province.post("/callbacks/province/status", json=wrapped(world, plain))
        assert (answer.status_code, answer.text) == (200, NOT_TAKEN)
        assert not await InboxEntry.exists()

    async def test_news_of_an_unknown_application_are_kept_and_answered(
        self, world: World, phone: Verified
    ):
        province = await phone()
        plain = f'[{{"serialNo":"{new_id()}","state":"02","item":"business_licence"}}]'
        for _ in range(2):
            answer = await province.post("/callbacks/province/status", json=wrapped(world, plain))
            assert (answer.status_code, answer.text) == (200, TAKEN)
        await world.driver.settle()
        assert await InboxEntry.filter(settled_at__isnull=False).count() == 1

    async def test_a_serial_number_of_any_length_disturbs_nobody(
        self, world: World, phone: Verified
    ):
        province = await phone()
        plain = f'[{{"serialNo":"{"9" * 500}","state":"02","item":"business_licence"}}]'
        answer = await province.post("/callbacks/province/status", json=wrapped(world, plain))
        assert (answer.status_code, answer.text) == (200, TAKEN)
        await world.driver.settle()
        assert await InboxEntry.filter(settled_at__isnull=False).count() == 1

    async def test_the_bare_notice_of_the_known_peer_is_enough(
        self, world: World, verified: Verified
    ):
        device = await verified()
        application = await an_application(device)
        await world.driver.settle()
        plain = f'[{{"serialNo":"{application["id"]}","state":"02","item":"business_licence"}}]'
        form = {"data": json.dumps(wrapped(world, plain))}
        answer = await device.post("/callbacks/province/status", data=form)
        assert answer.text == TAKEN
        await world.driver.settle()
        current = (await device.get(f"/applications/{application['id']}")).json()
        assert "accepted" in {matter["state"] for matter in current["matters"]}


class TestDocument:
    async def filed(self, device: Phone, application: dict[str, Any]) -> tuple[str, str]:
        """A file of the application's draft: its id and its hash."""
        draft = (await device.get(f"/drafts/{application['draft_id']}")).json()
        file = next(file for material in draft["materials"] for file in material["files"])
        return file["id"], file["sha256"]

    async def fetch(self, device: Phone, file_id: str, token: str):
        query = {"docId": file_id, "token": token}
        return await device.get("/callbacks/province/document", params=query)

    async def test_a_filed_document_is_given_to_the_province_and_nobody_else(
        self, world: World, verified: Verified
    ):
        device = await verified()
        file_id, sha256 = await self.filed(device, await an_application(device))
        token = world.services.settings.province.document_token.reveal()
        given = await self.fetch(device, file_id, token)
        assert given.status_code == 200
        assert hashlib.sha256(given.content).hexdigest() == sha256
        for wrong in ("", "guessed", token[:-1]):
            assert (await self.fetch(device, file_id, wrong)).status_code == 404

    async def test_a_file_that_was_never_filed_is_not_there(self, world: World, verified: Verified):
        device = await verified()
        draft = await a_draft(device)
        samples = (await device.mock("GET", f"/drafts/{draft['id']}/sample-answers")).json()
        code, url = next(iter(samples["files"].items()))
        content = (await device.get(device.base + url)).content
        path = f"/drafts/{draft['id']}/materials/{code}"
        file = (await device.post(path, files={"file": ("a.pdf", content)})).json()
        token = world.services.settings.province.document_token.reveal()
        for file_id in (file["id"], "0" * 32, "x"):
            assert (await self.fetch(device, file_id, token)).status_code == 404
