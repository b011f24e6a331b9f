"""The one door to a draft: who may open it, whether it may change, and how a change gets in."""

import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

from kit.clock import Clock
from kit.problems import NotFound, Problem, TemporarilyUnavailable
from miniprogram_api.drafts.log import BELIEVED, Author, DraftLog, Entry, Head, RevisionTaken
from miniprogram_api.drafts.ports import (
    Grant,
    Grants,
    NoGrants,
    NoSignatures,
    Part,
    SignatureBook,
)
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


class Seen(NamedTuple):
    """A draft, and by what somebody who is not its owner sees it."""

    head: Head
    grant: Grant | None


Derive = Callable[[Head, datetime], Awaitable[Change[T]]]
"""Makes the next row from the newest one; called again when somebody else was faster."""


class DraftDoor:
    def __init__(
        self,
        log: DraftLog,
        clock: Clock,
        grants: Grants | None = None,
        signatures: SignatureBook | None = None,
    ) -> None:
        self._log = log
        self._clock = clock
        self._grants = grants or NoGrants()
        self.signatures = signatures or NoSignatures()
        self._written: OrderedDict[str, Head] = OrderedDict()

    async def owned(self, person_id: str, draft_id: str) -> Head:
        """Absent and somebody else's look the same."""
        head = await self._log.head(draft_id) if _ID.fullmatch(draft_id) else None
        if head is None or head.person_id != person_id:
            raise NotFound
        return head

    async def seen(self, person_id: str, draft_id: str) -> Seen:
        """By its owner, or until it is submitted by whom the owner let in."""
        head = await self._log.head(draft_id) if _ID.fullmatch(draft_id) else None
        if head is not None and head.person_id == person_id:
            return Seen(head, None)
        # Asked also about a draft that is not there: a stranger's look takes equally long.
        grant = await self._grants.grant(draft_id, person_id)
        if head is None or grant is None or head.submitted:
            raise NotFound
        return Seen(head, grant)

    async def grant(self, person_id: str, draft_id: str) -> Grant:
        """By which somebody is let in who is not its owner; NotFound."""
        grant = await self._grants.grant(draft_id, person_id)
        if grant is None:
            raise NotFound
        return grant

    async def changeable(self, person_id: str, draft_id: str, part: Part | None = None) -> Head:
        """By its owner; where ``part`` says what is going to be changed, also by whom the owner let
        change that."""
        if part is None:
            head = await self.owned(person_id, draft_id)
        else:
            head, grant = await self.seen(person_id, draft_id)
            if grant is not None and not grant.covers(part):
                raise NotFound
        if head.submitted:
            raise DraftSubmitted
        if head.expired(self._clock.now()):
            raise DraftExpired
        return head

    async def helped(
        self, person_id: str, before: str | None, limit: int
    ) -> Sequence[tuple[str, Grant]]:
        """The drafts of others that the person may help with, by falling id."""
        return await self._grants.helped(person_id, before, limit)

    async def forget(self, draft_id: str) -> None:
        """In the unit that erases the draft: nobody was ever let in, nobody asked to sign."""
        await self._grants.forget(draft_id)
        await self.signatures.forget(draft_id)

    async def append(
        self, author: Author, draft_id: str, derive: Derive[T], part: Part | None = None
    ) -> T:
        """Read, derive, write; from the start again when that revision was taken meanwhile."""
        result, _ = await self._append(author, draft_id, derive, part)
        return result

    async def append_after(
        self,
        revision: int,
        author: Author,
        draft_id: str,
        derive: Derive[T],
        part: Part | None = None,
    ) -> T:
        """As :meth:`append`, for somebody who last saw ``revision``; never inside a unit.

        When that is the row which this process wrote last, it need not be read again: if another
        process has written since, ours is refused by the log like any late one. Whatever does not
        end in a row of ours is decided anew on what is really there.
        """
        now = self._clock.now()
        head = self._believed(draft_id, now)
        if head is not None and (head.revision, head.person_id) == (revision, author.person_id):
            with suppress(Problem, RevisionTaken):
                entry, result = await derive(head, now)
                if entry is not None and not head.expired(now):
                    self._remember(await self._write(head, entry, author, now))
                    return result
        result, written = await self._append(author, draft_id, derive, part)
        if written is not None:
            self._remember(written)
        return result

    async def _append(
        self, author: Author, draft_id: str, derive: Derive[T], part: Part | None
    ) -> tuple[T, Head | None]:
        for _ in range(TRIES):
            now = self._clock.now()
            head = await self.changeable(author.person_id, draft_id, part)
            entry, result = await derive(head, now)
            if entry is None:
                return result, None
            with suppress(RevisionTaken):
                return result, await self._write(head, entry, author, now)
        raise TemporarilyUnavailable

    async def _write(self, head: Head, entry: Entry, author: Author, now: datetime) -> Head:
        if entry.summary.asked_to_sign and entry.summary.words != head.summary.words:
            # First: outside a unit these are two commits, and what is told of a change that was
            # never written tells nothing.
            await self.signatures.changed(head.draft_id, entry.summary.words)
        return await self._log.append(head.next_place, entry, author, now)

    def _believed(self, draft_id: str, now: datetime) -> Head | None:
        """Not for longer than the revisions after it surely stay taken: a save in a gap would be
        acknowledged and never seen."""
        head = self._written.get(draft_id)
        return head if head is not None and now - head.at < BELIEVED else None

    def _remember(self, head: Head) -> None:
        """Still sealed. Committed rows only: the revision of one that was rolled back may be given
        to other words."""
        self._written[head.draft_id] = head
        self._written.move_to_end(head.draft_id)
        if len(self._written) > WRITTEN_MAX:
            self._written.popitem(last=False)
