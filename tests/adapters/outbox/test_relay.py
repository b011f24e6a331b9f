"""The relay against a real database: done once, in order, retried, parked, never lost."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from adapters.errors import Misconfigured, Refused, Unreachable
from adapters.outbox import relay as relaying
from adapters.outbox.delivery import Delivery, LeaseLost
from adapters.outbox.models import InboxEntry, OutboxEntry
from adapters.outbox.put import Inbox, Outbox
from adapters.outbox.relay import Relay, RelaySettings
from kit.clock import ShiftableClock
from kit.database.unit import unit_of_work
from kit.retry import RetrySchedule
from kit.secrets import KeyRing

pytestmark = pytest.mark.usefixtures("paused_relay")
SETTINGS = RelaySettings(schedule=RetrySchedule(attempts_max=3, jitter=0.0), lease_s=30)


class Recorder:
    """A handler that notes what it saw and then does what the test tells it to."""

    def __init__(self, then: Callable[[Delivery], Awaitable[None]] | None = None) -> None:
        self.seen: list[tuple[Any, int]] = []
        self.parked: list[str] = []
        self._then = then

    async def handle(self, delivery: Delivery) -> None:
        self.seen.append((delivery.body["n"], delivery.attempt))
        if self._then is not None:
            await self._then(delivery)

    async def park(self, delivery: Delivery, error_code: str) -> None:
        self.parked.append(error_code)


@pytest.fixture
def clock() -> ShiftableClock:
    return ShiftableClock()


@pytest.fixture
def outbox(clock: ShiftableClock) -> Outbox:
    return Outbox(clock)


def failing(error: Exception) -> Callable[[Delivery], Awaitable[None]]:
    async def fail(delivery: Delivery) -> None:
        raise error

    return fail


async def the_row() -> OutboxEntry:
    return await OutboxEntry.get()


class TestDoing:
    async def test_a_put_row_is_handled_once_and_settled(self, outbox, clock) -> None:
        handler = Recorder()
        await outbox.put("t", "k", {"n": "a"})
        relay = Relay({"t": handler}, clock, SETTINGS)
        assert await relay.run_due() == 1
        assert await relay.run_due() == 0
        assert handler.seen == [("a", 1)]
        assert (await the_row()).outcome == "done"

    async def test_a_rolled_back_put_leaves_no_row(self, outbox) -> None:
        async def put_and_fail() -> None:
            async with unit_of_work():
                await outbox.put("t", "k", {"n": "a"})
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await put_and_fail()
        assert await OutboxEntry.all().count() == 0

    async def test_waking_follows_the_commit(self, outbox) -> None:
        woken = []
        outbox.on_put(lambda: woken.append(1))
        async with unit_of_work():
            await outbox.put("t", "k", {"n": "a"})
            assert not woken
        assert woken

    async def test_rows_of_one_key_are_handled_in_order_one_at_a_time(self, outbox, clock) -> None:
        for n in range(5):
            await outbox.put("t", "same", {"n": n})
        handler = Recorder(lambda delivery: asyncio.sleep(0.01))
        await Relay({"t": handler}, clock, SETTINGS).run_due()
        assert [n for n, _ in handler.seen] == [0, 1, 2, 3, 4]

    async def test_a_failing_row_holds_back_only_its_own_key(self, outbox, clock) -> None:
        async def first_fails(delivery: Delivery) -> None:
            if delivery.body["n"] == "bad":
                raise Unreachable("p", "down")

        handler = Recorder(first_fails)
        await outbox.put("t", "one", {"n": "bad"})
        await outbox.put("t", "one", {"n": "behind"})
        await outbox.put("t", "two", {"n": "free"})
        await Relay({"t": handler}, clock, SETTINGS).run_due()
        assert sorted(n for n, _ in handler.seen) == ["bad", "free"]

    async def test_a_future_row_waits_for_its_time(self, outbox, clock) -> None:
        handler = Recorder()
        relay = Relay({"t": handler}, clock, SETTINGS)
        await outbox.put("t", "k", {"n": "later"}, due_at=clock.now() + timedelta(hours=1))
        assert await relay.run_due() == 0
        clock.advance(timedelta(hours=1))
        assert await relay.run_due() == 1

    async def test_a_slow_row_does_not_keep_later_rows_waiting(self, outbox, clock) -> None:
        release = asyncio.Event()

        async def slow(delivery: Delivery) -> None:
            if delivery.body["n"] == "slow":
                await release.wait()
            else:
                release.set()

        handler = Recorder(slow)
        relay = Relay({"t": handler}, clock, SETTINGS)
        outbox.on_put(relay.wake)
        await outbox.put("t", "a", {"n": "slow"})

        async def put_later() -> None:
            while not handler.seen:
                await asyncio.sleep(0.005)
            await outbox.put("t", "b", {"n": "quick"})

        async with asyncio.timeout(5):
            await asyncio.gather(relay.run_due(), put_later())
        assert {n for n, _ in handler.seen} == {"slow", "quick"}


class TestFailing:
    async def test_an_unreachable_peer_is_tried_again_by_the_schedule_then_parked(
        self, outbox, clock
    ) -> None:
        handler = Recorder(failing(Unreachable("p", "timeout")))
        relay = Relay({"t": handler}, clock, SETTINGS)
        await outbox.put("t", "k", {"n": "a"})
        for _ in range(6):
            await relay.run_due()
            clock.advance(timedelta(minutes=5))
        assert [attempt for _, attempt in handler.seen] == [1, 2, 3]
        assert handler.parked == ["timeout"]
        row = await the_row()
        assert (row.outcome, row.error_code) == ("parked", "timeout")

    async def test_a_call_that_did_not_go_out_uses_up_no_attempt_for_three_days(
        self, outbox, clock
    ) -> None:
        unsent = Unreachable("p", "breaker_open", may_have_acted=False)
        handler = Recorder(failing(unsent))
        relay = Relay({"t": handler}, clock, SETTINGS)
        await outbox.put("t", "k", {"n": "a"})
        for _ in range(10):
            await relay.run_due()
            clock.advance(timedelta(hours=6))
        assert {attempt for _, attempt in handler.seen} == {1}
        clock.advance(timedelta(days=3))
        for _ in range(4):
            await relay.run_due()
            clock.advance(timedelta(hours=1))
        assert handler.parked == ["breaker_open"]

    async def test_a_refused_row_is_parked_at_once(self, outbox, clock) -> None:
        handler = Recorder(failing(Refused("p", "no")))
        await outbox.put("t", "k", {"n": "a"})
        await Relay({"t": handler}, clock, SETTINGS).run_due()
        assert handler.parked == ["refused_no"]

    async def test_misconfiguration_pauses_without_using_up_attempts(self, outbox, clock) -> None:
        handler = Recorder(failing(Misconfigured("p", "bad_key")))
        relay = Relay({"t": handler}, clock, SETTINGS)
        await outbox.put("t", "k", {"n": "a"})
        for _ in range(5):
            await relay.run_due()
            clock.advance(timedelta(minutes=6))
        assert len(handler.seen) == 5
        assert not handler.parked
        assert (await the_row()).attempts == 0

    async def test_a_fault_in_a_handler_is_retried_and_stops_nobody(self, outbox, clock) -> None:
        broken = Recorder(failing(KeyError("x")))
        sound = Recorder()
        await outbox.put("broken", "a", {"n": 1})
        await outbox.put("sound", "b", {"n": 2})
        await Relay({"broken": broken, "sound": sound}, clock, SETTINGS).run_due()
        assert sound.seen == [(2, 1)]
        assert await OutboxEntry.filter(settled_at__isnull=True).count() == 1


class TestLeases:
    async def test_a_dead_workers_row_is_taken_when_its_lease_ends(self, outbox, clock) -> None:
        await outbox.put("t", "k", {"n": "a"})
        dead = Relay({"t": Recorder()}, clock, SETTINGS)
        assert len(await dead._claim(5)) == 1
        handler = Recorder()
        successor = Relay({"t": handler}, clock, SETTINGS)
        assert await successor.run_due() == 0
        clock.advance(timedelta(seconds=SETTINGS.lease_s + 1))
        assert await successor.run_due() == 1
        assert handler.seen == [("a", 2)]

    async def test_a_row_that_kills_its_process_is_parked_in_the_end(self, outbox, clock) -> None:
        await outbox.put("t", "k", {"n": "a"})
        for _ in range(3):
            assert len(await Relay({}, clock, SETTINGS)._claim(1)) == 1
            clock.advance(timedelta(minutes=1))
        handler = Recorder()
        await Relay({"t": handler}, clock, SETTINGS).run_due()
        assert handler.seen == []
        assert handler.parked == ["attempts_exhausted"]

    async def test_two_claimers_never_get_the_same_row(self, outbox, clock) -> None:
        for n in range(30):
            await outbox.put("t", f"k{n}", {"n": n})
        relays = [Relay({}, clock, SETTINGS) for _ in range(3)]
        claims = await asyncio.gather(*(relay._claim(30) for relay in relays))
        ids = [delivery.id for claim in claims for delivery in claim]
        assert len(ids) == len(set(ids)) == 30

    async def test_a_claim_on_what_was_read_before_another_workers_try_fails(
        self, outbox, clock
    ) -> None:
        """Else both would think that theirs is the first try, and neither would ask the peer."""
        await outbox.put("t", "k", {"n": "a"})
        now = clock.now()
        (read,) = await relaying._DUE.fetch(now, now, 5)
        failing_once = Recorder(failing(Unreachable("p", "timeout")))
        await Relay({"t": failing_once}, clock, SETTINGS).run_due()
        claim = ("late", now, read["id"], read["attempts"], now, now)
        assert await relaying._CLAIM.execute(*claim) == 0

    async def test_a_worker_that_lost_its_lease_writes_nothing(self, outbox, clock) -> None:
        await outbox.put("t", "k", {"n": "a"})
        (stale,) = await Relay({}, clock, SETTINGS)._claim(1)
        clock.advance(timedelta(minutes=1))
        assert len(await Relay({}, clock, SETTINGS)._claim(1)) == 1
        with pytest.raises(LeaseLost):
            async with stale.settling():
                pytest.fail("the fence let it in")

    async def test_an_effect_that_fails_leaves_its_row_unsettled(self, outbox, clock) -> None:
        await outbox.put("t", "k", {"n": "a"})
        (delivery,) = await Relay({}, clock, SETTINGS)._claim(1)
        with pytest.raises(ZeroDivisionError):
            async with delivery.settling():
                raise ZeroDivisionError
        assert (await the_row()).settled_at is None

    async def test_the_only_worker_takes_over_at_once(self, outbox, clock) -> None:
        await outbox.put("t", "k", {"n": "a"})
        await Relay({}, clock, SETTINGS)._claim(1)
        handler = Recorder()
        relay = Relay({"t": handler}, clock, SETTINGS)
        assert await relay.take_over() == 1
        assert await relay.run_due() == 1


class TestNextDue:
    async def test_rows_behind_another_of_their_key_do_not_count(self, outbox, clock) -> None:
        later = clock.now() + timedelta(hours=2)
        await outbox.put("t", "k", {"n": 1}, due_at=later)
        await outbox.put("t", "k", {"n": 2})
        due = await Relay({}, clock, SETTINGS).next_due()
        assert due is not None
        assert abs(due - later) < timedelta(milliseconds=1)


class TestPurge:
    async def test_settled_rows_go_after_their_time_and_parked_ones_stay(
        self, outbox, clock
    ) -> None:
        await outbox.put("good", "a", {"n": 1})
        await outbox.put("bad", "b", {"n": 2})
        handlers = {"good": Recorder(), "bad": Recorder(failing(Refused("p", "no")))}
        relay = Relay(handlers, clock, SETTINGS)
        await relay.run_due()
        assert await relay.purge() == 0
        clock.advance(timedelta(days=8))
        assert await relay.purge() == 1
        assert (await the_row()).outcome == "parked"


class TestInbox:
    async def test_the_same_event_is_kept_once(self, outbox, clock) -> None:
        inbox = Inbox(outbox, KeyRing({"a": b"a" * 32}, "a", b"i" * 32), clock)
        assert await inbox.receive("peer", "e1", {"x": 1}, "t", "k")
        assert not await inbox.receive("peer", "e1", {"x": 1}, "t", "k")
        assert await InboxEntry.all().count() == 1
        assert await OutboxEntry.all().count() == 1

    async def test_what_was_received_is_sealed_and_read_back(self, outbox, clock) -> None:
        inbox = Inbox(outbox, KeyRing({"a": b"a" * 32}, "a", b"i" * 32), clock)
        await inbox.receive("peer", "e1", {"name": "张三"}, "t", "k")
        entry = await InboxEntry.get()
        assert "张三".encode() not in entry.body_cipher
        assert await inbox.read(entry.id) == '{"name":"张三"}'.encode()
