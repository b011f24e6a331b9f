"""What a signer reads: for as long as he may sign it or has signed it, and as it was when asked."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from bff.mock.world import World
from miniprogram_api.signatures.models import Signature
from miniprogram_api.signatures.service import SignatureBook
from tests.app import Phone
from tests.miniprogram_api.signatures.signing import (
    a_draft_of_two,
    asked,
    begin,
    change,
    own_task,
    save,
    sign,
    step_with,
    titles,
)

Phones = tuple[Phone, Phone]
STRANGER = {"name": "王五", "id_number": "370102199003070011"}


@pytest.fixture
async def phones(verified: Callable[..., Awaitable[Phone]]) -> Phones:
    """The owner's and the partner's."""
    return await verified("zhangsan"), await verified("lisi")


async def somebody_else(owner: Phone, draft: dict[str, Any]) -> None:
    """The partner was typed by mistake."""
    _, rows = step_with(draft, "shareholders")
    rows = [{**row, **STRANGER} if row["name"] == "李四" else row for row in rows]
    await change(owner, draft, "shareholders", rows)


async def shown(phone: Phone, task: dict[str, Any]) -> dict[str, Any]:
    answer = await phone.get(f"/signatures/{task['id']}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def links(task: dict[str, Any]) -> list[str]:
    return [one["url"] for one in task["documents"] if one["url"] is not None]


async def test_who_is_no_signer_any_more_reads_the_documents_no_more(phones: Phones) -> None:
    owner, partner = phones
    draft = await a_draft_of_two(owner)
    await asked(owner, draft)
    task = await own_task(partner)
    assert links(task)
    await somebody_else(owner, draft)
    after = await shown(partner, task)
    assert (after["state"], links(after)) == ("outdated", [])
    kept = [{**one, "url": None} for one in task["documents"]]
    assert after["documents"] == kept, "what he was asked for stays as it was"


async def test_who_refused_reads_the_documents_no_more(phones: Phones) -> None:
    owner, partner = phones
    await asked(owner, await a_draft_of_two(owner))
    task = await own_task(partner)
    answer = await partner.once(
        "POST", f"/signatures/{task['id']}/refuse", json={"reason": "not_mine"}
    )
    assert answer.json()["state"] == "refused"
    assert links(await shown(partner, task)) == []


async def test_what_was_signed_stays_to_be_read(phones: Phones) -> None:
    owner, partner = phones
    draft = await a_draft_of_two(owner)
    await asked(owner, draft)
    task = await sign(partner)
    await somebody_else(owner, draft)
    after = await shown(partner, task)
    assert (after["state"], len(links(after))) == ("outdated", len(task["documents"]))


async def test_a_signer_is_told_the_company_for_which_he_was_asked(phones: Phones) -> None:
    owner, partner = phones
    draft = await a_draft_of_two(owner)
    await asked(owner, draft)
    task = await own_task(partner)
    await change(owner, draft, "entity_name", f"新{task['company']}")
    assert (await shown(partner, task))["company"] == task["company"]
    (item,) = (await partner.get("/signatures")).json()["items"]
    assert item["company"] == task["company"]


async def test_a_document_keeps_its_title_when_the_draft_makes_it_no_more(phones: Phones) -> None:
    owner, partner = phones
    draft = await a_draft_of_two(owner)
    await asked(owner, draft)
    task = await own_task(partner)
    other = {
        "base_revision": draft["revision"], "theme": "restaurant", "items": ["food_operation"],
    }  # fmt: skip
    answer = await owner.put(f"/drafts/{draft['id']}/selection", json=other)
    assert answer.status_code == 200, answer.text
    titled = {one["code"]: one["title"] for one in task["documents"]}
    after = await shown(partner, task)
    assert {one["code"]: one["title"] for one in after["documents"]} == titled
    english = await partner.get(f"/signatures/{task['id']}", headers={"Accept-Language": "en"})
    assert titled.keys().isdisjoint(one["title"] for one in english.json()["documents"])
    assert all(one["title"].isascii() for one in english.json()["documents"])


async def test_what_is_not_to_be_signed_any_more_cannot_be_refused(
    phones: Phones, world: World
) -> None:
    owner, partner = phones
    draft = await a_draft_of_two(owner)
    await asked(owner, draft)
    task = await own_task(partner)
    await somebody_else(owner, draft)
    path, body = f"/signatures/{task['id']}/refuse", {"reason": "not_mine"}
    refused = await partner.once("POST", path, json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "signature_closed")
    await world.driver.settle()
    assert "有人拒绝签名" not in await titles(owner)
    assert (await Signature.get(id=task["id"])).state == "pending"


async def test_one_number_under_two_names_is_an_error_and_nobody_is_asked(phones: Phones) -> None:
    owner, _ = phones
    draft = await a_draft_of_two(owner)
    key, rows = step_with(draft, "shareholders")
    rows = [{**row, "name": "张三三"} if row["name"] == "张三" else row for row in rows]
    await save(owner, draft, key, {"shareholders": rows})
    (error,) = (await owner.post(f"/drafts/{draft['id']}/check")).json()["errors"]
    assert error["code"] == "shareholder_named_otherwise"
    assert (error["step"], error["pointer"]) == (key, "/shareholders/0/name")
    assert "张三" not in error["message"]
    answer = await owner.once("POST", f"/drafts/{draft['id']}/signatures")
    assert (answer.status_code, answer.json()["code"]) == (422, "draft_not_ready")


async def test_every_name_that_the_documents_have_is_compared(phones: Phones, world: World) -> None:
    """The check lets no such draft pass; a catalogue without the rule would."""
    owner, partner = phones
    await asked(owner, await a_draft_of_two(owner))
    task = await own_task(partner)
    book: SignatureBook = world.services.provided[SignatureBook]
    row = await Signature.get(id=task["id"])
    signer = msgspec.structs.replace(book.signer_of(row), other_names=("李四四",))
    await Signature.filter(id=row.id).update(signer_cipher=book.seal_signer(row.id, signer))
    answer = await begin(partner, task)
    assert (answer.status_code, answer.json()["code"]) == (409, "signer_differs")
