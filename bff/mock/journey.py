"""``journey``: the whole story over HTTP against a running mock, or one that it starts."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator

import aiohttp

from bff.mock.caller import Phone, Surprise
from bff.mock.display import Display
from bff.mock.story import Story

START_TIMEOUT_S = 30
STOP_TIMEOUT_S = 15
CALL_TIMEOUT_S = 60


def travel(base: str | None) -> int:
    """0 when everything went as told, 1 on any surprise."""
    return asyncio.run(_travel(base))


async def _travel(base: str | None) -> int:
    async with contextlib.AsyncExitStack() as stack:
        address = await stack.enter_async_context(_own_mock()) if base is None else base
        timeout = aiohttp.ClientTimeout(total=CALL_TIMEOUT_S)
        session = await stack.enter_async_context(aiohttp.ClientSession(timeout=timeout))
        display = Display()
        story = Story(Phone(session, address), display)
        try:
            with display:
                await story.tell()
            await story.closing_tables()
        except (Surprise, aiohttp.ClientError, TimeoutError, KeyError) as error:
            display.failed(f"{type(error).__name__}: {error}")
            return 1
    return 0


@contextlib.asynccontextmanager
async def _own_mock() -> AsyncIterator[str]:
    """A mock of the journey's own, on a free port and a folder that goes with it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="journey-") as folder:
        environ = {**os.environ, "HOST": "127.0.0.1", "PORT": str(port), "DATA_DIR": folder}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bff", "mock", env=environ, stdout=subprocess.DEVNULL
        )
        try:
            base = f"http://127.0.0.1:{port}"
            await _until_ready(base, process)
            yield base
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(STOP_TIMEOUT_S):
                    await process.wait()
            except TimeoutError:
                process.kill()


async def _until_ready(base: str, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(START_TIMEOUT_S), aiohttp.ClientSession() as session:
        while True:
            if process.returncode is not None:
                raise Surprise(f"the mock ended with code {process.returncode}")
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(f"{base}/readyz") as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.1)
