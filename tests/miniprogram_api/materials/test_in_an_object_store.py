"""Files in parts again, with their bytes in a real object store instead of the folder."""

from collections.abc import Iterator
from typing import Any

import pytest

from adapters.storage.s3 import S3Storage
from bff.mock.world import World
from miniprogram_api.materials.models import Upload
from miniprogram_api.materials.parts import parts_of
from tests.adapters.storage.conftest import mortal_s3_server, s3_server
from tests.adapters.storage.s3_server import S3Server
from tests.miniprogram_api.drafts.builders import a_draft
from tests.miniprogram_api.materials.parts import (
    CONTENT,
    MEGABYTE,
    begun,
    completed,
    cut,
    files_in,
    put,
    sent,
    told,
)
from tests.miniprogram_api.materials.test_uploading_in_parts import (
    test_a_part_in_the_wrong_place_is_told_the_right_one_and_changes_nothing,
    test_a_part_that_is_gone_or_spoilt_where_it_lies_begins_it_anew,
    test_a_small_file_in_one_part_lies_where_the_part_lay,
    test_an_unfinished_upload_expires_is_renewed_by_a_part_and_swept,
    test_bytes_in_common_stay_until_the_last_file_goes,
    test_known_content_is_done_without_a_byte_also_in_another_draft,
    test_two_phones_at_once_never_mix_their_bytes,
    test_what_is_not_what_was_announced_begins_anew,
    test_what_was_being_sent_goes_with_the_draft_and_counts_on,
    test_whatever_answer_is_lost_the_same_request_goes_on_where_it_stood,
)

__all__ = [
    "mortal_s3_server",
    "s3_server",
    "test_a_part_in_the_wrong_place_is_told_the_right_one_and_changes_nothing",
    "test_a_part_that_is_gone_or_spoilt_where_it_lies_begins_it_anew",
    "test_a_small_file_in_one_part_lies_where_the_part_lay",
    "test_an_unfinished_upload_expires_is_renewed_by_a_part_and_swept",
    "test_bytes_in_common_stay_until_the_last_file_goes",
    "test_known_content_is_done_without_a_byte_also_in_another_draft",
    "test_two_phones_at_once_never_mix_their_bytes",
    "test_what_is_not_what_was_announced_begins_anew",
    "test_what_was_being_sent_goes_with_the_draft_and_counts_on",
    "test_whatever_answer_is_lost_the_same_request_goes_on_where_it_stood",
]
"""The same tests; here ``storage`` is the store."""


def storing(world: World, storage: Any) -> Iterator[None]:
    """Everything that keeps bytes keeps them there while this goes on."""
    services = world.services
    known = [*services.provided.values(), *services.relay._handlers.values()]
    known += [one._intake for one in known if hasattr(one, "_intake")]
    holders = [one for one in known if hasattr(one, "_storage")]
    before = holders[0]._storage
    assert all(one._storage is before for one in holders)
    for one in holders:
        one._storage = storage
    yield
    for one in holders:
        one._storage = before


@pytest.fixture(autouse=True)
async def storage(world: World, s3_server: S3Server):
    storage = s3_server.storage(world.services.ring, world.clock)
    for _ in storing(world, storage):
        yield storage
        await world.driver.settle()


async def test_a_file_comes_back_whole_whatever_range_is_asked_for(signed_in, storage):
    phone = await signed_in()
    draft = await a_draft(phone)
    upload = await begun(phone, draft)
    await sent(phone, upload)
    file = (await completed(phone, upload)).json()["file"]
    for wanted in ("bytes=0-9", "bytes=5-", "bytes=-5", "bytes=9-1", "lines=1"):
        answer = await phone.get(f"/files/{file['id']}", headers={"Range": wanted})
        assert (answer.status_code, answer.content) == (200, CONTENT)
    assert isinstance(storage, S3Storage)


async def test_while_the_store_is_away_nothing_is_acknowledged_and_then_it_goes_on(
    signed_in, world, mortal_s3_server
):
    """A part, a completion, a download and a removal."""
    store = mortal_s3_server.storage(world.services.ring, world.clock, "away")
    phone = await signed_in()
    draft = await a_draft(phone)
    for _ in storing(world, store):
        upload = await begun(phone, draft)
        (first, *others) = cut(CONTENT)
        assert (await put(phone, upload, *first)).status_code == 200
        mortal_s3_server.kill()
        for offset, part in others[:1]:
            assert told(await put(phone, upload, offset, part)) == (503, "temporarily_unavailable")
        assert (await phone.get(f"/uploads/{upload['id']}")).json()["offset"] == MEGABYTE
        mortal_s3_server.start()
        for offset, part in others:
            assert (await put(phone, upload, offset, part)).status_code == 200
        mortal_s3_server.kill()
        assert told(await completed(phone, upload)) == (503, "temporarily_unavailable")
        mortal_s3_server.start()
        done = await completed(phone, upload)
        assert done.status_code == 200, done.text
        (file,) = await files_in(phone, draft)
        parts = parts_of((await Upload.get(id=upload["id"])).parts)
        await world.driver.settle()
        assert not any([await store.exists(part.key) for part in parts])
        mortal_s3_server.kill()
        answer = await phone.get(f"/files/{file['id']}")
        assert told(answer) == (503, "temporarily_unavailable")
        mortal_s3_server.start()
        assert (await phone.get(f"/files/{file['id']}")).content == CONTENT
