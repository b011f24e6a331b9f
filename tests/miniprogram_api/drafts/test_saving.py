"""Saving a step: nothing typed is lost, nothing is overwritten unseen."""

import json

import pytest

from tests.miniprogram_api.drafts.builders import (
    a_draft,
    answers_of,
    filled,
    resumed,
    save,
    saved,
)


async def test_what_was_typed_is_kept_and_what_is_wrong_with_it_is_told(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone)
    answer = await save(phone, draft, "company", draft["revision"], {"entity_name": "x"})
    assert answer.status_code == 200
    reply = answer.json()
    assert reply["revision"] == draft["revision"] + 1
    assert reply["merged"] is False
    assert "answers" not in reply
    assert reply["step"]["key"] == "company"
    assert reply["step"]["state"] == "partial"
    pointers = {error["pointer"] for error in reply["step"]["errors"]}
    assert {"/entity_name", "/company_type"} <= pointers
    assert all({"pointer", "code", "message"} == error.keys() for error in reply["step"]["errors"])
    assert reply["progress"] == {"complete": 0, "total": len(draft["steps"])}
    now = await phone.get(f"/drafts/{draft['id']}")
    assert now.headers["ETag"] == answer.headers["ETag"]
    assert answers_of(now.json(), "company") == {"entity_name": "x"}
    assert now.json()["revision"] == reply["revision"]


async def test_members_replace_null_removes_and_absent_members_stay(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone)
    first = await saved(phone, draft, "company", 1, {"entity_name": "a", "employees_count": 3})
    second = await saved(
        phone, draft, "company", first["revision"], {"entity_name": None, "licence_copies": 2}
    )
    now = await resumed(phone, draft)
    assert answers_of(now, "company") == {"employees_count": 3, "licence_copies": 2}
    assert now["revision"] == second["revision"]


async def test_two_devices_that_answer_different_questions_both_keep_their_answers(signed_in):
    phone = await signed_in()
    other = await signed_in()
    draft = await a_draft(phone)
    await saved(phone, draft, "company", 1, {"entity_name": "a"})
    reply = await saved(other, draft, "company", 1, {"employees_count": 3})
    assert reply["merged"] is True
    assert reply["answers"] == {"entity_name": "a", "employees_count": 3}
    assert answers_of(await resumed(phone, draft), "company") == reply["answers"]


async def test_rows_of_two_devices_are_merged_by_their_ids(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone)
    rows = [{"_id": "r1", "name": "a", "contribution_wan": 1}]
    base = (await saved(phone, draft, "investors", 1, {"shareholders": rows}))["revision"]
    mine = [*rows, {"_id": "r2", "name": "b"}]
    await saved(phone, draft, "investors", base, {"shareholders": mine})
    theirs = [{"_id": "r1", "contribution_wan": 2}, {"_id": "r3", "name": "c"}]
    reply = await saved(phone, draft, "investors", base, {"shareholders": theirs})
    by_id = {row["_id"]: row for row in reply["answers"]["shareholders"]}
    assert by_id == {
        "r1": {"_id": "r1", "name": "a", "contribution_wan": 2},
        "r2": {"_id": "r2", "name": "b"},
        "r3": {"_id": "r3", "name": "c"},
    }


async def test_the_same_answer_changed_on_two_devices_saves_nothing_and_shows_both(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone)
    base = (await saved(phone, draft, "company", 1, {"entity_name": "old"}))["revision"]
    newest = await saved(phone, draft, "company", base, {"entity_name": "theirs"})
    answer = await save(
        phone, draft, "company", base, {"entity_name": "mine", "employees_count": 3}
    )
    assert answer.status_code == 409
    problem = answer.json()
    assert problem["code"] == "draft_conflict"
    assert problem["current_revision"] == newest["revision"]
    assert problem["conflicts"] == [
        {"pointer": "/entity_name", "row": None, "base": "old", "mine": "mine", "theirs": "theirs"}
    ]
    now = await resumed(phone, draft)
    assert now["revision"] == newest["revision"]
    assert answers_of(now, "company") == {"entity_name": "theirs"}
    settled = await saved(
        phone, draft, "company", problem["current_revision"], {"entity_name": "mine"}
    )
    assert settled["revision"] == newest["revision"] + 1


async def test_a_save_repeated_after_a_lost_reply_is_the_same_revision(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone)
    once = await save(phone, draft, "company", 1, {"entity_name": "a"})
    again = await save(phone, draft, "company", 1, {"entity_name": "a"})
    assert again.json() == once.json()
    assert again.headers["ETag"] == once.headers["ETag"]


async def test_an_older_base_is_no_conflict_when_another_step_was_saved_meanwhile(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone)
    await saved(phone, draft, "premises", 1, {"premises_area_m2": 10})
    reply = await saved(phone, draft, "company", 1, {"entity_name": "a"})
    assert reply["merged"] is False


async def test_an_answer_that_decides_what_another_step_asks_changes_that_steps_state(
    signed_in,
):
    phone = await signed_in()
    draft = await a_draft(phone)
    revision = await filled(phone, draft)
    whole = len(draft["steps"])
    reply = await saved(phone, draft, "company", revision, {"registered_capital_wan": 87654321})
    assert reply["step"]["state"] == "complete"
    assert reply["progress"] == {"complete": whole - 1, "total": whole}
    investors = next(
        step for step in (await resumed(phone, draft))["steps"] if step["key"] == "investors"
    )
    assert investors["state"] == "partial"
    assert investors["errors"]


async def test_errors_are_told_in_the_language_that_was_asked_for(signed_in):
    chinese, english = await signed_in(), await signed_in(language="en")
    draft = await a_draft(chinese)
    told = []
    for phone in (chinese, english):
        reply = await saved(phone, draft, "company", 1, {"entity_name": "x"})
        told.append({error["message"] for error in reply["step"]["errors"]})
    assert not told[0] & told[1]
    assert all(message.isascii() for message in told[1])


BAD_BODIES = [
    ({"answers": {}}, 422),
    ({"base_revision": "1", "answers": {}}, 422),
    ({"base_revision": -1, "answers": {}}, 422),
    ({"base_revision": 99, "answers": {}}, 422),
    ({"base_revision": 1}, 422),
    ({"base_revision": 1, "answers": []}, 422),
    ({"base_revision": 1, "answers": None}, 422),
    ({"base_revision": 1, "answers": {}, "secret": 1}, 422),
    ({"base_revision": 1, "answers": {"a": 10**30}}, 422),
    ({"base_revision": 1, "answers": {"a": "x" * 30_000}}, 422),
    ({"base_revision": 1, "answers": {"a": [{"_id": str(n)} for n in range(10_000)]}}, 422),
    ({"base_revision": 1, "answers": {"x" * 100: 1}}, 422),
    ({"base_revision": 1, "answers": {"a": ["y" * 1000] * 400}}, 413),
]


@pytest.mark.parametrize(("body", "status"), BAD_BODIES)
async def test_what_is_malformed_or_too_much_changes_nothing_and_is_not_repeated(
    signed_in, body, status
):
    phone = await signed_in()
    draft = await a_draft(phone)
    answer = await phone.put(f"/drafts/{draft['id']}/steps/company", json=body)
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert "secret" not in answer.json()["errors"].__repr__()
    assert (await resumed(phone, draft))["revision"] == draft["revision"]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b'{"base_revision":1,"answers":{"a":1e999}}',
        b'{"base_revision":1,"answers":{"a":"\\ud800"}}',
        b'{"base_revision":1,"answers":' + b'{"a":' * 5000 + b"1" + b"}" * 5001,
        b'{"base_revision":1,"answers":' + b'{"a":' * 9 + b"1" + b"}" * 10,
        b'{"base_revision":1,"answers":{"a":' + b"9" * 6000 + b"}}",
        b"\xff\xfe",
    ],
)
async def test_what_does_not_parse_is_a_problem_and_not_a_fault(signed_in, text: bytes):
    phone = await signed_in()
    draft = await a_draft(phone)
    answer = await phone.put(f"/drafts/{draft['id']}/steps/company", content=text)
    assert answer.status_code in {400, 422}
    assert json.loads(answer.text)["code"] in {"malformed_request", "invalid_request"}
    assert (await resumed(phone, draft))["revision"] == draft["revision"]


async def test_small_saves_cannot_add_up_to_what_one_may_not_be(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone)
    for part in range(5):
        answers = {f"a{part}_{n}": "z" * 20_000 for n in range(10)}
        await saved(phone, draft, "company", part + 1, answers)
    answer = await save(phone, draft, "premises", 6, {f"b{n}": "z" * 20_000 for n in range(10)})
    assert (answer.status_code, answer.json()["code"]) == (413, "draft_too_large")
    assert (await resumed(phone, draft))["revision"] == 6


async def test_a_step_that_the_plan_does_not_have_is_not_found(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone)
    assert (await save(phone, draft, "no_such_step", 1, {})).status_code == 404


async def test_a_foreign_draft_and_no_draft_look_the_same(signed_in):
    phone, stranger = await signed_in("zhangsan"), await signed_in("lisi")
    draft = await a_draft(phone)
    absent = {"id": "0" * 32}
    odd = {"id": "x' OR 1=1 --"}
    problems = []
    for one in (draft, absent, odd):
        for answer in (
            await save(stranger, one, "company", 1, {}),
            await stranger.get(f"/drafts/{one['id']}"),
            await stranger.delete(f"/drafts/{one['id']}"),
            await stranger.post(f"/drafts/{one['id']}/check"),
            await stranger.put(f"/drafts/{one['id']}/selection", json={"base_revision": 1}),
        ):
            problem = answer.json()
            problems.append((problem["status"], problem["code"], problem["detail"]))
    assert set(problems) == {(404, "not_found", None)}
    assert (await resumed(phone, draft))["revision"] == 1


async def test_whoever_saves_a_step_is_told_which_others_changed_unseen(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone)
    await saved(phone, draft, "company", 1, {"entity_name": "a"})
    other_phone = await saved(phone, draft, "premises", 2, {"premises_area_m2": 5})
    reply = await saved(phone, draft, "company", 2, {"entity_name": "b"})
    assert reply["stale"] == ["premises"]
    again = await saved(phone, draft, "company", other_phone["revision"] + 1, {"entity_name": "c"})
    assert "stale" not in again
