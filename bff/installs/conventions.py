"""The headers every client and every answer share."""

import re
import time
from collections.abc import Mapping
from typing import Any, ClassVar

from sanic import Request, Sanic
from sanic.models.handler_types import RouteHandler
from sanic.response import BaseHTTPResponse
from sanic.router import Router

from kit.ids import new_id
from kit.problems import Next, Problem
from kit.text import Text

PLATFORMS = frozenset({"wechat", "alipay", "aishandong", "h5"})
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


def install(app: Sanic[Any, Any], minimum_versions: Mapping[str, str]) -> None:
    minimums = {platform: _parts(version) for platform, version in minimum_versions.items()}

    def identify(request: Request) -> None:
        """First of all: even a refusal names the request."""
        given = request.headers.get("x-request-id", "")
        request.ctx.request_id = given if _REQUEST_ID.fullmatch(given) else new_id()

    def check_version(request: Request) -> None:
        platform = request.headers.get("x-client-platform")
        minimum = minimums.get(platform or "")
        if minimum is None:
            return
        version = request.headers.get("x-client-version")
        if version is not None and _parts(version) < minimum:
            raise ClientTooOld(
                Text("请在应用商店或小程序列表中更新", "Update the app or reopen the mini-program")
            )

    app.register_middleware(identify, "request", priority=1000)
    if minimums:
        app.register_middleware(check_version, "request", priority=50)
    app.register_middleware(_complete, "response", priority=50)


def _complete(request: Request, response: BaseHTTPResponse) -> None:
    headers = response.headers
    headers["X-Request-ID"] = request.ctx.request_id
    started = getattr(request.ctx, "started", None)
    if started is not None:
        headers["Server-Timing"] = f"app;dur={(time.perf_counter() - started) * 1000:.1f}"
    headers["X-Content-Type-Options"] = "nosniff"
    # A refusal by a limit brings them itself.
    headers.update(getattr(request.ctx, "rate_limit", {}))


def _parts(version: str) -> tuple[int, ...]:
    """``1.10.2`` as numbers; anything odd counts as the oldest."""
    numbers = version.split(".")
    if len(numbers) > 6 or not all(n.isascii() and n.isdigit() and len(n) < 9 for n in numbers):
        return ()
    return tuple(int(n) for n in numbers)
