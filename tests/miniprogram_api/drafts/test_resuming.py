"""Coming back to a draft: on any device, as it was left, at little cost when nothing changed."""

from datetime import UTC, datetime, timedelta

from miniprogram_api.drafts.models import Draft, DraftSave
from tests.builders.consents import agreed
from tests.miniprogram_api.drafts.builders import (
    a_draft,
    answers_of,
    complete,
    filled,
    resumed,
    sample_steps,
    saved,
    uploaded,
)


async def test_a_new_draft_has_its_plan_and_nothing_else(signed_in):
    phone = await signed_in()
    answer = await phone.once(
        "POST",
        "/drafts",
        json={"operation": "open", "region": "370102", "theme": "restaurant", "mode": "joint"},
    )
    assert answer.status_code == 201
    draft = answer.json()
    assert answer.headers["ETag"].startswith(f'"{draft["id"]}-{draft["revision"]}')
    assert (draft["operation"], draft["region"], draft["theme"], draft["mode"], draft["state"]) == (
        "open", "370102", "restaurant", "joint", "open",
    )  # fmt: skip
    plan = await phone.post(
        "/catalogue/plan", json={"operation": "open", "region": "370102", "theme": "restaurant"}
    )
    assert draft["plan"] == plan.json()
    keys = [step["key"] for step in draft["plan"]["steps"]]
    assert [step["key"] for step in draft["steps"]] == keys
    for step in draft["steps"]:
        assert step["answers"] == {}
        assert step["errors"] == []
        assert step["saved_at"] is None
    uploads = {m["code"] for m in draft["plan"]["materials"] if m["obtain"] == "upload"}
    assert {m["code"]: m["files"] for m in draft["materials"]} == {code: [] for code in uploads}
    assert draft["signatures"] == []
    left = datetime.fromisoformat(draft["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=29) < left


async def test_what_was_saved_on_one_device_is_there_on_the_next(signed_in):
    phone, other = await signed_in(), await signed_in()
    draft = await a_draft(phone)
    steps = await sample_steps(phone, draft)
    await filled(phone, draft)
    await saved(phone, draft, "premises", 17, {"premises_area_m2": -1})
    now = await resumed(other, draft)
    assert {step["key"]: step["answers"] for step in now["steps"]} == {
        **steps,
        "premises": {**steps["premises"], "premises_area_m2": -1},
    }
    states = {step["key"]: step["state"] for step in now["steps"]}
    assert states.pop("premises") == "partial"
    assert set(states.values()) == {"complete"}
    (told,) = [step for step in now["steps"] if step["errors"]]
    assert told["key"] == "premises"
    assert all(step["saved_at"].endswith("+08:00") for step in now["steps"])


async def test_an_unchanged_draft_is_not_even_opened(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone)
    etag = (await phone.get(f"/drafts/{draft['id']}")).headers["ETag"]
    # Nobody could open this any more.
    await DraftSave.filter(draft_id=draft["id"]).update(answers_cipher=b"broken")
    answer = await phone.get(f"/drafts/{draft['id']}", headers={"If-None-Match": etag})
    assert (answer.status_code, answer.content) == (304, b"")
    assert (await phone.get(f"/drafts/{draft['id']}")).status_code == 500


async def test_every_change_changes_the_etag(signed_in, world):
    phone = await signed_in()
    english = await signed_in(language="en")
    draft = await a_draft(phone)
    path = f"/drafts/{draft['id']}"
    etags = [(await phone.get(path)).headers["ETag"], (await english.get(path)).headers["ETag"]]
    await saved(phone, draft, "company", 1, {"entity_name": "a"})
    etags.append((await phone.get(path)).headers["ETag"])
    await uploaded(phone, draft, "premises_use_proof")
    etags.append((await phone.get(path)).headers["ETag"])
    world.clock.advance(timedelta(minutes=11))
    etags.append((await phone.get(path)).headers["ETag"])
    assert len(set(etags)) == len(etags)


async def test_a_repeated_creation_is_one_draft(signed_in):
    phone = await signed_in()
    body = {"operation": "open", "region": "370102", "theme": "restaurant"}
    headers = {"Idempotency-Key": "a-double-tap"}
    first = await phone.post("/drafts", json=body, headers=headers)
    second = await phone.post("/drafts", json=body, headers=headers)
    assert second.json() == first.json()
    assert second.headers["ETag"] == first.headers["ETag"]
    assert second.headers["Idempotent-Replay"] == "true"
    assert await Draft.all().count() == 1


async def test_what_cannot_be_applied_for_makes_no_draft(signed_in):
    phone = await signed_in()
    for wrong in (
        {"region": "999999"},
        {"region": "370102", "theme": "no_such_theme"},
        {"region": "370102", "items": ["no_such_item"]},
        {"region": "370102", "answers": {}},
        {"region": 370102},
    ):
        body = {"operation": "open", "theme": "restaurant", **wrong}
        assert (await phone.once("POST", "/drafts", json=body)).status_code == 422
    assert await Draft.all().count() == 0


async def test_drafts_are_listed_newest_first_and_page_by_page(signed_in):
    phone, stranger = await signed_in("zhangsan"), await signed_in("lisi")
    drafts = [await a_draft(phone) for _ in range(5)]
    await a_draft(stranger)
    await saved(phone, drafts[0], "company", 1, {"entity_name": "a"})
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        query = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await phone.get("/drafts", params=query)).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert seen == [draft["id"] for draft in reversed(drafts)]
    oldest = (await phone.get("/drafts")).json()["items"][-1]
    assert oldest["revision"] == 2
    assert oldest["state"] == "open"
    assert oldest["progress"] == {"complete": 0, "total": len(drafts[0]["steps"])}
    assert oldest.keys() >= {"operation", "region", "theme", "mode", "saved_at", "expires_at"}


async def test_a_page_is_never_longer_than_fifty_and_a_cursor_is_an_id(signed_in):
    phone = await signed_in()
    for query in ({"limit": "51"}, {"limit": "0"}, {"cursor": "'"}, {"page": "1"}):
        assert (await phone.get("/drafts", params=query)).status_code == 422


async def test_checking_says_what_still_keeps_the_draft_from_being_submitted(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone)
    path = f"/drafts/{draft['id']}/check"
    before = (await phone.post(path)).json()
    assert before["ready"] is False
    assert {error["step"] for error in before["errors"]} >= {"company", "premises"}
    assert all({"step", "pointer", "code", "message"} == e.keys() for e in before["errors"])
    assert "premises_use_proof" in before["missing_materials"]
    await complete(phone, draft)
    after = (await phone.post(path)).json()
    assert {name: after[name] for name in after if name not in {"consents", "remarks"}} == {
        "ready": True, "errors": [], "missing_materials": [], "missing_signatures": [],
    }  # fmt: skip


async def test_checking_says_who_outside_would_get_nothing_without_a_consent(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone)
    path = f"/drafts/{draft['id']}/check"
    seal, bank = (await phone.post(path)).json()["consents"]
    assert (bank["purpose"], bank["items"]) == ("share_with_bank", ["bank_appointment"])
    assert (seal["purpose"], seal["granted"], seal["items"]) == (
        "share_with_seal_shop", False, ["seal"],
    )  # fmt: skip
    assert "刻章单位" in seal["text"]
    assert "不会提供" in seal["text"]
    await agreed(phone, "share_with_seal_shop")
    seal, bank = (await phone.post(path)).json()["consents"]
    assert not bank["granted"]
    assert seal["granted"]
    assert "不会提供" not in seal["text"]
    english = await phone.post(path, headers={"Accept-Language": "en"})
    for one in english.json()["consents"]:
        assert one["text"].isascii(), one["text"]


async def test_what_lies_in_the_database_cannot_be_read_there(signed_in, database):
    phone = await signed_in()
    draft = await a_draft(phone)
    await saved(phone, draft, "company", 1, {"entity_name": "济南甲乙丙餐饮有限公司"})
    row = await DraftSave.get(draft_id=draft["id"], revision=2)
    assert "甲乙丙".encode() not in bytes(row.answers_cipher)
    assert "甲乙丙" not in row.summary
    assert answers_of(await resumed(phone, draft), "company")["entity_name"].startswith("济南甲")
    assert row.device == phone.headers["X-Device-Id"]
    assert (row.kind, row.step) == ("step", "company")
