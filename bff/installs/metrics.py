"""For Prometheus: requests by the pattern of their route, the outbox by its topics."""

import asyncio
import math
from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge
from prometheus_client.exposition import generate_latest, start_http_server
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
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

BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 30)

bp = Blueprint("metrics")


class Answers(Collector):
    """The answers by method, route and status, and how long each route took.

    Counted by the event loop alone, so that it needs none of the library's locks, which took 8 us
    of every request; who scrapes reads what is there at that moment.
    """

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, int], int] = {}
        self._times: dict[str, _Times] = {}

    def count(self, request: Request, response: BaseHTTPResponse, seconds: float) -> None:
        route = request.route.path if request.route is not None else "-"
        method = request.method if request.method in _METHODS else "other"
        key = (method, route, response.status)
        self._counts[key] = self._counts.get(key, 0) + 1
        times = self._times.get(route)
        if times is None:
            times = self._times[route] = _Times()
        times.counts[bisect_left(BUCKETS_S, seconds)] += 1
        times.sum_s += seconds

    def collect(self) -> Iterator[Metric]:
        requests = CounterMetricFamily(
            "bff_requests", "Requests answered", labels=("method", "route", "status")
        )
        for (method, route, status), count in list(self._counts.items()):
            requests.add_metric((method, f"/{route}", str(status)), count)
        yield requests
        seconds = HistogramMetricFamily("bff_request_seconds", "Time to answer", labels=("route",))
        for route, times in list(self._times.items()):
            buckets = zip(_BOUNDS, accumulate(times.counts), strict=True)
            seconds.add_metric((f"/{route}",), list(buckets), times.sum_s)
        yield seconds


class _Times:
    """Of one route: how many answers fell between two bounds, and their seconds together."""

    __slots__ = ("counts", "sum_s")

    def __init__(self) -> None:
        self.counts = [0] * len(_BOUNDS)
        self.sum_s = 0.0


_BOUNDS = (*map(str, map(float, BUCKETS_S)), "+Inf")


class Metrics:
    """One registry for each app, so that two apps in one test process do not share counters."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.answers = Answers()
        self.registry.register(self.answers)
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
