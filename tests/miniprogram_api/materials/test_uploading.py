"""Files over HTTP: what they are, whose they are, how they go."""

import asyncio
import hashlib
from datetime import timedelta
from typing import Any

import httpx
import pytest

from adapters.outbox.models import OutboxEntry
from adapters.storage.local import LocalStorage
from kit.ids import new_id
from miniprogram_api.materials.models import File
from miniprogram_api.materials.service import MaterialService
from miniprogram_api.materials.sniffing import format_of
from tests.app import Phone
from tests.builders.applications import scanned
from tests.miniprogram_api.drafts.builders import a_draft, resumed, uploaded
from tests.miniprogram_api.materials.builders import EXIF_PREVIEW, a_jpeg, a_pdf, a_png

PROOF = "premises_use_proof"


async def sent(phone: Phone, draft: dict[str, Any], content: bytes, name: str = "a.pdf") -> Any:
    answer = await uploaded(phone, draft, PROOF, content, name)
    assert answer.status_code == 201, answer.text
    return answer.json()


def files_of(draft: dict[str, Any], code: str = PROOF) -> list[dict[str, Any]]:
    (material,) = [material for material in draft["materials"] if material["code"] == code]
    files: list[dict[str, Any]] = material["files"]
    return files


async def follow(phone: Phone, url: str) -> httpx.Response:
    """As an image on a page would: without any header of ours."""
    async with httpx.AsyncClient() as nobody:
        return await nobody.get(f"{phone.base}{url}")


@pytest.fixture
def storage(world) -> LocalStorage:
    services = world.services
    return LocalStorage(services.settings.storage_dir, services.ring, services.clock)


@pytest.mark.parametrize(
    ("content", "media_type", "name"),
    [
        (a_pdf(size=300_000), "application/pdf", "租赁合同.pdf"),
        (a_png(), "image/png", "租赁合同.png"),
        (a_jpeg(), "image/jpeg", "租赁合同.jpg"),
    ],
)
async def test_a_file_is_kept_and_comes_back(signed_in, content, media_type, name):
    """As it was; a picture is written anew, without the preview that lay inside it."""
    phone = await signed_in()
    draft = await a_draft(phone)
    file = await sent(phone, draft, content, "租赁合同.exe")
    assert file["name"] == name
    assert file["media_type"] == media_type
    assert files_of(await resumed(phone, draft))[0]["id"] == file["id"]
    await scanned(phone, draft)
    for answer in (await phone.get(f"/files/{file['id']}"), await follow(phone, file["url"])):
        assert answer.status_code == 200
        if media_type == "application/pdf":
            assert answer.content == content
        else:
            assert EXIF_PREVIEW not in answer.content
            assert format_of(answer.content, frozenset({"jpg", "png"}))
        assert hashlib.sha256(answer.content).hexdigest() == file["sha256"]
        assert len(answer.content) == file["size"] == int(answer.headers["Content-Length"])
        assert answer.headers["Content-Type"] == media_type
        assert answer.headers["Content-Disposition"].startswith("attachment;")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "private, no-store"


async def test_a_link_opens_its_own_file_for_a_while_and_nothing_else(signed_in, world):
    phone = await signed_in()
    draft = await a_draft(phone)
    one, other = await sent(phone, draft, a_pdf()), await sent(phone, draft, a_pdf("1.4"))
    swapped = one["url"].replace(one["id"], other["id"])
    longer = one["url"].replace("expires=", "expires=9")
    unsigned = one["url"].partition("&")[0]
    for url in (swapped, longer, one["url"][:-1], f"{unsigned}&signature=x"):
        assert (await follow(phone, url)).status_code == 404
    for url in (unsigned, f"{unsigned}&signature=", one["url"].partition("?")[0]):
        assert (await follow(phone, url)).status_code == 401
    assert (await follow(phone, f"{unsigned}&signature={'x' * 100}")).status_code == 422
    world.clock.advance(timedelta(minutes=21))
    expired = await follow(phone, one["url"])
    assert (expired.status_code, expired.json()["code"]) == (403, "file_link_expired")
    await phone.login()
    await scanned(phone, draft)
    fresh = files_of(await resumed(phone, draft))[0]["url"]
    assert (await follow(phone, fresh)).status_code == 200


async def test_a_foreign_file_and_no_file_look_the_same(signed_in):
    phone, stranger = await signed_in("zhangsan"), await signed_in("lisi")
    draft = await a_draft(phone)
    file = await sent(phone, draft, a_pdf())
    foreign = await stranger.get(f"/files/{file['id']}")
    absent = await stranger.get(f"/files/{new_id()}")
    assert foreign.status_code == absent.status_code == 404
    assert foreign.json()["code"] == absent.json()["code"]
    assert (await uploaded(stranger, draft, PROOF)).status_code == 404
    path = f"/drafts/{draft['id']}/materials/{PROOF}/{file['id']}"
    assert (await stranger.delete(path)).status_code == 404
    assert (await phone.get(f"/files/{file['id']}")).status_code == 200


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"GIF89a<script>alert(1)</script>", 415, "file_type_refused"),
        (b"<html></html>", 415, "file_type_refused"),
        (a_pdf()[:-8], 422, "file_incomplete"),
        (a_png(after=b"more"), 422, "file_incomplete"),
        (b"", 422, "one_file_expected"),
        (a_pdf(size=10_485_760), 413, "file_too_large"),
    ],
)
async def test_what_is_not_acceptable_is_refused_and_leaves_nothing(
    signed_in, storage, world, content, status, code
):
    phone = await signed_in()
    draft = await a_draft(phone)
    answer = await uploaded(phone, draft, PROOF, content)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert files_of(await resumed(phone, draft)) == []
    assert await File.all().count() == 0


async def test_a_form_that_is_not_one_file_is_refused(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone)
    path = f"/drafts/{draft['id']}/materials/{PROOF}"
    two = [("a", ("a.pdf", a_pdf())), ("b", ("b.pdf", a_pdf()))]
    form = "multipart/form-data; boundary=bbbbbbbbbb"
    odd = b"--bbbbbbbbbb\r\nno colon here\r\n\r\nx\r\n--bbbbbbbbbb--\r\n"
    ways: tuple[dict[str, Any], ...] = (
        {"json": {}},
        {"content": b""},
        {"content": a_pdf(), "headers": {"Content-Type": "application/pdf"}},
        {"files": two},
        {"data": {"a": "b"}},
        {"content": odd, "headers": {"Content-Type": form}},
        {"content": b"\xff" * 100, "headers": {"Content-Type": form}},
        {"content": b"--b" * 1000, "headers": {"Content-Type": "multipart/form-data; boundary=b"}},
        {"content": b"--bbbbbbbbbb\r\n" * 10_000, "headers": {"Content-Type": form}},
        {"content": b"x", "headers": {"Content-Type": "multipart/form-data"}},
    )
    for how in ways:
        answer = await phone.post(path, **how)
        assert answer.status_code in {400, 422}, how.keys()
        assert answer.json()["code"] in {"one_file_expected", "malformed_request"}
    assert await File.all().count() == 0


async def test_fields_beside_the_file_are_let_be(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone)
    answer = await phone.post(
        f"/drafts/{draft['id']}/materials/{PROOF}",
        files={"whatever": ("a.pdf", a_pdf())},
        data={"note": "x", "user": "y"},
    )
    assert answer.status_code == 201


async def test_a_material_that_is_not_to_be_uploaded_is_not_found(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone)
    generated = next(m for m in draft["plan"]["materials"] if m["obtain"] != "upload")["code"]
    for code in (generated, "no_such_material", "%2e%2e"):
        assert (await uploaded(phone, draft, code)).status_code == 404


async def test_the_same_bytes_sent_again_are_the_same_file(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone)
    first = await sent(phone, draft, a_pdf(), "one.pdf")
    again = await sent(phone, draft, a_pdf(), "two.pdf")
    assert again["id"] == first["id"]
    assert [file["id"] for file in files_of(await resumed(phone, draft))] == [first["id"]]
    picture = await sent(phone, draft, a_jpeg())
    assert (await sent(phone, draft, a_jpeg()))["id"] == picture["id"]


async def test_there_is_an_end_to_the_files_of_one_material(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone)
    answers = await asyncio.gather(
        *(uploaded(phone, draft, PROOF, a_pdf(size=n)) for n in range(22))
    )
    assert sorted(answer.status_code for answer in answers) == [201] * 20 + [409] * 2
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert refused.json()["code"] == "too_many_files"
    assert len(files_of(await resumed(phone, draft))) == 20
    assert await File.all().count() == 20


async def test_a_removed_file_is_gone_everywhere(signed_in, world, storage):
    phone = await signed_in()
    draft = await a_draft(phone)
    file = await sent(phone, draft, a_pdf())
    key = (await File.get(id=file["id"])).storage_key
    assert await storage.exists(key)
    path = f"/drafts/{draft['id']}/materials/{PROOF}/{file['id']}"
    assert (await phone.delete(path)).status_code == 204
    assert (await phone.get(f"/files/{file['id']}")).status_code == 404
    assert (await follow(phone, file["url"])).status_code == 404
    assert files_of(await resumed(phone, draft)) == []
    assert (await phone.delete(path)).status_code == 404
    await world.driver.settle()
    assert not await storage.exists(key)
    assert await OutboxEntry.filter(topic="file.erase", outcome="done").count() == 1


async def test_an_erased_draft_takes_its_files_with_it(signed_in, world, storage):
    phone = await signed_in()
    draft = await a_draft(phone)
    files = [await sent(phone, draft, a_pdf()), await sent(phone, draft, a_png())]
    keys = [(await File.get(id=file["id"])).storage_key for file in files]
    assert (await phone.delete(f"/drafts/{draft['id']}")).status_code == 204
    await world.driver.settle()
    for file, key in zip(files, keys, strict=True):
        assert (await phone.get(f"/files/{file['id']}")).status_code == 404
        assert not await storage.exists(key)
    assert await File.all().count() == 0


async def test_bytes_that_never_got_their_row_are_swept_after_a_day(signed_in, world, storage):
    materials: MaterialService = world.services.provided[MaterialService]
    # The tests before this one emptied the tables and left their files.
    world.clock.advance(timedelta(days=2))
    await materials.sweep_orphans()
    phone = await signed_in()
    draft = await a_draft(phone)
    kept = await sent(phone, draft, a_pdf())

    async def content():
        yield a_pdf()

    orphan = new_id()
    await storage.put(orphan, content(), 1000)
    assert await materials.sweep_orphans() == 0
    world.clock.advance(timedelta(days=1, seconds=5))
    assert await materials.sweep_orphans() == 1
    assert not await storage.exists(orphan)
    assert await storage.exists((await File.get(id=kept["id"])).storage_key)


async def test_what_lies_on_the_disk_and_in_the_database_cannot_be_read_there(signed_in, world):
    phone = await signed_in()
    draft = await a_draft(phone)
    file = await sent(phone, draft, a_pdf(), "张小明的房产证.pdf")
    row = await File.get(id=file["id"])
    assert "房产证".encode() not in bytes(row.name_cipher)
    folder = world.services.settings.storage_dir
    lying = [path for path in folder.rglob("*") if path.name == row.storage_key]
    assert len(lying) == 1, "the bytes lie once"
    assert b"%PDF" not in lying[0].read_bytes()


async def test_a_peer_that_proved_itself_elsewhere_gets_the_document(signed_in, world):
    phone = await signed_in()
    draft = await a_draft(phone)
    file = await sent(phone, draft, a_pdf())
    await scanned(phone, draft)
    materials: MaterialService = world.services.provided[MaterialService]
    document, pieces = await materials.open_document(file["id"])
    assert b"".join([piece async for piece in pieces]) == a_pdf()
    assert (document.sha256, document.media_type) == (file["sha256"], "application/pdf")


async def test_a_file_that_was_removed_while_its_bytes_came_again_is_there_afterwards(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone)
    path = f"/drafts/{draft['id']}/materials/{PROOF}"
    content = a_pdf(size=300_000)
    first = await sent(phone, draft, content)
    head = b'--b\r\nContent-Disposition: form-data; name="f"; filename="a.pdf"\r\n\r\n'

    async def slowly():
        yield head + content[:200_000]
        assert (await phone.delete(f"{path}/{first['id']}")).status_code == 204
        yield content[200_000:] + b"\r\n--b--\r\n"

    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = await phone.post(path, content=slowly(), headers=kind)
    assert answer.status_code == 201
    assert [file["id"] for file in files_of(await resumed(phone, draft))] == [answer.json()["id"]]


async def test_whoever_sends_a_part_of_a_file_is_not_told_to_send_the_same_again(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone)
    answer = await uploaded(phone, draft, PROOF, a_pdf()[:-8])
    assert (answer.json()["code"], answer.json()["next"]) == ("file_incomplete", "fix_fields")
