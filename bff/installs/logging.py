"""Structured logs: one JSON line an event, ids bound once, nothing personal.

The text of an exception may hold data (a driver quotes the duplicate value), so only its type and
the places it passed are logged.
"""

import logging
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from typing import Any

import msgspec
import structlog
from sanic import Request
from sanic.response import BaseHTTPResponse

log = structlog.get_logger("http")

SLOW_S = 1.0


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


def tell(request: Request, response: BaseHTTPResponse, seconds: float) -> None:
    """What went well and fast is counted (metrics) and in the proxy's log; a line of ours for each
    took an eighth of the time of a small answer."""
    if response.status >= 400 or seconds >= SLOW_S:
        ms = round(seconds * 1000, 1)
        log.info("request_answered", ms=ms, status=response.status, **_route(request))


def _route(request: Request) -> Mapping[str, str]:
    """The route's pattern, never the path: paths may hold tokens."""
    pattern = f"/{request.route.path}" if request.route is not None else "-"
    return {"method": request.method, "route": pattern}
