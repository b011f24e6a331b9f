"""The whole story over HTTP, against a mock in a process of its own."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.log_guard import LogGuard
from tests.processes import ROOT, mock_process


@pytest.mark.timeout(240)
async def test_the_journey_passes_against_a_running_mock(
    tmp_path: Path,
    empty_database_url: Callable[[], str],
    redis_url: str | None,
    log_guard: LogGuard,
    sensitive_values: set[str],
) -> None:
    """From nothing: no folder, and nothing in the database."""
    sensitive_values |= {"张三", "370102199003071238", "13800000001"}
    async with mock_process(tmp_path, empty_database_url(), redis_url) as mock:
        journey = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bff", "journey", "--base", mock.base,
            cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output, _ = await journey.communicate()
        assert journey.returncode == 0, output.decode()
        assert await mock.stop() == 0
        log_guard.examine(mock.log.read_text(), "the mock's log")


async def test_the_journey_fails_on_a_surprise(tmp_path: Path) -> None:
    """Nobody answers there: a surprise, and exit code 1."""
    journey = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bff", "journey", "--base", "http://127.0.0.1:9",
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await journey.communicate()
    assert journey.returncode == 1
    assert b"SURPRISE" in output
