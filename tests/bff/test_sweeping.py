"""A dear sweep has its turn seldom, and loses none."""

from datetime import timedelta

import pytest

from bff.sweeping import Seldom
from kit.clock import ShiftableClock

pytestmark = pytest.mark.one_stack


class Counted:
    def __init__(self) -> None:
        self.turns = 0
        self.fails = False

    async def __call__(self) -> int:
        self.turns += 1
        if self.fails:
            raise ConnectionError
        return 7


async def test_it_is_swept_at_the_first_turn_and_again_when_the_pause_is_over():
    counted, clock = Counted(), ShiftableClock()
    seldom = Seldom(counted, timedelta(hours=1), clock)
    assert await seldom() == 7
    clock.advance(timedelta(minutes=30))
    assert (await seldom(), counted.turns) == (0, 1)
    clock.advance(timedelta(minutes=30))
    assert (await seldom(), counted.turns) == (7, 2)


async def test_one_that_failed_is_tried_at_the_next_turn():
    counted, clock = Counted(), ShiftableClock()
    seldom = Seldom(counted, timedelta(hours=1), clock)
    counted.fails = True
    with pytest.raises(ConnectionError):
        await seldom()
    counted.fails = False
    assert (await seldom(), counted.turns) == (7, 2)


def test_the_whole_storage_is_looked_through_seldom(world):
    assert isinstance(world.services.housekeeping["orphaned files"], Seldom)
