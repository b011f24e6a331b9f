"""Whoever is no signer any more opens no link that he has, and hears no answer that he had."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from auth.models import CompanyRole
from bff.mock.world import World
from kit.ids import new_id
from miniprogram_api.signatures.models import Signature
from miniprogram_api.signatures.service import SignatureBook
from tests.app import Phone
from tests.miniprogram_api.signatures.signing import (
    a_draft_of_two,
    asked,
    change,
    own_task,
    seen,
    sign,
    step_with,
)

Phones = tuple[Phone, Phone, Phone]
STRANGER = {"name": "王五", "id_number": "370102199003070011"}
RESTAURANT = "91370102MA3QAAA01U"


@pytest.fixture
async def phones(
    verified: Callable[..., Awaitable[Phone]], phone: Callable[..., Awaitable[Phone]]
) -> Phones:
    """The owner's, the partner's, and anybody's, who got hold of a link."""
    return await verified("zhangsan"), await verified("lisi"), await phone()


async def partners(owner: Phone, draft: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    await change(owner, draft, "shareholders", rows)


def without_lisi(draft: dict[str, Any]) -> list[dict[str, Any]]:
    _, rows = step_with(draft, "shareholders")
    return [{**row, **STRANGER} if row["name"] == "李四" else row for row in rows]


def links(shown: list[dict[str, Any]]) -> list[str]:
    return [one["url"] for one in shown if one["url"] is not None]


async def opened(anybody: Phone, shown: list[dict[str, Any]]) -> set[int]:
    """What every link of them is answered with."""
    found = links(shown)
    assert found
    return {(await anybody.get(anybody.base + link)).status_code for link in found}


async def test_the_links_of_who_was_taken_out_are_dead_at_once_and_nobody_elses(
    phones: Phones,
) -> None:
    owner, partner, anybody = phones
    draft = await a_draft_of_two(owner)
    await asked(owner, draft)
    his, own = await own_task(partner), await own_task(owner)
    made = (await owner.get(f"/drafts/{draft['id']}/documents")).json()["items"]
    assert await opened(anybody, his["documents"]) == {200}
    await partners(owner, draft, without_lisi(draft))
    assert await opened(anybody, his["documents"]) == {404}
    assert await opened(anybody, own["documents"]) == {200}, "the files are the owner's"
    assert await opened(anybody, made) == {200}
    await partners(owner, draft, step_with(draft, "shareholders")[1])
    assert await opened(anybody, his["documents"]) == {200}, "he may sign it again"


@pytest.mark.one_stack
async def test_nobody_makes_a_signers_link_another_ones(phones: Phones) -> None:
    owner, partner, anybody = phones
    draft = await a_draft_of_two(owner)
    await asked(owner, draft)
    task = await own_task(partner)
    (link, *_), person = links(task["documents"]), owner.session["person"]["id"]
    bare, _, holder = link.partition("&holder=")
    assert holder == f"{partner.session['person']['id']}.{draft['id']}.{task['id']}"
    for made in (bare, f"{bare}&holder=", *(f"{bare}&holder={person}{end}" for end in ("", ".x"))):
        assert (await anybody.get(anybody.base + made)).status_code == 404
    whose = holder.replace(partner.session["person"]["id"], person)
    assert (await anybody.get(f"{anybody.base}{bare}&holder={whose}")).status_code == 404


@pytest.mark.one_stack
async def test_who_refused_opens_none_and_who_has_signed_all(phones: Phones) -> None:
    owner, partner, anybody = phones
    draft = await a_draft_of_two(owner)
    await asked(owner, draft)
    before = await own_task(partner)
    await partner.once("POST", f"/signatures/{before['id']}/refuse", json={"reason": "not_mine"})
    assert await opened(anybody, before["documents"]) == {404}
    await asked(owner, draft)
    signed = await sign(partner)
    await partners(owner, draft, without_lisi(draft))
    assert await opened(anybody, signed["documents"]) == {200}
    assert (await owner.delete(f"/drafts/{draft['id']}")).status_code == 204
    assert await opened(anybody, signed["documents"]) == {404}


@pytest.mark.one_stack
async def test_who_signs_for_a_company_opens_them_as_long_as_he_may_sign_for_it(
    phones: Phones, verified: Callable[..., Awaitable[Phone]], world: World
) -> None:
    owner, _, anybody = phones
    await asked(owner, await a_draft_of_two(owner))
    book: SignatureBook = world.services.provided[SignatureBook]
    row = await Signature.get(id=(await own_task(phones[1]))["id"])
    signer = msgspec.structs.replace(
        book.signer_of(row), name="济南示例餐饮有限公司", id_number=None, uscc=RESTAURANT
    )
    row.signer_index = book.company_index(RESTAURANT)
    row.signer_cipher = book.seal_signer(row.id, signer)
    await row.save()
    head = await verified("wangwu")
    await head.get("/me/companies")
    await head.put("/me/acting-for", json={"uscc": RESTAURANT})
    task = await own_task(head)
    assert await opened(anybody, task["documents"]) == {200}
    await CompanyRole.filter(uscc=RESTAURANT).delete()
    assert await opened(anybody, task["documents"]) == {404}


async def test_who_was_taken_out_hears_no_more_where_to_sign(phones: Phones) -> None:
    owner, partner, _ = phones
    draft = await a_draft_of_two(owner)
    await asked(owner, draft)
    task, key = await own_task(partner), {"Idempotency-Key": new_id()}
    path = f"/signatures/{task['id']}/sign"
    first = await partner.post(path, json=seen(task), headers=key)
    again = await partner.post(path, json=seen(task), headers=key)
    assert first.json()["client_action"] is not None
    assert (again.content, again.headers["idempotent-replay"]) == (first.content, "true")
    await partners(owner, draft, without_lisi(draft))
    late = await partner.post(path, json=seen(task), headers=key)
    assert (late.status_code, late.json()["code"]) == (409, "signature_closed")
    assert "client_action" not in late.text
    assert "idempotent-replay" not in late.headers


@pytest.mark.one_stack
async def test_a_refusal_is_heard_again_as_long_as_there_is_the_draft(phones: Phones) -> None:
    owner, partner, _ = phones
    draft = await a_draft_of_two(owner)
    await asked(owner, draft)
    key, body = {"Idempotency-Key": new_id()}, {"reason": "not_mine"}
    task = await own_task(partner)
    path = f"/signatures/{task['id']}/refuse"
    first = await partner.post(path, json=body, headers=key)
    await partners(owner, draft, without_lisi(draft))
    again = await partner.post(path, json=body, headers=key)
    assert (again.status_code, again.content) == (200, first.content)
    assert (await owner.delete(f"/drafts/{draft['id']}")).status_code == 204
    assert (await partner.post(path, json=body, headers=key)).status_code == 404
