"""For Prometheus: requests by the pattern of their route, the outbox by its topics."""

import asyncio
import math
import time
from collections.abc import Iterator
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import generate_latest, start_http_server
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector
from sanic import Blueprint, Request, Sanic
from sanic.response import BaseHTTPResponse

from adapters.outbox.relay import Backlog, Relay
from auth.guard import PUBLIC
from kit.answers import Shown
from kit.database.unit import is_outage
from kit.describe import describe
from kit.tasks import TaskCrew
from miniprogram_api.catalogue.following import CatalogueFollower
from miniprogram_api.catalogue.service import CatalogueService

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"})
"""A stranger may send any word; each would be a series for ever."""
BACKLOG_EVERY_S = 60.0
"""Counting what is parked looks at a week of settled rows."""

bp = Blueprint("metrics")


class Metrics:
    """One registry for each app, so that two apps in one test process do not share counters."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            "bff_requests",
            "Requests answered",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "bff_request_seconds",
            "Time to answer",
            ("route",),
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 30),
            registry=self.registry,
        )
        self.backlog = Gauge(
            "bff_outbox_rows",
            "Rows of the outbox that are not done; the same from every process",
            ("state",),
            registry=self.registry,
        )
        self.late_seconds = Gauge(
            "bff_outbox_late_seconds",
            "How long the oldest due row has been due",
            registry=self.registry,
        )

    def tell_backlog(self, found: Backlog | None) -> None:
        """None: nobody knows, the database is away."""
        for state in ("due", "later", "parked"):
            self.backlog.labels(state).set(math.nan if found is None else getattr(found, state))
        self.late_seconds.set(math.nan if found is None else found.late_s)

    def text(self) -> bytes:
        return generate_latest(self.registry)

    def serve(self, host: str, port: int) -> None:
        """On a port of its own, which only the inside of the network reaches."""
        start_http_server(port, host, registry=self.registry)


@bp.get("/metrics")
@describe("metrics", "运行指标", access=PUBLIC, tag="system", returns=bytes)
async def show(metrics: Metrics) -> Shown:
    return Shown(metrics.text(), media_type=CONTENT_TYPE_LATEST)


class _Deliveries(Collector):
    """Read from the relay of this process when somebody looks."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay

    def collect(self) -> Iterator[CounterMetricFamily]:
        family = CounterMetricFamily(
            "bff_outbox_deliveries",
            "Tries of rows by topic and outcome, in this process",
            labels=("topic", "outcome"),
        )
        for (topic, outcome), count in list(self._relay.counts.items()):
            family.add_metric((topic, outcome), count)
        yield family


class _CatalogueVersion(Collector):
    """Which list this process serves, and whether it could not take up the one it should."""

    def __init__(self, catalogue: CatalogueService, follower: CatalogueFollower) -> None:
        self._catalogue = catalogue
        self._follower = follower

    def collect(self) -> Iterator[GaugeMetricFamily]:
        serving = GaugeMetricFamily(
            "bff_catalogue_serving", "The version of the list that is served", labels=["version"]
        )
        serving.add_metric([self._catalogue.version], 1)
        yield serving
        refused = self._follower.refused is not None
        yield GaugeMetricFamily(
            "bff_catalogue_refused", "Whether a newer list is faulty (see the log)", int(refused)
        )


def install(app: Sanic[Any, Any]) -> None:
    _count_requests(app)
    _watch_outbox(app)
    provided = app.ctx.provided
    provided[Metrics].registry.register(
        _CatalogueVersion(provided[CatalogueService], provided[CatalogueFollower])
    )


def _watch_outbox(app: Sanic[Any, Any]) -> None:
    metrics: Metrics = app.ctx.provided[Metrics]
    relay: Relay = app.ctx.provided[Relay]
    metrics.registry.register(_Deliveries(relay))
    crew = TaskCrew()

    async def watch() -> None:
        while True:
            try:
                metrics.tell_backlog(await relay.backlog())
            except Exception as error:
                if not is_outage(error):
                    raise
                metrics.tell_backlog(None)
            await asyncio.sleep(BACKLOG_EVERY_S)

    @app.after_server_start
    async def start(app: Sanic[Any, Any]) -> None:
        crew.start("outbox backlog", watch)

    @app.before_server_stop
    async def stop(app: Sanic[Any, Any]) -> None:
        await crew.stop(1.0)


def _count_requests(app: Sanic[Any, Any]) -> None:
    metrics: Metrics = app.ctx.provided[Metrics]
    # Finding a series by its labels costs more than counting; there are a few hundred at most.
    series: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def count(request: Request, response: BaseHTTPResponse) -> None:
        route = request.route.path if request.route is not None else "-"
        method = request.method if request.method in _METHODS else "other"
        key = (method, route, response.status)
        found = series.get(key)
        if found is None:
            found = series[key] = (
                metrics.requests.labels(method, f"/{route}", str(response.status)),
                metrics.seconds.labels(f"/{route}"),
            )
        found[0].inc()
        started = getattr(request.ctx, "started", None)
        if started is not None:
            found[1].observe(time.perf_counter() - started)

    app.register_middleware(count, "response", priority=10)
