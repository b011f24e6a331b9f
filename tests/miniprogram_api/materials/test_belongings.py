"""Files of a person who turned out to be another, who wants a copy, or who has gone."""

import hashlib
import json
from collections.abc import Collection

import msgspec
import pytest

from adapters.outbox.models import OutboxEntry
from adapters.storage.local import LocalStorage
from kit.database.unit import unit_of_work
from miniprogram_api.materials.belongings import MaterialBelongings
from miniprogram_api.materials.models import NOBODY, File
from miniprogram_api.materials.service import MaterialService
from tests.app import Phone
from tests.miniprogram_api.drafts.builders import PDF, a_draft, uploaded


class Filed:
    """The departments may need these."""

    def __init__(self) -> None:
        self.ids: set[str] = set()

    async def among(self, file_ids: Collection[str]) -> frozenset[str]:
        return frozenset(file_ids) & self.ids


@pytest.fixture
def filed() -> Filed:
    return Filed()


@pytest.fixture
def belongings(world, filed) -> MaterialBelongings:
    return MaterialBelongings(filed, world.services.outbox, world.services.ring)


def id_of(phone: Phone) -> str:
    person_id: str = phone.session["person"]["id"]
    return person_id


async def two_files(phone: Phone) -> list[dict[str, str]]:
    draft = await a_draft(phone)
    return [
        (await uploaded(phone, draft, "premises_use_proof", PDF + ending, name)).json()
        for ending, name in ((b"", "租赁合同.pdf"), (b"\n", "房产证.pdf"))
    ]


async def erase(belongings: MaterialBelongings, phone: Phone) -> None:
    async with unit_of_work():
        await belongings.erase(id_of(phone))


class TestErasing:
    async def test_what_was_filed_stays_for_the_departments_and_nobody_else(
        self, world, signed_in, belongings, filed
    ):
        phone = await signed_in()
        kept, gone = await two_files(phone)
        filed.ids = {kept["id"]}
        await erase(belongings, phone)
        await world.driver.settle()
        assert await File.all().values_list("id", "owner") == [(kept["id"], NOBODY)]
        for file in (kept, gone):
            assert (await phone.get(f"/files/{file['id']}")).status_code == 404
            assert (await phone.get(f"{phone.base}{file['url']}")).status_code == 404
        materials = world.services.provided[MaterialService]
        reference, pieces = await materials.open_document(kept["id"])
        assert (reference.name, b"".join([piece async for piece in pieces])) == (
            "租赁合同.pdf",
            PDF,
        )

    async def test_doing_it_again_asks_for_no_second_erasure(self, signed_in, belongings):
        phone = await signed_in()
        await two_files(phone)
        await erase(belongings, phone)
        await erase(belongings, phone)
        asked = OutboxEntry.filter(topic="file.erase", body__contains="file_id")
        assert await asked.count() == 2

    async def test_unfinished_uploads_go_with_their_parts(self, world, signed_in, belongings):
        phone = await signed_in()
        draft = await a_draft(phone)
        wish = {
            "material": "premises_use_proof", "name": "a.pdf", "size": len(PDF),
            "sha256": hashlib.sha256(PDF).hexdigest(),
        }  # fmt: skip
        upload = (await phone.once("POST", f"/drafts/{draft['id']}/uploads", json=wish)).json()
        path = f"/uploads/{upload['id']}"
        assert (await phone.put(path, content=PDF)).json()["offset"] == len(PDF)
        await erase(belongings, phone)
        await world.driver.settle()
        assert (await phone.get(path)).status_code == 404
        assert await OutboxEntry.filter(topic="upload.erase", outcome="done").count() == 1

    async def test_somebody_elses_stay_whatever_they_are_called(self, signed_in, belongings):
        one, other = await signed_in("zhangsan"), await signed_in("lisi")
        await two_files(one)
        files = await two_files(other)
        await erase(belongings, one)
        for file in files:
            assert (await other.get(f"/files/{file['id']}")).status_code == 200


async def test_handed_over_they_are_the_others_also_the_second_time(signed_in, belongings):
    one, other = await signed_in("zhangsan"), await signed_in("lisi")
    files = await two_files(one)
    for _ in range(2):
        async with unit_of_work():
            await belongings.hand_over(id_of(one), id_of(other))
    for file in files:
        assert (await other.get(f"/files/{file['id']}")).status_code == 200
        assert (await one.get(f"/files/{file['id']}")).status_code == 404


async def test_the_copy_describes_them_and_opens_none(signed_in, belongings):
    phone = await signed_in()
    files = await two_files(phone)
    exported = json.loads(msgspec.json.encode(await belongings.export(id_of(phone), "zh")))
    about_now = {"url", "scan", "warnings"}
    assert exported == [{k: v for k, v in file.items() if k not in about_now} for file in files]


async def test_a_file_of_before_bytes_could_be_shared_goes_on_working(signed_in, world):
    """Its bytes lie under its own id, and its row says nothing of what is new."""
    phone = await signed_in()
    draft, other = await a_draft(phone), await a_draft(phone)
    file = (await uploaded(phone, draft, "premises_use_proof", PDF)).json()
    row = await File.get(id=file["id"])
    folder = world.services.settings.storage_dir
    services = world.services
    storage = LocalStorage(folder, services.ring, services.clock)

    async def content():
        yield PDF

    await storage.put(row.id, content(), len(PDF))
    await storage.delete(row.storage_key)
    await File.filter(id=row.id).update(storage_key="", sent_sha256="", treatment="")
    assert (await phone.get(f"/files/{row.id}")).content == PDF
    use = f"/drafts/{other['id']}/materials/premises_use_proof/use"
    used = (await phone.post(use, json={"file_id": row.id})).json()
    assert (await File.get(id=used["id"])).storage_key == row.id
    for draft_id, left in ((draft["id"], True), (other["id"], False)):
        assert (await phone.delete(f"/drafts/{draft_id}")).status_code == 204
        await world.driver.settle()
        assert await storage.exists(row.id) is left
