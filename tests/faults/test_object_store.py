"""A real process whose files lie in an object store, killed in the middle of a put."""

import contextlib
from pathlib import Path

import pytest

from tests.adapters.storage.conftest import mortal_s3_server
from tests.adapters.storage.s3_server import ACCESS_KEY, BUCKET, SECRET_KEY, S3Server
from tests.app import Phone
from tests.builders.applications import a_draft, scanned
from tests.faults.test_uploads import MEGABYTE, a_plan, begin, cut_off, put
from tests.processes import MockProcess

__all__ = ["mortal_s3_server"]


def storing_in(server: S3Server, folder: Path) -> MockProcess:
    process = MockProcess(folder, None, None)
    process._environ |= {
        "STORAGE_URL": f"s3://{BUCKET}/killed",
        "STORAGE_ENDPOINT": f"http://127.0.0.1:{server.port}",
        "STORAGE_ACCESS_KEY": ACCESS_KEY,
        "STORAGE_SECRET_KEY": SECRET_KEY,
        "STORAGE_PATH_STYLE": "yes",
    }
    return process


@pytest.mark.timeout(120)
async def test_whatever_was_acknowledged_is_in_the_store_after_kill_9(
    tmp_path: Path, mortal_s3_server: S3Server
) -> None:
    """In the middle of completing, which puts nine megabytes in parts of the store's own. Nothing
    that was cut off can be opened; what lies there besides are whole objects for the sweep."""
    mock, content = storing_in(mortal_s3_server, tmp_path), a_plan(9 * MEGABYTE, seed=5)
    await mock.start()
    try:
        async with contextlib.aclosing(Phone(mock.base, "zhangsan")) as phone:
            assert (await phone.login()).status_code == 200
            draft = await a_draft(phone)
            upload = await begin(phone, draft, content)
            offset = 0
            while offset < len(content):
                part = content[offset : offset + 4 * MEGABYTE]
                offset = await put(phone, upload, offset, part)
            complete = f"/uploads/{upload['id']}/complete"
            headers = {"Idempotency-Key": "complete"}
            await cut_off(mock, phone.post(complete, headers=headers), after_s=0.3)
            answer = await phone.post(complete, headers=headers)
            assert answer.status_code == 200, answer.text
            await scanned(phone, draft)
            assert (await phone.get(f"/files/{answer.json()['file']['id']}")).content == content
    finally:
        await mock.kill()
    lying = [path for path in (mortal_s3_server.bucket / "killed").rglob("*") if path.is_file()]
    # The file, its three parts unless they are erased already, and one that was cut off.
    assert 1 <= len(lying) <= 5
    assert not [path for path in lying if path.stat().st_size == 0]
