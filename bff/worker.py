"""``worker``: the relay and the housekeeping as a process of their own. Run as many as needed."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

from sanic import Sanic

from bff.installs import conventions, health, logging, metrics, problems
from bff.services import Services
from bff.startup import settings_or_exit
from bff.wiring import assemble

BODY_BYTES_MAX = 1024
Steps = tuple[Callable[[], Awaitable[None]], ...]


def work() -> int:
    settings = settings_or_exit()
    services = assemble(settings)

    async def run() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, stop.set)
        async with services.running(relaying=True), _watched(services):
            await stop.wait()

    asyncio.run(run())
    return 0


@asynccontextmanager
async def _watched(services: Services) -> AsyncIterator[None]:
    """``/healthz``, ``/readyz`` and ``/metrics`` on the worker's own port, if it has one."""
    http = services.settings.http
    if not http.worker_port:
        yield
        return
    server = await _watch(services).create_server(
        http.host, http.worker_port, return_asyncio_server=True, access_log=False
    )
    if server is None:
        raise OSError("the worker's port cannot be listened on")
    # Sanic says nothing of their types.
    opening: Steps = (server.startup, server.before_start, server.after_start)
    closing: Steps = (server.before_stop, server.close, server.after_stop)
    for step in opening:
        await step()
    try:
        yield
    finally:
        for step in closing:
            await step()


def _watch(services: Services) -> Sanic[Any, Any]:
    provided = {**services.provided, metrics.Metrics: metrics.Metrics()}
    app: Sanic[Any, Any] = Sanic(
        "worker",
        router=conventions.HeadAsGet(),
        ctx=SimpleNamespace(provided=provided),
        configure_logging=False,
        env_prefix="",
    )
    app.config.REQUEST_MAX_SIZE = BODY_BYTES_MAX
    problems.install(app)
    counted = provided[metrics.Metrics].answers.count
    conventions.install(app, {}, (counted, logging.tell))
    metrics.install(app)
    app.blueprint((health.bp, metrics.bp))
    return app
