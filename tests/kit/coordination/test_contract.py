"""What every backend promises."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

from kit.clock import ShiftableClock
from kit.coordination.ports import Coordination, Quota, Verdict

Eventually = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]


class TestCache:
    async def test_what_was_put_is_got(self, coordination: Coordination, name: str):
        await coordination.cache.put(name, b"\x00\xff value", ttl_s=60)
        assert await coordination.cache.get(name) == b"\x00\xff value"

    async def test_what_was_never_put_is_none(self, coordination: Coordination, name: str):
        assert await coordination.cache.get(name) is None

    async def test_a_second_put_replaces_the_first(self, coordination: Coordination, name: str):
        await coordination.cache.put(name, b"old", ttl_s=0.01)
        await coordination.cache.put(name, b"new", ttl_s=60)
        await asyncio.sleep(0.05)
        assert await coordination.cache.get(name) == b"new"

    async def test_dropped_is_gone(self, coordination: Coordination, name: str):
        await coordination.cache.put(name, b"value", ttl_s=60)
        await coordination.cache.drop(name)
        await coordination.cache.drop(name)
        assert await coordination.cache.get(name) is None

    async def test_a_value_goes_after_its_time(
        self, coordination: Coordination, name: str, eventually: Eventually
    ):
        await coordination.cache.put(name, b"value", ttl_s=0.05)

        async def is_gone() -> bool:
            return await coordination.cache.get(name) is None

        await eventually(is_gone)


class TestLocks:
    async def test_the_second_is_kept_out(self, coordination: Coordination, name: str):
        async with coordination.locks.hold(name, ttl_s=60, wait_s=0) as first:
            async with coordination.locks.hold(name, ttl_s=60, wait_s=0.05) as second:
                assert (first, second) == (True, False)
            # Leaving without having had it took nothing from the first.
            async with coordination.locks.hold(name, ttl_s=60, wait_s=0) as third:
                assert third is False

    async def test_another_name_is_another_lock(self, coordination: Coordination, name: str):
        async with (
            coordination.locks.hold(name, ttl_s=60, wait_s=0) as one,
            coordination.locks.hold(f"{name}-2", ttl_s=60, wait_s=0) as other,
        ):
            assert one
            assert other

    async def test_who_waits_is_let_in_when_the_holder_leaves(
        self, coordination: Coordination, name: str
    ):
        order: list[str] = []

        async def wait_for_it() -> None:
            async with coordination.locks.hold(name, ttl_s=60, wait_s=30) as held:
                assert held
                order.append("second in")

        async with (
            asyncio.TaskGroup() as tasks,
            coordination.locks.hold(name, ttl_s=60, wait_s=0),
        ):
            tasks.create_task(wait_for_it())
            await asyncio.sleep(0.05)
            order.append("first leaves")
        assert order == ["first leaves", "second in"]

    async def test_a_failing_holder_leaves_it_free(self, coordination: Coordination, name: str):
        try:
            async with coordination.locks.hold(name, ttl_s=60, wait_s=0):
                raise ZeroDivisionError
        except ZeroDivisionError:
            pass
        async with coordination.locks.hold(name, ttl_s=60, wait_s=0) as held:
            assert held

    async def test_a_holder_that_is_gone_lets_the_next_in_after_its_time(
        self, coordination: Coordination, name: str
    ):
        gone = coordination.locks.hold(name, ttl_s=0.2, wait_s=0)
        assert await gone.__aenter__()
        async with coordination.locks.hold(name, ttl_s=60, wait_s=30) as next_one:
            assert next_one
            # The first comes back late: it must not open the door of the second.
            await gone.__aexit__(None, None, None)
            async with coordination.locks.hold(name, ttl_s=60, wait_s=0) as third:
                assert third is False

    async def test_never_two_at_once_and_all_get_their_turn(
        self, coordination: Coordination, name: str
    ):
        inside = 0
        turns = 0

        async def take_a_turn() -> None:
            nonlocal inside, turns
            async with coordination.locks.hold(name, ttl_s=60, wait_s=30) as held:
                assert held
                inside += 1
                assert inside == 1
                await asyncio.sleep(0.002)
                inside -= 1
                turns += 1

        await asyncio.gather(*(take_a_turn() for _ in range(12)))
        assert turns == 12


async def next_of(messages: AsyncIterator[str]) -> str:
    async for message in messages:
        return message
    raise AssertionError("messages do not end")


class TestNotifier:
    async def test_a_message_reaches_all_who_listen_to_its_channel_once(
        self, coordination: Coordination, name: str
    ):
        notifier = coordination.notifier
        async with (
            notifier.subscribe(name) as one,
            notifier.subscribe(name) as other,
            notifier.subscribe(f"{name}-2") as stranger,
        ):
            await notifier.publish(name, "first")
            await notifier.publish(name, "第二")
            await notifier.publish(f"{name}-2", "elsewhere")
            assert [await anext(one), await anext(one)] == ["first", "第二"]
            assert [await anext(other), await anext(other)] == ["first", "第二"]
            assert await anext(stranger) == "elsewhere"

    async def test_a_listener_sleeps_until_the_message_comes(
        self, coordination: Coordination, name: str
    ):
        async with coordination.notifier.subscribe(name) as messages:
            async with asyncio.TaskGroup() as tasks:
                listening = tasks.create_task(next_of(messages))
                await asyncio.sleep(0.05)
                assert not listening.done()
                await coordination.notifier.publish(name, "now")
            assert listening.result() == "now"

    async def test_nobody_listening_is_no_error(self, coordination: Coordination, name: str):
        await coordination.notifier.publish(name, "into the void")

    async def test_a_slow_listener_loses_the_oldest_messages(
        self, coordination: Coordination, name: str
    ):
        async with coordination.notifier.subscribe(name) as messages:
            for number in range(1, 201):
                await coordination.notifier.publish(name, str(number))
            first = int(await anext(messages))
            assert first > 1
            following = [int(await anext(messages)) for _ in range(first, 200)]
            assert following == list(range(first + 1, 201))


class TestRateLimits:
    async def test_five_of_eight_are_let_in(self, coordination: Coordination, name: str):
        verdicts = [await hit(coordination, name, 5, 3600) for _ in range(8)]
        assert [verdict.allowed for verdict in verdicts] == [True] * 5 + [False] * 3
        assert [verdict.remaining for verdict in verdicts] == [4, 3, 2, 1, 0, 0, 0, 0]
        assert {verdict.limit for verdict in verdicts} == {5}

    async def test_five_of_forty_at_once_are_let_in(self, coordination: Coordination, name: str):
        hits = (hit(coordination, name, 5, 3600) for _ in range(40))
        verdicts = await asyncio.gather(*hits)
        assert sum(verdict.allowed for verdict in verdicts) == 5

    async def test_a_limit_that_does_not_divide_the_window_is_given_whole(
        self, coordination: Coordination, name: str
    ):
        verdicts = [await hit(coordination, name, 7, 3600) for _ in range(8)]
        assert sum(verdict.allowed for verdict in verdicts) == 7

    async def test_names_are_counted_apart(self, coordination: Coordination, name: str):
        assert (await hit(coordination, name, 1, 3600)).allowed
        assert (await hit(coordination, f"{name}-2", 1, 3600)).allowed

    async def test_the_told_wait_is_long_enough_and_not_much_longer(
        self, coordination: Coordination, name: str
    ):
        for _ in range(3):
            await hit(coordination, name, 4, 4)
        verdict = await hit(coordination, name, 4, 4)
        assert verdict.remaining == 0
        assert 0 < verdict.more_after_s <= 1
        await asyncio.sleep(verdict.more_after_s + 0.01)
        assert (await hit(coordination, name, 4, 4)).allowed

    async def test_it_is_told_when_one_more_is_given_back(
        self, coordination: Coordination, name: str
    ):
        for remaining in (2, 1, 0):
            verdict = await hit(coordination, name, 3, 3600)
            assert verdict.remaining == remaining
            assert 1190 < verdict.more_after_s <= 1200

    async def test_a_hit_that_one_quota_refuses_costs_the_others_nothing(
        self, coordination: Coordination, name: str
    ):
        wide, narrow = Quota(f"{name}-wide", 5, 3600), Quota(f"{name}-narrow", 2, 3600)
        told = [await coordination.rate_limits.hit(wide, narrow) for _ in range(4)]
        assert [[verdict.allowed for verdict in both] for both in told] == [
            [True, True], [True, True], [True, False], [True, False],
        ]  # fmt: skip
        assert [[verdict.remaining for verdict in both] for both in told] == [
            [4, 1], [3, 0], [3, 0], [3, 0],
        ]  # fmt: skip
        (verdict,) = await coordination.rate_limits.hit(wide)
        assert verdict.remaining == 2

    async def test_a_call_of_many_hits_is_counted_whole_or_not_at_all(
        self, coordination: Coordination, name: str
    ):
        heavy = Quota(name, 10, 3600, hits=4)
        told = [(await coordination.rate_limits.hit(heavy))[0] for _ in range(3)]
        assert [verdict.allowed for verdict in told] == [True, True, False]
        assert [verdict.remaining for verdict in told] == [6, 2, 2]
        assert 715 < told[2].more_after_s <= 720
        assert (await hit(coordination, name, 10, 3600)).remaining == 1

    async def test_quotas_that_are_not_shared_are_counted_all_the_same(
        self, coordination: Coordination, name: str
    ):
        own = Quota(name, 2, 3600, shared=False)
        told = [(await coordination.rate_limits.hit(own))[0].allowed for _ in range(3)]
        assert told == [True, True, False]

    async def test_the_debt_goes_when_the_clock_is_moved_and_not_before(
        self, moved_coordination: tuple[Coordination, ShiftableClock], name: str
    ):
        coordination, clock = moved_coordination
        clock.advance(timedelta(days=30))
        told = [await hit(coordination, name, 3, 3600) for _ in range(4)]
        assert [verdict.remaining for verdict in told] == [2, 1, 0, 0]
        assert 1190 < told[3].more_after_s <= 1200
        clock.advance(timedelta(minutes=20))
        told = [await hit(coordination, name, 3, 3600) for _ in range(2)]
        assert [verdict.allowed for verdict in told] == [True, False]
        clock.advance(timedelta(days=1))
        assert (await hit(coordination, name, 3, 3600)).remaining == 2


async def hit(coordination: Coordination, name: str, limit: int, window_s: int) -> Verdict:
    (verdict,) = await coordination.rate_limits.hit(Quota(name, limit, window_s))
    return verdict


async def test_an_open_backend_answers(coordination: Coordination):
    assert await coordination.check()
