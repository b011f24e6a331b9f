"""Many at once: every field there, every winner the right one."""

import asyncio

import pytest

from kit.clock import SystemClock
from kit.database.unit import unit_of_work
from kit.problems import NotFound
from miniprogram_api.drafts.log import Author, DraftLog, Entry, Head, RevisionTaken
from miniprogram_api.drafts.models import Draft, DraftSave
from miniprogram_api.drafts.problems import DraftSubmitted
from miniprogram_api.drafts.service import DraftReview
from miniprogram_api.drafts.state import DecodedState
from tests.miniprogram_api.drafts.builders import (
    a_draft,
    answers_of,
    complete,
    resumed,
    save,
    saved,
    uploaded,
)
from tests.miniprogram_api.materials.builders import a_pdf

SAVERS = 50


async def test_fifty_savers_of_different_fields_of_one_draft_all_keep_their_answers(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone)
    fields = [f"field_{n}" for n in range(SAVERS)]
    answers = await asyncio.gather(
        *(save(phone, draft, "company", 1, {field: field}) for field in fields)
    )
    assert {answer.status_code for answer in answers} == {200}
    revisions = [answer.json()["revision"] for answer in answers]
    assert sorted(revisions) == list(range(2, SAVERS + 2))
    now = await resumed(phone, draft)
    assert answers_of(now, "company") == {field: field for field in fields}


async def test_savers_in_several_processes_all_keep_their_answers(signed_in, world):
    """Services that share nothing but the database, as replicas do."""
    phone = await signed_in()
    draft = await a_draft(phone)
    owner = (await Draft.get(id=draft["id"])).person_id
    logs = [DraftLog(world.services.ring) for _ in range(4)]

    async def add(number: int) -> None:
        log = logs[number % len(logs)]
        while True:
            head = await log.head(draft["id"])
            assert head is not None
            state = log.opened(head)
            state.steps.setdefault("company", {})[f"field_{number}"] = number
            try:
                await log.append(
                    head.next_place,
                    entry_of(head, state),
                    Author(owner, None),
                    SystemClock().now(),
                )
            except RevisionTaken:
                continue
            return

    await asyncio.gather(*(add(number) for number in range(20)))
    now = await resumed(phone, draft)
    assert answers_of(now, "company") == {f"field_{n}": n for n in range(20)}
    assert now["revision"] == 21


def entry_of(head: Head, state: DecodedState) -> Entry:
    return Entry("step", "company", head.summary, state)


async def test_of_many_who_change_the_same_answer_one_wins_and_the_others_are_told(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone)
    answers = await asyncio.gather(
        *(save(phone, draft, "company", 1, {"entity_name": str(n)}) for n in range(10))
    )
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200] + [409] * 9
    (winner,) = [answer.json() for answer in answers if answer.status_code == 200]
    now = await resumed(phone, draft)
    assert now["revision"] == winner["revision"] == 2
    for answer in answers:
        if answer.status_code == 409:
            (conflict,) = answer.json()["conflicts"]
            assert conflict["theirs"] == answers_of(now, "company")["entity_name"]


async def test_files_and_answers_that_come_together_are_all_there(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone)
    answers = await asyncio.gather(
        *(save(phone, draft, "company", 1, {f"field_{n}": n}) for n in range(8)),
        *(uploaded(phone, draft, "premises_use_proof", a_pdf(size=n)) for n in range(8)),
    )
    assert {answer.status_code for answer in answers} == {200, 201}
    now = await resumed(phone, draft)
    assert len(answers_of(now, "company")) == 8
    (proof,) = [m for m in now["materials"] if m["code"] == "premises_use_proof"]
    assert len(proof["files"]) == 8


async def test_a_save_that_comes_while_the_draft_is_erased_leaves_no_words_behind(signed_in, world):
    phone = await signed_in()
    draft = await a_draft(phone)
    await saved(phone, draft, "company", 1, {"entity_name": "a"})
    log = DraftLog(world.services.ring)
    head = await log.head(draft["id"])
    assert head is not None
    assert (await phone.delete(f"/drafts/{draft['id']}")).status_code == 204
    late = entry_of(head, log.opened(head))
    with pytest.raises(RevisionTaken):
        await log.append(head.next_place, late, Author("p", None), SystemClock().now())
    rows = await DraftSave.filter(draft_id=draft["id"])
    assert {(row.kind, row.person_id, row.author, row.answers_cipher) for row in rows} == {
        ("erased", "", "", b"")
    }
    assert (await phone.get(f"/drafts/{draft['id']}")).status_code == 404
    assert (await save(phone, draft, "company", 2, {"entity_name": "b"})).status_code == 404
    assert (await phone.delete(f"/drafts/{draft['id']}")).status_code == 404


async def test_a_device_that_saw_an_older_row_leaves_no_words_in_an_erased_draft(signed_in):
    """The process remembers the row that it wrote itself, and the file came after it."""
    phone = await signed_in()
    draft = await a_draft(phone)
    seen = (await saved(phone, draft, "company", 1, {"entity_name": "a"}))["revision"]
    assert (await uploaded(phone, draft, "premises_use_proof")).status_code == 201
    assert (await phone.delete(f"/drafts/{draft['id']}")).status_code == 204
    assert (await save(phone, draft, "company", seen, {"entity_name": "b"})).status_code == 404
    rows = await DraftSave.filter(draft_id=draft["id"])
    assert {(row.kind, row.person_id, row.author, row.answers_cipher) for row in rows} == {
        ("erased", "", "", b"")
    }


async def test_of_two_submissions_and_a_save_at_once_the_log_is_closed_once(signed_in, world):
    phone = await signed_in()
    draft = await a_draft(phone)
    revision = await complete(phone, draft)
    review: DraftReview = world.services.provided[DraftReview]
    author = Author((await Draft.get(id=draft["id"])).person_id, None)

    async def freeze() -> str:
        try:
            async with unit_of_work():
                await review.freeze(author, draft["id"], revision)
        except DraftSubmitted:
            return "refused"
        return "frozen"

    outcomes = await asyncio.gather(freeze(), freeze(), freeze())
    assert sorted(outcomes) == ["frozen", "refused", "refused"]
    assert await DraftSave.filter(draft_id=draft["id"], kind="submitted").count() == 1
    with pytest.raises(NotFound):
        async with unit_of_work():
            await review.freeze(Author("somebody else", None), draft["id"], revision)
