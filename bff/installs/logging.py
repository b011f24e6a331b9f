"""Structured logs: one JSON line an event, ids bound once, nothing personal.

The text of an exception may hold data (a driver quotes the duplicate value), so only its type and
the places it passed are logged.
"""

import logging
import sys
import time
import traceback
from collections.abc import Mapping, MutableMapping
from typing import Any

import msgspec
import structlog
from sanic import Request, Sanic
from sanic.response import BaseHTTPResponse
from structlog.contextvars import bind_contextvars

log = structlog.get_logger("http")

SLOW_MS = 1000.0


def configure(level: str, *, pretty: bool = False) -> None:
    """Once a process. Goes to standard error; standard output belongs to the commands."""
    threshold = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=processors(pretty=pretty),
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    # Libraries speak only when something is wrong; Tortoise's debug lines hold query values.
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, force=True)
    # Sanic tells of missing files with the path that was typed; we tell of every request ourselves.
    logging.getLogger("sanic.error").setLevel(logging.CRITICAL)


def processors(*, pretty: bool = False) -> list[Any]:
    """What every line goes through before it is printed."""
    renderer = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), sort_keys=False)
        if pretty
        else structlog.processors.JSONRenderer(serializer=_json)
    )
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        without_messages,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        renderer,
    ]


def _json(event: Any, **_: Any) -> str:
    return msgspec.json.encode(event, enc_hook=str).decode()


def without_messages(
    logger: Any, method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Replace ``exc_info`` by the exception's type and frames."""
    given = event.pop("exc_info", None)
    if not given:
        return event
    error = given if isinstance(given, BaseException) else sys.exc_info()[1]
    if error is not None:
        event["error_type"] = type(error).__qualname__
        frames = traceback.extract_tb(error.__traceback__)
        event["frames"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return event


def install(app: Sanic[Any, Any]) -> None:
    app.register_middleware(_begin, "request", priority=100)
    app.register_middleware(_end, "response", priority=0)


def _begin(request: Request) -> None:
    request.ctx.started = time.perf_counter()
    bind_contextvars(request_id=request.ctx.request_id)


def _end(request: Request, response: BaseHTTPResponse) -> None:
    """What went well and fast is counted (metrics) and in the proxy's log; a line of ours for each
    took an eighth of the time of a small answer."""
    started = getattr(request.ctx, "started", None)
    ms = round((time.perf_counter() - started) * 1000, 1) if started is not None else 0.0
    if response.status >= 400 or ms >= SLOW_MS:
        log.info("request_answered", ms=ms, status=response.status, **_route(request))


def _route(request: Request) -> Mapping[str, str]:
    """The route's pattern, never the path: paths may hold tokens."""
    pattern = f"/{request.route.path}" if request.route is not None else "-"
    return {"method": request.method, "route": pattern}
