"""What the simulators' web applications share: JSON as it is written, connections that break."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]


def compact(made: object) -> str:
    return json.dumps(made, ensure_ascii=False, separators=(",", ":"))


def json_answer(answer: Mapping[str, Any], status: int = 200) -> web.Response:
    text = json.dumps(answer, ensure_ascii=False)
    return web.Response(status=status, text=text, content_type="application/json", charset="utf-8")


def hung_up(request: web.Request) -> web.Response:
    """The connection breaks without an answer; what is returned goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def handler(handle: Handle) -> Handle:
    """aiohttp wants a coroutine function, not a method of an object that is called."""

    async def handled(request: web.Request) -> web.StreamResponse:
        return await handle(request)

    return handled
