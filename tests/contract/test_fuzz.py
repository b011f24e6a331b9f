"""Schemathesis against the committed contract and a running mock: short, but real.

A server error, an answer that the contract does not know or one that does not fit it fails.
"""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bff.installs.docs import CONTRACT
from tests.app import Phone
from tests.processes import mock_process

EXAMPLES = {"embedded": 12, "servers": 6}
"""For each operation; about half a minute altogether. On servers fewer: the contract is the same,
only what a database says to strange values is not."""


@pytest.mark.timeout(300)
async def test_random_requests_get_answers_of_the_contract(
    tmp_path: Path, stack: str, new_database_url: Callable[[], str], redis_url: str | None
) -> None:
    async with (
        mock_process(tmp_path, new_database_url(), redis_url) as mock,
        Phone(mock.base, "zhangsan") as phone,
    ):
        await phone.login()
        await phone.verify()
        fuzz = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).parent / "schemathesis"), "run", str(CONTRACT),
            "--url", mock.base,
            "--header", f"Authorization: {phone.headers['authorization']}",
            "--header", "X-Device-Id: fuzzing-device",
            "--max-examples", str(EXAMPLES[stack]),
            "--checks", "not_a_server_error,status_code_conformance,"
            "content_type_conformance,response_schema_conformance",
            # Ends the session, waits by design, or is a peer's with a format of its own.
            "--exclude-operation-id", "logout",
            "--exclude-operation-id", "endSession",
            "--exclude-operation-id", "endSessions",
            "--exclude-operation-id", "waitForEvents",
            "--exclude-tag", "callbacks",
            "--no-color",
            cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output, _ = await fuzz.communicate()
        assert fuzz.returncode == 0, output.decode()
