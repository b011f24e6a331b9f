"""Each repair of the database layer, on whichever stack the run uses (docs/decisions/0002)."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from tortoise.connection import get_connection
from tortoise.exceptions import IntegrityError

from adapters.outbox.models import OutboxEntry
from kit.clock import CHINA
from kit.database.statement import Statement, to_instant
from kit.database.unit import unit_of_work
from kit.ids import new_id

pytestmark = pytest.mark.usefixtures("paused_relay")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
MOST_CONNECTIONS = 12
"""More than the pool of the tests holds, so that one lost place after another would be noticed."""


async def an_entry(**changes: Any) -> OutboxEntry:
    values: dict[str, Any] = {
        "id": new_id(), "topic": "t", "key": "k", "body": "{}",
        "created_at": NOON, "due_at": NOON, **changes,
    }  # fmt: skip
    return await OutboxEntry.create(**values)


class TestTimes:
    async def test_an_instant_of_another_zone_is_the_same_instant_when_read(self) -> None:
        await an_entry(due_at=NOON.astimezone(CHINA))
        assert (await OutboxEntry.get()).due_at == NOON

    async def test_comparison_is_by_instant_not_by_text(self) -> None:
        await an_entry(due_at=NOON)
        earlier_elsewhere = (NOON - timedelta(minutes=1)).astimezone(timezone(timedelta(hours=-9)))
        assert await OutboxEntry.filter(due_at__lte=NOON.astimezone(CHINA)).count() == 1
        assert await OutboxEntry.filter(due_at__lte=earlier_elsewhere).count() == 0

    async def test_a_naive_time_is_refused_in_queries(self) -> None:
        naive = NOON.replace(tzinfo=None)
        with pytest.raises(ValueError, match="aware"):
            await OutboxEntry.filter(due_at__lte=naive).count()
        with pytest.raises(ValueError, match="aware"):
            await Statement("SELECT id FROM outbox WHERE due_at = ?").fetch(naive)

    async def test_raw_statements_and_the_orm_agree_on_times(self) -> None:
        entry = await an_entry(due_at=NOON + timedelta(microseconds=123456))
        find = Statement("SELECT id, due_at FROM outbox WHERE due_at = ?")
        (row,) = await find.fetch(entry.due_at.astimezone(CHINA))
        assert (row["id"], to_instant(row["due_at"])) == (entry.id, entry.due_at)

    async def test_whole_seconds_and_fractions_sort_by_time(self) -> None:
        for microseconds in (500, 0, 999_999):
            await an_entry(due_at=NOON + timedelta(microseconds=microseconds))
        rows = await Statement("SELECT due_at FROM outbox ORDER BY due_at").fetch()
        assert [to_instant(row["due_at"]).microsecond for row in rows] == [0, 500, 999_999]


class TestTexts:
    async def test_identifiers_that_differ_in_case_are_different(self) -> None:
        await an_entry(key="oAbC")
        assert await OutboxEntry.filter(key="oABC").count() == 0
        assert await OutboxEntry.filter(key="oAbC").count() == 1

    async def test_the_primary_key_is_case_sensitive_too(self) -> None:
        await an_entry(id="a" * 32)
        await an_entry(id="A" * 32)
        with pytest.raises(IntegrityError):
            await an_entry(id="a" * 32)


class TestCounts:
    async def test_an_update_that_changes_nothing_still_counts_its_row(self) -> None:
        await an_entry(topic="same")
        assert await OutboxEntry.filter(key="k").update(topic="same") == 1


class TestTransactions:
    async def test_a_failed_unit_leaves_nothing(self) -> None:
        async def write_and_fail() -> None:
            async with unit_of_work():
                await an_entry()
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await write_and_fail()
        assert await OutboxEntry.all().count() == 0

    async def test_units_cancelled_at_any_moment_lose_no_connection(self) -> None:
        """At every tick of the loop, BEGIN included: afterwards the database still answers."""

        async def work() -> None:
            async with unit_of_work():
                await an_entry()
                await asyncio.sleep(5)

        for ticks in range(MOST_CONNECTIONS * 3):
            task = asyncio.ensure_future(work())
            for _ in range(ticks):
                await asyncio.sleep(0)
            while not task.done():
                # Once more when it was swallowed: wait_for of Python 3.11 does that now and then.
                task.cancel()
                await asyncio.wait({task}, timeout=0.2)
            assert task.cancelled()
        async with asyncio.timeout(10):
            assert await OutboxEntry.all().count() == 0
            async with unit_of_work():
                await an_entry()
        assert await OutboxEntry.all().count() == 1

    async def test_concurrent_read_then_write_units_all_succeed(self) -> None:
        entry = await an_entry()

        async def count_up() -> None:
            async with unit_of_work():
                await OutboxEntry.filter(id=entry.id).update(topic="held")
                row = await OutboxEntry.get(id=entry.id)
                await OutboxEntry.filter(id=entry.id).update(attempts=row.attempts + 1)

        await asyncio.gather(*(count_up() for _ in range(20)))
        assert (await OutboxEntry.get(id=entry.id)).attempts == 20


class TestSessions:
    async def test_every_connection_runs_in_utc_and_read_committed(self, stack: str) -> None:
        if stack != "servers":
            pytest.skip("SQLite has no sessions")
        connection = get_connection("default")

        async def ask() -> tuple[str, str]:
            query = "SELECT @@time_zone AS zone, @@tx_isolation AS isolation, SLEEP(0.05)"
            _, (row,) = await connection.execute_query(query)
            return row["zone"], row["isolation"]

        answers = await asyncio.gather(*(ask() for _ in range(5)))
        assert set(answers) == {("+00:00", "READ-COMMITTED")}
