"""The journal of the near side: what the front end asked, and why it was refused."""

from typing import Any

from sanic import Request, Sanic
from sanic.response import BaseHTTPResponse

from adapters.far_side import FarSide

_UNTOLD_PREFIXES = ("mock/", "docs", "healthz", "metrics")


def install(app: Sanic[Any, Any], journal: FarSide) -> None:
    """Note every request to the product itself; patterns and codes only, no path, no body."""

    async def note(request: Request, response: BaseHTTPResponse) -> None:
        route = request.route.path if request.route is not None else "-"
        if route.startswith(_UNTOLD_PREFIXES):
            return
        journal.record(
            "inbound",
            f"{request.method} /{route}",
            response.status,
            getattr(request.ctx, "problem_code", ""),
            request_id=request.ctx.request_id,
        )

    app.register_middleware(note, "response", priority=5)
