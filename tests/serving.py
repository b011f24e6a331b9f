"""Runs a Sanic app on a real loopback socket in the test's own loop.

sanic-testing restarts the app for each request, which would empty whatever it holds in memory.
"""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sanic import Sanic


@asynccontextmanager
async def served(
    app: Sanic[Any, Any], listening: socket.socket | None = None
) -> AsyncIterator[str]:
    """Yields the app's address; all its listeners have run."""
    if listening is None:
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
    host, port = listening.getsockname()
    server = await app.create_server(sock=listening, return_asyncio_server=True, access_log=False)
    assert server is not None
    await server.startup()
    await server.before_start()
    await server.after_start()
    try:
        yield f"http://{host}:{port}"
    finally:
        await server.before_stop()
        await server.close()
        await server.after_stop()
