"""Submitting closes a draft: with the words that were seen, complete, once."""

import pytest

from kit.database.unit import unit_of_work
from miniprogram_api.drafts.log import Author
from miniprogram_api.drafts.models import Draft
from miniprogram_api.drafts.problems import DraftNotReady, RevisionOutdated
from miniprogram_api.drafts.service import DraftReview, FrozenDraft
from tests.miniprogram_api.drafts.builders import (
    a_draft,
    complete,
    resumed,
    sample_steps,
    save,
    saved,
    uploaded,
)


@pytest.fixture
def freeze(world):
    async def freeze(draft, revision) -> FrozenDraft:
        review: DraftReview = world.services.provided[DraftReview]
        author = Author((await Draft.get(id=draft["id"])).person_id, None)
        async with unit_of_work():
            return await review.freeze(author, draft["id"], revision)

    return freeze


async def test_a_frozen_draft_is_what_was_filled_in(signed_in, freeze):
    phone = await signed_in()
    draft = await a_draft(phone)
    steps = await sample_steps(phone, draft)
    # Files came after the last word, so the person has seen every word.
    revision = await complete(phone, draft)
    newest = await resumed(phone, draft)
    frozen = await freeze(draft, revision)
    assert frozen.revision == newest["revision"]
    assert frozen.answers_by_step == steps
    assert frozen.selection.region == "370102"
    assert [code for code, _ in frozen.materials] == [
        material["code"] for material in newest["materials"] if material["files"]
    ]
    assert [file.id for _, files in frozen.materials for file in files] == [
        file["id"] for material in newest["materials"] for file in material["files"]
    ]


async def test_a_submitted_draft_is_shown_and_cannot_be_changed(signed_in, freeze):
    phone = await signed_in()
    draft = await a_draft(phone)
    revision = await complete(phone, draft)
    await freeze(draft, revision)
    now = await resumed(phone, draft)
    assert now["state"] == "submitted"
    file = next(m["files"][0] for m in now["materials"] if m["files"])
    path = f"/drafts/{draft['id']}"
    for answer in (
        await save(phone, draft, "company", now["revision"], {"entity_name": "b"}),
        await phone.put(f"{path}/selection", json={"base_revision": 1, "region": "370103"}),
        await uploaded(phone, draft, "premises_use_proof"),
        await phone.delete(f"{path}/materials/premises_use_proof/{file['id']}"),
        await phone.delete(path),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "draft_submitted")
    assert (await resumed(phone, draft)) == now
    (listed,) = (await phone.get("/drafts")).json()["items"]
    assert listed["state"] == "submitted"


async def test_words_that_the_person_has_not_seen_are_not_submitted(signed_in, freeze):
    phone = await signed_in()
    draft = await a_draft(phone)
    revision = await complete(phone, draft)
    newer = await saved(phone, draft, "company", revision, {"employees_count": 4})
    with pytest.raises(RevisionOutdated) as refused:
        await freeze(draft, revision)
    assert refused.value.members == {"current_revision": newer["revision"]}
    with pytest.raises(RevisionOutdated):
        await freeze(draft, newer["revision"] + 1)
    assert (await resumed(phone, draft))["state"] == "open"


async def test_an_incomplete_draft_is_not_frozen_and_says_why(signed_in, freeze):
    phone = await signed_in()
    draft = await a_draft(phone)
    with pytest.raises(DraftNotReady) as refused:
        await freeze(draft, 1)
    document = refused.value.document("zh", instance="i", trace_id="t")
    assert document["status"] == 422
    assert document["missing_materials"]
    assert {"step", "pointer", "code", "message"} == document["errors"][0].keys()
    assert (await resumed(phone, draft))["state"] == "open"


async def test_a_unit_that_fails_after_freezing_leaves_the_draft_open(signed_in, world):
    phone = await signed_in()
    draft = await a_draft(phone)
    revision = await complete(phone, draft)
    review: DraftReview = world.services.provided[DraftReview]
    author = Author((await Draft.get(id=draft["id"])).person_id, None)

    class Failed(Exception):
        pass

    async def submit_and_fail() -> None:
        async with unit_of_work():
            await review.freeze(author, draft["id"], revision)
            raise Failed

    with pytest.raises(Failed):
        await submit_and_fail()
    assert (await resumed(phone, draft))["state"] == "open"
