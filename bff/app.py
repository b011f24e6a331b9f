"""The application: routes, installs, and the order in which things open and close."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sanic import Blueprint, Request, Sanic
from sanic.config import Config
from sanic.http import Http
from sanic.response import BaseHTTPResponse

from bff.installs import conventions, docs, health, logging, metrics, problems
from bff.settings import Settings
from kit.openapi import DescribedRoute

GRACEFUL_SHUTDOWN_S = 20.0
RESPONSE_TIMEOUT_S = 60.0
"""Longer than a long poll (25 s) plus a slow database."""
REQUEST_TIMEOUT_S = 30.0
KEEP_ALIVE_S = 75.0


@dataclass
class AppContext:
    """What handlers reach through ``request.app.ctx``. No slots: Sanic adds to it."""

    provided: dict[type, Any]
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the server is told to stop, so that long polls end at once."""


App: TypeAlias = "Sanic[Config, AppContext]"
Lifespan: TypeAlias = Callable[[], AbstractAsyncContextManager[None]]


def create_app(
    settings: Settings,
    provided: dict[type, Any],
    blueprints: tuple[Blueprint, ...],
    lifespan: Lifespan,
    extra: tuple[Blueprint, ...] = (),
) -> App:
    """``blueprints`` are the product's and stand below ``/api/v1``; ``extra`` stand at the root."""
    app: App = Sanic(
        "bff",
        router=conventions.HeadAsGet(),
        config=_config(settings),
        ctx=AppContext({**provided, metrics.Metrics: metrics.Metrics()}),
        configure_logging=False,
    )
    problems.install(app)
    counted = app.ctx.provided[metrics.Metrics].answers.count
    conventions.install(app, settings.minimum_versions, (counted, logging.tell, _hang_up))
    metrics.install(app)
    docs.install(app)
    mount(app, blueprints, extra)
    _check_provided(app)
    _attach(app, lifespan)
    return app


def mount(
    app: Sanic[Any, Any], blueprints: tuple[Blueprint, ...], extra: tuple[Blueprint, ...] = ()
) -> None:
    """All routes in their places."""
    for blueprint in (health.bp, docs.bp, *extra):
        app.blueprint(blueprint)
    app.blueprint(Blueprint.group(*blueprints, url_prefix="/api/v1"))


def _check_provided(app: App) -> None:
    """A handler that asks for something nobody provides is found at the start, not at a call."""
    missing = {
        kind.__qualname__
        for route in app.router.routes
        for kind in getattr(route.handler, "__needs__", ())
        if kind not in app.ctx.provided
    }
    if missing:
        raise LookupError(f"no such service is provided: {', '.join(sorted(missing))}")


def _config(settings: Settings) -> Config:
    """Sanic's own knobs; ours are in Settings. Its environment prefix is switched off."""
    return Config(
        {
            "ACCESS_LOG": False,
            "AUTO_EXTEND": False,
            "FALLBACK_ERROR_FORMAT": "json",
            "GRACEFUL_SHUTDOWN_TIMEOUT": GRACEFUL_SHUTDOWN_S,
            "KEEP_ALIVE_TIMEOUT": KEEP_ALIVE_S,
            "OAS": False,
            "PROXIES_COUNT": settings.http.trusted_proxies,
            "REQUEST_MAX_SIZE": settings.http.body_bytes_max,
            "REQUEST_TIMEOUT": REQUEST_TIMEOUT_S,
            "RESPONSE_TIMEOUT": RESPONSE_TIMEOUT_S,
        },
        env_prefix="",
    )


def _attach(app: App, lifespan: Lifespan) -> None:
    """Open before serving; close after the last request has been answered."""
    opened: list[AbstractAsyncContextManager[None]] = []

    @app.before_server_start
    async def open_(app: App) -> None:
        context = lifespan()
        await context.__aenter__()
        opened.append(context)

    @app.before_server_stop
    async def announce(app: App) -> None:
        app.ctx.closing.set()

    @app.after_server_stop
    async def close(app: App) -> None:
        while opened:
            await opened.pop().__aexit__(None, None, None)


def _hang_up(request: Request, response: BaseHTTPResponse, seconds: float) -> None:
    """Sanic ends idle connections once, then waits for all others up to its deadline: one that
    was busy at that moment would stay open for its next request and hold the server up."""
    if request.app.ctx.closing.is_set() and isinstance(request.stream, Http):
        request.stream.keep_alive = False


def described_routes(app: Sanic[Any, Any]) -> list[DescribedRoute]:
    """Every route with its description; one that has none is a fault (tests/contract)."""
    return [
        DescribedRoute(method, _path(route.path), route.handler.__description__)
        for route in app.router.routes
        for method in route.methods
        if hasattr(route.handler, "__description__")
    ]


def _path(pattern: str) -> str:
    return "/" + "/".join(_segment(part) for part in pattern.split("/"))


def _segment(part: str) -> str:
    """``<draft_id:str>`` as ``{draft_id}``."""
    if not part.startswith("<"):
        return part
    return "{" + part.strip("<>").split(":", 1)[0] + "}"
