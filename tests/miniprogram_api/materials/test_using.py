"""One file for several materials; identity documents are marked with what they are for."""

import io
from typing import Any

import httpx
import pytest
from PIL import Image

from adapters.storage.local import LocalStorage
from kit.ids import new_id
from miniprogram_api.materials.models import File
from tests.app import Phone
from tests.miniprogram_api.drafts.builders import a_draft, resumed, uploaded
from tests.miniprogram_api.materials.builders import a_jpeg, a_pdf

PROOF, PLAN, IDENTITY = "premises_use_proof", "device_site_plan", "device_staff_proof"
DEVICES = {"theme": "medical_device_shop", "items": ["medical_device_2_filing"]}


def a_scan() -> bytes:
    """A white page, on which a mark would be seen."""
    content = io.BytesIO()
    Image.new("RGB", (1200, 800), "white").save(content, "JPEG")
    return content.getvalue()


def darkest(content: bytes) -> int:
    lowest, _ = Image.open(io.BytesIO(content)).convert("L").getextrema()
    assert isinstance(lowest, int)
    return lowest


async def a_device_draft(phone: Phone) -> dict[str, Any]:
    return await a_draft(phone, **DEVICES)


async def sent(phone: Phone, draft: dict[str, Any], code: str, content: bytes) -> dict[str, Any]:
    answer = await uploaded(phone, draft, code, content)
    assert answer.status_code == 201, answer.text
    file: dict[str, Any] = answer.json()
    return file


async def use(phone: Phone, draft: dict[str, Any], code: str, file_id: str) -> httpx.Response:
    return await phone.post(
        f"/drafts/{draft['id']}/materials/{code}/use", json={"file_id": file_id}
    )


async def content_of(phone: Phone, file: dict[str, Any]) -> bytes:
    answer = await phone.get(f"/files/{file['id']}")
    assert answer.status_code == 200
    return answer.content


async def test_a_copy_of_an_identity_document_is_marked_and_nothing_else_is(signed_in):
    phone = await signed_in()
    draft = await a_device_draft(phone)
    plain = await sent(phone, draft, PROOF, a_scan())
    marked = await sent(phone, draft, IDENTITY, a_scan())
    assert darkest(await content_of(phone, plain)) > 240
    assert darkest(await content_of(phone, marked)) < 230
    pdf = await sent(phone, draft, IDENTITY, a_pdf())
    assert await content_of(phone, pdf) != a_pdf()


async def test_a_marked_copy_sent_again_is_the_same_file(signed_in):
    phone = await signed_in()
    draft = await a_device_draft(phone)
    first = await sent(phone, draft, IDENTITY, a_scan())
    assert (await sent(phone, draft, IDENTITY, a_scan()))["id"] == first["id"]


@pytest.mark.parametrize("content", [a_pdf(), a_jpeg()])
async def test_an_own_file_serves_another_material_and_another_draft(signed_in, content):
    phone = await signed_in()
    draft, other = await a_device_draft(phone), await a_draft(phone)
    file = await sent(phone, draft, PROOF, content)
    key = (await File.get(id=file["id"])).storage_key
    for where, code in ((draft, PLAN), (other, PROOF)):
        answer = await use(phone, where, code, file["id"])
        assert answer.status_code == 201, answer.text
        used = answer.json()
        assert used["id"] != file["id"]
        assert (used["name"], used["sha256"]) == (file["name"], file["sha256"])
        assert (await File.get(id=used["id"])).storage_key == key
        assert (await use(phone, where, code, file["id"])).json()["id"] == used["id"]
    materials = (await resumed(phone, draft))["materials"]
    there = {material["code"]: len(material["files"]) for material in materials}
    assert (there[PROOF], there[PLAN]) == (1, 1)


async def test_used_as_an_identity_document_a_file_is_marked_then(signed_in):
    phone = await signed_in()
    draft = await a_device_draft(phone)
    file = await sent(phone, draft, PROOF, a_scan())
    marked = (await use(phone, draft, IDENTITY, file["id"])).json()
    assert darkest(await content_of(phone, marked)) < 230
    assert darkest(await content_of(phone, file)) > 240
    # It is what sending the same picture there would have made.
    assert (await sent(phone, draft, IDENTITY, a_scan()))["id"] == marked["id"]


async def test_what_is_not_ones_own_or_not_there_cannot_be_used(signed_in):
    phone, stranger = await signed_in("zhangsan"), await signed_in("lisi")
    draft, own = await a_device_draft(phone), await a_device_draft(stranger)
    file = await sent(phone, draft, PROOF, a_pdf())
    foreign = await use(stranger, own, PROOF, file["id"])
    absent = await use(stranger, own, PROOF, new_id())
    assert foreign.status_code == absent.status_code == 404
    assert foreign.json()["code"] == absent.json()["code"]
    assert (await use(stranger, draft, PROOF, file["id"])).status_code == 404
    assert (await use(phone, draft, "no_such_material", file["id"])).status_code == 404
    assert (await use(phone, draft, PLAN, "x")).status_code == 422


async def test_a_file_whose_bytes_are_gone_cannot_be_marked_and_is_as_absent(signed_in, world):
    phone = await signed_in()
    draft = await a_device_draft(phone)
    plain = await sent(phone, draft, PROOF, a_scan())
    row = await File.get(id=plain["id"])
    services = world.services
    storage = LocalStorage(services.settings.storage_dir, services.ring, services.clock)
    await storage.delete(row.storage_key)
    answer = await use(phone, draft, IDENTITY, plain["id"])
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
