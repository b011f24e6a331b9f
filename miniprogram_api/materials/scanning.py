"""Every file is looked at by a virus scanner, after it was taken and before it can be submitted."""

from datetime import timedelta

import structlog

from adapters.errors import Refused, Unreachable
from adapters.outbox.delivery import Delivery
from adapters.outbox.put import Outbox
from adapters.scanning.port import Scanner, Verdict
from adapters.storage.port import NotStored, Storage
from kit.clock import Clock
from miniprogram_api.drafts.service import DraftFiles
from miniprogram_api.materials.erasure import erase_file
from miniprogram_api.materials.filing import SCAN_TOPIC
from miniprogram_api.materials.models import NOBODY, File
from push.put import put_notice

log = structlog.get_logger("scanning")

TRIES_IN_A_ROW = 8
LATER = timedelta(minutes=10)
"""After so many tries without a verdict; for as long as the file waits."""


class ScanHandler:
    """The handler of ``file.scan``: ``{"file_id", "draft_id", "material"}``. Until there is a
    verdict the file waits, is shown as waiting, and keeps its draft from being submitted."""

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

    async def handle(self, delivery: Delivery) -> None:
        row = await File.get_or_none(id=delivery.body["file_id"])
        if row is None or row.scan_state != "waiting":
            return
        if self._scanner is None:
            # One was set when the file came, and is not any more.
            await self._judge(delivery, row, Verdict(infected=False))
            return
        try:
            verdict = await self._verdict(self._scanner, row)
        except Unreachable:
            if delivery.attempt < TRIES_IN_A_ROW:
                raise
            verdict = None
        except Refused as refused:
            # Too large for it, or damaged where it lies: an operator has to look.
            log.error("file_not_scanned", file_id=row.id, code=refused.code)
            verdict = None
        if verdict is None:
            await self._put_off(delivery)
        else:
            await self._judge(delivery, row, verdict)

    async def park(self, delivery: Delivery, error_code: str) -> None:
        """The file goes on waiting, and says so; ``unpark`` has it scanned."""

    async def _verdict(self, scanner: Scanner, row: File) -> Verdict | None:
        try:
            pieces = await self._storage.open(row.key)
        except NotStored:
            return None
        return await scanner.scan(pieces)

    async def _put_off(self, delivery: Delivery) -> None:
        """A fresh row instead of this one, whose tries would run out."""
        async with delivery.settling("put_off"):
            later = self._clock.now() + LATER
            await self._outbox.put(SCAN_TOPIC, delivery.key, delivery.body, due_at=later)

    async def _judge(self, delivery: Delivery, row: File, verdict: Verdict) -> None:
        draft_id = delivery.body["draft_id"]
        async with self._files.turn(draft_id), delivery.settling():
            # Removed or erased meanwhile, or somebody else's by now.
            current = await File.filter(id=row.id).select_for_update().first()
            if current is None:
                return
            if verdict.infected:
                await self._take_out(current, draft_id, delivery.body["material"])
            else:
                await File.filter(id=row.id).update(scan_state="clean")
                await self._files.pass_scan(draft_id, row.id)
        # What it found is for operators; whose file it was stands in no log.
        log.info("file_scanned", file_id=row.id, infected=verdict.infected, found=verdict.name)

    async def _take_out(self, row: File, draft_id: str, material: str) -> None:
        await self._files.fail_scan(draft_id, row.id)
        await erase_file(self._outbox, row.id)
        if row.owner == NOBODY:
            return
        subject, facts = {"draft_id": draft_id}, {"material": material}
        await put_notice(
            self._outbox,
            "material_refused",
            row.id,
            row.owner,
            self._clock.now(),
            subject,
            facts,
        )
