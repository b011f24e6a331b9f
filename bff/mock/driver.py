"""What makes the mock's time pass: the far side acts when it is due, and the clock can be moved.

Moving the clock goes from one due thing to the next, so that timers, callbacks and messages happen
in the order in which they would have happened. The house is kept each day and at the end: what has
had its time would have been told of and erased on the way.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from adapters.far_side import Simulator
from adapters.outbox.relay import Relay
from kit.clock import ShiftableClock

POLL_S = 0.2
HOUSE_KEPT_EVERY = timedelta(days=1)
"""The shortest time before an end at which somebody is told of it."""
STEPS_MAX = 20_000
"""A bound on one move; a year of one application is about a hundred steps."""


class ClockMoveTooLong(Exception):
    """Too many things fall due on the way; move in smaller steps."""


class Driver:
    def __init__(
        self,
        clock: ShiftableClock,
        relay: Relay,
        simulators: Sequence[Simulator],
        sweep: Callable[[], Awaitable[None]],
    ) -> None:
        self._clock = clock
        self._relay = relay
        self._simulators = simulators
        self._sweep = sweep
        self._moving = asyncio.Lock()

    async def run(self) -> None:
        """For ever: let the far side do what is due at the clock's own pace."""
        while True:
            async with self._moving:
                for simulator in self._simulators:
                    await simulator.run_due()
            await asyncio.sleep(POLL_S)

    async def advance_to(self, target: datetime) -> int:
        """Move the clock to ``target``, doing on the way whatever falls due; how many stops."""
        async with self._moving:
            await self._settle()
            stops, house_due = 0, self._clock.now() + HOUSE_KEPT_EVERY
            while (stop := min(await self._next_stop(target), house_due)) < target:
                if stops >= STEPS_MAX:
                    raise ClockMoveTooLong
                self._move(stop)
                await self._settle()
                if stop == house_due:
                    await self._keep_house()
                    house_due += HOUSE_KEPT_EVERY
                stops += 1
            self._move(target)
            await self._settle()
            await self._keep_house()
            return stops

    async def _keep_house(self) -> None:
        await self._sweep()
        # It may have put somebody to be told.
        await self._settle()

    async def settle(self) -> None:
        """Until nothing is due any more."""
        async with self._moving:
            await self._settle()

    def _move(self, instant: datetime) -> None:
        step = instant - self._clock.now()
        if step.total_seconds() > 0:
            self._clock.advance(step)

    async def _settle(self) -> None:
        while True:
            done = await self._relay.run_due()
            for simulator in self._simulators:
                done += await simulator.run_due()
            if not done:
                return

    async def _next_stop(self, target: datetime) -> datetime:
        """When something falls due next; ``target`` when nothing does before."""
        dues = [await self._relay.next_due(), *(s.next_due() for s in self._simulators)]
        due = min((due for due in dues if due is not None), default=target)
        now = self._clock.now()
        # What is due and still not done waits for something else: let a second pass.
        return due if due > now else now + timedelta(seconds=1)
