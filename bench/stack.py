"""Everything a run stands on: private servers, the outside systems, the product and the floor.

The product runs as in production: ``python -m bff migrate``, ``serve`` and ``worker``, each a
process of its own with its settings from the environment. All of them die with the bench.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import asyncmy
import httpx
import msgspec

from adapters.wechat.templates import load_templates
from bench.as_installed import development_only
from bff.mock.far_peers import PEERS, addresses
from bff.mock.folder import DataFolder
from tests.servers import (
    MariaDBServer,
    dying_with_us,
    free_port,
    running_mariadb,
    running_redis,
    servers_folder,
)

READY_WITHIN_S = 30.0
STOPPED_WITHIN_S = 25.0
DATABASE = "bff_bench"
ROOT = Path(__file__).resolve().parent.parent


class DidNotStart(Exception):
    """The message ends with the last lines of the process's own log."""


class Program:
    """One process of ours, its log in a file."""

    def __init__(
        self, name: str, arguments: list[str], environ: Mapping[str, str], log: Path
    ) -> None:
        self.name = name
        self._log = log
        with log.open("wb") as stream:
            self._process = subprocess.Popen(
                [*dying_with_us(), sys.executable, *arguments],
                cwd=ROOT,
                env={**os.environ, **environ},
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait(self) -> None:
        if self._process.wait(READY_WITHIN_S) != 0:
            raise DidNotStart(f"{self.name}: {self.last_words()}")

    async def until_answering(self, url: str) -> None:
        deadline = time.monotonic() + READY_WITHIN_S
        async with httpx.AsyncClient(timeout=2) as client:
            while True:
                try:
                    await client.get(url)
                except httpx.HTTPError:
                    if self._process.poll() is not None or time.monotonic() > deadline:
                        raise DidNotStart(f"{self.name}: {self.last_words()}") from None
                    await asyncio.sleep(0.05)
                else:
                    return

    def begin_profile(self) -> None:
        self._process.send_signal(signal.SIGUSR1)

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOPPED_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def last_words(self) -> str:
        return self._log.read_text("utf-8", "replace")[-3000:]

    def cpu_s(self) -> float:
        """Time on a processor so far, of all its threads."""
        threads = Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9

    def resident_mb(self) -> float:
        """VmRSS: what of it is in memory now."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise DidNotStart(f"{self.name} has no memory")


@dataclass(frozen=True, slots=True)
class Server:
    """Where a process listens."""

    port: int
    program: Program


@dataclass
class Stack:
    folder: Path
    mariadb: MariaDBServer
    environ: Mapping[str, str]
    far_side: httpx.AsyncClient
    """The hand on the simulators, see ``bench.far_side``."""
    product: Program
    worker: Program
    product_port: int
    floor_port: int

    async def hand(self, path: str, **body: Any) -> Any:
        """One call of the far side's control."""
        answer = await self.far_side.post(path, json=body)
        answer.raise_for_status()
        return answer.json()

    async def query(self, statement: str) -> list[tuple[Any, ...]]:
        connection = await asyncmy.connect(
            host="127.0.0.1", port=self.mariadb.port, user="root", db=DATABASE, autocommit=True
        )
        async with connection.cursor() as cursor:
            await cursor.execute(statement)
            rows: list[tuple[Any, ...]] = await cursor.fetchall()
        connection.close()
        return rows

    @asynccontextmanager
    async def another_product(self, database: str) -> AsyncIterator[Server]:
        """On another database, which has all tables; with the same keys, so that tokens hold."""
        port = free_port()
        environ = {
            **self.environ,
            "PORT": str(port),
            "METRICS_PORT": str(free_port()),
            "DATABASE_URL": self.mariadb.url(database),
        }
        log = self.folder / "another.log"
        serve = [*as_installed(), "bff", "serve"]
        with _running("another product", serve, environ, log) as program:
            await program.until_answering(f"http://127.0.0.1:{port}/healthz")
            yield Server(port, program)

    @asynccontextmanager
    async def floor(self, setup: "FloorSetup") -> AsyncIterator[Program]:
        file = self.folder / "floor.json"
        file.write_bytes(msgspec.json.encode(setup))
        log = self.folder / "floor.log"
        with _running("floor", ["-m", "bench.floor", str(file)], {}, log) as program:
            await program.until_answering(f"http://127.0.0.1:{self.floor_port}/bare/nothing")
            yield program


class FloorSetup(msgspec.Struct):
    """All that the floor is told; ``answers`` are bare answers by name."""

    port: int
    mariadb_port: int
    database: str
    tokens: list[str]
    answers: dict[str, str]
    wechat: dict[str, str]


@asynccontextmanager
async def running_stack(profile: Path | None) -> AsyncIterator[Stack]:
    """``profile``: where the serving process writes its profile when it ends."""
    with (
        servers_folder() as folder,
        running_mariadb(folder) as mariadb,
        running_redis(folder) as redis,
    ):
        mariadb.create_database(DATABASE)
        environ = _environ(folder, mariadb.url(DATABASE), redis.url())
        control = f"http://127.0.0.1:{environ['BENCH_CONTROL_PORT']}"
        address = environ["PUBLIC_URL"]
        serve = [*as_installed(), "bff", "serve"]
        if profile is not None:
            serve = ["-m", "bench.profiled", str(profile), "bff", "serve"]
        with _running(
            "far side", ["-m", "bench.far_side"], environ, folder / "far-side.log"
        ) as far:
            await far.until_answering(f"{control}/cases")
            Program("migrate", ["-m", "bff", "migrate"], environ, folder / "migrate.log").wait()
            with (
                _running("product", serve, environ, folder / "product.log") as product,
                _running(
                    "worker", [*as_installed(), "bff", "worker"], environ, folder / "worker.log"
                ) as worker,
            ):
                await product.until_answering(f"{address}/healthz")
                async with httpx.AsyncClient(base_url=control, timeout=30) as client:
                    yield Stack(
                        folder,
                        mariadb,
                        environ,
                        client,
                        product,
                        worker,
                        int(environ["PORT"]),
                        free_port(),
                    )


@cache
def as_installed() -> tuple[str, ...]:
    """Before the name of a module that shall run with the packages of production only."""
    return ("-m", "bench.as_installed", ",".join(development_only(ROOT)))


@contextmanager
def _running(
    name: str, arguments: list[str], environ: Mapping[str, str], log: Path
) -> Iterator[Program]:
    program = Program(name, arguments, environ, log)
    try:
        yield program
    finally:
        program.stop()


def _environ(folder: Path, database_url: str, redis_url: str) -> dict[str, str]:
    """What an operator would set; the keys are made for this run."""
    port, control_port = free_port(), free_port()
    # Of the peers only WeChat, the e-signature service and the province are there (see
    # bench.far_side); without a scanner no file waits for one.
    peer_ports = {name: free_port() for name in PEERS}
    return {
        **DataFolder(folder / "keys").development_keys(),
        "DATA_DIR": str(folder / "data"),
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        # nginx stands before the replicas; the load generator plays it.
        "TRUSTED_PROXIES": "1",
        "METRICS_PORT": str(free_port()),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "WECHAT_TEMPLATES": ",".join(f"{key}:tmpl-{key}" for key in load_templates()),
        **{name: at for name, at in addresses(peer_ports).items() if name != "SCANNER_URL"},
        "BENCH_CONTROL_PORT": str(control_port),
        "BENCH_FAR_SIDE": str(folder),
    }
