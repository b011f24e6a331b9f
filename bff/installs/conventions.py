"""What happens before and after every request: its name, the headers all share, who counts it.

One function before and one after: Sanic takes 4 us for each that it calls itself.
"""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from sanic import Request, Sanic
from sanic.models.handler_types import RouteHandler
from sanic.response import BaseHTTPResponse
from sanic.router import Router
from structlog.contextvars import bind_contextvars

from kit.ids import new_id
from kit.problems import Next, Problem
from kit.text import Text

PLATFORMS = frozenset({"wechat", "alipay", "aishandong", "h5"})
Observer = Callable[[Request, BaseHTTPResponse, float], None]
"""Looks at every answer; the seconds that it took to make."""
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class ClientTooOld(Problem):
    status = 426
    code = "client_too_old"
    title = Text("版本过低，请更新后再使用", "This version is too old; please update")
    next: ClassVar[Next | None] = "update_client"


class HeadAsGet(Router):
    """HEAD goes wherever GET goes, so it meets the same access rule, limits and handler; the server
    leaves the body out. (RFC 9110, 9.3.2: the same answer as to GET, without its content.)"""

    def get(  # type: ignore[override]  # the router's own differs from its base class, too
        self, path: str, method: str, host: str | None
    ) -> tuple[Any, RouteHandler, dict[str, Any]]:
        return super().get(path, "GET" if method == "HEAD" else method, host)


def install(
    app: Sanic[Any, Any],
    minimum_versions: Mapping[str, str],
    observers: Sequence[Observer] = (),
) -> None:
    minimums = {platform: _parts(version) for platform, version in minimum_versions.items()}

    def begin(request: Request) -> None:
        ctx, headers = request.ctx, request.headers
        ctx.started = time.perf_counter()
        # First of all: even a refusal names the request.
        given = headers.get("x-request-id", "")
        ctx.request_id = given if _REQUEST_ID.fullmatch(given) else new_id()
        bind_contextvars(request_id=ctx.request_id)
        if minimums:
            _refuse_too_old(minimums, headers)

    def end(request: Request, response: BaseHTTPResponse) -> None:
        ctx, headers = request.ctx, response.headers
        started = getattr(ctx, "started", None)
        seconds = 0.0 if started is None else time.perf_counter() - started
        headers["X-Request-ID"] = ctx.request_id
        headers["Server-Timing"] = f"app;dur={seconds * 1000:.1f}"
        headers["X-Content-Type-Options"] = "nosniff"
        # A refusal by a limit brings them itself.
        headers.update(getattr(ctx, "rate_limit", {}))
        for observe in observers:
            observe(request, response, seconds)

    app.register_middleware(begin, "request", priority=1000)
    app.register_middleware(end, "response", priority=50)


def _refuse_too_old(minimums: Mapping[str, tuple[int, ...]], headers: Mapping[str, str]) -> None:
    minimum = minimums.get(headers.get("x-client-platform", ""))
    version = headers.get("x-client-version")
    if minimum is not None and version is not None and _parts(version) < minimum:
        raise ClientTooOld(
            Text("请在应用商店或小程序列表中更新", "Update the app or reopen the mini-program")
        )


def _parts(version: str) -> tuple[int, ...]:
    """``1.10.2`` as numbers; anything odd counts as the oldest."""
    numbers = version.split(".")
    if len(numbers) > 6 or not all(n.isascii() and n.isdigit() and len(n) < 9 for n in numbers):
        return ()
    return tuple(int(n) for n in numbers)
