"""The one door to a draft: who may open it, whether it may change, and how a change gets in."""

import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

from kit.clock import Clock
from kit.problems import NotFound, Problem, TemporarilyUnavailable
from miniprogram_api.drafts.log import Author, DraftLog, Entry, Head, RevisionTaken
from miniprogram_api.drafts.problems import DraftExpired, DraftSubmitted

TRIES = 8
"""Rereads after a lost race; within a process savers take turns, so only replicas race."""

WRITTEN_MAX = 512
"""About 8 KB each. It saves a third of a save's time (docs/drafts.md)."""

_ID = re.compile(r"[0-9a-f]{32}")

T = TypeVar("T")


class Change(NamedTuple, Generic[T]):
    """What is to be written next, None when nothing has changed, and what the caller is told."""

    entry: Entry | None
    result: T


Derive = Callable[[Head, datetime], Awaitable[Change[T]]]
"""Makes the next row from the newest one; called again when somebody else was faster."""


class DraftDoor:
    def __init__(self, log: DraftLog, clock: Clock) -> None:
        self._log = log
        self._clock = clock
        self._written: OrderedDict[str, Head] = OrderedDict()

    async def owned(self, person_id: str, draft_id: str) -> Head:
        """Absent and somebody else's look the same."""
        head = await self._log.head(draft_id) if _ID.fullmatch(draft_id) else None
        if head is None or head.person_id != person_id:
            raise NotFound
        return head

    async def changeable(self, person_id: str, draft_id: str) -> Head:
        head = await self.owned(person_id, draft_id)
        if head.submitted:
            raise DraftSubmitted
        if head.expired(self._clock.now()):
            raise DraftExpired
        return head

    async def append(self, author: Author, draft_id: str, derive: Derive[T]) -> T:
        """Read, derive, write; from the start again when that revision was taken meanwhile."""
        result, _ = await self._append(author, draft_id, derive)
        return result

    async def append_after(
        self, revision: int, author: Author, draft_id: str, derive: Derive[T]
    ) -> T:
        """As :meth:`append`, for somebody who last saw ``revision``; never inside a unit.

        When that is the row which this process wrote last, it need not be read again: if another
        process has written since, ours is refused by the log like any late one. Whatever does not
        end in a row of ours is decided anew on what is really there.
        """
        head, now = self._written.get(draft_id), self._clock.now()
        if head is not None and (head.revision, head.person_id) == (revision, author.person_id):
            with suppress(Problem, RevisionTaken):
                entry, result = await derive(head, now)
                if entry is not None and not head.expired(now):
                    self._remember(await self._log.append(head.next_place, entry, author, now))
                    return result
        result, written = await self._append(author, draft_id, derive)
        if written is not None:
            self._remember(written)
        return result

    async def _append(
        self, author: Author, draft_id: str, derive: Derive[T]
    ) -> tuple[T, Head | None]:
        for _ in range(TRIES):
            now = self._clock.now()
            head = await self.changeable(author.person_id, draft_id)
            entry, result = await derive(head, now)
            if entry is None:
                return result, None
            with suppress(RevisionTaken):
                return result, await self._log.append(head.next_place, entry, author, now)
        raise TemporarilyUnavailable

    def _remember(self, head: Head) -> None:
        """Still sealed. Committed rows only: the revision of one that was rolled back may be given
        to other words."""
        self._written[head.draft_id] = head
        self._written.move_to_end(head.draft_id)
        if len(self._written) > WRITTEN_MAX:
            self._written.popitem(last=False)
