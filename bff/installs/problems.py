"""Every refusal leaves as one kind of document, rendered here."""

import asyncio
from typing import Any, ClassVar

import structlog
from sanic import HTTPResponse, Request, Sanic
from sanic.exceptions import PayloadTooLarge as BodyTooLarge
from sanic.exceptions import SanicException
from sanic.http import Http
from sanic.response import raw

from adapters.errors import Unreachable
from kit.answers import encode_json
from kit.database.unit import is_outage
from kit.problems import (
    MalformedRequest,
    Next,
    NotFound,
    PayloadTooLarge,
    Problem,
    TemporarilyUnavailable,
)
from kit.text import Text, preferred_language

log = structlog.get_logger("problems")

THROWN_AWAY_BYTES_MAX = 64 * 1024 * 1024
THROWN_AWAY_S = 30.0
MEDIA_TYPE = "application/problem+json; charset=utf-8"


class MethodNotAllowed(Problem):
    status = 405
    code = "method_not_allowed"
    title = Text("不支持这种请求方式", "This method is not allowed here")
    next = None


class RequestTimedOut(Problem):
    status = 408
    code = "request_timeout"
    title = Text("请求超时，请重试", "The request took too long to arrive")
    next: ClassVar[Next | None] = "retry"


_BY_STATUS: dict[int, type[Problem]] = {
    400: MalformedRequest,
    404: NotFound,
    405: MethodNotAllowed,
    408: RequestTimedOut,
    413: PayloadTooLarge,
    503: TemporarilyUnavailable,
}


def render(request: Request, problem: Problem) -> HTTPResponse:
    """The document; with ``Prefer: http-200`` under status 200, for runtimes that hide others."""
    language = preferred_language(request.headers.get("accept-language"))
    document = problem.document(
        language,
        instance=f"urn:request:{request.ctx.request_id}",
        trace_id=request.ctx.request_id,
    )
    request.ctx.problem_code = problem.code
    headers = {"Content-Language": "en" if language == "en" else "zh-CN", **problem.headers}
    status = problem.status
    if "http-200" in request.headers.get("prefer", ""):
        headers["Preference-Applied"] = "http-200"
        status = 200
    return raw(encode_json(document), status=status, headers=headers, content_type=MEDIA_TYPE)


def install(app: Sanic[Any, Any]) -> None:
    app.error_handler.add(Problem, _problem)
    app.error_handler.add(SanicException, _framework)
    app.error_handler.add(BodyTooLarge, _too_large)
    app.error_handler.add(Exception, _unexpected)


def _problem(request: Request, error: Problem) -> HTTPResponse:
    return render(request, error)


def _framework(request: Request, error: SanicException) -> HTTPResponse:
    if not hasattr(request.ctx, "request_id"):
        # Refused before any middleware ran: too large, too slow, not HTTP.
        request.ctx.request_id = "-"
    unnamed = Problem if error.status_code >= 500 else MalformedRequest
    kind = _BY_STATUS.get(error.status_code, unnamed)
    problem = kind(headers={str(k): str(v) for k, v in (error.headers or {}).items()})
    return render(request, problem)


async def _too_large(request: Request, error: BodyTooLarge) -> HTTPResponse:
    """Sanic would answer and close at once. A client that is still sending then finds its
    connection reset and never reads why, so the rest is taken in and thrown away, within bounds."""
    stream = request.stream
    if isinstance(stream, Http):
        stream.request_max_size = THROWN_AWAY_BYTES_MAX
        try:
            async with asyncio.timeout(THROWN_AWAY_S):
                async for _ in stream:
                    pass
        except (SanicException, TimeoutError):
            log.info("body_given_up")
    return _framework(request, error)


def _unexpected(request: Request, error: Exception) -> HTTPResponse:
    if is_outage(error):
        log.warning("database_unavailable", error_type=type(error).__qualname__)
        return render(request, TemporarilyUnavailable())
    if isinstance(error, Unreachable):
        log.warning("peer_unavailable", peer=error.peer, code=error.code)
        return render(request, TemporarilyUnavailable())
    log.error("request_failed", exc_info=error)
    return render(request, Problem())
