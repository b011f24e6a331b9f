"""The head of a company changes it, and closes it: from the register to the last matter."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bff.mock.personas import COMPANIES, PERSONAS, MockCompany
from bff.mock.world import World
from tests.app import Phone
from tests.builders.applications import scanned
from tests.builders.signatures import signed_by_all

EATERY, STORE = COMPANIES
"""Wangwu is the legal person of the first and an administrator of the second."""
DAYS_MAX = 90


@pytest.mark.parametrize("operation", ["change", "cancel"])
async def test_everything_a_theme_offers_is_changed_and_closed(
    verified: Callable[..., Awaitable[Phone]], operation: str
) -> None:
    device = await _acting(verified, EATERY)
    offered = f"/catalogue/themes?operation={operation}&region=370102"
    themes = (await device.get(offered)).json()["items"]
    items = next(theme["items"] for theme in themes if theme["key"] == "restaurant")
    draft = await _draft(device, EATERY, operation, items=items)
    assert draft["register"]["state"] == "answered"
    assert [item["code"] for item in draft["plan"]["items"]] == items
    matters = await _to_the_end(device, await _submitted(device, draft))
    assert {matter["item"]: matter["state"] for matter in matters} == dict.fromkeys(
        items, "completed"
    )
    licence = next(matter for matter in matters if matter["item"] == "business_licence")
    # A licence that was changed keeps its code; nothing is issued to who closes.
    numbers = {"change": EATERY.uscc, "cancel": None}
    assert (licence["result"] or {}).get("certificate_no") == numbers[operation]


@pytest.mark.parametrize("company", COMPANIES, ids=["head", "administrator"])
@pytest.mark.parametrize("register", ["answers", "silent"])
async def test_the_samples_are_about_the_company_and_its_head(
    verified: Callable[..., Awaitable[Phone]], world: World, company: MockCompany, register: str
) -> None:
    if register == "silent":
        world.far_sides["licences"].arm("licences_failure", 100)
    device = await _acting(verified, company)
    draft = await _draft(device, company, "change")
    assert draft["register"]["state"] == {"answers": "answered", "silent": "waiting"}[register]
    await _fill_in(device, draft)
    check = (await device.post(f"/drafts/{draft['id']}/check")).json()
    assert check["errors"] == []
    assert "warnings" not in check
    steps = {step["key"]: step for step in await _steps(device, draft)}
    assert steps["company"]["answers"]["credit_code"] == company.uscc
    head = steps["legal_representative"]["answers"]["legal_representative_name"]
    assert head == PERSONAS[company.head].name.reveal()


async def test_a_company_that_nobody_acts_for_is_not_changed(
    verified: Callable[..., Awaitable[Phone]],
) -> None:
    device = await verified("wangwu")
    draft = await _draft(device, EATERY, "cancel")
    answer = await _submit(device, draft, await _fill_in(device, draft))
    assert (answer.status_code, answer.json()["code"]) == (403, "company_role_required")


async def _acting(
    verified: Callable[..., Awaitable[Phone]], company: MockCompany, persona: str = "wangwu"
) -> Phone:
    device = await verified(persona)
    answer = await device.put("/me/acting-for", json={"uscc": company.uscc})
    assert answer.status_code == 200, answer.text
    return device


async def _draft(
    device: Phone, company: MockCompany, operation: str, items: list[str] | None = None
) -> dict[str, Any]:
    wanted = {
        "operation": operation,
        "region": company.uscc[2:8],
        "theme": "restaurant",
        "items": items or ["business_licence", "food_operation"],
        "mode": "joint",
    }
    answer = await device.once("POST", "/drafts", json=wanted)
    assert answer.status_code == 201, answer.text
    draft: dict[str, Any] = answer.json()
    return draft


async def _steps(device: Phone, draft: dict[str, Any]) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = (await device.get(f"/drafts/{draft['id']}")).json()["steps"]
    return steps


async def _fill_in(device: Phone, draft: dict[str, Any]) -> int:
    """Every step with the sample answers, and every file; the draft's revision afterwards."""
    samples = (await device.mock("GET", f"/drafts/{draft['id']}/sample-answers")).json()
    revision: int = draft["revision"]
    for step, answers in samples["steps"].items():
        body = {"base_revision": revision, "answers": answers}
        answer = await device.put(f"/drafts/{draft['id']}/steps/{step}", json=body)
        saved = answer.json()
        assert saved["step"]["state"] == "complete", answer.text
        revision = saved["revision"]
    for code, url in samples["files"].items():
        content = (await device.get(device.base + url)).content
        path = f"/drafts/{draft['id']}/materials/{code}"
        sent = await device.post(path, files={"file": (url.rsplit("/", 1)[-1], content)})
        assert sent.status_code == 201, sent.text
    await scanned(device, draft)
    await signed_by_all(device.world, draft["id"])
    return revision


async def _submit(device: Phone, draft: dict[str, Any], revision: int) -> Any:
    submission = {
        "draft_id": draft["id"],
        "revision": revision,
        "declaration": True,
        "delivery": {"method": "window"},
    }
    return await device.once("POST", "/applications", json=submission)


async def _submitted(device: Phone, draft: dict[str, Any]) -> str:
    answer = await _submit(device, draft, await _fill_in(device, draft))
    assert answer.status_code == 202, answer.text
    application_id: str = answer.json()["id"]
    return application_id


async def _to_the_end(device: Phone, application_id: str) -> list[dict[str, Any]]:
    """The matters after so many working days that all are completed, or after the longest time."""
    matters: list[dict[str, Any]] = []
    for _ in range(DAYS_MAX):
        await device.mock("POST", "/clock/advance", json={"workdays": 1})
        await device.renew()
        application = (await device.get(f"/applications/{application_id}")).json()
        matters = application["matters"]
        if all(matter["state"] == "completed" for matter in matters):
            break
    return matters
