"""One refresher for everybody, and never a storm."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import pytest

from adapters.access_tokens import AccessToken
from adapters.errors import AdapterError, Misconfigured, Unreachable
from kit.coordination.ports import Cache
from kit.secrets import Secret
from tests.adapters.wechat.world import PHONE, SEND, STABLE_TOKEN, World, message


class CacheOfNothing:
    """As while Redis is lost."""

    async def get(self, key: str) -> bytes | None:
        return None

    async def put(self, key: str, value: bytes, ttl_s: float) -> None:
        pass

    async def drop(self, key: str) -> None:
        pass


class CountedCache(CacheOfNothing):
    def __init__(self) -> None:
        self.asked = 0

    async def get(self, key: str) -> bytes | None:
        self.asked += 1
        return None


class LocksHeldByTheDead:
    """Whoever had the lock died with it; nobody gets it while we wait."""

    @asynccontextmanager
    async def hold(self, name: str, ttl_s: float, wait_s: float) -> AsyncIterator[bool]:
        yield False


async def test_a_thousand_cold_callers_fetch_one_token(world: World) -> None:
    world.consent("progress")
    sent = await asyncio.gather(
        *(world.client.send_subscribe_message(message(world.open_id())) for _ in range(1000))
    )
    assert len(set(sent)) == 1000
    assert len(world.calls(STABLE_TOKEN)) == 1


async def test_a_thousand_cold_callers_do_not_all_ask_the_shared_cache(world: World) -> None:
    """A thousand questions at once would choke it, and a choked Redis counts as a lost one, which
    lets every process fetch."""
    world.consent("progress")
    cache = CountedCache()
    client = world.another_client(cache=cache)
    await asyncio.gather(
        *(client.send_subscribe_message(message(world.open_id())) for _ in range(1000))
    )
    assert cache.asked <= 2


async def test_calls_that_hang_leave_room_for_the_tokens_own(world: World) -> None:
    """The peer takes so many calls at once from us, and all of them are waiting."""
    world.consent("progress")
    await world.client.send_subscribe_message(message(world.open_id()))
    world.far_side.arm("wechat.slow", 32, path=SEND, seconds=1.0)
    hanging = [
        asyncio.create_task(world.client.send_subscribe_message(message(world.open_id())))
        for _ in range(32)
    ]
    while len(world.calls(SEND)) < 33:
        await asyncio.sleep(0.01)
    world.advance(hours=3)
    late = asyncio.create_task(world.client.send_subscribe_message(message(world.open_id())))
    while len(world.calls(STABLE_TOKEN)) < 2:
        assert not any(task.done() for task in hanging)
        await asyncio.sleep(0.01)
    await asyncio.gather(*hanging, late, return_exceptions=True)


async def test_cold_processes_that_share_a_cache_fetch_one_token(world: World) -> None:
    world.consent("progress")
    clients = [world.another_client() for _ in range(8)]
    await asyncio.gather(
        *(client.send_subscribe_message(message(world.open_id())) for client in clients * 4)
    )
    assert len(world.calls(STABLE_TOKEN)) == 1


async def test_without_a_shared_cache_a_process_still_keeps_its_token(world: World) -> None:
    world.consent("progress")
    client = world.another_client(cache=CacheOfNothing())
    for _ in range(5):
        await client.send_subscribe_message(message(world.open_id()))
    assert len(world.calls(STABLE_TOKEN)) == 1


async def test_a_lock_that_died_with_its_holder_stops_nobody(world: World) -> None:
    world.consent("progress")
    client = world.another_client(locks=LocksHeldByTheDead())
    assert await client.send_subscribe_message(message(world.open_id()))


async def test_a_cancelled_caller_leaves_the_fetching_to_the_next(world: World) -> None:
    world.consent("progress")
    world.far_side.arm("wechat.slow", 1, seconds=0.5, path=STABLE_TOKEN)
    first, second = (
        asyncio.create_task(world.client.send_subscribe_message(message(world.open_id())))
        for _ in range(2)
    )
    await asyncio.sleep(0.1)
    first.cancel()
    assert await second


async def test_a_peer_that_rejects_every_token_costs_two_calls_each(world: World) -> None:
    world.consent("progress")
    world.far_side.arm("wechat.token_invalid", 1_000_000)
    for calls in (2, 4):
        with pytest.raises(Misconfigured) as failed:
            await world.client.send_subscribe_message(message(world.open_id()))
        assert failed.value.code == "token_rejected"
        assert len(world.calls(SEND)) == calls


async def test_many_rejected_at_once_do_not_storm_the_token_endpoint(world: World) -> None:
    world.consent("progress")
    await world.client.send_subscribe_message(message(world.open_id()))
    world.far_side.arm("wechat.token_invalid", 1_000_000)
    outcomes = await asyncio.gather(
        *(world.client.send_subscribe_message(message(world.open_id())) for _ in range(100)),
        return_exceptions=True,
    )
    assert all(isinstance(outcome, AdapterError) for outcome in outcomes)
    assert len(world.calls(SEND)) <= 201
    assert len(world.calls(STABLE_TOKEN)) < 20


async def test_a_token_that_dies_at_any_moment_costs_one_retry(world: World) -> None:
    world.consent("progress")
    random = Random(20261122)
    for _ in range(30):
        killed = random.random() < 0.4
        if killed:
            world.simulator.revoke_token()
        calls, fetches = len(world.calls(SEND)), len(world.calls(STABLE_TOKEN))
        assert await world.client.send_subscribe_message(message(world.open_id()))
        assert len(world.calls(SEND)) - calls <= 1 + killed
        assert len(world.calls(STABLE_TOKEN)) - fetches <= 1


async def test_a_token_that_dies_under_a_crowd_is_fetched_once_more(world: World) -> None:
    world.consent("progress")
    await world.client.send_subscribe_message(message(world.open_id()))
    world.simulator.revoke_token()
    await asyncio.gather(
        *(world.client.send_subscribe_message(message(world.open_id())) for _ in range(100))
    )
    assert len(world.calls(STABLE_TOKEN)) == 2


async def test_a_token_that_another_process_replaced_is_taken_from_the_cache(world: World) -> None:
    world.consent("progress")
    other = world.another_client()
    await world.client.send_subscribe_message(message(world.open_id()))
    await other.send_subscribe_message(message(world.open_id()))
    world.simulator.revoke_token()
    await other.send_subscribe_message(message(world.open_id()))
    await world.client.send_subscribe_message(message(world.open_id()))
    assert len(world.calls(STABLE_TOKEN)) == 2


async def test_an_old_token_is_replaced_before_its_end(world: World) -> None:
    world.consent("progress")
    await world.client.send_subscribe_message(message(world.open_id()))
    world.advance(seconds=7200 - 300)
    await world.client.send_subscribe_message(message(world.open_id()))
    assert [call["errcode"] for call in world.calls(SEND)] == [0, 0]
    assert len(world.calls(STABLE_TOKEN)) == 2


async def test_a_token_near_its_change_is_kept_only_for_a_moment(world: World) -> None:
    world.consent("progress")
    await world.client.send_subscribe_message(message(world.open_id()))
    world.advance(seconds=7200 - 310)
    cold = world.another_client(cache=CacheOfNothing())
    await cold.send_subscribe_message(message(world.open_id()))
    world.advance(seconds=60)
    await cold.send_subscribe_message(message(world.open_id()))
    assert len(world.calls(STABLE_TOKEN)) == 3
    assert {call["errcode"] for call in world.calls(SEND)} == {0}


async def test_a_wrong_secret_is_tried_once_by_a_crowd(world: World) -> None:
    client = world.another_client(app_secret=Secret("wrong"))
    outcomes = await asyncio.gather(
        *(client.phone_number("code", "openid") for _ in range(200)), return_exceptions=True
    )
    assert len(world.calls(STABLE_TOKEN)) == 1
    assert not world.calls(PHONE)
    assert sum(isinstance(outcome, Misconfigured) for outcome in outcomes) == 1
    rest = [outcome for outcome in outcomes if isinstance(outcome, Unreachable)]
    assert len(rest) == 199
    assert not any(outcome.may_have_acted for outcome in rest)


@pytest.mark.parametrize("broken", [b"<html>", b"[]", b'{"access_token":"x"}', b"\xff", b""])
async def test_a_token_answer_that_is_none_is_unreachable(
    world: World, client_of_broken_tokens, broken: bytes
) -> None:
    client = await client_of_broken_tokens(broken)
    with pytest.raises(Unreachable) as failed:
        await client.phone_number("code", "openid")
    assert (failed.value.code, failed.value.may_have_acted) == ("broken_answer", False)


@pytest.mark.parametrize("kept", [b"", b"soon T", b"1700000000", b"\xff \xfe"])
async def test_what_is_no_token_in_the_cache_is_passed_over(world: World, kept: bytes) -> None:
    assert AccessToken.unpacked(kept) is None
    cache: Cache = world.cache
    await cache.put("wechat:token:wx5d0f1e2a3b4c6d7e", kept, 60.0)
    world.consent("progress")
    assert await world.client.send_subscribe_message(message(world.open_id()))
