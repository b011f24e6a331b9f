"""Documents made of the answers: listed, drawn, kept, replaced, filed and erased."""

import asyncio
import hashlib
from datetime import timedelta
from typing import Any

import httpx
import pypdfium2  # type: ignore[import-untyped]
import pytest

from adapters.outbox.models import OutboxEntry
from kit.database.unit import unit_of_work
from kit.problems import NotFound, TemporarilyUnavailable
from kit.workshop import Allowance, Workshop
from miniprogram_api.applications.frozen import filing_of, opened
from miniprogram_api.applications.models import Application, ApplicationDocument
from miniprogram_api.catalogue.service import CatalogueService
from miniprogram_api.drafts.service import DraftDesk, DraftDocuments
from miniprogram_api.materials.belongings import MaterialBelongings
from miniprogram_api.materials.models import File, GeneratedDocument
from miniprogram_api.materials.service import GeneratedDocuments
from tests.app import Phone
from tests.builders.applications import a_ready_draft, submission
from tests.miniprogram_api.drafts.builders import a_draft, answers_of, filled, resumed, saved

FORM, ARTICLES, PERMIT = "company_application_form", "articles", "food_application_form"
LICENCE = {"theme": "restaurant", "items": ["business_licence"], "mode": "single"}


async def listed(phone: Phone, draft: dict[str, Any]) -> dict[str, dict[str, Any]]:
    answer = await phone.get(f"/drafts/{draft['id']}/documents")
    assert answer.status_code == 200, answer.text
    return {item["code"]: item for item in answer.json()["items"]}


async def made(phone: Phone, draft: dict[str, Any], code: str) -> dict[str, Any]:
    answer = await phone.once("POST", f"/drafts/{draft['id']}/documents/{code}")
    assert answer.status_code == 201, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def fetched(phone: Phone, url: str) -> httpx.Response:
    async with httpx.AsyncClient() as anybody:
        return await anybody.get(phone.base + url)


@pytest.fixture
async def filled_draft(signed_in) -> tuple[Phone, dict[str, Any]]:
    phone = await signed_in()
    draft = await a_draft(phone, **LICENCE)
    await filled(phone, draft)
    return phone, draft


def documents_of(world) -> GeneratedDocuments:
    documents: GeneratedDocuments = world.services.provided[GeneratedDocuments]
    return documents


def a_replica(world, workshop: Workshop | None = None) -> GeneratedDocuments:
    services, ours = world.services, documents_of(world)
    desk = DraftDesk(services.provided[CatalogueService], services.ring, services.clock)
    return GeneratedDocuments(
        DraftDocuments(desk),
        ours._storage,
        workshop or ours._workshop,
        services.outbox,
        services.ring,
        services.clock,
    )


async def stored(world) -> set[str]:
    in_an_hour = world.clock.now() + timedelta(hours=1)
    return {key async for key in documents_of(world)._storage.written_before(in_an_hour)}


async def specs_of(world, phone: Phone, draft: dict[str, Any]) -> list[Any]:
    drafts: DraftDocuments = documents_of(world)._drafts
    drafted = await drafts.of(phone.session["person"]["id"], draft["id"])
    return [spec for spec in drafted.specs if spec.code == ARTICLES]


async def test_what_would_be_signed_is_listed_before_it_is_drawn(filled_draft):
    phone, draft = filled_draft
    items = await listed(phone, draft)
    assert [code for code, item in items.items() if item["needs_signature"]] == [
        FORM, ARTICLES, "shareholder_resolution", "appointment_documents", "no_supervisor_consent",
    ]  # fmt: skip
    assert {item["sha256"] for item in items.values()} == {None}
    assert items[ARTICLES]["title"] == "公司章程"


async def test_a_drawn_document_is_a_pdf_of_the_answers(filled_draft):
    phone, draft = filled_draft
    document = await made(phone, draft, ARTICLES)
    answer = await fetched(phone, document["url"])
    assert answer.status_code == 200
    assert hashlib.sha256(answer.content).hexdigest() == document["sha256"]
    pages = pypdfium2.PdfDocument(answer.content)
    assert len(pages) == document["pages"]
    text = pages[0].get_textpage().get_text_range()
    assert "济南示例饭店有限公司" in text
    assert f"编号 {draft['id'][:8]}-{document['source_hash'][:12]}" in text
    assert (await listed(phone, draft))[ARTICLES] == document


async def test_it_is_drawn_once_for_the_same_answers(filled_draft):
    phone, draft = filled_draft
    first = await made(phone, draft, ARTICLES)
    assert await made(phone, draft, ARTICLES) == first
    assert await GeneratedDocument.all().count() == 1


async def test_two_who_want_it_at_once_get_the_same(world, filled_draft):
    """As on two replicas: neither waits for the other's turn."""
    phone, draft = filled_draft
    owner, specs = phone.session["person"]["id"], await specs_of(world, phone, draft)
    before = await stored(world)
    found = await asyncio.gather(
        *(a_replica(world).ensure(owner, draft["id"], specs) for _ in range(2))
    )
    assert found[0] == found[1]
    assert await File.all().count() == await GeneratedDocument.all().count() == 1
    assert await stored(world) - before == {found[0][ARTICLES].file_id}


async def test_what_cannot_be_drawn_leaves_nothing_behind(world, filled_draft):
    phone, draft = filled_draft
    owner, specs = phone.session["person"]["id"], await specs_of(world, phone, draft)
    workshop = Workshop(Allowance(seconds_max=0.01))
    with pytest.raises(TemporarilyUnavailable):
        await a_replica(world, workshop).ensure(owner, draft["id"], specs)
    await workshop.close()
    assert await File.all().count() == await GeneratedDocument.all().count() == 0


async def test_a_draft_that_was_erased_meanwhile_keeps_no_document(world, filled_draft):
    phone, draft = filled_draft
    owner, specs = phone.session["person"]["id"], await specs_of(world, phone, draft)
    assert (await phone.delete(f"/drafts/{draft['id']}")).status_code == 204
    with pytest.raises(NotFound):
        await documents_of(world).ensure(owner, draft["id"], specs)
    assert await File.all().count() == await GeneratedDocument.all().count() == 0


async def test_only_a_change_that_it_uses_makes_it_anew(world, filled_draft):
    phone, draft = filled_draft
    first = await made(phone, draft, ARTICLES)
    revision = (await resumed(phone, draft))["revision"]
    saved_ = await saved(phone, draft, "contacts", revision, {"contact_name": "王五"})
    assert (await listed(phone, draft))[ARTICLES] == first
    await saved(phone, draft, "company", saved_["revision"], {"registered_capital_wan": 600})
    now = (await listed(phone, draft))[ARTICLES]
    assert now["sha256"] is None
    assert now["source_hash"] != first["source_hash"]
    second = await made(phone, draft, ARTICLES)
    assert second["sha256"] != first["sha256"]
    await world.driver.settle()
    assert (await fetched(phone, first["url"])).status_code == 404
    assert await File.all().count() == 1


async def test_one_that_somebody_was_asked_to_sign_stays(world, filled_draft):
    phone, draft = filled_draft
    first = await made(phone, draft, ARTICLES)
    specs = await specs_of(world, phone, draft)
    async with unit_of_work():
        await documents_of(world).hold(draft["id"], specs)
    revision = (await resumed(phone, draft))["revision"]
    await saved(phone, draft, "company", revision, {"registered_capital_wan": 600})
    await made(phone, draft, ARTICLES)
    await world.driver.settle()
    assert (await fetched(phone, first["url"])).status_code == 200


async def test_one_that_was_replaced_meanwhile_is_given_to_nobody_to_sign(world, filled_draft):
    phone, draft = filled_draft
    specs = await specs_of(world, phone, draft)
    with pytest.raises(TemporarilyUnavailable):
        async with unit_of_work():
            await documents_of(world).hold(draft["id"], specs)


async def test_a_name_that_the_font_lacks_is_told(filled_draft):
    phone, draft = filled_draft
    now = await resumed(phone, draft)
    rows = answers_of(now, "investors")["shareholders"]
    rows[0]["name"] = "张\U0002a6a5"
    await saved(phone, draft, "investors", now["revision"], {"shareholders": rows})
    assert (await listed(phone, draft))[ARTICLES]["missing_characters"] == ["\U0002a6a5"]


async def test_a_permit_s_form_is_drawn_to_be_read(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone)
    await filled(phone, draft)
    document = await made(phone, draft, PERMIT)
    assert not document["needs_signature"]
    text = pypdfium2.PdfDocument((await fetched(phone, document["url"])).content)
    assert "热食" in text[0].get_textpage().get_text_range()


@pytest.mark.parametrize("code", ["premises_use_proof", "no_such_thing", "authorization_letter"])
async def test_what_is_not_made_of_these_answers_is_not_there(filled_draft, code):
    phone, draft = filled_draft
    answer = await phone.once("POST", f"/drafts/{draft['id']}/documents/{code}")
    assert answer.status_code == 404


async def test_nobody_else_is_shown_them(filled_draft, signed_in):
    _, draft = filled_draft
    stranger = await signed_in("lisi")
    path = f"/drafts/{draft['id']}/documents"
    assert (await stranger.get(path)).status_code == 404
    assert (await stranger.once("POST", f"{path}/{ARTICLES}")).status_code == 404


async def test_they_go_with_the_draft(world, filled_draft):
    phone, draft = filled_draft
    url = (await made(phone, draft, ARTICLES))["url"]
    assert (await phone.delete(f"/drafts/{draft['id']}")).status_code == 204
    await world.driver.settle()
    assert await GeneratedDocument.all().count() == await File.all().count() == 0
    assert (await fetched(phone, url)).status_code == 404


async def test_they_go_with_the_account(world, filled_draft):
    phone, draft = filled_draft
    await made(phone, draft, ARTICLES)
    belongings = MaterialBelongings(_Nothing(), world.services.outbox, world.services.ring)
    async with unit_of_work():
        await belongings.erase(phone.session["person"]["id"])
    assert await GeneratedDocument.all().count() == 0
    assert await OutboxEntry.filter(topic="file.erase").exists()


async def test_bytes_without_a_row_are_swept_and_those_of_a_document_are_not(world, filled_draft):
    phone, draft = filled_draft
    document = await made(phone, draft, ARTICLES)
    world.clock.advance(timedelta(days=2))
    await world.services.housekeeping["orphaned files"]()
    phone = await _again(phone)
    renewed = (await listed(phone, draft))[ARTICLES]
    assert renewed["sha256"] == document["sha256"]
    assert (await fetched(phone, renewed["url"])).status_code == 200


async def test_the_drawn_documents_are_filed_with_the_application(world, verified):
    phone = await verified()
    draft = await a_ready_draft(phone, **LICENCE)
    for code, item in (await listed(phone, draft)).items():
        if item["needs_signature"]:
            await made(phone, draft, code)
    document = (await listed(phone, draft))[ARTICLES]
    draft = await resumed(phone, draft)
    answer = await phone.once("POST", "/applications", json=submission(draft))
    assert answer.status_code == 202, answer.text
    row = await Application.get(id=answer.json()["id"])
    materials = {m.code: m for m in opened(world.services.ring, row).materials}
    (file,) = materials[ARTICLES].files
    assert (file.sha256, file.media_type) == (document["sha256"], "application/pdf")
    assert materials[ARTICLES].serves == ["business_licence"]
    assert await ApplicationDocument.filter(file_id=file.id).exists()
    assert PERMIT not in materials
    filed = {m.code for m in filing_of(row, opened(world.services.ring, row)).materials}
    assert {FORM, ARTICLES} <= filed
    path = f"/drafts/{draft['id']}/documents/{ARTICLES}"
    assert (await phone.once("POST", path)).json()["code"] == "draft_submitted"


@pytest.mark.parametrize("damage", ["no_document", "no_file", "another_file"])
async def test_nothing_is_submitted_without_what_was_signed(world, verified, damage):
    phone = await verified()
    draft = await a_ready_draft(phone, **LICENCE)
    documents = GeneratedDocument.filter(draft_id=draft["id"], material=ARTICLES)
    file = File.filter(id=(await documents.get()).file_id)
    if damage == "another_file":
        await file.update(sha256="0" * 64)
    else:
        await (documents if damage == "no_document" else file).delete()
    refused = await phone.once("POST", "/applications", json=submission(draft))
    assert (refused.status_code, refused.json()["code"]) == (503, "temporarily_unavailable")
    assert await Application.all().count() == 0
    assert (await resumed(phone, draft))["revision"] == draft["revision"]


class _Nothing:
    async def among(self, file_ids: Any) -> frozenset[str]:
        return frozenset()


async def _again(phone: Phone) -> Phone:
    await phone.renew()
    return phone
