"""The trail of what was done to accounts."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.audit import FIRST, AuditTrail, first_broken, hash_of
from auth.models import Audit
from kit.clock import SystemClock
from kit.database.unit import unit_of_work, until_committed
from kit.ids import new_id


def chained(count: int) -> list[Audit]:
    lines: list[Audit] = []
    for seq in range(1, count + 1):
        line = Audit(
            seq=seq,
            at=SystemClock().now(),
            who=new_id(),
            action="account_joined",
            target=new_id(),
            prev_hash=lines[-1].hash if lines else FIRST,
        )
        line.hash = hash_of(line)
        lines.append(line)
    return lines


@given(st.integers(1, 12), st.data())
def test_a_changed_or_missing_line_is_found(count: int, data: st.DataObject):
    lines = chained(count)
    assert first_broken(lines) is None
    place = data.draw(st.integers(0, count - 1))
    lines[place].who = new_id()
    assert first_broken(lines) == place + 1
    lines = chained(count + 2)
    gap = data.draw(st.integers(1, count))
    del lines[gap]
    assert first_broken(lines) == gap + 1


def test_a_trail_is_read_on_from_where_one_stopped():
    lines = chained(5)
    assert first_broken(lines[2:], lines[1].hash, 2) is None
    assert first_broken(lines[2:], lines[0].hash, 2) == 3
    assert first_broken(lines[3:], lines[1].hash, 2) == 3


@pytest.fixture
def trail(database) -> AuditTrail:
    return AuditTrail(SystemClock())


async def test_lines_written_at_one_moment_make_one_chain(trail):
    async def write() -> None:
        async with unit_of_work():
            await trail.record(new_id(), "account_joined", new_id())

    await asyncio.gather(*(until_committed(write) for _ in range(8)))
    lines = await Audit.all().order_by("seq")
    assert [line.seq for line in lines] == list(range(1, 9))
    assert first_broken(lines) is None


async def test_a_line_is_written_with_what_it_is_about_or_not_at_all(trail):
    async def fail_after_writing() -> None:
        async with unit_of_work():
            await trail.record(new_id(), "account_deleted", new_id())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail_after_writing()
    assert await Audit.all().count() == 0
