from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import web

from adapters.alipay.client import AlipayClient
from tests.adapters.alipay.world import PERSONAL, World, a_world, serving


@pytest.fixture(autouse=True)
def _nobody_shows_personal_values(sensitive_values: set[str]) -> None:
    sensitive_values.update(PERSONAL)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Key mode."""
    async with a_world(tmp_path) as world:
        yield world


@pytest.fixture
async def certified(tmp_path: Path) -> AsyncIterator[World]:
    """Certificate mode."""
    async with a_world(tmp_path, "certificate") as world:
        yield world


@pytest.fixture(params=["key", "certificate"])
async def either(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(tmp_path, request.param) as world:
        yield world


@pytest.fixture
async def other_alipay(world: World) -> AsyncIterator[Callable[[bytes], Awaitable[AlipayClient]]]:
    """A peer that answers everything with these bytes."""
    async with AsyncExitStack() as stack:

        async def client(answer: bytes, status: int = 200) -> AlipayClient:
            async def anything(_: web.Request) -> web.Response:
                return web.Response(body=answer, status=status)

            application = web.Application()
            application.router.add_route("*", "/{rest:.*}", anything)
            base_url = await stack.enter_async_context(serving(application))
            return world.another_client(gateway_url=f"{base_url}/gateway.do")

        yield client
