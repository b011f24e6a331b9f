"""Who signs on paper is waited for by nobody; what he signs is filed all the same."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bff.mock.world import World
from miniprogram_api.applications.frozen import opened
from miniprogram_api.applications.models import Application
from tests.app import Phone
from tests.builders.applications import a_draft, scanned, submission
from tests.miniprogram_api.signatures.signing import save

PASSPORT = {"id_type": "03", "id_number": "E12345678"}


@pytest.mark.one_stack
async def test_what_nobody_was_asked_to_sign_online_is_drawn_and_filed(
    verified: Callable[..., Awaitable[Phone]], world: World
) -> None:
    owner = await verified("zhangsan")
    draft = await a_draft(owner, mode="single", items=["business_licence"])
    samples = (await owner.mock("GET", f"/drafts/{draft['id']}/sample-answers")).json()
    for key, answers in samples["steps"].items():
        draft["revision"] = await save(owner, draft, key, by_passport(answers))
    for code, url in samples["files"].items():
        content = (await owner.get(owner.base + url)).content
        path = f"/drafts/{draft['id']}/materials/{code}"
        files = {"file": (url.rsplit("/", 1)[-1], content)}
        assert (await owner.post(path, files=files)).status_code == 201
    await scanned(owner, draft)
    documents = (await owner.get(f"/drafts/{draft['id']}/documents")).json()["items"]
    wanted = {one["code"] for one in documents if one["needs_signature"]}
    assert "articles" in wanted
    resumed = (await owner.get(f"/drafts/{draft['id']}")).json()
    answer = await owner.once("POST", "/applications", json=submission(resumed))
    assert answer.status_code == 202, answer.text
    frozen = opened(world.services.ring, await Application.get(id=answer.json()["id"]))
    assert frozen.signatures == []
    assert wanted <= {one.code for one in frozen.materials}


def by_passport(answers: dict[str, Any]) -> dict[str, Any]:
    """Whoever signs has another document than the resident's identity card."""
    changed = dict(answers)
    for code in ("shareholders", "directors", "managers"):
        if code in answers:
            changed[code] = [{**row, **PASSPORT} for row in answers[code]]
    for column, value in PASSPORT.items():
        if f"legal_representative_{column}" in answers:
            changed[f"legal_representative_{column}"] = value
    return changed
