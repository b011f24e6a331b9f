"""Files in parts, over lines that break, from several phones."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from adapters.outbox.models import OutboxEntry
from adapters.storage.local import LocalStorage
from kit.clock import in_china
from kit.ids import new_id
from miniprogram_api.materials.models import File, Upload
from miniprogram_api.materials.parts import PART_BYTES_MAX, PART_BYTES_MIN
from miniprogram_api.materials.service import MaterialService
from miniprogram_api.materials.uploads import UploadService
from tests.app import Phone
from tests.builders.applications import scanned
from tests.miniprogram_api.drafts.builders import a_draft, uploaded
from tests.miniprogram_api.materials.builders import a_jpeg, a_pdf, a_png
from tests.miniprogram_api.materials.parts import (
    CONTENT,
    MEGABYTE,
    PROOF,
    asked,
    begun,
    completed,
    cut,
    files_in,
    put,
    sent,
    told,
)


@pytest.fixture
def storage(world) -> LocalStorage:
    services = world.services
    return LocalStorage(services.settings.storage_dir, services.ring, services.clock)


async def test_a_file_in_parts_is_a_file_of_the_draft(signed_in, storage, world):
    phone = await signed_in()
    draft = await a_draft(phone)
    upload = await begun(phone, draft)
    assert (upload["offset"], upload["state"], upload["file"]) == (0, "open", None)
    assert upload["part_bytes_min"] <= MEGABYTE < upload["part_bytes_max"]
    await sent(phone, upload)
    keys = [part[0] for part in json.loads((await Upload.get(id=upload["id"])).parts)]
    assert len(keys) == 3
    done = await completed(phone, upload)
    assert done.status_code == 200, done.text
    assert done.json()["state"] == "done"
    (file,) = await files_in(phone, draft)
    assert done.json()["file"]["id"] == file["id"]
    assert (file["name"], file["size"]) == ("图纸.pdf", len(CONTENT))
    assert (await phone.get(f"/files/{file['id']}")).content == CONTENT
    await world.driver.settle()
    assert not any([await storage.exists(key) for key in keys])
    seen = (await phone.get(f"/uploads/{upload['id']}")).json()
    assert (seen["state"], seen["offset"]) == ("done", len(CONTENT))


async def test_whatever_answer_is_lost_the_same_request_goes_on_where_it_stood(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone)
    upload = await begun(phone, draft)
    for offset, part in cut(CONTENT):
        answers = [await put(phone, upload, offset, part) for _ in range(3)]
        assert [answer.json()["offset"] for answer in answers] == [offset + len(part)] * 3
    key = new_id()
    path, headers = f"/uploads/{upload['id']}/complete", {"Idempotency-Key": key}
    first, again = [await phone.post(path, headers=headers) for _ in range(2)]
    assert first.json() == again.json()
    assert (await completed(phone, upload)).json()["file"]["id"] == first.json()["file"]["id"]
    # A part that was on its way all the time.
    late = await put(phone, upload, 0, CONTENT[:MEGABYTE])
    assert (late.status_code, late.json()["state"]) == (200, "done")
    assert len(await files_in(phone, draft)) == 1


async def test_a_part_in_the_wrong_place_is_told_the_right_one_and_changes_nothing(signed_in):
    phone = await signed_in()
    upload = await begun(phone, await a_draft(phone))
    await put(phone, upload, 0, CONTENT[:MEGABYTE])
    before = await Upload.get(id=upload["id"])
    other = b"x" * MEGABYTE
    for offset, part in ((5, other), (2 * MEGABYTE, other), (0, other), (0, CONTENT[:300_000])):
        answer = await put(phone, upload, offset, part)
        assert told(answer) == (409, "wrong_offset")
        assert answer.json()["offset"] == MEGABYTE
    after = await Upload.get(id=upload["id"])
    assert (before.parts, before.offset) == (after.parts, after.offset)


async def test_two_phones_at_once_never_mix_their_bytes(signed_in, storage):
    """Both send every part at the same time, cut differently; whoever loses is told where to go on.
    What is completed has the announced hash, so one byte of the wrong place would show."""
    one, other = await signed_in(), await signed_in()
    draft = await a_draft(one)
    upload = await begun(one, draft)

    async def send(phone: Phone, size: int) -> None:
        offset = 0
        while offset < len(CONTENT):
            answer = await put(phone, upload, offset, CONTENT[offset : offset + size])
            assert answer.status_code in {200, 409}, answer.text
            offset = answer.json()["offset"]

    await asyncio.gather(send(one, 600_000), send(other, 450_000), send(one, 600_000))
    parts = json.loads((await Upload.get(id=upload["id"])).parts)
    assert sum(part[2] for part in parts) == len(CONTENT)
    done = await asyncio.gather(*(completed(phone, upload) for phone in (one, other)))
    assert {answer.status_code for answer in done} == {200}
    assert len({answer.json()["file"]["id"] for answer in done}) == 1
    (file,) = await files_in(one, draft)
    assert (await one.get(f"/files/{file['id']}")).content == CONTENT


async def test_of_parts_for_one_place_one_wins_and_what_it_was_told_stays_true(signed_in):
    """None is at its end before all have begun."""
    halfway = asyncio.Barrier(4)
    phones = [await signed_in() for _ in range(4)]
    upload = await begun(phones[0], await a_draft(phones[0]))

    async def slowly(size: int) -> AsyncIterator[bytes]:
        yield CONTENT[: size // 2]
        await halfway.wait()
        yield CONTENT[size // 2 : size]

    sizes = (300_000, 400_000, 500_000, 600_000)
    path = f"/uploads/{upload['id']}?offset=0"
    answers = await asyncio.gather(
        *(phone.put(path, content=slowly(size)) for phone, size in zip(phones, sizes, strict=True))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert len({answer.json()["offset"] for answer in answers}) == 1
    (won,) = [size for size, one in zip(sizes, answers, strict=True) if one.status_code == 200]
    row = await Upload.get(id=upload["id"])
    assert row.offset == won == answers[0].json()["offset"]


@pytest.mark.parametrize(
    ("offset", "size"),
    [
        (0, 0),
        (0, PART_BYTES_MIN - 1),
        (0, PART_BYTES_MAX + 1),
        (0, len(CONTENT) + 1),
    ],
)
async def test_a_part_of_a_wrong_size_is_refused(signed_in, offset, size):
    phone = await signed_in()
    upload = await begun(phone, await a_draft(phone))
    known = await put(phone, upload, offset, b"x" * size)
    assert told(known) == (422, "wrong_part_size")

    async def unannounced():
        yield b"x" * size

    unknown = await phone.put(f"/uploads/{upload['id']}?offset={offset}", content=unannounced())
    assert told(unknown) == (422, "wrong_part_size")
    assert (await phone.get(f"/uploads/{upload['id']}")).json()["offset"] == 0


async def test_what_is_not_what_was_announced_begins_anew(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone)
    upload = await begun(phone, draft)
    await sent(phone, upload, CONTENT[:-9] + b"different")
    answer = await completed(phone, upload)
    assert told(answer) == (422, "hash_mismatch")
    seen = (await phone.get(f"/uploads/{upload['id']}")).json()
    assert (seen["offset"], seen["state"]) == (0, "open")
    await sent(phone, upload)
    assert (await completed(phone, upload)).status_code == 200
    assert len(await files_in(phone, draft)) == 1


async def test_a_part_that_is_gone_or_spoilt_where_it_lies_begins_it_anew(signed_in, storage):
    phone = await signed_in()
    upload = await begun(phone, await a_draft(phone))
    await sent(phone, upload)
    key = json.loads((await Upload.get(id=upload["id"])).parts)[1][0]
    await storage.delete(key)
    assert told(await completed(phone, upload)) == (422, "hash_mismatch")
    assert (await phone.get(f"/uploads/{upload['id']}")).json()["offset"] == 0


async def test_an_unfinished_upload_cannot_be_completed(signed_in):
    phone = await signed_in()
    upload = await begun(phone, await a_draft(phone))
    await put(phone, upload, 0, CONTENT[:MEGABYTE])
    answer = await completed(phone, upload)
    assert told(answer) == (409, "wrong_offset")
    assert answer.json()["offset"] == MEGABYTE


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"GIF89a" + b"<script>" * 100, 415, "file_type_refused"),
        (a_pdf()[:-8], 422, "file_incomplete"),
        (b"%PDF-1.7\nnothing\nstartxref\n9\n%%EOF\n", 422, "file_broken"),
        (a_png(width=30_000, height=1), 422, "file_broken"),
    ],
)
async def test_a_file_that_is_not_acceptable_stays_refused(signed_in, world, content, status, code):
    phone = await signed_in()
    draft = await a_draft(phone)
    upload = await begun(phone, draft, content)
    await sent(phone, upload, content)
    first = await completed(phone, upload)
    assert told(first) == (status, code)
    again = await completed(phone, upload)
    assert (told(again), again.json().get("reason")) == (told(first), first.json().get("reason"))
    assert (await phone.get(f"/uploads/{upload['id']}")).json()["state"] == "refused"
    assert told(await put(phone, upload, 0, content)) == (409, "upload_closed")
    assert await files_in(phone, draft) == []
    await world.driver.settle()
    assert await OutboxEntry.filter(topic="upload.erase", outcome="done").count() == 1


async def test_known_content_is_done_without_a_byte_also_in_another_draft(signed_in, storage):
    phone = await signed_in()
    draft, other = await a_draft(phone), await a_draft(phone)
    for content in (CONTENT, a_jpeg()):
        file = (await uploaded(phone, draft, PROOF, content)).json()
        known = await begun(phone, other, content)
        assert (known["state"], known["offset"]) == ("done", len(content))
        assert known["file"]["id"] != file["id"]
        assert known["file"]["sha256"] == file["sha256"]
        rows = [await File.get(id=one["id"]) for one in (file, known["file"])]
        assert rows[0].storage_key == rows[1].storage_key
        there = await begun(phone, draft, content)
        assert there["file"]["id"] == file["id"]
    assert len(await files_in(phone, other)) == 2


async def test_what_somebody_else_sent_is_as_unknown_as_what_nobody_sent(signed_in):
    owner, prober = await signed_in("zhangsan"), await signed_in("lisi")
    await uploaded(owner, await a_draft(owner), PROOF, CONTENT)
    draft = await a_draft(prober)
    foreign = await begun(prober, draft)
    absent = await begun(prober, draft, sha256="0" * 64)
    own = {"id", "expires_at"}
    assert {k: v for k, v in foreign.items() if k not in own} == {
        k: v for k, v in absent.items() if k not in own
    }
    assert foreign["state"] == "open"


async def test_bytes_in_common_stay_until_the_last_file_goes(signed_in, world, storage):
    phone = await signed_in()
    draft, other = await a_draft(phone), await a_draft(phone)
    first = (await uploaded(phone, draft, PROOF, CONTENT)).json()
    second = (await begun(phone, other))["file"]
    key = (await File.get(id=first["id"])).storage_key
    assert (await phone.delete(f"/drafts/{draft['id']}")).status_code == 204
    await world.driver.settle()
    assert (await phone.get(f"/files/{first['id']}")).status_code == 404
    assert (await phone.get(f"/files/{second['id']}")).content == CONTENT
    path = f"/drafts/{other['id']}/materials/{PROOF}/{second['id']}"
    assert (await phone.delete(path)).status_code == 204
    await world.driver.settle()
    assert not await storage.exists(key)
    # Nothing is known of it any more.
    assert (await begun(phone, other))["state"] == "open"


async def test_a_small_file_in_one_part_lies_where_the_part_lay(signed_in, world, storage):
    phone = await signed_in()
    draft = await a_draft(phone)
    upload = await begun(phone, draft, a_pdf())
    await sent(phone, upload, a_pdf())
    file = (await completed(phone, upload)).json()["file"]
    await world.driver.settle()
    assert (await phone.get(f"/files/{file['id']}")).content == a_pdf()


async def test_an_unfinished_upload_expires_is_renewed_by_a_part_and_swept(
    signed_in, world, storage
):
    uploads: UploadService = world.services.provided[UploadService]
    materials: MaterialService = world.services.provided[MaterialService]
    phone = await signed_in()
    draft = await a_draft(phone)
    upload = await begun(phone, draft)
    world.clock.advance(timedelta(hours=20))
    await phone.login()
    await put(phone, upload, 0, CONTENT[:MEGABYTE])
    world.clock.advance(timedelta(hours=23))
    await phone.login()
    await put(phone, upload, MEGABYTE, CONTENT[MEGABYTE : 2 * MEGABYTE])
    world.clock.advance(timedelta(hours=23))
    keys = [part[0] for part in json.loads((await Upload.get(id=upload["id"])).parts)]
    await uploads.sweep()
    await materials.sweep_orphans()
    # Two days old, and still going on.
    assert all([await storage.exists(key) for key in keys])
    world.clock.advance(timedelta(hours=2))
    await phone.login()
    assert (await phone.get(f"/uploads/{upload['id']}")).json()["state"] == "expired"
    late = await put(phone, upload, 2 * MEGABYTE, CONTENT[2 * MEGABYTE :])
    assert told(late) == (409, "upload_closed")
    assert told(await completed(phone, upload)) == (409, "upload_closed")
    assert await uploads.sweep() == 1
    await world.driver.settle()
    assert not any([await storage.exists(key) for key in keys])
    # For a week whoever comes back learns that it is the upload which has ended, not the draft.
    now = (await phone.get(f"/uploads/{upload['id']}")).json()
    assert (now["state"], now["expires_at"] < in_china(world.clock.now())) == ("expired", True)
    assert told(await put(phone, upload, 2 * MEGABYTE, CONTENT[-9:])) == (409, "upload_closed")
    assert told(await completed(phone, upload)) == (409, "upload_closed")
    assert await uploads.sweep() == 0
    world.clock.advance(timedelta(days=8))
    await phone.login()
    assert await uploads.sweep() == 1
    assert (await phone.get(f"/uploads/{upload['id']}")).status_code == 404


@pytest.mark.parametrize(
    "changes",
    [
        {"size": 0}, {"size": -1}, {"size": 2**31}, {"sha256": "x" * 64}, {"sha256": "A" * 64},
        {"sha256": "a" * 64 + "\n"},
        {"name": ""}, {"name": "x" * 256}, {"material": ""}, {"more": 1}, {"size": "9"},
    ],
)  # fmt: skip
async def test_a_malformed_wish_is_refused(signed_in, changes):
    phone = await signed_in()
    assert told(await asked(phone, await a_draft(phone), **changes)) == (422, "invalid_request")
    assert await Upload.all().count() == 0


async def test_what_is_too_large_or_for_nothing_is_refused_before_a_byte_comes(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone)
    assert told(await asked(phone, draft, size=10_485_761)) == (413, "file_too_large")
    assert told(await asked(phone, draft, material="articles")) == (404, "unknown_material")
    for offset in ("-1", "x", "99999999999", "1&more=1"):
        answer = await phone.put(f"/uploads/{new_id()}?offset={offset}", content=b"x")
        assert told(answer) == (422, "invalid_request")
    assert told(await put(phone, {"id": new_id()}, 0, b"x")) == (404, "not_found")
    assert (await phone.put("/uploads/x?offset=0", content=b"x")).status_code == 404


async def test_there_is_an_end_to_the_bytes_of_a_day(signed_in, world):
    phone = await signed_in()
    draft = await a_draft(phone)
    upload = await begun(phone, draft)
    await Upload.filter(id=upload["id"]).update(counted=2 * 1024**3 - len(CONTENT))
    assert (await asked(phone, draft, sha256="1" * 64)).status_code == 201
    refused = await asked(phone, draft, sha256="2" * 64)
    assert told(refused) == (429, "upload_quota_used")
    assert int(refused.headers["Retry-After"]) > 0
    simple = await uploaded(phone, draft, PROOF, a_pdf())
    assert told(simple) == (429, "upload_quota_used")
    world.clock.advance(timedelta(days=1, seconds=1))
    await phone.login()
    assert (await asked(phone, draft, sha256="2" * 64)).status_code == 201


async def test_a_draft_that_is_gone_takes_nothing_more(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone)
    upload = await begun(phone, draft)
    await sent(phone, upload)
    assert (await phone.delete(f"/drafts/{draft['id']}")).status_code == 204
    assert (await completed(phone, upload)).status_code == 404
    await scanned(phone, await a_draft(phone))
    assert await File.all().count() == 0


async def test_what_was_being_sent_goes_with_the_draft_and_counts_on(signed_in, world, storage):
    phone = await signed_in()
    draft = await a_draft(phone)
    upload = await begun(phone, draft)
    await put(phone, upload, 0, CONTENT[:MEGABYTE])
    keys = [part[0] for part in json.loads((await Upload.get(id=upload["id"])).parts)]
    assert all([await storage.exists(key) for key in keys])
    assert (await phone.delete(f"/drafts/{draft['id']}")).status_code == 204
    await world.driver.settle()
    assert not any([await storage.exists(key) for key in keys])
    row = await Upload.get(id=upload["id"])
    assert (row.state, row.name_cipher, row.sha256, row.parts) == ("refused", b"", "", "[]")
    assert row.counted == len(CONTENT)
    assert told(await put(phone, upload, MEGABYTE, CONTENT[MEGABYTE:])) == (404, "not_found")
