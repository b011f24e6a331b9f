"""The product in processes of its own, to be killed, frozen, restarted and watched from outside."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path

import httpx

from tests.databases import sqlite_at_head
from tests.servers import dying_with_us, free_port

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_S = 60
"""The machines that run this are shared: a start of two seconds took thirty on one."""
_INHERITED = ("PATH", "HOME", "LANG", "VIRTUAL_ENV")


class ProductProcess:
    """``python -m bff COMMAND``, over any number of starts; its log is one file."""

    def __init__(self, command: str | Sequence[str], log: Path, environ: Mapping[str, str]) -> None:
        self.command = (command,) if isinstance(command, str) else tuple(command)
        self.log = log
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        # Every level: the log guard is to see all that could ever be switched on.
        self._environ = {"LOG_LEVEL": "debug", **inherited, **environ}
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Until it is ready to do its work."""
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *dying_with_us(), sys.executable, "-m", "bff", *self.command,
                env=self._environ, cwd=ROOT, stdout=log, stderr=log,
            )  # fmt: skip
        async with asyncio.timeout(PATIENCE_S):
            await self.until_ready()

    async def until_ready(self) -> None:
        """For a command that ends by itself: when it has done what it was told."""
        assert await self.ended() == 0, self.said()

    async def ended(self) -> int:
        """The exit code, once there is one."""
        assert self._process is not None
        return await self._process.wait()

    def check_alive(self) -> None:
        assert self._process is not None
        assert self._process.returncode is None, self.said()

    def said(self) -> str:
        """The end of its log."""
        return self.log.read_text()[-3000:]

    @property
    def process_id(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def kill(self) -> None:
        """kill -9: no handler, no flush, no goodbye."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """SIGTERM, as an orchestrator would; the exit code."""
        return await self._end(signal.SIGTERM)

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Alive, but doing nothing while the block runs."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        # Until one of its threads takes the signal the others go on answering.
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    async def _end(self, how: signal.Signals) -> int:
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(how)
        async with asyncio.timeout(PATIENCE_S):
            return await self.ended()


class ServingProcess(ProductProcess):
    """One that serves HTTP, on the same port after every start."""

    def __init__(self, command: str, log: Path, environ: Mapping[str, str], port: int) -> None:
        super().__init__(command, log, {**environ, "PORT": str(port)})
        self.base = f"http://127.0.0.1:{port}"

    async def until_ready(self) -> None:
        async with httpx.AsyncClient() as client:
            while True:
                self.check_alive()
                with contextlib.suppress(httpx.TransportError):
                    if (await client.get(f"{self.base}/readyz")).status_code == 200:
                        return
                await asyncio.sleep(0.05)


class MockProcess(ServingProcess):
    """``python -m bff mock`` on one folder and one port. Without a URL its database is where it is
    for everybody, and was migrated before the first start."""

    def __init__(self, folder: Path, database_url: str | None, redis_url: str | None) -> None:
        self.folder = folder
        environ = {"DATA_DIR": str(folder / "data")}
        if database_url is not None:
            environ["DATABASE_URL"] = database_url
        elif not (folder / "data").exists():
            sqlite_at_head(folder / "data" / "bff.sqlite3")
        if redis_url is not None:
            environ["REDIS_URL"] = redis_url
        super().__init__("mock", folder / "mock.log", environ, free_port())


@contextlib.asynccontextmanager
async def mock_process(
    folder: Path, database_url: str | None = None, redis_url: str | None = None
) -> AsyncIterator[MockProcess]:
    """Started; killed at the end whatever happened."""
    process = MockProcess(folder, database_url, redis_url)
    await process.start()
    try:
        yield process
    finally:
        await process.kill()
