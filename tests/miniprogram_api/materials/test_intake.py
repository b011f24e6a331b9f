"""A file over which the workshop fails is a broken file, and leaves nothing behind."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, get_args

import pytest

from adapters.storage.local import LocalStorage
from kit.clock import SystemClock
from kit.ids import new_id
from kit.problems import Problem
from kit.secrets import KeyRing
from kit.workshop import Done, WorkFailed, Workshop
from miniprogram_api.drafts.service import UploadRule
from miniprogram_api.materials.inspection import Code, Unacceptable
from miniprogram_api.materials.intake import Intake, Source
from miniprogram_api.materials.problems import FileBroken
from miniprogram_api.materials.treating import NotThisKind
from tests.miniprogram_api.materials.builders import a_pdf

RULE = UploadRule(
    owner="0" * 32,
    formats=frozenset({"pdf"}),
    bytes_max=10_000,
    watermark=False,
    present=(),
    room=True,
)


class FailingWorkshop(Workshop):
    """Takes everything in, and then fails as it was told."""

    def __init__(self, failure: Exception) -> None:
        super().__init__()
        self._failure = failure

    @asynccontextmanager
    async def treating(self, work: Any, content: Any, *args: Any, **how: Any) -> AsyncIterator[Any]:
        async for _ in content:
            pass
        raise self._failure
        yield Done


@pytest.fixture
def storage(tmp_path) -> LocalStorage:
    ring = KeyRing({"k": bytes(32)}, "k", bytes(32))
    return LocalStorage(tmp_path, ring, SystemClock())


async def stored(storage: LocalStorage, content: bytes) -> Source:
    async def pieces() -> AsyncIterator[bytes]:
        yield content

    key = new_id()
    await storage.put(key, pieces(), len(content))
    return Source((key,), hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize(
    ("failure", "code", "reason"),
    [
        (WorkFailed("crashed"), "file_broken", "unreadable"),
        (WorkFailed("too_long"), "file_broken", "unreadable"),
        (WorkFailed("too_large"), "file_broken", "unreadable"),
        (Unacceptable("pdf_encrypted"), "file_broken", "pdf_encrypted"),
        (Unacceptable("something_new"), "file_broken", "unreadable"),
        (NotThisKind("file_type_refused"), "file_type_refused", None),
        (NotThisKind("file_incomplete"), "file_incomplete", None),
    ],
)
async def test_it_is_told_as_what_is_wrong_with_the_file(storage, tmp_path, failure, code, reason):
    intake = Intake(storage, FailingWorkshop(failure), scanning=True)
    source = await stored(storage, a_pdf())
    with pytest.raises(Problem) as refused:
        await intake.take(source, RULE)
    assert (refused.value.code, refused.value.members.get("reason")) == (code, reason)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == list(source.keys)


async def test_every_code_of_inspection_has_its_words():

    assert set(get_args(Code)) <= set(FileBroken.REASONS)
