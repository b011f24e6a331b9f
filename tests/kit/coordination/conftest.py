"""Each test of the contract runs over memory, fakeredis and a real Redis."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import fakeredis
import pytest

from kit.clock import Moved, ShiftableClock, moved_by, not_moved
from kit.coordination.memory import memory_coordination
from kit.coordination.ports import Coordination
from kit.coordination.redis import RedisLink, coordination_over, redis_coordination
from kit.ids import new_id
from tests.servers import RedisServer, running_redis

# The contract is about answers, and machines may be busy: only the fault tests are short of time.
PATIENT_S = 10.0

Eventually = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]


@pytest.fixture
def name() -> str:
    """Of a key, lock, channel or limit: the servers outlive the test."""
    return new_id()


@pytest.fixture
def eventually() -> Eventually:
    async def wait(holds: Callable[[], Awaitable[bool]]) -> None:
        until = time.monotonic() + 10
        while not await holds():
            assert time.monotonic() < until, "it did not come true within 10 s"
            await asyncio.sleep(0.01)

    return wait


@pytest.fixture(
    params=["memory", "fakeredis", pytest.param("redis", marks=pytest.mark.needs_servers)]
)
async def coordination(request: pytest.FixtureRequest) -> AsyncIterator[Coordination]:
    opened = _open(request)
    yield opened
    await opened.close()


@pytest.fixture(
    params=["memory", "fakeredis", pytest.param("redis", marks=pytest.mark.needs_servers)]
)
async def moved_coordination(
    request: pytest.FixtureRequest,
) -> AsyncIterator[tuple[Coordination, ShiftableClock]]:
    """As ``coordination``, with a clock that can be moved."""
    clock = ShiftableClock()
    opened = _open(request, moved_by(clock))
    yield opened, clock
    await opened.close()


def _open(request: pytest.FixtureRequest, moved: Moved = not_moved) -> Coordination:
    if request.param == "memory":
        return memory_coordination(moved)
    if request.param == "fakeredis":
        client = fakeredis.FakeAsyncRedis(server=fakeredis.FakeServer())
        return coordination_over(RedisLink(client, PATIENT_S), moved)
    server: RedisServer = request.getfixturevalue("redis_server")
    return redis_coordination(server.url(), PATIENT_S, moved=moved)


@pytest.fixture
def breakable_redis(redis_server: RedisServer, tmp_path: Path) -> Iterator[RedisServer]:
    """Not the session's own, which others rely on; that one decides whether there is any."""
    del redis_server
    with running_redis(tmp_path) as server:
        yield server
