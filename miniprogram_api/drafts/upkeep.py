"""What housekeeping does to drafts that nobody erases: thins their logs, reminds of their end."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from adapters.outbox.put import Outbox
from kit.clock import Clock
from kit.database.statement import Statement, to_instant
from kit.database.unit import unit_of_work
from miniprogram_api.drafts.log import ENDS_SOON, KEPT, DraftLog, Glance, row_id
from miniprogram_api.drafts.models import Draft, DraftSave
from miniprogram_api.drafts.thinning import (
    KEPT_LAST,
    Row,
    may_lose_more,
    superfluous,
    too_much,
)
from push.put import put_notice

BATCH, BATCHES = 50, 10
"""Drafts in one query, and queries in one sweep: 500 every five minutes are 144,000 a day."""
ROWS, PAGES = 1000, 10
"""Rows of one draft in one query, and queries in one look at it; the next look goes on."""
DELETED_AT_ONCE = 100
LOOK_AGAIN = timedelta(days=1)
LOOK_RARELY = timedelta(days=3)
"""At a draft that nobody has changed for a while: somebody may at any time."""
REMINDED = (ENDS_SOON, timedelta(days=1))
"""Before a draft expires."""

_LATEST = Statement(
    "SELECT id FROM draft_save WHERE id >= ? AND id <= ? ORDER BY id DESC LIMIT ? OFFSET ?"
)
_OLDEST = Statement(
    "SELECT revision, kind, at, LENGTH(answers_cipher) AS size FROM draft_save"
    " WHERE id >= ? AND id <= ? ORDER BY id LIMIT ?"
)


class DraftUpkeep:
    """Safe beside saving and beside another worker: rows that may go are nobody's newest, deleting
    them twice is deleting them once, and a reminder told twice is one message."""

    def __init__(self, log: DraftLog, outbox: Outbox, clock: Clock) -> None:
        self._log = log
        self._outbox = outbox
        self._clock = clock

    async def tend(self) -> int:
        """Housekeeping: look at the drafts whose turn it is; how many rows went."""
        gone = 0
        for _ in range(BATCHES):
            due = Draft.filter(look_at__lte=self._clock.now()).order_by("look_at").limit(BATCH)
            drafts = await due
            glances = await self._log.glances([draft.id for draft in drafts])
            for draft in drafts:
                gone += await self._tend(draft, glances[draft.id])
            if len(drafts) < BATCH:
                break
        return gone

    async def _tend(self, draft: Draft, glance: Glance) -> int:
        now = self._clock.now()
        gone, ripens = 0, False
        if glance.revision > KEPT_LAST:
            gone, ripens = await self._thin(draft.id, now)
        async with unit_of_work():
            looks = [now + LOOK_AGAIN] if ripens else []
            if draft.submitted_at is None:
                looks.append(await self._remind(draft, glance.at + KEPT, now))
            next_look = min(looks, default=None)
            await Draft.filter(id=draft.id).update(look_at=next_look)
        return gone

    async def _thin(self, draft_id: str, now: datetime) -> tuple[int, bool]:
        """How many rows went, and whether time alone will make more go."""
        bounds = row_id(draft_id, 0), row_id(draft_id, 2**31 - 1)
        newest = await _LATEST.fetch(*bounds, 1, KEPT_LAST)
        if not newest:
            return 0, False
        kept: dict[int, Row] = {}
        gone, complete, start = 0, False, bounds[0]
        for _ in range(PAGES):
            found = await _OLDEST.fetch(start, newest[0]["id"], ROWS)
            rows = [
                Row(it["revision"], it["kind"], to_instant(it["at"]), it["size"]) for it in found
            ]
            kept |= {row.revision: row for row in rows}
            gone += await _go(draft_id, superfluous(rows, now), kept)
            complete = len(rows) < ROWS
            if complete:
                break
            # Again from the last one: it may be that the next row stands for it.
            start = row_id(draft_id, rows[-1].revision)
        gone += await _go(draft_id, too_much(list(kept.values()), now), kept)
        return gone, not complete or any(may_lose_more(row, now) for row in kept.values())

    async def _remind(self, draft: Draft, expires_at: datetime, now: datetime) -> datetime:
        """Tell if it is time; when to look again. A draft that was saved after its last reminder
        expires at another moment and is told of anew."""
        left = expires_at - now
        if left <= timedelta(0):
            return now + LOOK_RARELY
        told = [before for before in REMINDED if left <= before]
        if told:
            happening = f"{draft.id}|{expires_at.isoformat()}|{min(told)}"
            facts = {"days": -(-left // timedelta(days=1))}
            await put_notice(
                self._outbox,
                "draft_expiring",
                happening,
                draft.person_id,
                now,
                {"draft_id": draft.id},
                facts,
            )
        return _next_look(expires_at, now)


def _next_look(expires_at: datetime, now: datetime) -> datetime:
    reminders = [expires_at - before for before in REMINDED if expires_at - before > now]
    rarely = now + LOOK_RARELY
    if expires_at - now <= max(REMINDED):
        return min(reminders, default=rarely)
    return min([rarely, *reminders])


async def _go(draft_id: str, revisions: Sequence[int], kept: dict[int, Row]) -> int:
    """They are not ``kept`` any more; how many. By primary key, a hundred at a time: no row is
    locked that others read or write."""
    for first in range(0, len(revisions), DELETED_AT_ONCE):
        chunk = revisions[first : first + DELETED_AT_ONCE]
        await DraftSave.filter(id__in=[row_id(draft_id, each) for each in chunk]).delete()
    for revision in revisions:
        del kept[revision]
    return len(revisions)
