"""What one process is made of, and the order in which it opens and closes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog

from adapters.http import HTTPClients
from adapters.outbox.put import Outbox
from adapters.outbox.relay import Relay
from auth.admission import Admission
from auth.identity_checks import IdentityCheckService
from auth.service import PeopleService
from bff.database import is_at_head, migrate, open_database
from bff.settings import Settings
from kit.clock import Clock
from kit.coordination.ports import Coordination
from kit.secrets import KeyRing
from kit.tasks import TaskCrew, guarded
from kit.workshop import Workshop

log = structlog.get_logger("services")

HOUSEKEEPING_S = 300.0
STOP_DEADLINE_S = 20.0
WAKE_CHANNEL = "outbox"


class SchemaBehind(Exception):
    """The database lacks migrations; run ``python -m bff migrate`` first."""


@dataclass
class Services:
    """Made by :func:`bff.wiring.assemble`; opened by whoever runs the process."""

    settings: Settings
    clock: Clock
    ring: KeyRing
    http: HTTPClients
    coordination: Coordination
    outbox: Outbox
    workshop: Workshop
    relay: Relay
    admission: Admission
    people: PeopleService
    identity: IdentityCheckService
    housekeeping: Mapping[str, Callable[[], Awaitable[int]]]
    """What is swept now and then, by name; each tells how much it swept."""
    opening: Sequence[Callable[[], Awaitable[None]]] = ()
    """What looks into the database before anything is served."""
    following: Mapping[str, Callable[[], Coroutine[Any, Any, None]]] = field(default_factory=dict)
    """What every process watches for ever, by name."""
    provided: dict[type, Any] = field(default_factory=dict)
    """What handlers may ask for, by type."""
    _telling: set[asyncio.Task[None]] = field(default_factory=set, repr=False)

    @asynccontextmanager
    async def running(self, *, relaying: bool, alone: bool = False) -> AsyncIterator[None]:
        """Database first, background work last; closed in reverse.

        ``relaying``: this process also relays the outbox. ``alone``: it is the only one there is,
        so it brings the schema up to date itself and takes over what a killed predecessor had
        begun."""
        database = self.settings.database
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(open_database(database))
            if alone:
                await migrate(database)
            elif not await is_at_head():
                raise SchemaBehind("migrations are missing; run `python -m bff migrate`")
            stack.push_async_callback(self.coordination.close)
            stack.push_async_callback(self.http.aclose)
            stack.push_async_callback(self.workshop.close)
            for open_ in self.opening:
                await open_()
            crew = TaskCrew()
            stack.push_async_callback(crew.stop, STOP_DEADLINE_S)
            crew.start("ended sessions", self.admission.follow)
            for name, follow in self.following.items():
                crew.start(name, follow)
            self.outbox.on_put(self.relay.wake if relaying else self._wake_others)
            if relaying:
                await self._start_relaying(crew, stack, alone=alone)
            yield

    def _wake_others(self) -> None:
        """This process only puts; the workers would find the row at their next poll anyway."""
        telling = guarded(self.coordination.notifier.publish(WAKE_CHANNEL, "put"), "wake workers")
        self._telling.add(telling)
        telling.add_done_callback(self._telling.discard)

    async def _start_relaying(self, crew: TaskCrew, stack: AsyncExitStack, *, alone: bool) -> None:
        if alone:
            taken = await self.relay.take_over()
            log.info("outbox_taken_over", rows=taken)
        crew.start("housekeeping", self._keep_house)
        crew.start("wakes", self._follow_wakes)
        crew.start("relay", self.relay.run)
        stack.push_async_callback(self._let_the_relay_end)

    async def _let_the_relay_end(self) -> None:
        """Whoever is cut off is like one killed: its lease runs out and another takes the row."""
        try:
            async with asyncio.timeout(STOP_DEADLINE_S / 2):
                await self.relay.stop()
        except TimeoutError:
            log.warning("relay_cut_off")

    async def _follow_wakes(self) -> None:
        """Another process has put a row: look at once instead of at the next poll."""
        async with self.coordination.notifier.subscribe(WAKE_CHANNEL) as messages:
            async for _ in messages:
                self.relay.wake()

    async def _keep_house(self) -> None:
        """Every few minutes; the first time a while after the start, when nobody waits for it."""
        while True:
            await asyncio.sleep(HOUSEKEEPING_S)
            async with self.coordination.locks.hold("housekeeping", HOUSEKEEPING_S, 0) as mine:
                if mine:
                    await self.sweep()

    async def sweep(self) -> None:
        """Erase whatever has had its time, by the clock."""
        for name, sweep in self.housekeeping.items():
            await _swept(name, sweep)


async def _swept(name: str, sweep: Callable[[], Awaitable[int]]) -> None:
    """One that fails must not keep the others from their turn."""
    try:
        count = await sweep()
    except Exception as error:
        log.error("sweep_failed", what=name, exc_info=error)
        return
    if count:
        log.info("swept", what=name, count=count)
