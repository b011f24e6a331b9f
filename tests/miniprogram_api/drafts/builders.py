"""Drafts of a signed-in phone, by way of the product's own routes."""

from typing import Any

import httpx

from tests.app import Phone
from tests.builders.applications import scanned
from tests.builders.signatures import signed_by_all
from tests.miniprogram_api.materials.builders import a_pdf

RESTAURANT = {"operation": "open", "region": "370102", "theme": "restaurant"}
PDF = a_pdf("1.4")


async def a_draft(phone: Phone, **selection: Any) -> dict[str, Any]:
    answer = await phone.once("POST", "/drafts", json={**RESTAURANT, **selection})
    assert answer.status_code == 201, answer.text
    draft: dict[str, Any] = answer.json()
    return draft


async def save(
    phone: Phone, draft: dict[str, Any], key: str, base: int, answers: Any
) -> httpx.Response:
    body = {"base_revision": base, "answers": answers}
    return await phone.put(f"/drafts/{draft['id']}/steps/{key}", json=body)


async def saved(
    phone: Phone, draft: dict[str, Any], key: str, base: int, answers: Any
) -> dict[str, Any]:
    answer = await save(phone, draft, key, base, answers)
    assert answer.status_code == 200, answer.text
    reply: dict[str, Any] = answer.json()
    return reply


async def resumed(phone: Phone, draft: dict[str, Any]) -> dict[str, Any]:
    answer = await phone.get(f"/drafts/{draft['id']}")
    assert answer.status_code == 200, answer.text
    now: dict[str, Any] = answer.json()
    return now


def answers_of(draft: dict[str, Any], key: str) -> dict[str, Any]:
    found: dict[str, Any] = next(step for step in draft["steps"] if step["key"] == key)["answers"]
    return found


async def sample_steps(phone: Phone, draft: dict[str, Any]) -> dict[str, Any]:
    """Right answers to every step, in the name of the phone's persona."""
    answer = await phone.mock("GET", f"/drafts/{draft['id']}/sample-answers")
    steps: dict[str, Any] = answer.json()["steps"]
    return steps


async def filled(phone: Phone, draft: dict[str, Any]) -> int:
    """Every step right; the revision of the last save."""
    revision = draft["revision"]
    for key, answers in (await sample_steps(phone, draft)).items():
        revision = (await saved(phone, draft, key, revision, answers))["revision"]
    return int(revision)


async def uploaded(
    phone: Phone, draft: dict[str, Any], material: str, content: bytes = PDF, name: str = "a.pdf"
) -> httpx.Response:
    path = f"/drafts/{draft['id']}/materials/{material}"
    return await phone.post(path, files={"file": (name, content, "application/octet-stream")})


async def complete(phone: Phone, draft: dict[str, Any]) -> int:
    """Ready to be submitted; the revision of the last save."""
    revision = await filled(phone, draft)
    check = (await phone.post(f"/drafts/{draft['id']}/check")).json()
    for material in check["missing_materials"]:
        assert (await uploaded(phone, draft, material)).status_code == 201
    await scanned(phone, draft)
    await signed_by_all(phone.world, draft["id"])
    return revision
