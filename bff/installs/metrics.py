"""Counters and timings for Prometheus, labelled by the route's pattern only."""

import time
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import generate_latest, start_http_server
from prometheus_client.process_collector import ProcessCollector
from sanic import Blueprint, Request, Sanic
from sanic.response import BaseHTTPResponse

from auth.guard import PUBLIC
from kit.answers import Shown
from kit.describe import describe

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"})
"""A stranger may send any word; each would be a series for ever."""

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

    def text(self) -> bytes:
        return generate_latest(self.registry)

    def serve(self, host: str, port: int) -> None:
        """On a port of its own, which only the inside of the network reaches."""
        start_http_server(port, host, registry=self.registry)


@bp.get("/metrics")
@describe("metrics", "运行指标", access=PUBLIC, tag="system", returns=bytes)
async def show(metrics: Metrics) -> Shown:
    return Shown(metrics.text(), media_type=CONTENT_TYPE_LATEST)


def install(app: Sanic[Any, Any]) -> None:
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
