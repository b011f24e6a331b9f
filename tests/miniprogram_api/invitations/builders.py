"""Inviting and handing over, by way of the product's own routes."""

import json
from typing import Any

import httpx

from auth.access_log import AccessLogService
from bff.mock.terminals import signed
from bff.mock.world import World
from miniprogram_api.invitations.grants import GrantBook
from tests.app import Phone

COUNTER, KIOSK = "lixia-counter-3", "lixia-kiosk-1"
CLAIM = "/api/v1/counter/handovers"
EVERYTHING = {"steps": None, "materials": True}


async def invite(owner: Phone, draft: dict[str, Any], **wish: Any) -> httpx.Response:
    body = {"role": "helper", "days": 7, "scope": EVERYTHING, **wish}
    return await owner.once("POST", f"/drafts/{draft['id']}/invitations", json=body)


async def invited(owner: Phone, draft: dict[str, Any], **wish: Any) -> dict[str, Any]:
    answer = await invite(owner, draft, **wish)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def accept(helper: Phone, invitation: dict[str, Any]) -> httpx.Response:
    return await helper.post(f"/invitations/{invitation['token']}/accept")


async def helping(
    owner: Phone, helper: Phone, draft: dict[str, Any], **wish: Any
) -> dict[str, Any]:
    """``helper`` is let in; the invitation."""
    made = await invited(owner, draft, **wish)
    answer = await accept(helper, made)
    assert answer.status_code == 200, answer.text
    return made


async def code_for(owner: Phone, draft: dict[str, Any], purpose: str = "counter") -> dict[str, Any]:
    path = f"/drafts/{draft['id']}/handover-codes"
    answer = await owner.once("POST", path, json={"purpose": purpose})
    assert answer.status_code == 201, answer.text
    code: dict[str, Any] = answer.json()
    return code


def headers_of(
    world: World, method: str, target: str, body: bytes, terminal: str = COUNTER
) -> dict[str, str]:
    """As the terminal signs them now."""
    known = {one.id: one for one in world.services.settings.terminals}
    return signed(known[terminal], int(world.clock.now().timestamp()), method, target, body)


async def claim(device: Phone, world: World, code: str, terminal: str = COUNTER) -> httpx.Response:
    """``device``: any client that is not signed in."""
    body = json.dumps({"code": code}).encode()
    headers = headers_of(world, "POST", CLAIM, body, terminal)
    return await device.post(device.base + CLAIM, content=body, headers=headers)


async def handed_over(
    owner: Phone, device: Phone, world: World, draft: dict[str, Any]
) -> dict[str, Any]:
    """``device`` stands at the counter with the draft; the claimed hand-over."""
    answer = await claim(device, world, (await code_for(owner, draft))["code"])
    assert answer.status_code == 201, answer.text
    claimed: dict[str, Any] = answer.json()
    device.headers["Authorization"] = f"Bearer {claimed['access_token']}"
    return claimed


def grants_of(world: World) -> GrantBook:
    services = world.services
    access_log = AccessLogService(services.ring, services.clock)
    return GrantBook(access_log, services.ring, services.clock)
