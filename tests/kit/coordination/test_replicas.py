"""Two replicas over one Redis: what the in-process stand-in cannot have."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from kit.coordination import open_coordination
from kit.coordination.memory import MemoryCache
from kit.coordination.ports import Coordination, Quota
from kit.coordination.redis import redis_coordination
from kit.ids import new_id
from tests.kit.coordination.conftest import PATIENT_S
from tests.servers import RedisServer


@pytest.fixture
async def one(redis_server: RedisServer) -> AsyncIterator[Coordination]:
    opened = redis_coordination(redis_server.url(), PATIENT_S)
    yield opened
    await opened.close()


@pytest.fixture
async def other(redis_server: RedisServer) -> AsyncIterator[Coordination]:
    opened = redis_coordination(redis_server.url(), PATIENT_S)
    yield opened
    await opened.close()


async def test_a_message_crosses_and_its_own_sender_hears_it_once(
    one: Coordination, other: Coordination, name: str
):
    async with one.notifier.subscribe(name) as here, other.notifier.subscribe(name) as there:
        await one.notifier.publish(name, "第一 with spaces")
        assert await anext(there) == "第一 with spaces"
        await other.notifier.publish(name, "back")
        assert [await anext(here), await anext(here)] == ["第一 with spaces", "back"]


async def test_what_is_no_message_of_ours_does_not_end_the_listening(
    one: Coordination, other: Coordination, redis_server: RedisServer, name: str
):
    async with one.notifier.subscribe(name) as messages:
        _, writer = await asyncio.open_connection("127.0.0.1", redis_server.port)
        channel = f"bff:wake:{name}".encode()
        writer.write(b"PUBLISH %s \xff\xfe\r\nPUBLISH bff:wake: nothing\r\n" % channel)
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        await other.notifier.publish(name, "still here")
        while (message := await anext(messages)) != "still here":
            assert message == ""


async def test_a_lock_keeps_the_other_replica_out(
    one: Coordination, other: Coordination, name: str
):
    async with (
        one.locks.hold(name, ttl_s=60, wait_s=0) as first,
        other.locks.hold(name, ttl_s=60, wait_s=0) as second,
    ):
        assert (first, second) == (True, False)


async def test_a_limit_is_counted_over_both(one: Coordination, other: Coordination, name: str):
    quotas = (Quota(name, 5, 3600, fail_open=False), Quota(f"{name}-2", 7, 3600, fail_open=False))
    told = await asyncio.gather(
        *(replica.rate_limits.hit(*quotas) for replica in (one, other) * 10)
    )
    assert sum(all(verdict.allowed for verdict in verdicts) for verdicts in told) == 5


async def test_a_limit_that_is_not_shared_is_counted_by_each(
    one: Coordination, other: Coordination, name: str
):
    quota = Quota(name, 5, 3600, shared=False)
    told = [await replica.rate_limits.hit(quota) for replica in (one, other) * 10]
    assert sum(verdict.allowed for (verdict,) in told) == 10


async def test_a_value_is_seen_by_both(one: Coordination, other: Coordination, name: str):
    await one.cache.put(name, b"value", ttl_s=60)
    assert await other.cache.get(name) == b"value"


async def test_the_address_decides_what_is_opened(redis_server: RedisServer):
    embedded = open_coordination(None)
    shared = open_coordination(redis_server.url())
    assert isinstance(embedded.cache, MemoryCache)
    assert not isinstance(shared.cache, MemoryCache)
    await shared.cache.put(new_id(), b"value", ttl_s=1)
    await embedded.close()
    await shared.close()
