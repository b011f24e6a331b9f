"""Every file is looked at by a virus scanner, after it was taken and before it can be submitted."""

from collections.abc import AsyncIterator
from datetime import timedelta

import structlog

from adapters.errors import AdapterError, Refused, Unreachable
from adapters.outbox.delivery import Delivery
from adapters.outbox.put import Outbox
from adapters.scanning.port import PEER, Scanner, Verdict
from adapters.storage.port import Storage
from kit.clock import Clock
from miniprogram_api.drafts.service import DraftFiles
from miniprogram_api.materials.erasure import erase_file
from miniprogram_api.materials.filing import SCAN_TOPIC
from miniprogram_api.materials.models import NOBODY, File
from push.notices import NoticeKind
from push.put import put_notice

log = structlog.get_logger("scanning")

TRIES_IN_A_ROW = 8
LATER = timedelta(minutes=10)
"""After so many tries without a verdict; for as long as the file waits."""
SELDOM = timedelta(hours=6)
"""For a file that could not be checked, in case an operator has mended why."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=5)
"""While nobody listens where the scanner should be, one file asks after each, and they double."""


class ScanHandler:
    """The handler of ``file.scan``: ``{"file_id", "draft_id", "material"}``. Until there is a
    verdict the file waits, is shown as waiting, and keeps its draft from being submitted. Where
    there will be none its owner is told within :data:`TRIES_IN_A_ROW` tries, less than an hour."""

    def __init__(
        self,
        files: DraftFiles,
        storage: Storage,
        scanner: Scanner | None,
        outbox: Outbox,
        clock: Clock,
    ) -> None:
        self._files = files
        self._storage = storage
        self._scanner = scanner
        self._outbox = outbox
        self._clock = clock
        self._pause = FIRST_PAUSE
        self._quiet_until = clock.now()

    async def handle(self, delivery: Delivery) -> None:
        row = await File.get_or_none(id=delivery.body["file_id"])
        if row is None or row.scan_state == "clean":
            return
        if self._scanner is None:
            # One was set when the file came, and is not any more.
            await self._judge(delivery, row, Verdict(infected=False))
            return
        try:
            verdict = await self._verdict(self._scanner, row)
        except Unreachable as error:
            if delivery.attempt < TRIES_IN_A_ROW:
                raise
            if error.peer == PEER and await _answers(self._scanner):
                await self._give_up(delivery, row, error.code)
            else:
                await self._put_off(delivery)
        except Refused as refused:
            # Too large for it, or damaged where it lies: asking again at once does not help.
            await self._give_up(delivery, row, refused.code)
        else:
            await self._judge(delivery, row, verdict)

    async def park(self, delivery: Delivery, error_code: str) -> None:
        """The file goes on waiting, and says so; ``unpark`` has it scanned."""

    async def _verdict(self, scanner: Scanner, row: File) -> Verdict:
        now = self._clock.now()
        if now < self._quiet_until:
            left_s = (self._quiet_until - now).total_seconds()
            raise Unreachable(PEER, "pausing", may_have_acted=False, retry_after_s=left_s)
        try:
            verdict = await scanner.scan(self._pieces(row))
        except Unreachable as error:
            if error.peer == PEER and not error.may_have_acted and now >= self._quiet_until:
                self._quiet_until = now + self._pause
                self._pause = min(2 * self._pause, LONGEST_PAUSE)
            raise
        self._pause = FIRST_PAUSE
        return verdict

    async def _pieces(self, row: File) -> AsyncIterator[bytes]:
        """Opened when somebody listens, so that nothing stays open when nobody does."""
        async for piece in await self._storage.open(row.key):
            yield piece

    async def _put_off(self, delivery: Delivery) -> None:
        """A fresh row instead of this one, whose tries would run out."""
        async with delivery.settling("put_off"):
            await self._ask_again(delivery, LATER)

    async def _give_up(self, delivery: Delivery, row: File, code: str) -> None:
        """Tell whose file it is, once; and ask again, but seldom."""
        draft_id = delivery.body["draft_id"]
        async with self._files.turn(draft_id), delivery.settling("unscanned"):
            current = await File.filter(id=row.id).select_for_update().first()
            if current is None:
                return
            await self._ask_again(delivery, SELDOM)
            if current.scan_state == "waiting":
                await File.filter(id=row.id).update(scan_state="failed")
                await self._files.leave_unscanned(draft_id, row.id)
                await self._tell("material_unscanned", current, delivery)
        log.error("file_not_scanned", file_id=row.id, code=code)

    async def _ask_again(self, delivery: Delivery, after: timedelta) -> None:
        later = self._clock.now() + after
        await self._outbox.put(SCAN_TOPIC, delivery.key, delivery.body, due_at=later)

    async def _judge(self, delivery: Delivery, row: File, verdict: Verdict) -> None:
        draft_id = delivery.body["draft_id"]
        async with self._files.turn(draft_id), delivery.settling():
            # Removed or erased meanwhile, or somebody else's by now.
            current = await File.filter(id=row.id).select_for_update().first()
            if current is None:
                return
            if verdict.infected:
                await self._files.fail_scan(draft_id, row.id)
                await erase_file(self._outbox, row.id)
                await self._tell("material_refused", current, delivery)
            else:
                await File.filter(id=row.id).update(scan_state="clean")
                await self._files.pass_scan(draft_id, row.id)
        # What it found is for operators; whose file it was stands in no log.
        log.info("file_scanned", file_id=row.id, infected=verdict.infected, found=verdict.name)

    async def _tell(self, kind: NoticeKind, row: File, delivery: Delivery) -> None:
        if row.owner == NOBODY:
            return
        subject = {"draft_id": delivery.body["draft_id"]}
        facts = {"material": delivery.body["material"]}
        now = self._clock.now()
        await put_notice(self._outbox, kind, row.id, row.owner, now, subject, facts)


async def _answers(scanner: Scanner) -> bool:
    """Whether it is there, so that a file without a verdict is that file's own matter."""
    try:
        await scanner.version()
    except AdapterError:
        return False
    return True
