"""The production shape: two serving processes and two workers over one MariaDB and one Redis.

The outside systems are simulated by the process that runs the tests.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pymysql
import redis.asyncio
from pymysql.cursors import DictCursor

from adapters.wechat.simulator.face import NOT_FINISHED
from bff.mock.far_peers import addresses, ports_of
from bff.mock.folder import DataFolder
from bff.mock.personas import PERSONAS
from bff.mock.routes import ASSETS
from bff.mock.world import World, create_world
from kit.tasks import guarded
from miniprogram_api.catalogue.service import (
    CatalogueService,
    SamplePerson,
    Selection,
    sample_answers,
    sample_materials,
)
from tests.app import Phone
from tests.builders.applications import WANTED, a_draft, scanned, submission
from tests.databases import mariadb_at_head
from tests.miniprogram_api.signatures.signing import asked, sign
from tests.processes import ProductProcess, ServingProcess
from tests.servers import (
    MariaDBServer,
    RedisServer,
    free_port,
    running_mariadb,
    running_redis,
    servers_folder,
)

EVENTUALLY_S = 30.0
FAR_SIDE_POLL_S = 0.05


async def eventually(
    holds: Callable[[], Awaitable[object]], within_s: float = EVENTUALLY_S
) -> None:
    async with asyncio.timeout(within_s):
        while not await holds():
            await asyncio.sleep(0.05)


class WorkerProcess(ProductProcess):
    """Has no port to ask; see :meth:`Replicas.until_all_listen`."""

    async def until_ready(self) -> None:
        return


class Replicas:
    """``a`` and ``b`` serve, and callbacks of the outside reach ``b``; ``workers`` relay."""

    def __init__(self, folder: Path, mariadb: MariaDBServer, redis_server: RedisServer) -> None:
        self.mariadb = mariadb
        self.redis = redis_server
        ports = (free_port(), free_port())
        environ = {
            "DATABASE_URL": mariadb_at_head(mariadb, "bff"),
            "REDIS_URL": redis_server.url(),
            "PUBLIC_URL": f"http://127.0.0.1:{ports[1]}",
        }
        self.world = create_world(DataFolder(folder), environ)
        environ |= _own_settings(self.world)
        self.settings = environ
        self.a, self.b = (
            ServingProcess("serve", folder / f"serve-{port}.log", environ, port) for port in ports
        )
        self.workers = tuple(
            WorkerProcess("worker", folder / f"worker-{number}.log", environ) for number in (1, 2)
        )
        self.processes: Sequence[ProductProcess] = (self.a, self.b, *self.workers)

    async def until_all_listen(self) -> None:
        """Every process has its ear at Redis; the sign that a worker is at work."""
        async with redis.asyncio.Redis.from_url(self.redis.url()) as client:

            async def all_listen() -> bool:
                for process in self.processes:
                    process.check_alive()
                return len(await client.client_list(_type="pubsub")) == len(self.processes)

            await eventually(all_listen)

    async def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        """Straight from the database, past the product."""
        return await asyncio.to_thread(self._rows, query, values)

    def _rows(self, query: str, values: tuple[object, ...]) -> list[dict[str, Any]]:
        connection = pymysql.connect(
            host="127.0.0.1", port=self.mariadb.port, user="root", database="bff",
            cursorclass=DictCursor, autocommit=True,
        )  # fmt: skip
        try:
            with connection.cursor() as cursor:
                cursor.execute(query, values)
                return list(cursor.fetchall())
        finally:
            connection.close()

    def cases_of(self, application: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What the province has of it."""
        reference_no = application["reference_no"]
        return [c for c in self.world.province.cases() if c["reference_no"] == reference_no]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for far_side in self.world.far_sides.values():
                stack.callback(far_side.close)
            await stack.enter_async_context(self.world.peers.served())
            acting = guarded(self._act(), "far side")
            stack.callback(acting.cancel)
            async with asyncio.TaskGroup() as starts:
                for process in self.processes:
                    starts.create_task(process.start())
                    stack.push_async_callback(process.kill)
            await self.until_all_listen()
            yield

    async def _act(self) -> None:
        """What the far side does by itself, at the pace of the real clock."""
        while True:
            for simulator in self.world.peers.simulators:
                await simulator.run_due()
            await asyncio.sleep(FAR_SIDE_POLL_S)


def _own_settings(world: World) -> dict[str, str]:
    """Of the product, to fit the world's simulators."""
    settings = world.services.settings
    templates = settings.wechat.templates.items()
    return {
        "DATA_DIR": str(world.folder.path),
        "WECHAT_TEMPLATES": ",".join(f"{key}:{id_}" for key, id_ in templates),
        **addresses(ports_of(world.peers.sockets)),
        **world.folder.development_keys(),
    }


@asynccontextmanager
async def running_replicas() -> AsyncIterator[Replicas]:
    """On servers of their own, to be killed without harm to others."""
    with (
        servers_folder() as folder,
        running_mariadb(folder) as mariadb,
        running_redis(folder) as redis_server,
    ):
        replicas = Replicas(folder / "data", mariadb, redis_server)
        async with replicas.running():
            yield replicas


class ReplicaPhone(Phone):
    """Speaks to one replica unless it is given a whole address, as :meth:`at` makes them."""

    def __init__(
        self, replicas: Replicas, persona: str, server: ServingProcess | None = None
    ) -> None:
        """``server`` is ``a`` when not told."""
        super().__init__((server or replicas.a).base, persona)
        self._replicas = replicas

    @staticmethod
    def at(server: ServingProcess, path: str) -> str:
        return f"{server.base}/api/v1{path}"

    async def mock(self, method: str, path: str, **how: Any) -> httpx.Response:
        """What signing in needs of the mock's own API, asked of the simulators themselves."""
        wechat = self._replicas.world.wechat
        if path == "/codes":
            code = wechat.issue_login_code(self.persona)
            return httpx.Response(200, json={"credential": {"code": code}})
        if path.startswith("/signatures/"):
            return self._signed_on_the_page()
        assert path == "/face"
        open_id = wechat.open_id_of(self.persona)
        for verify_id, check in self._replicas.world.far_sides["wechat"].all("face"):
            if (check["open_id"], check["result"]) == (open_id, NOT_FINISHED):
                wechat.answer_face_dialog(verify_id, self.persona, "pass")
        return httpx.Response(200)

    def _signed_on_the_page(self) -> httpx.Response:
        """Whatever waits for this person at the e-signature service."""
        world, person = self._replicas.world, PERSONAS[self.persona]
        for flow_id, flow in world.far_sides["e_signature"].all("flow"):
            if (flow["id_number"], flow["status"]) == (person.id_number.reveal(), "0"):
                world.peers.e_signature.answer(flow_id, self.persona, "sign")
        return httpx.Response(200)

    async def ready_draft(self) -> dict[str, Any]:
        """Every step complete and every needed material there; as resumed afterwards."""
        draft = await a_draft(self)
        catalogue = self._replicas.world.services.provided[CatalogueService]
        compiled = catalogue.compile(msgspec.convert(WANTED, Selection))
        person = PERSONAS[self.persona]
        steps = sample_answers(
            compiled,
            SamplePerson(person.name.reveal(), person.id_number.reveal(), person.phone.reveal()),
        )["steps"]
        revision = draft["revision"]
        for key, answers in steps.items():
            body = {"base_revision": revision, "answers": answers}
            saved = await self.put(f"/drafts/{draft['id']}/steps/{key}", json=body)
            assert saved.status_code == 200, saved.text
            revision = saved.json()["revision"]
        formats = {material.code: material.formats for material in compiled.plan.materials}
        for code in sample_materials(compiled, steps):
            name = "sample.pdf" if "pdf" in formats[code] else "sample.jpg"
            content = (ASSETS / name).read_bytes()
            path = f"/drafts/{draft['id']}/materials/{code}"
            answer = await self.post(path, files={"file": (name, content)})
            assert answer.status_code == 201, answer.text
        await scanned(self, draft)
        await asked(self, draft)
        assert (await sign(self))["state"] == "signed"
        return (await self.get(f"/drafts/{draft['id']}")).json()

    async def submit(self, draft: Mapping[str, Any]) -> dict[str, Any]:
        answer = await self.once("POST", "/applications", json=submission(dict(draft)))
        assert answer.status_code == 202, answer.text
        return answer.json()

    async def until_forwarded(
        self, application: Mapping[str, Any], within_s: float = EVENTUALLY_S
    ) -> dict[str, Any]:
        async with asyncio.timeout(within_s):
            while True:
                current = (await self.get(f"/applications/{application['id']}")).json()
                if all(matter["state"] != "submitted" for matter in current["matters"]):
                    return current
                await asyncio.sleep(0.1)
