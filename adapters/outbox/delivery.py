"""One claimed outbox row in the hands of its handler."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from adapters.outbox.models import OutboxEntry
from kit.clock import Clock
from kit.database.unit import unit_of_work


class LeaseLost(Exception):
    """Another worker has the row by now; whatever we were about to write is rolled back."""


@dataclass(slots=True)
class Delivery:
    id: str
    topic: str
    key: str
    body: dict[str, Any]
    attempt: int
    """1 for the first try. From 2 on an earlier try may have reached the outside: ask first."""
    created_at: datetime
    owner: str
    clock: Clock = field(repr=False)
    settled: bool = False
    outcome: str = "done"
    """How it was settled, for the metrics."""

    @asynccontextmanager
    async def settling(self, outcome: str = "done") -> AsyncIterator[None]:
        """One transaction for what the handler writes and for the row's end. The row goes first:
        its owner is the fence that keeps a worker with a lost lease from writing anything."""
        async with unit_of_work():
            mine = await OutboxEntry.filter(
                id=self.id, claimed_by=self.owner, settled_at__isnull=True
            ).update(settled_at=self.clock.now(), outcome=outcome, claimed_until=None)
            if not mine:
                raise LeaseLost(self.id)
            yield
        self.settled, self.outcome = True, outcome


class TopicHandler(Protocol):
    """Does one topic's deed.

    ``handle`` calls the outside first, outside any transaction, and then writes its result inside
    ``delivery.settling()``. It raises Unreachable to be tried again later and Misconfigured to stop
    its topic; what the peer refused it settles itself.
    """

    async def handle(self, delivery: Delivery) -> None: ...

    async def park(self, delivery: Delivery, error_code: str) -> None:
        """Called inside the transaction that parks the row after its last try."""
        ...
