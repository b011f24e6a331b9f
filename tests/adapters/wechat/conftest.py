from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import web

from adapters.wechat.client import WeChatClient
from tests.adapters.wechat.world import PERSONAL, World, a_world, serving


@pytest.fixture(autouse=True)
def _nobody_shows_personal_values(sensitive_values: set[str]) -> None:
    sensitive_values.update(PERSONAL)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(tmp_path) as world:
        yield world


@pytest.fixture
async def other_wechat(world: World) -> AsyncIterator[Callable[[object], Awaitable[WeChatClient]]]:
    """A peer that gives tokens and answers everything else with one body: a dict, or raw bytes."""
    async with AsyncExitStack() as stack:

        async def client(answer: object, status: int = 200) -> WeChatClient:
            async def token(_: web.Request) -> web.Response:
                return web.json_response({"access_token": "T" * 40, "expires_in": 7200})

            async def anything(_: web.Request) -> web.Response:
                if isinstance(answer, bytes):
                    return web.Response(body=answer, status=status)
                return web.json_response(answer, status=status)

            application = web.Application()
            application.router.add_post("/cgi-bin/stable_token", token)
            application.router.add_route("*", "/{rest:.*}", anything)
            base_url = await stack.enter_async_context(serving(application))
            return world.another_client(base_url=base_url)

        yield client


@pytest.fixture
async def client_of_broken_tokens(
    world: World,
) -> AsyncIterator[Callable[[bytes], Awaitable[WeChatClient]]]:
    """A peer whose token endpoint answers these bytes."""
    async with AsyncExitStack() as stack:

        async def client(answer: bytes) -> WeChatClient:
            async def token(_: web.Request) -> web.Response:
                return web.Response(body=answer)

            application = web.Application()
            application.router.add_post("/cgi-bin/stable_token", token)
            base_url = await stack.enter_async_context(serving(application))
            return world.another_client(base_url=base_url)

        yield client
