"""Writing outbox and inbox rows, in the caller's transaction."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from tortoise.exceptions import IntegrityError

from adapters.outbox.models import InboxEntry, OutboxEntry
from kit.clock import Clock
from kit.database.unit import after_commit, unit_of_work
from kit.ids import new_id
from kit.secrets import KeyRing


class Outbox:
    """Where services put what must happen. ``wake`` listeners are told after the commit; they only
    save waiting, the sweep finds every row anyway."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._listeners: list[Callable[[], None]] = []

    def on_put(self, wake: Callable[[], None]) -> None:
        self._listeners.append(wake)

    async def put(
        self, topic: str, key: str, body: Mapping[str, Any], due_at: datetime | None = None
    ) -> str:
        """One row. ``key`` orders rows that concern the same thing; a timer, which may wait for
        days, has a key of its own so that it holds nobody up."""
        now = self._clock.now()
        entry = await OutboxEntry.create(
            id=new_id(),
            topic=topic,
            key=key,
            body=msgspec.json.encode(body).decode(),
            created_at=now,
            due_at=due_at or now,
        )
        if entry.due_at <= now:
            after_commit(self._wake)
        return entry.id

    def _wake(self) -> None:
        for listener in self._listeners:
            listener()


class Inbox:
    """Where callbacks are kept before they are answered."""

    def __init__(self, outbox: Outbox, ring: KeyRing, clock: Clock) -> None:
        self._outbox = outbox
        self._ring = ring
        self._clock = clock

    async def receive(self, source: str, event_id: str, body: Any, topic: str, key: str) -> bool:
        """Keep one event and the deed that follows it; False when it was kept before."""
        entry_id = new_id()
        sealed = self._ring.seal(msgspec.json.encode(body), f"inbox|{entry_id}")
        try:
            async with unit_of_work():
                await InboxEntry.create(
                    id=entry_id,
                    source=source,
                    event_id=event_id,
                    body_cipher=sealed,
                    received_at=self._clock.now(),
                )
                await self._outbox.put(topic, key, {"inbox_id": entry_id})
        except IntegrityError:
            return False
        return True

    async def read(self, entry_id: str) -> bytes:
        """The event's body as JSON bytes."""
        entry = await InboxEntry.get(id=entry_id)
        return self._ring.open(entry.body_cipher, f"inbox|{entry_id}")

    async def settle(self, entry_id: str) -> None:
        """Inside the unit that acted on it."""
        await InboxEntry.filter(id=entry_id).update(settled_at=self._clock.now())
