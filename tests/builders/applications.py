"""Drafts that are ready and applications that are submitted, over HTTP."""

import asyncio
from typing import Any

import httpx

from kit.ids import new_id
from tests.builders.signatures import signed_by_all, signed_by_its_owner

WANTED = {
    "operation": "open",
    "region": "370102",
    "theme": "restaurant",
    "items": [],
    "mode": "joint",
}


async def a_draft(phone: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    """A fresh draft of the signed-in phone."""
    headers = {"Idempotency-Key": new_id()}
    answer = await phone.post("/drafts", json={**WANTED, **changes}, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def a_ready_draft(phone: Any, **changes: Any) -> dict[str, Any]:
    """Every step complete and every needed material there; as resumed afterwards."""
    draft = await a_draft(phone, **changes)
    samples = (await phone.mock("GET", f"/drafts/{draft['id']}/sample-answers")).json()
    revision = draft["revision"]
    for key, answers in samples["steps"].items():
        body = {"base_revision": revision, "answers": answers}
        saved = await phone.put(f"/drafts/{draft['id']}/steps/{key}", json=body)
        assert saved.status_code == 200, saved.text
        revision = saved.json()["revision"]
    for code, url in samples["files"].items():
        content = (await phone.get(phone.base + url)).content
        path = f"/drafts/{draft['id']}/materials/{code}"
        answer = await phone.post(path, files={"file": (url.rsplit("/", 1)[-1], content)})
        assert answer.status_code == 201, answer.text
    await scanned(phone, draft)
    if phone.world is None:
        await signed_by_its_owner(phone, draft["id"])
    else:
        await signed_by_all(phone.world, draft["id"])
    return (await phone.get(f"/drafts/{draft['id']}")).json()


async def scanned(phone: httpx.AsyncClient, draft: dict[str, Any]) -> None:
    """Until no file of the draft waits for the scanner any more, which takes a moment."""
    async with asyncio.timeout(20):
        while True:
            check = (await phone.post(f"/drafts/{draft['id']}/check")).json()
            if all(error["code"] != "material_scanning" for error in check["errors"]):
                return
            await asyncio.sleep(0.02)


def submission(draft: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "draft_id": draft["id"],
        "revision": draft["revision"],
        "declaration": True,
        "delivery": {"method": "window"},
        **changes,
    }


async def an_application(phone: Any) -> dict[str, Any]:
    """Submitted, not yet forwarded by necessity."""
    draft = await a_ready_draft(phone)
    headers = {"Idempotency-Key": new_id()}
    answer = await phone.post("/applications", json=submission(draft), headers=headers)
    assert answer.status_code == 202, answer.text
    return answer.json()
