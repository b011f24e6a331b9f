"""Loss of Redis must not stop saving or submitting: killed, silent, restarted, wrongly set up."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from structlog.testing import capture_logs

from kit.coordination.ports import MAYBE_MISSED, Coordination, Quota
from kit.coordination.redis import PAUSE_S, RedisLink, RedisNotifier, redis_coordination
from tests.servers import RedisServer

Eventually = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]


@pytest.fixture
async def coordination(breakable_redis: RedisServer) -> AsyncIterator[Coordination]:
    """With the time-outs of production."""
    opened = redis_coordination(breakable_redis.url())
    yield opened
    await opened.close()


async def ask_everything(coordination: Coordination, name: str) -> None:
    """Each port once, with the answers it owes when there is no Redis."""
    assert await coordination.cache.get(name) is None
    await coordination.cache.put(name, b"value", ttl_s=60)
    await coordination.cache.drop(name)
    async with coordination.locks.hold(name, ttl_s=60, wait_s=60) as held:
        assert held
    await coordination.notifier.publish(name, "message")
    open_, closed = Quota(name, 1000, 60), Quota(f"{name}-2", 5, 60, fail_open=False)
    assert (await coordination.rate_limits.hit(open_))[0].allowed
    told = await coordination.rate_limits.hit(open_, closed)
    assert [verdict.allowed for verdict in told] == [True, False]
    assert not await coordination.check()


class TestLost:
    async def test_a_killed_redis_stops_nobody(
        self, coordination: Coordination, breakable_redis: RedisServer, name: str
    ):
        assert await coordination.check()
        breakable_redis.kill()
        for _ in range(20):
            await ask_everything(coordination, name)

    async def test_a_silent_redis_costs_one_time_out_and_not_one_a_request(
        self, coordination: Coordination, breakable_redis: RedisServer, name: str
    ):
        assert await coordination.check()
        with breakable_redis.frozen():
            started = time.monotonic()
            await asyncio.gather(*(ask_everything(coordination, name) for _ in range(50)))
            for _ in range(50):
                await ask_everything(coordination, name)
            took_s = time.monotonic() - started
        # 800 commands; each by itself would take 0.2 s. Generous, as this machine may be busy.
        assert took_s < 2

    async def test_a_lock_held_when_redis_goes_silent_is_left_without_waiting(
        self, coordination: Coordination, breakable_redis: RedisServer, name: str
    ):
        async with coordination.locks.hold(name, ttl_s=60, wait_s=0) as held:
            assert held
            breakable_redis.kill()

    async def test_who_waits_for_a_lock_is_let_in_when_redis_dies(
        self, coordination: Coordination, breakable_redis: RedisServer, name: str
    ):
        async with coordination.locks.hold(name, ttl_s=60, wait_s=0), asyncio.TaskGroup() as tasks:

            async def wait_for_it() -> bool:
                async with coordination.locks.hold(name, ttl_s=60, wait_s=600) as held:
                    return held

            waiting = tasks.create_task(wait_for_it())
            await asyncio.sleep(0.05)
            breakable_redis.kill()
        assert waiting.result()

    async def test_without_redis_a_process_still_counts_for_itself(
        self, coordination: Coordination, breakable_redis: RedisServer, name: str
    ):
        breakable_redis.kill()
        quota = Quota(name, 5, 3600)
        told = [await coordination.rate_limits.hit(quota) for _ in range(8)]
        assert sum(verdict.allowed for (verdict,) in told) == 5
        (closed,) = await coordination.rate_limits.hit(quota._replace(fail_open=False))
        assert (closed.allowed, closed.remaining, closed.more_after_s) == (False, 0, PAUSE_S)

    async def test_a_refused_password_is_a_loss_like_any_other(
        self, breakable_redis: RedisServer, name: str
    ):
        url = breakable_redis.url().replace("redis://", "redis://nobody:wrong-secret@")
        coordination = redis_coordination(url)
        with capture_logs() as logs:
            await ask_everything(coordination, name)
        await coordination.close()
        assert [entry["event"] for entry in logs] == ["redis_lost"]
        assert "wrong-secret" not in str(logs)

    async def test_a_loss_is_logged_once_and_its_end_with_what_was_skipped(
        self,
        coordination: Coordination,
        breakable_redis: RedisServer,
        name: str,
        eventually: Eventually,
    ):
        with capture_logs() as logs:
            breakable_redis.kill()
            for _ in range(10):
                await coordination.cache.get(name)
            breakable_redis.start()
            await eventually(coordination.check)
        lost, found = logs
        assert (lost["event"], lost["log_level"]) == ("redis_lost", "warning")
        assert found["event"] == "redis_found_again"
        assert found["commands_skipped"] >= 10


class TestFoundAgain:
    async def test_after_a_restart_everything_works_again_by_itself(
        self,
        coordination: Coordination,
        breakable_redis: RedisServer,
        name: str,
        eventually: Eventually,
    ):
        await coordination.cache.put(name, b"before", ttl_s=60)
        breakable_redis.kill()
        await ask_everything(coordination, name)
        breakable_redis.start()
        await eventually(coordination.check)
        await coordination.cache.put(name, b"after", ttl_s=60)
        assert await coordination.cache.get(name) == b"after"
        async with (
            coordination.locks.hold(name, ttl_s=60, wait_s=0) as first,
            coordination.locks.hold(name, ttl_s=60, wait_s=0) as second,
        ):
            assert (first, second) == (True, False)

    async def test_a_restart_between_two_requests_is_not_noticed(
        self, coordination: Coordination, breakable_redis: RedisServer, name: str
    ):
        await asyncio.gather(*(coordination.cache.get(name) for _ in range(10)))
        breakable_redis.kill()
        breakable_redis.start()
        await asyncio.sleep(0.05)
        with capture_logs() as logs:
            await coordination.cache.put(name, b"value", ttl_s=60)
            values = await asyncio.gather(*(coordination.cache.get(name) for _ in range(10)))
        assert values == [b"value"] * 10
        assert logs == []

    async def test_late_answers_never_reach_another_question(
        self,
        breakable_redis: RedisServer,
        eventually: Eventually,
    ):
        coordination = redis_coordination(breakable_redis.url(), command_s=0.05, pause_s=0.05)
        keys = [f"key-{number}" for number in range(100)]
        for key in keys:
            await coordination.cache.put(key, key.encode(), ttl_s=60)
        for _ in range(5):
            with breakable_redis.frozen():
                answers = await asyncio.gather(*(coordination.cache.get(key) for key in keys))
                assert answers == [None] * 100
            await eventually(coordination.check)
        await coordination.close()
        # Asked patiently now, over the same server: every value is still its own key's.
        patient = redis_coordination(breakable_redis.url(), command_s=10)
        answers = await asyncio.gather(*(patient.cache.get(key) for key in keys))
        await patient.close()
        assert answers == [key.encode() for key in keys]

    async def test_no_connection_is_lost_to_the_pool(
        self, breakable_redis: RedisServer, eventually: Eventually
    ):
        coordination = redis_coordination(breakable_redis.url(), command_s=0.1, pause_s=0.05)
        for _ in range(5):
            with breakable_redis.frozen():
                await asyncio.gather(*(coordination.cache.get("key") for _ in range(100)))
            await eventually(coordination.check)
        await coordination.cache.put("key", b"value", ttl_s=60)

        async def all_at_once() -> bool:
            asked = (coordination.cache.get("key") for _ in range(64))
            return await asyncio.gather(*asked) == [b"value"] * 64

        await eventually(all_at_once)
        await coordination.close()


class TestNotifier:
    async def test_own_listeners_are_told_without_redis(
        self, coordination: Coordination, breakable_redis: RedisServer, name: str
    ):
        breakable_redis.kill()
        async with coordination.notifier.subscribe(name) as messages:
            await coordination.notifier.publish(name, "near")
            assert await anext(messages) == "near"

    async def test_a_listener_is_woken_once_after_a_restart_and_hears_again(
        self, coordination: Coordination, breakable_redis: RedisServer, name: str
    ):
        other = redis_coordination(breakable_redis.url(), command_s=10)
        async with coordination.notifier.subscribe(name) as messages:
            breakable_redis.kill()
            breakable_redis.start()
            assert await anext(messages) == MAYBE_MISSED
            await other.notifier.publish(name, "heard")
            assert await anext(messages) == "heard"
        await other.close()

    async def test_who_subscribed_while_redis_was_away_is_woken_when_it_is_there(
        self, coordination: Coordination, breakable_redis: RedisServer, name: str
    ):
        breakable_redis.kill()
        async with coordination.notifier.subscribe(name) as messages:
            breakable_redis.start()
            assert await anext(messages) == MAYBE_MISSED

    async def test_a_silent_connection_is_noticed_and_replaced(
        self, breakable_redis: RedisServer, name: str
    ):
        opened = redis_coordination(breakable_redis.url(), command_s=0.1)
        assert isinstance(opened.notifier, RedisNotifier)
        link: RedisLink = opened.notifier._link
        notifier = RedisNotifier(link, ping_after_s=0.05)
        async with notifier.subscribe(name) as messages:
            await asyncio.sleep(0.2)  # some pings are answered, and are no messages
            with breakable_redis.frozen():
                await asyncio.sleep(0.5)
            assert await anext(messages) == MAYBE_MISSED
        await notifier.close()
        await opened.close()

    async def test_many_subscriptions_to_a_silent_redis_wait_once(
        self, coordination: Coordination, breakable_redis: RedisServer, name: str
    ):
        with breakable_redis.frozen():
            started = time.monotonic()
            for _ in range(50):
                async with coordination.notifier.subscribe(name):
                    pass
            took_s = time.monotonic() - started
        assert took_s < 2
