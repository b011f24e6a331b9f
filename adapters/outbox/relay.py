"""The relay: claims due rows, lets their handlers act, settles, retries, parks.

The database is the queue (docs/decisions/0004). A claim is a compare-and-set that gives a lease;
the owner's name is the fence; a heartbeat keeps the lease of a long call; attempts are counted when
the row is claimed, so a row that kills its process is parked in the end; kill -9 loses nothing,
because the lease runs out and another worker takes the row.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
import structlog

from adapters.errors import AdapterError, Refused, Unreachable
from adapters.outbox.delivery import Delivery, LeaseLost, TopicHandler
from adapters.outbox.models import InboxEntry, OutboxEntry
from kit.clock import Clock
from kit.database.statement import Statement, to_instant
from kit.database.unit import is_contention
from kit.ids import new_id
from kit.retry import RetrySchedule
from kit.tasks import guarded

log = structlog.get_logger("outbox")

_DUE = Statement(
    "SELECT o.id, o.topic, o.`key`, o.body, o.attempts, o.created_at FROM outbox o"
    " WHERE o.settled_at IS NULL AND o.due_at <= ?"
    " AND (o.claimed_until IS NULL OR o.claimed_until < ?)"
    " AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.`key` = o.`key`"
    " AND e.settled_at IS NULL AND e.id < o.id)"
    " ORDER BY o.due_at, o.id LIMIT ?"
)
_CLAIM = Statement(
    "UPDATE outbox SET claimed_by = ?, claimed_until = ?, attempts = attempts + 1"
    " WHERE id = ? AND attempts = ? AND settled_at IS NULL AND due_at <= ?"
    " AND (claimed_until IS NULL OR claimed_until < ?)"
)
_WAITING = Statement(
    "SELECT o.due_at, o.claimed_until FROM outbox o WHERE o.settled_at IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.`key` = o.`key`"
    " AND e.settled_at IS NULL AND e.id < o.id)"
    " ORDER BY o.due_at LIMIT 100"
)
_BACKLOG = Statement(
    "SELECT COUNT(*) AS waiting, COALESCE(SUM(CASE WHEN due_at <= ? THEN 1 ELSE 0 END), 0) AS due,"
    " MIN(due_at) AS oldest FROM outbox WHERE settled_at IS NULL"
)
_PARKED = Statement("SELECT COUNT(*) AS parked FROM outbox WHERE outcome = 'parked'")


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much of the whole outbox is undone, whoever relays it."""

    due: int
    """To be done by now; those that wait behind another of their key included."""
    later: int
    parked: int
    late_s: float
    """How long the oldest of the due ones has been due."""


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """Times in seconds."""

    concurrency: int = 10
    lease_s: float = 30.0
    handler_timeout_s: float = 60.0
    poll_s: float = 2.0
    misconfigured_pause_s: float = 300.0
    unsent_pause_s: float = 30.0
    """Before a call that surely did not go out is tried again; it uses up no attempt."""
    give_up_unsent: timedelta = timedelta(days=3)
    keep_settled: timedelta = timedelta(days=7)
    schedule: RetrySchedule = RetrySchedule(cap_s=1800.0, attempts_max=16)
    """Gives up after about three hours of answers that are none."""


class Relay:
    """One for a worker process; in embedded mode one in the serving process."""

    def __init__(
        self,
        handlers: Mapping[str, TopicHandler],
        clock: Clock,
        settings: RelaySettings | None = None,
    ) -> None:
        self._handlers = handlers
        self._clock = clock
        self._settings = settings or RelaySettings()
        self._owner = new_id()
        self._woken = asyncio.Event()
        self._busy = asyncio.Lock()
        self._stopping = False
        self._random = random.Random()  # noqa: S311 - jitter, not a secret.
        self.counts: Counter[tuple[str, str]] = Counter()
        """How often each (topic, outcome) happened, for the metrics."""

    def wake(self) -> None:
        self._woken.set()

    async def run(self) -> None:
        """Until stopped: do what is due, then sleep until woken or polled."""
        while not self._stopping:
            self._woken.clear()
            await self.run_due()
            try:
                async with asyncio.timeout(self._settings.poll_s * self._random.uniform(0.8, 1.2)):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def run_due(self) -> int:
        """Do everything that is due now, and what that makes due; how many rows were handled.

        A slow call holds one place only; a failing row gets a later due time, so this ends."""
        handled = 0
        running: set[asyncio.Task[None]] = set()
        async with self._busy:
            try:
                while True:
                    self._woken.clear()
                    free = 0 if self._stopping else self._settings.concurrency - len(running)
                    claimed = await self._claim(free) if free else []
                    for delivery in claimed:
                        name = f"outbox {delivery.topic}"
                        running.add(guarded(self._deliver(delivery), name=name))
                    handled += len(claimed)
                    if not running:
                        return handled
                    if not claimed:
                        running = await self._until_one_ends_or_woken(running)
            finally:
                for task in running:
                    task.cancel()

    async def _until_one_ends_or_woken(
        self, running: set[asyncio.Task[None]]
    ) -> set[asyncio.Task[None]]:
        woken = guarded(self._woken.wait(), name="outbox woken")
        try:
            await asyncio.wait({*running, woken}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            woken.cancel()
        return {task for task in running if not task.done()}

    async def stop(self) -> None:
        """Claim nothing more and let what runs end. Whoever is cut off later is like one killed:
        the lease runs out and another worker takes the row."""
        self._stopping = True
        self._woken.set()
        async with self._busy:
            pass

    async def next_due(self) -> datetime | None:
        """When the next row can be claimed, for the mock's clock. Rows behind another of their key
        do not count: they wait for that one."""
        instants = []
        for row in await _WAITING.fetch():
            due, claimed = row["due_at"], row["claimed_until"]
            instants.append(max(to_instant(moment) for moment in (due, claimed) if moment))
        return min(instants, default=None)

    async def backlog(self) -> Backlog:
        now = self._clock.now()
        (waiting,) = await _BACKLOG.fetch(now)
        (parked,) = await _PARKED.fetch()
        due = int(waiting["due"])
        late_s = (now - to_instant(waiting["oldest"])).total_seconds() if due else 0.0
        return Backlog(due, waiting["waiting"] - due, parked["parked"], late_s)

    async def take_over(self) -> int:
        """Free the claims of dead owners at once. Only where this process is the database's single
        worker (embedded mode, guarded by the lock of the data folder)."""
        return await OutboxEntry.filter(
            settled_at__isnull=True, claimed_until__isnull=False
        ).update(claimed_until=None)

    async def purge(self) -> int:
        """Erase what was settled long ago; parked rows stay for the operator."""
        before = self._clock.now() - self._settings.keep_settled
        erased = await OutboxEntry.filter(settled_at__lt=before, outcome__not="parked").delete()
        return erased + await InboxEntry.filter(settled_at__lt=before).delete()

    async def _claim(self, limit: int) -> list[Delivery]:
        now = self._clock.now()
        until = now + timedelta(seconds=self._settings.lease_s)
        claimed = []
        for row in await _DUE.fetch(now, now, limit):
            # As it was read: another worker may have tried it in between and put it off.
            if await _CLAIM.execute(self._owner, until, row["id"], row["attempts"], now, now):
                delivery = Delivery(
                    id=row["id"],
                    topic=row["topic"],
                    key=row["key"],
                    body=msgspec.json.decode(row["body"]),
                    attempt=row["attempts"] + 1,
                    created_at=to_instant(row["created_at"]),
                    owner=self._owner,
                    clock=self._clock,
                )
                claimed.append(delivery)
        return claimed

    async def _deliver(self, delivery: Delivery) -> None:
        """Run one handler to one of the row's ends; no failure of one row stops the others."""
        heartbeat = guarded(self._keep_lease(delivery), name=f"lease {delivery.topic}")
        try:
            outcome = await self._handle(delivery)
        finally:
            heartbeat.cancel()
        self.counts[delivery.topic, outcome] += 1
        log.info(
            "outbox_delivered",
            topic=delivery.topic,
            outbox_id=delivery.id,
            attempt=delivery.attempt,
            outcome=outcome,
        )

    async def _handle(self, delivery: Delivery) -> str:
        handler = self._handlers.get(delivery.topic)
        if handler is None:
            log.error("outbox_topic_unknown", topic=delivery.topic)
            pause_s = self._settings.misconfigured_pause_s
            return await self._again(delivery, "unknown_topic", pause_s)
        if self._settings.schedule.exhausted(delivery.attempt - 1):
            return await self._park(handler, delivery, "attempts_exhausted")
        try:
            await self._act(handler, delivery)
        except LeaseLost:
            return "lease_lost"
        except AdapterError as error:
            return await self._failed_outside(handler, delivery, error)
        except Exception as error:  # noqa: BLE001 - one row's fault must not stop the others.
            return await self._failed_inside(handler, delivery, error)
        return delivery.outcome

    async def _act(self, handler: TopicHandler, delivery: Delivery) -> None:
        async with asyncio.timeout(self._settings.handler_timeout_s):
            await handler.handle(delivery)
            if not delivery.settled:
                async with delivery.settling():
                    pass

    async def _failed_outside(
        self, handler: TopicHandler, delivery: Delivery, error: AdapterError
    ) -> str:
        if isinstance(error, Unreachable) and not error.may_have_acted and self._young(delivery):
            delay_s = max(self._settings.unsent_pause_s, error.retry_after_s or 0.0)
            return await self._again(delivery, error.code, delay_s, count=False)
        if isinstance(error, Unreachable):
            return await self._later(handler, delivery, error.code, error.retry_after_s)
        if isinstance(error, Refused):
            return await self._park(handler, delivery, f"refused_{error.code}")
        log.error("adapter_misconfigured", peer=error.peer, code=error.code)
        pause_s = self._settings.misconfigured_pause_s
        return await self._again(delivery, error.code, pause_s, count=False)

    def _young(self, delivery: Delivery) -> bool:
        return self._clock.now() - delivery.created_at < self._settings.give_up_unsent

    async def _failed_inside(
        self, handler: TopicHandler, delivery: Delivery, error: Exception
    ) -> str:
        """A fault of ours, a lost deadlock, a handler that took too long: retried, then parked."""
        if not is_contention(error):
            log.error("outbox_handler_failed", topic=delivery.topic, exc_info=error)
        return await self._later(handler, delivery, type(error).__name__, None)

    async def _later(
        self, handler: TopicHandler, delivery: Delivery, code: str, after_s: float | None
    ) -> str:
        schedule = self._settings.schedule
        if schedule.exhausted(delivery.attempt):
            return await self._park(handler, delivery, code)
        delay_s = max(schedule.delay(delivery.attempt, self._random), after_s or 0.0)
        return await self._again(delivery, code, delay_s)

    async def _again(
        self, delivery: Delivery, code: str, delay_s: float, *, count: bool = True
    ) -> str:
        await OutboxEntry.filter(id=delivery.id, claimed_by=self._owner).update(
            due_at=self._clock.now() + timedelta(seconds=delay_s),
            claimed_until=None,
            error_code=code[:64],
            attempts=delivery.attempt if count else delivery.attempt - 1,
        )
        return "retry"

    async def _park(self, handler: TopicHandler, delivery: Delivery, code: str) -> str:
        log.error("outbox_parked", topic=delivery.topic, outbox_id=delivery.id, code=code)
        try:
            async with delivery.settling("parked"):
                await OutboxEntry.filter(id=delivery.id).update(error_code=code[:64])
                await handler.park(delivery, code)
        except LeaseLost:
            return "lease_lost"
        except Exception as error:
            # Parking writes to our own database only; a lost deadlock there is tried again.
            log.exception("outbox_parking_failed", topic=delivery.topic)
            return await self._again(delivery, type(error).__name__, self._settings.poll_s)
        return "parked"

    async def _keep_lease(self, delivery: Delivery) -> None:
        """Extend the lease while the handler works; its own time-out bounds this."""
        while True:
            await asyncio.sleep(self._settings.lease_s / 3)
            until = self._clock.now() + timedelta(seconds=self._settings.lease_s)
            mine = OutboxEntry.filter(
                id=delivery.id, claimed_by=self._owner, settled_at__isnull=True
            )
            try:
                await mine.update(claimed_until=until)
            except Exception as error:  # noqa: BLE001 - two more beats come before it lapses.
                log.warning("outbox_heartbeat_failed", error=type(error).__name__)
