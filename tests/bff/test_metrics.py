"""What operators can see of the outbox, and of a worker that has no visitors."""

import math
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from adapters.outbox.models import OutboxEntry
from adapters.outbox.relay import Backlog
from bff.installs.metrics import Metrics
from bff.mock.world import World
from bff.worker import _watched
from kit.ids import new_id
from tests.app import Phone
from tests.servers import free_port


async def a_row(world: World, due_in_s: float, **changes: Any) -> None:
    now = world.clock.now()
    await OutboxEntry.create(
        id=new_id(), topic="t", key=new_id(), body="{}", created_at=now,
        due_at=now + timedelta(seconds=due_in_s), **changes,
    )  # fmt: skip


@pytest.mark.usefixtures("paused_relay")
class TestBacklog:
    async def test_an_empty_outbox_has_none(self, session_world: World) -> None:
        assert await session_world.services.relay.backlog() == Backlog(0, 0, 0, 0.0)

    async def test_due_later_and_parked_are_told_apart(self, session_world: World) -> None:
        now = session_world.clock.now()
        for due_in_s in (-90, -5, 3600, 86_400, 86_400):
            await a_row(session_world, due_in_s)
        await a_row(session_world, -9000, settled_at=now, outcome="parked")
        await a_row(session_world, -9000, settled_at=now, outcome="done")
        found = await session_world.services.relay.backlog()
        assert (found.due, found.later, found.parked) == (2, 3, 1)
        assert 89 < found.late_s < 120


def series(text: str) -> dict[str, float]:
    lines = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in lines}


class TestMetrics:
    def test_the_backlog_is_told(self) -> None:
        metrics = Metrics()
        metrics.tell_backlog(Backlog(2, 3, 1, 90.0))
        told = series(metrics.text().decode())
        assert told['bff_outbox_rows{state="due"}'] == 2
        assert told['bff_outbox_rows{state="later"}'] == 3
        assert told['bff_outbox_rows{state="parked"}'] == 1
        assert told["bff_outbox_late_seconds"] == 90

    def test_answers_are_counted_by_their_route_and_time(self) -> None:
        metrics = Metrics()
        known: Any = SimpleNamespace(route=SimpleNamespace(path="api/v1/me"), method="GET")
        unknown: Any = SimpleNamespace(route=None, method="STRANGE")
        right: Any = SimpleNamespace(status=200)
        absent: Any = SimpleNamespace(status=404)
        for seconds in (0.005, 0.02, 40.0):
            metrics.answers.count(known, right, seconds)
        metrics.answers.count(unknown, absent, 0.1)
        told = series(metrics.text().decode())
        assert told['bff_requests_total{method="GET",route="/api/v1/me",status="200"}'] == 3
        assert told['bff_requests_total{method="other",route="/-",status="404"}'] == 1
        bucket = 'bff_request_seconds_bucket{le="%s",route="/api/v1/me"}'
        assert [told[bucket % le] for le in ("0.005", "0.01", "0.025", "+Inf")] == [1, 1, 2, 3]
        assert told['bff_request_seconds_count{route="/api/v1/me"}'] == 3
        assert told['bff_request_seconds_sum{route="/api/v1/me"}'] == pytest.approx(40.025)

    def test_with_the_database_away_it_is_unknown_and_not_none(self) -> None:
        metrics = Metrics()
        metrics.tell_backlog(Backlog(2, 3, 1, 90.0))
        metrics.tell_backlog(None)
        told = series(metrics.text().decode())
        assert math.isnan(told['bff_outbox_rows{state="parked"}'])
        assert math.isnan(told["bff_outbox_late_seconds"])

    async def test_what_the_relay_did_is_counted_by_topic_and_outcome(
        self, world: World, phone: Any
    ) -> None:
        device: Phone = await phone()
        world.services.relay.counts["application.forward", "done"] += 1
        told = series((await device.get(f"{device.base}/metrics")).text)
        key = 'bff_outbox_deliveries_total{outcome="done",topic="application.forward"}'
        assert told[key] == world.services.relay.counts["application.forward", "done"]
        assert 'bff_outbox_rows{state="due"}' in told


@pytest.fixture
async def worker(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """The port of a worker over the world's services."""
    services = world.services
    http = replace(services.settings.http, worker_port=free_port())
    watched = replace(services, settings=replace(services.settings, http=http))
    base = f"http://{http.host}:{http.worker_port}"
    async with _watched(watched), httpx.AsyncClient(base_url=base) as client:
        yield client


class TestWorker:
    async def test_it_tells_that_it_lives_and_what_it_needs(
        self, worker: httpx.AsyncClient
    ) -> None:
        assert (await worker.get("/healthz")).json() == {"status": "ok"}
        ready = await worker.get("/readyz")
        assert (ready.status_code, ready.json()["parts"]["database"]) == (200, "ok")

    async def test_its_own_deliveries_are_seen(
        self, worker: httpx.AsyncClient, world: World
    ) -> None:
        world.services.relay.counts["push.send", "retry"] += 1
        told = series((await worker.get("/metrics")).text)
        assert told['bff_outbox_deliveries_total{outcome="retry",topic="push.send"}'] >= 1

    async def test_it_serves_nothing_of_the_product(self, worker: httpx.AsyncClient) -> None:
        for path in ("/api/v1/me", "/api/v1/catalogue/regions", "/docs", "/"):
            assert (await worker.get(path)).json()["code"] == "not_found"

    async def test_without_a_port_nothing_listens(self, world: World) -> None:
        assert world.services.settings.http.worker_port == 0
        async with _watched(world.services):
            pass
