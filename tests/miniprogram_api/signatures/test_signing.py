"""Signing over HTTP: who is asked, who may sign what, and what counts."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from bff.mock.personas import PERSONAS
from bff.mock.world import World
from kit.ids import new_id
from miniprogram_api.applications.frozen import opened
from miniprogram_api.applications.models import Application
from miniprogram_api.signatures.models import Signature
from miniprogram_api.signatures.service import SignatureAsking
from tests.app import Phone
from tests.builders.applications import scanned, submission
from tests.miniprogram_api.signatures.signing import (
    a_draft_of_two,
    answer_page,
    asked,
    begin,
    change,
    own_task,
    seen,
    sign,
    stand,
    step_with,
    titles,
)

OpenPhone = Callable[..., Awaitable[Phone]]
ZHANG, LI = "*三", "*四"


@pytest.fixture
async def phones(verified: OpenPhone) -> tuple[Phone, Phone]:
    """The owner's and the partner's."""
    return await verified("zhangsan"), await verified("lisi")


async def test_everybody_who_must_sign_is_asked_once_over_all_roles(
    phones: tuple[Phone, Phone],
) -> None:
    owner, partner = phones
    draft = await a_draft_of_two(owner)
    check = (await owner.post(f"/drafts/{draft['id']}/check")).json()
    assert {one["state"] for one in check["missing_signatures"]} == {"unasked"}
    items = await asked(owner, draft)
    assert {one["signer"] for one in items} == {ZHANG, LI}
    assert {one["state"] for one in items} == {"pending"}
    roles = {one["signer"]: {role["code"] for role in one["roles"]} for one in items}
    assert {"shareholders", "legal_person"} <= roles[ZHANG]
    assert roles[LI] == {"shareholders"}
    again = await asked(owner, draft)
    assert [one["signature_id"] for one in again] == [one["signature_id"] for one in items]
    assert len((await partner.get("/signatures")).json()["items"]) == 1
    shown = (await owner.get(f"/drafts/{draft['id']}")).json()["signatures"]
    assert {one["signer"] for one in shown} == {ZHANG, LI}


async def test_a_signer_sees_what_is_asked_and_nothing_else_of_the_draft(
    phones: tuple[Phone, Phone],
) -> None:
    owner, partner = phones
    draft = await a_draft_of_two(owner)
    await asked(owner, draft)
    task = await own_task(partner)
    assert task["asked_by"] == ZHANG
    assert task["company"]
    assert task["for_company"] is None
    for document in task["documents"]:
        content = (await partner.get(partner.base + document["url"])).content
        assert hashlib.sha256(content).hexdigest() == document["sha256"]
        assert content.startswith(b"%PDF")
        assert document["pages"] >= 1
    assert (await partner.get(f"/drafts/{draft['id']}")).status_code == 404


async def test_both_sign_and_the_application_carries_it(
    phones: tuple[Phone, Phone], world: World
) -> None:
    owner, partner = phones
    draft = await a_draft_of_two(owner)
    await asked(owner, draft)
    assert (await sign(partner))["state"] == "signed"
    assert await stand(owner, draft) == {ZHANG: "pending", LI: "signed"}
    refused = await owner.once("POST", "/applications", json=submission(draft))
    assert refused.status_code == 422
    assert [one["signer"] for one in refused.json()["missing_signatures"]] == [ZHANG]
    assert (await sign(owner))["state"] == "signed"
    for code, url in draft["samples"]["files"].items():
        content = (await owner.get(owner.base + url)).content
        path = f"/drafts/{draft['id']}/materials/{code}"
        files = {"file": (url.rsplit("/", 1)[-1], content)}
        assert (await owner.post(path, files=files)).status_code == 201
    await scanned(owner, draft)
    check = (await owner.post(f"/drafts/{draft['id']}/check")).json()
    assert (check["ready"], check["missing_signatures"]) == (True, [])
    resumed = (await owner.get(f"/drafts/{draft['id']}")).json()
    answer = await owner.once("POST", "/applications", json=submission(resumed))
    assert answer.status_code == 202, answer.text
    frozen = opened(world.services.ring, await Application.get(id=answer.json()["id"]))
    filed = {one.code: one.files[0].sha256 for one in frozen.materials}
    assert {one.name for one in frozen.signatures} == {"张三", "李四"}
    for signature in frozen.signatures:
        assert signature.documents.items() <= filed.items()
        assert signature.evidence.certificate
    await world.driver.settle()
    assert (await titles(owner)).count("全部签名完成") == 1


@pytest.mark.parametrize(
    "guest",
    [
        {"id_type": "03", "id_number": "E12345678"},
        # A minor, whom identity checks refuse.
        {"id_number": PERSONAS["sunqi"].id_number.reveal()},
    ],
)
async def test_who_cannot_be_checked_online_signs_on_paper_and_nobody_waits_for_it(
    phones: tuple[Phone, Phone], guest: dict[str, str]
) -> None:
    owner, partner = phones
    draft = await a_draft_of_two(owner)
    _, rows = step_with(draft, "shareholders")
    rows = [{**row, **guest} if row["name"] == "李四" else row for row in rows]
    await change(owner, draft, "shareholders", rows)
    await asked(owner, draft)
    assert await stand(owner, draft) == {ZHANG: "pending", LI: "on_paper"}
    assert (await partner.get("/signatures")).json()["items"] == []
    await sign(owner)
    check = (await owner.post(f"/drafts/{draft['id']}/check")).json()
    assert check["missing_signatures"] == []
    assert check["errors"] == []


async def test_a_change_asks_exactly_those_again_whose_documents_it_changes(
    phones: tuple[Phone, Phone], world: World
) -> None:
    owner, partner = phones
    draft = await a_draft_of_two(owner)
    await asked(owner, draft)
    await sign(partner)
    await sign(owner)
    await change(owner, draft, "social_unit_type", "other")
    assert await stand(owner, draft) == {ZHANG: "signed", LI: "signed"}
    name = next(
        a for s in draft["samples"]["steps"].values() for c, a in s.items() if c == "entity_name"
    )
    await change(owner, draft, "entity_name", f"新{name}")
    assert await stand(owner, draft) == {ZHANG: "outdated", LI: "outdated"}
    first = (await partner.get("/signatures")).json()["items"]
    assert [one["state"] for one in first] == ["outdated"]
    await change(owner, draft, "entity_name", name)
    assert await stand(owner, draft) == {ZHANG: "signed", LI: "signed"}
    await change(owner, draft, "entity_name", f"新{name}")
    await world.driver.advance_to(world.clock.now() + timedelta(minutes=11))
    assert await stand(owner, draft) == {ZHANG: "pending", LI: "pending"}
    await partner.renew()
    assert (await titles(partner)).count("文件有改动，请重新签名") == 1


class Slow:
    """Draws documents while something else happens."""

    def __init__(self, documents: Any, meanwhile: Callable[[], Awaitable[None]]) -> None:
        self.hold = documents.hold
        self._documents = documents
        self._meanwhile = meanwhile

    async def ensure(self, *what: Any) -> Any:
        drawn = await self._documents.ensure(*what)
        await self._meanwhile()
        return drawn


@pytest.mark.one_stack
async def test_a_change_while_the_first_documents_are_drawn_asks_again(
    phones: tuple[Phone, Phone], world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, _ = phones
    draft = await a_draft_of_two(owner)

    async def meanwhile() -> None:
        await change(owner, draft, "entity_name", "济南后来示例饭店有限公司")

    asking = world.services.provided[SignatureAsking]
    with monkeypatch.context() as patched:
        patched.setattr(asking, "_documents", Slow(asking._documents, meanwhile))
        assert {one["state"] for one in await asked(owner, draft)} == {"outdated"}
    await world.driver.advance_to(world.clock.now() + timedelta(minutes=11))
    assert await stand(owner, draft) == {ZHANG: "pending", LI: "pending"}


async def test_only_what_was_seen_is_signed(phones: tuple[Phone, Phone]) -> None:
    owner, partner = phones
    draft = await a_draft_of_two(owner)
    await asked(owner, draft)
    task = await own_task(partner)
    path = f"/signatures/{task['id']}/sign"
    other, fewer, more = seen(task), seen(task), seen(task)
    other["documents"][0]["sha256"] = "0" * 64
    fewer["documents"].pop()
    more["documents"].append({"code": "another", "sha256": "0" * 64})
    for body in (other, fewer, more):
        answer = await partner.once("POST", path, json=body)
        if body["documents"]:
            assert (answer.status_code, answer.json()["code"]) == (409, "document_changed")
    name = next(
        a for s in draft["samples"]["steps"].values() for c, a in s.items() if c == "entity_name"
    )
    await change(owner, draft, "entity_name", f"新{name}")
    late = await begin(partner, task)
    assert (late.status_code, late.json()["code"]) == (409, "document_changed")


async def test_nobody_signs_for_another(
    phones: tuple[Phone, Phone], verified: OpenPhone, signed_in: OpenPhone
) -> None:
    owner, partner = phones
    draft = await a_draft_of_two(owner)
    await asked(owner, draft)
    task, stranger = await own_task(partner), await verified("wangwu")
    path = f"/signatures/{task['id']}"
    for phone in (owner, stranger):
        assert (await phone.get(path)).status_code == 404
        assert (await begin(phone, task)).status_code == 404
        refusal = {"reason": "other"}
        assert (await phone.once("POST", f"{path}/refuse", json=refusal)).status_code == 404
    assert (await stranger.get(f"/drafts/{draft['id']}/signatures")).status_code == 404
    unproven = await signed_in("zhoulao")
    for phone in (stranger, unproven):
        assert (await phone.get("/signatures")).json()["items"] == []
    assert (await unproven.get(path)).status_code == 404
    begun = await begin(partner, task)
    assert begun.status_code == 200
    as_other = {"persona": "zhangsan", "outcome": "sign"}
    assert (
        await partner.mock("POST", f"/signatures/{task['id']}", json=as_other)
    ).status_code == 404


async def test_signing_twice_is_signing_once(phones: tuple[Phone, Phone], world: World) -> None:
    owner, partner = phones
    draft = await a_draft_of_two(owner)
    await asked(owner, draft)
    task = await own_task(partner)
    key = {"Idempotency-Key": new_id()}
    path = f"/signatures/{task['id']}/sign"
    first = await partner.post(path, json=seen(task), headers=key)
    again = await partner.post(path, json=seen(task), headers=key)
    anew = await begin(partner, task)
    urls = {one.json()["client_action"]["url"] for one in (first, again, anew)}
    assert len(urls) == 1
    assert len(world.far_sides["e_signature"].all("flow")) == 1
    await answer_page(partner, task)
    assert (await partner.get(f"/signatures/{task['id']}")).json()["state"] == "signed"
    lines = (await partner.get("/me/access-log")).json()["items"]
    assert ("e_signature", "signing") in {(one["who"], one["why"]) for one in lines}
    done = await begin(partner, task)
    assert (done.status_code, done.json()["state"]) == (200, "signed")
    refusal = await partner.once(
        "POST", f"/signatures/{task['id']}/refuse", json={"reason": "other"}
    )
    assert refusal.json()["code"] == "signature_closed"


@pytest.mark.parametrize("where", ["here", "there"])
async def test_a_refusal_is_told_and_can_be_asked_for_again(
    phones: tuple[Phone, Phone], world: World, where: str
) -> None:
    owner, partner = phones
    draft = await a_draft_of_two(owner)
    await asked(owner, draft)
    task = await own_task(partner)
    path = f"/signatures/{task['id']}"
    if where == "here":
        answer = await partner.once("POST", f"{path}/refuse", json={"reason": "wrong_content"})
        assert answer.json()["state"] == "refused"
        await partner.once("POST", f"{path}/refuse", json={"reason": "wrong_content"})
    else:
        await begin(partner, task)
        await answer_page(partner, task, "refuse")
        assert (await partner.get(path)).json()["state"] == "refused"
    assert await stand(owner, draft) == {ZHANG: "pending", LI: "refused"}
    closed = await begin(partner, task)
    assert closed.json()["code"] == "signature_closed"
    await world.driver.settle()
    assert (await titles(owner)).count("有人拒绝签名") == 1
    await asked(owner, draft)
    assert await stand(owner, draft) == {ZHANG: "pending", LI: "pending"}
    await world.driver.settle()
    told = await titles(partner)
    assert told.count("有文件等您签名") == 2
    assert "文件有改动，请重新签名" not in told, "he has never signed"


async def test_a_draft_that_is_not_right_asks_nobody(phones: tuple[Phone, Phone]) -> None:
    owner, partner = phones
    draft = await a_draft_of_two(owner)
    await change(owner, draft, "registered_capital_wan", 499)
    answer = await owner.once("POST", f"/drafts/{draft['id']}/signatures")
    assert (answer.status_code, answer.json()["code"]) == (422, "draft_not_ready")
    assert (await partner.get("/signatures")).json()["items"] == []


async def test_the_name_in_the_documents_has_to_be_the_signers(
    phones: tuple[Phone, Phone],
) -> None:
    owner, partner = phones
    draft = await a_draft_of_two(owner)
    rows: list[dict[str, Any]] = next(
        a for s in draft["samples"]["steps"].values() for c, a in s.items() if c == "shareholders"
    )
    rows[1]["name"] = "李四四"
    await change(owner, draft, "shareholders", rows)
    await asked(owner, draft)
    answer = await begin(partner, await own_task(partner))
    assert (answer.status_code, answer.json()["code"]) == (409, "signer_differs")


async def test_a_signature_goes_with_its_draft(phones: tuple[Phone, Phone]) -> None:
    owner, partner = phones
    draft = await a_draft_of_two(owner)
    await asked(owner, draft)
    task = await own_task(partner)
    assert (await owner.delete(f"/drafts/{draft['id']}")).status_code == 204
    assert (await partner.get(f"/signatures/{task['id']}")).status_code == 404
    assert (await partner.get("/signatures")).json()["items"] == []
    assert await Signature.all().count() == 0
