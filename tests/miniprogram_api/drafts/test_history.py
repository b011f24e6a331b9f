"""What was done to a draft, and going back to it."""

from typing import Any, get_args

import pytest

from kit.text import Text
from miniprogram_api.drafts import history
from miniprogram_api.drafts.models import DraftSave
from miniprogram_api.drafts.state import Kind
from tests.app import Phone
from tests.builders.statements import statements_on
from tests.miniprogram_api.drafts.builders import (
    a_draft,
    answers_of,
    resumed,
    save,
    saved,
    uploaded,
)
from tests.miniprogram_api.invitations.builders import helping


async def entries(phone: Phone, draft: dict[str, Any], query: str = "") -> list[dict[str, Any]]:
    answer = await phone.get(f"/drafts/{draft['id']}/history{query}")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def restore(phone: Phone, draft: dict[str, Any], base: int, revision: int) -> Any:
    body = {"base_revision": base, "revision": revision}
    return await phone.post(f"/drafts/{draft['id']}/restore", json=body)


def test_every_kind_of_change_has_a_title():
    titled = set(history._TITLES)
    assert titled == set(get_args(Kind)) - {"erased"}
    assert all(isinstance(title, Text) for title in history._TITLES.values())


class TestHistory:
    async def test_it_says_what_was_done_when_and_on_which_device_and_no_answer(self, signed_in):
        phone = await signed_in()
        draft = await a_draft(phone)
        await saved(phone, draft, "company", 1, {"entity_name": "不可见的字号"})
        await uploaded(phone, draft, "premises_use_proof")
        answer = await phone.get(f"/drafts/{draft['id']}/history")
        assert "不可见的字号" not in answer.text
        items = answer.json()["items"]
        done = [(it["revision"], it["kind"], it["step"]) for it in items]
        assert [each for each in done if each[1] not in {"scanned", "refused"}] == [
            (3, "material", "premises_use_proof"), (2, "step", "company"), (1, "created", None),
        ]  # fmt: skip
        save_ = next(it for it in items if it["kind"] == "step")
        assert save_["by"] == {"kind": "you", "name": None, "label": None}
        assert save_["device"] == phone.headers["X-Device-Id"]
        assert save_["title"]
        assert [it["restorable"] for it in items] == [False, *[True] * (len(items) - 1)]
        english = await phone.get(
            f"/drafts/{draft['id']}/history", headers={"Accept-Language": "en"}
        )
        assert next(it["title"] for it in english.json()["items"] if it["kind"] == "step").isascii()

    async def test_it_comes_page_by_page_with_two_statements_however_long_it_is(
        self, signed_in, stack
    ):
        phone = await signed_in()
        draft = await a_draft(phone)
        path = f"/drafts/{draft['id']}/history?limit=50"
        await phone.get(path)
        with statements_on("draft") as of_one:
            assert (await phone.get(path)).status_code == 200
        for n in range(1, 60):
            await saved(phone, draft, "company", n, {"employees_count": n})
        with statements_on("draft") as of_sixty:
            page = (await phone.get(path)).json()
        assert len(of_one) == len(of_sixty) == (2 if stack == "embedded" else 0), of_sixty
        rest = await entries(phone, draft, f"?limit=50&cursor={page['next_cursor']}")
        revisions = [it["revision"] for it in [*page["items"], *rest]]
        assert revisions == list(range(60, 0, -1))
        assert (await phone.get(f"{path}&cursor=1")).json() == {"items": [], "next_cursor": None}

    async def test_it_is_nobody_elses(self, signed_in):
        phone, other = await signed_in(), await signed_in("lisi")
        draft = await a_draft(phone)
        for path in (f"/drafts/{draft['id']}", f"/drafts/{'0' * 32}", "/drafts/x"):
            assert (await other.get(f"{path}/history")).status_code == 404
            body = {"base_revision": 1, "revision": 1}
            assert (await other.post(f"{path}/restore", json=body)).status_code == 404

    async def test_what_a_helper_changed_is_told_with_the_name_that_the_owner_knows(self, verified):
        phone, helper = await verified(), await verified("lisi")
        draft = await a_draft(phone)
        await helping(phone, helper, draft, label="会计")
        await saved(helper, draft, "company", 1, {"employees_count": 3})
        await saved(phone, draft, "company", 2, {"licence_copies": 1})
        by = {item["revision"]: item["by"] for item in await entries(phone, draft)}
        assert [by[revision]["kind"] for revision in (3, 2, 1)] == ["you", "helper", "you"]
        assert by[2]["label"] == "会计"
        assert "*" in by[2]["name"]
        refused = await helper.get(f"/drafts/{draft['id']}/history")
        assert refused.status_code == 404

    async def test_of_a_submitted_draft_it_is_still_told_and_nothing_is_restorable(self, signed_in):
        phone = await signed_in()
        draft = await a_draft(phone)
        for n in (1, 2):
            await saved(phone, draft, "company", n, {"employees_count": n})
        newest = 3
        await DraftSave.filter(draft_id=draft["id"], revision=newest).update(kind="submitted")
        items = await entries(phone, draft)
        assert items[0]["kind"] == "submitted"
        assert not any(it["restorable"] for it in items)
        refused = await restore(phone, draft, newest, 2)
        assert (refused.status_code, refused.json()["code"]) == (409, "draft_submitted")


class TestRestoring:
    async def test_all_answers_are_as_they_were_and_what_was_there_can_be_had_again(
        self, signed_in
    ):
        phone = await signed_in()
        draft = await a_draft(phone)
        rows = [{"_id": "a", "name": "甲"}, {"_id": "b", "name": "乙"}]
        await saved(phone, draft, "company", 1, {"entity_name": "old", "shops": rows})
        await saved(phone, draft, "premises", 2, {"premises_area_m2": 5})
        await saved(phone, draft, "company", 3, {"entity_name": "new", "shops": rows[:1]})
        await saved(phone, draft, "company", 4, {"employees_count": 9})
        restored = await restore(phone, draft, 5, 2)
        assert restored.status_code == 200, restored.text
        now = restored.json()
        assert now["revision"] == 6
        assert (
            restored.headers["etag"] == (await phone.get(f"/drafts/{draft['id']}")).headers["etag"]
        )
        assert answers_of(now, "company") == {"entity_name": "old", "shops": rows}
        assert answers_of(now, "premises") == {}
        assert (await entries(phone, draft))[0]["kind"] == "restored"
        back = (await restore(phone, draft, 6, 5)).json()
        assert answers_of(back, "company") == {
            "entity_name": "new", "shops": rows[:1], "employees_count": 9,
        }  # fmt: skip
        assert answers_of(back, "premises") == {"premises_area_m2": 5}

    async def test_what_others_said_meanwhile_stays_and_contradictions_are_named(self, signed_in):
        phone = await signed_in()
        draft = await a_draft(phone)
        await saved(phone, draft, "company", 1, {"entity_name": "a", "employees_count": 1})
        await saved(phone, draft, "company", 2, {"entity_name": "b", "employees_count": 1})
        await saved(phone, draft, "company", 3, {"licence_copies": 4})
        merged = await restore(phone, draft, 3, 2)
        assert answers_of(merged.json(), "company") == {
            "entity_name": "a", "employees_count": 1, "licence_copies": 4,
        }  # fmt: skip
        await saved(phone, draft, "company", 5, {"entity_name": "c"})
        refused = await restore(phone, draft, 3, 2)
        assert refused.status_code == 409
        (conflict,) = refused.json()["conflicts"]
        assert conflict == {
            "pointer": "/company/entity_name", "row": None, "base": "b", "mine": "a",
            "theirs": "c",
        }  # fmt: skip
        assert answers_of(await resumed(phone, draft), "company")["entity_name"] == "c"

    async def test_a_repeat_writes_nothing_and_tells_the_same_revision(self, signed_in):
        phone = await signed_in()
        draft = await a_draft(phone)
        await saved(phone, draft, "company", 1, {"entity_name": "a"})
        await saved(phone, draft, "company", 2, {"entity_name": "b"})
        revisions = {(await restore(phone, draft, 3, 2)).json()["revision"] for _ in range(3)}
        assert revisions == {4}

    async def test_files_and_selection_stay(self, signed_in):
        phone = await signed_in()
        draft = await a_draft(phone)
        await saved(phone, draft, "company", 1, {"entity_name": "a"})
        await uploaded(phone, draft, "premises_use_proof")
        revision = (await resumed(phone, draft))["revision"]
        changed = await phone.put(
            f"/drafts/{draft['id']}/selection",
            json={"base_revision": revision, "theme": "convenience_store"},
        )
        assert changed.status_code == 200, changed.text
        now = (await restore(phone, draft, changed.json()["revision"], 1)).json()
        assert now["theme"] == "convenience_store"
        assert answers_of(now, "company") == {}
        proofs = [m for m in now["materials"] if m["code"] == "premises_use_proof"]
        assert all(len(proof["files"]) == 1 for proof in proofs)

    @pytest.mark.parametrize("revision", [99, 3])
    async def test_what_never_was_or_was_thinned_out_is_gone(self, signed_in, revision: int):
        phone = await signed_in()
        draft = await a_draft(phone)
        for n in range(1, 5):
            await saved(phone, draft, "company", n, {"employees_count": n})
        await DraftSave.filter(draft_id=draft["id"], revision=3).delete()
        refused = await restore(phone, draft, 5, revision)
        assert (refused.status_code, refused.json()["code"]) == (404, "revision_gone")


class TestAThinnedBase:
    """Whoever last saw a revision that is not kept: nothing is guessed from an older one."""

    async def test_what_he_says_otherwise_is_a_conflict_and_never_dropped(self, signed_in):
        """The nearest older row happens to say what he says now; the newest says what he saw."""
        phone = await signed_in()
        draft = await a_draft(phone)
        await saved(phone, draft, "company", 1, {"employees_count": 1})
        await saved(phone, draft, "company", 2, {"employees_count": 2})
        await saved(phone, draft, "company", 3, {"licence_copies": 3})
        await DraftSave.filter(draft_id=draft["id"], revision=3).delete()
        refused = await save(phone, draft, "company", 3, {"employees_count": 1})
        assert refused.status_code == 409
        (conflict,) = refused.json()["conflicts"]
        assert (conflict["mine"], conflict["theirs"]) == (1, 2)
        chosen = await save(
            phone, draft, "company", refused.json()["current_revision"], {"employees_count": 1}
        )
        assert chosen.status_code == 200
        now = answers_of(await resumed(phone, draft), "company")
        assert now == {"employees_count": 1, "licence_copies": 3}

    async def test_who_says_nothing_new_is_shown_what_he_has_not_seen(self, signed_in):
        """The answer's revision becomes his base, and of what he never saw he would undo it."""
        phone = await signed_in()
        draft = await a_draft(phone)
        await saved(phone, draft, "company", 1, {"employees_count": 1})
        await saved(phone, draft, "company", 2, {"employees_count": 2, "licence_copies": 3})
        await DraftSave.filter(draft_id=draft["id"], revision=2).delete()
        told = await saved(phone, draft, "company", 2, {"employees_count": 2})
        assert told["revision"] == 3
        assert told["merged"]
        assert told["answers"] == {"employees_count": 2, "licence_copies": 3}

    async def test_what_he_says_alike_is_no_conflict(self, signed_in):
        phone = await signed_in()
        draft = await a_draft(phone)
        for n in range(1, 4):
            await saved(phone, draft, "company", n, {"employees_count": n})
        await DraftSave.filter(draft_id=draft["id"], revision=3).delete()
        answer = await save(phone, draft, "company", 3, {"employees_count": 3})
        assert (answer.status_code, answer.json()["revision"]) == (200, 4)
