"""Erasing drafts: on their owner's word, and a while after they expired."""

from contextlib import suppress
from datetime import timedelta

import structlog

from adapters.outbox.delivery import Delivery
from adapters.outbox.put import Outbox
from kit.clock import Clock
from kit.database.unit import unit_of_work
from kit.problems import NotFound, TemporarilyUnavailable
from miniprogram_api.drafts.door import TRIES, DraftDoor
from miniprogram_api.drafts.log import KEPT, STAYS_TAKEN, DraftLog, Head, RevisionTaken
from miniprogram_api.drafts.models import Draft
from miniprogram_api.drafts.problems import DraftSubmitted
from push.put import put_notice

log = structlog.get_logger("drafts.erasure")

TOPIC = "draft.forget"
"""``{"draft_id"}``: the draft was erased a while ago."""
FORGOTTEN_AFTER = STAYS_TAKEN + timedelta(hours=1)
"""By then no save is on its way any more, and no process believes a row of the draft."""
READABLE_WHEN_EXPIRED = timedelta(days=7)
BATCH = 100


class DraftErasure:
    """What was submitted stays on its owner's word: the application rests on it."""

    def __init__(self, log: DraftLog, door: DraftDoor, outbox: Outbox, clock: Clock) -> None:
        self._log = log
        self._door = door
        self._outbox = outbox
        self._clock = clock

    async def erase(self, person_id: str, draft_id: str) -> None:
        """The rows at once, the files' bytes soon after by the outbox; inside the caller's unit."""
        for _ in range(TRIES):
            head = await self._door.owned(person_id, draft_id)
            if head.submitted:
                raise DraftSubmitted
            try:
                await self._erase(head)
            except RevisionTaken:
                continue
            return
        raise TemporarilyUnavailable

    async def erase_words(self, draft_id: str) -> None:
        """All that was said in an open or submitted draft, inside the caller's unit. The files are
        left to whoever knows which of them were filed."""
        for _ in range(TRIES):
            head = await self._log.head(draft_id)
            if head is None:
                return
            with suppress(RevisionTaken):
                await self._erase_words(head)
                return
        raise TemporarilyUnavailable

    async def erase_expired(self) -> int:
        """A draft that was saved after its column was written gets its new day instead."""
        limit = self._clock.now() - READABLE_WHEN_EXPIRED
        drafts = await Draft.filter(expires_at__lt=limit).order_by("expires_at").limit(BATCH)
        glances = await self._log.glances([draft.id for draft in drafts])
        erased = 0
        for draft in drafts:
            expires_at = glances[draft.id].at + KEPT
            if expires_at < limit:
                erased += await self._erase_or_report(draft)
            else:
                await Draft.filter(id=draft.id, submitted_at=None).update(expires_at=expires_at)
        return erased

    async def _erase_or_report(self, draft: Draft) -> bool:
        """Whether it was we who did. One that cannot be read must not keep the others for ever."""
        try:
            await self._erase_told(draft)
        except NotFound:
            # Somebody else was faster.
            return False
        except Exception as error:
            log.error("draft_not_erased", draft_id=draft.id, exc_info=error)
            return False
        return True

    async def _erase_told(self, draft: Draft) -> None:
        async with unit_of_work():
            await self.erase(draft.person_id, draft.id)
            now, subject = self._clock.now(), {"draft_id": draft.id}
            await put_notice(self._outbox, "draft_erased", draft.id, draft.person_id, now, subject)

    async def _erase(self, head: Head) -> None:
        state = self._log.opened(head)
        await self._erase_words(head)
        for files in state.materials.values():
            for file in files:
                await self._outbox.put("file.erase", f"file:{file.id}", {"file_id": file.id})
        # Also what was made of the answers, and what was being sent (materials/generated.py).
        body = {"draft_id": head.draft_id}
        await self._outbox.put("documents.erase", f"documents:{head.draft_id}", body)

    async def _erase_words(self, head: Head) -> None:
        await self._log.erase(head, self._clock.now())
        await Draft.filter(id=head.draft_id).delete()
        await self._door.forget(head.draft_id)
        due_at = self._clock.now() + FORGOTTEN_AFTER
        await self._outbox.put(
            TOPIC, f"forget:{head.draft_id}", {"draft_id": head.draft_id}, due_at
        )


class DraftForgetting:
    """The handler of ``draft.forget``: the empty rows that erasing left go, too."""

    def __init__(self, log: DraftLog) -> None:
        self._log = log

    async def handle(self, delivery: Delivery) -> None:
        async with delivery.settling():
            await self._log.forget(delivery.body["draft_id"])

    async def park(self, delivery: Delivery, error_code: str) -> None:
        """Empty rows stay: they say nothing of anybody."""
