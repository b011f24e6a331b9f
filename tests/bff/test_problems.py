"""What nobody caught on the way leaves as a problem document."""

from types import SimpleNamespace

import httpx
import pytest
from sanic import HTTPResponse, Request, Sanic

from adapters.errors import AdapterError, Misconfigured, Refused, Unreachable
from bff.installs import conventions, problems
from tests.serving import served


@pytest.mark.parametrize(
    ("error", "status", "next_step"),
    [
        (Unreachable("storage", "no_connection", "secret words"), 503, "retry"),
        (Refused("storage", "denied", "secret words"), 500, "retry"),
        (Misconfigured("storage", "wrong_key", "secret words"), 500, "retry"),
    ],
)
async def test_somebody_else_being_away_is_no_fault_of_ours(
    error: AdapterError, status: int, next_step: str
) -> None:
    async def failing(request: Request) -> HTTPResponse:
        raise error

    app = Sanic(f"away_{error.code}", ctx=SimpleNamespace(provided={}), configure_logging=False)
    problems.install(app)
    conventions.install(app, {}, ())
    app.add_route(failing, "/failing", methods=["GET"])
    async with served(app) as base, httpx.AsyncClient(base_url=base) as client:
        answer = await client.get("/failing")
    assert (answer.status_code, answer.json()["next"]) == (status, next_step)
    assert "secret words" not in answer.text
