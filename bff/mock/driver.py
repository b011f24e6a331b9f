"""What makes the mock's time pass: the far side acts when it is due, and the clock can be moved.

Moving the clock goes from one due thing to the next, so that timers, callbacks and messages happen
in the order in which they would have happened. At the end the house is kept, because what has had
its time would have been erased on the way.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from adapters.far_side import Simulator
from adapters.outbox.relay import Relay
from kit.clock import ShiftableClock

POLL_S = 0.2
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
            stops = 0
            while (due := await self._next_due()) is not None and due <= target:
                if stops >= STEPS_MAX:
                    raise ClockMoveTooLong
                now = self._clock.now()
                # What is due and still not done waits for something else: let a second pass.
                self._move(due if due > now else now + timedelta(seconds=1))
                await self._settle()
                stops += 1
            self._move(target)
            await self._settle()
            await self._sweep()
            return stops

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

    async def _next_due(self) -> datetime | None:
        dues = [await self._relay.next_due(), *(s.next_due() for s in self._simulators)]
        return min((due for due in dues if due is not None), default=None)
