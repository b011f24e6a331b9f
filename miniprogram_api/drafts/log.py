"""The append-only log of drafts: read the newest row, add the next one, nothing else.

A row carries the whole draft after its change, so one primary-key read gives everything that a save
or a resumption needs; its id is the draft's id and its revision, so the database refuses the second
of two rows that were made from the same predecessor. That refusal is the only lock there is.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from tortoise.exceptions import IntegrityError

from kit.clock import Moved, not_moved
from kit.database.statement import Row, Statement, to_instant
from kit.devices import DEVICE_ID
from kit.secrets import KeyRing
from miniprogram_api.drafts.findings import Findings, Found
from miniprogram_api.drafts.partly_read import Members, PartlyReadState
from miniprogram_api.drafts.problems import DraftTooLarge
from miniprogram_api.drafts.state import (
    DecodedState,
    Kind,
    RawState,
    Summary,
    decode_raw_state,
    decode_state,
    decode_summary,
    encode,
)
from miniprogram_api.drafts.writing import WritingLimit

KEPT = timedelta(days=30)
"""After the newest change of an open draft."""
ENDS_SOON = timedelta(days=7)
"""Before its end its owner is reminded, and told that saving puts it off: from then on a save that
changes nothing is a row, too."""
DRAFT_BYTES_MAX = 1024 * 1024
"""Of one draft's whole state as JSON: many small saves must not add up to what one may not be."""
COMPRESSED_FROM = 6 * 1024
"""Bytes of JSON. A database page holds a row of 8 KB at most; what is larger is compressed, which
takes about 60 us at this size. A whole restaurant form has 5 KB."""
BELIEVED = timedelta(hours=1)
"""For so long a process may write after a row of its own without reading what came since (door.py):
until then the revisions after it have to stay taken. Thinning begins with rows a day old."""
STAYS_TAKEN = 2 * BELIEVED
"""Clocks of replicas differ."""
FASTEST = 1
_PLAIN, _COMPRESSED = b"\0", b"\1"


_HEAD = Statement(
    "SELECT person_id, revision, kind, at, summary, answers_cipher FROM draft_save"
    " WHERE id >= ? AND id <= ? ORDER BY id DESC LIMIT 1"
)
_GLANCE = (
    "SELECT * FROM (SELECT draft_id, revision, at, summary FROM draft_save"
    " WHERE id >= ? AND id <= ? ORDER BY id DESC LIMIT 1) t"
)
_WHOLE = (
    "SELECT * FROM (SELECT draft_id, person_id, revision, kind, at, summary, answers_cipher"
    " FROM draft_save WHERE id >= ? AND id <= ? ORDER BY id DESC LIMIT 1) t"
)
NOTHING = Summary(words=0, selection=0, complete=0, total=0, files=0, steps={})

_AT = Statement(
    "SELECT revision, summary, answers_cipher FROM draft_save WHERE id >= ? AND id <= ?"
    " ORDER BY id DESC LIMIT 1"
)
_WRITTEN_BY = Statement(
    "SELECT id FROM draft_save WHERE id > ? AND id <= ? AND at <= ? ORDER BY id LIMIT 1"
)
_APPEND = Statement(
    "INSERT INTO draft_save"
    " (id, draft_id, person_id, revision, kind, step, author, device, at, summary,"
    " answers_cipher) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_CLEAR = Statement("DELETE FROM draft_save WHERE id >= ? AND id < ? AND at <= ?")
_EMPTY = Statement(
    "UPDATE draft_save SET person_id = '', kind = 'erased', step = NULL, author = '',"
    " device = NULL, summary = ?, answers_cipher = ? WHERE id >= ? AND id < ?"
)
_FORGET = Statement("DELETE FROM draft_save WHERE id >= ? AND id <= ? AND kind = 'erased'")
_HAND_OVER = Statement(
    "UPDATE draft_save SET person_id = ? WHERE id >= ? AND id <= ? AND person_id = ?"
)


class RevisionTaken(Exception):
    """Somebody else wrote the revision that we were about to write: read again, merge again."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes a draft, and on which device (as the client names it; None when it does not)."""

    person_id: str
    device: str | None

    @classmethod
    def of(cls, person_id: str, headers: Mapping[str, str]) -> "Author":
        """From a request's headers; a malformed device name is no name."""
        device = headers.get("x-device-id", "")
        return cls(person_id, device if DEVICE_ID.fullmatch(device) else None)


NOBODY = Author("", None)


class Place(NamedTuple):
    """Where a row goes: whose draft, and which revision."""

    draft_id: str
    person_id: str
    revision: int


@dataclass(frozen=True, slots=True)
class Head:
    """A draft as its newest row has it; still sealed."""

    draft_id: str
    person_id: str
    revision: int
    kind: Kind
    at: datetime
    summary: Summary
    sealed: bytes
    """The state after its newest change."""

    @property
    def next_place(self) -> Place:
        return Place(self.draft_id, self.person_id, self.revision + 1)

    @property
    def submitted(self) -> bool:
        return self.kind == "submitted"

    @property
    def expires_at(self) -> datetime:
        return self.at + KEPT

    def ends_soon(self, now: datetime) -> bool:
        return self.expires_at - now <= ENDS_SOON

    def expired(self, now: datetime) -> bool:
        return not self.submitted and now >= self.expires_at


class Past(NamedTuple):
    """A draft as an older row has it."""

    revision: int
    catalogue: str
    """The version that all of it was made under."""
    state: DecodedState


@dataclass(frozen=True, slots=True)
class Entry:
    """One change, before it is a row."""

    kind: Kind
    step: str | None
    """The key of the step, or the code of the material; None for what concerns the whole draft."""
    summary: Summary
    state: DecodedState | Members
    found: Found | None = None
    """What is wrong with its steps, as far as that was looked at; remembered, never written."""


@dataclass(frozen=True, slots=True)
class Glance:
    """What lists show of a draft's newest row."""

    revision: int
    at: datetime
    summary: Summary


class DraftLog:
    """One for the process."""

    def __init__(self, ring: KeyRing, moved: Moved = not_moved) -> None:
        self._ring = ring
        self.findings = Findings()
        self.writing = WritingLimit(moved)

    async def head(self, draft_id: str) -> Head | None:
        """None for a draft that never was and for one that was erased."""
        rows = await _HEAD.fetch(row_id(draft_id, 0), _last_id(draft_id))
        return _head(draft_id, rows[0]) if rows and rows[0]["kind"] != "erased" else None

    def opened(self, head: Head) -> DecodedState:
        return decode_state(self._plain(head.draft_id, head.revision, head.sealed))

    def opened_raw(self, head: Head) -> RawState:
        """With each step's answers as the JSON they are, to be shown without being read."""
        return decode_raw_state(self._plain(head.draft_id, head.revision, head.sealed))

    def partly_opened(self, head: Head) -> PartlyReadState:
        """For a save, which looks at a few steps only."""
        return PartlyReadState(self._plain(head.draft_id, head.revision, head.sealed))

    async def past(self, draft_id: str, revision: int) -> Past | None:
        """The draft as it was; as the nearest older row has it where that one was thinned out."""
        rows = await _AT.fetch(row_id(draft_id, 0), row_id(draft_id, revision))
        if not rows:
            return None
        row = rows[0]
        plain = self._plain(draft_id, row["revision"], row["answers_cipher"])
        return Past(row["revision"], decode_summary(row["summary"]).catalogue, decode_state(plain))

    async def is_followed(self, draft_id: str, revision: int, by: datetime) -> bool:
        """Whether it was not the newest any more at that moment."""
        bounds = row_id(draft_id, revision), _last_id(draft_id)
        return bool(await _WRITTEN_BY.fetch(*bounds, by))

    async def append(self, place: Place, entry: Entry, author: Author, at: datetime) -> Head:
        """One row; durable on return, or with the surrounding unit. RevisionTaken, DraftTooLarge;
        TooManyRequests for whoever writes too much (writing.py)."""
        plain = encode(entry.state)
        if len(plain) > DRAFT_BYTES_MAX:
            raise DraftTooLarge
        sealed = self._ring.seal(_packed(plain), sealing_context(place.draft_id, place.revision))
        await self.writing.spend(author.person_id, entry.kind, len(sealed))
        await _insert(place, entry.kind, entry.step, author, at, entry.summary, sealed)
        if entry.found is not None:
            self.findings.remember(sealed, entry.found)
        return Head(*place, entry.kind, at, entry.summary, sealed)

    async def erase(self, head: Head, at: datetime) -> None:
        """Everything but empty rows. One takes the revision that a save on its way would write:
        that save reads again and finds no draft, instead of leaving words behind. Those that may
        still be believed to be the newest leave their revisions taken, for the same reason.
        RevisionTaken."""
        place = Place(head.draft_id, "", head.revision + 1)
        await _insert(place, "erased", None, NOBODY, at, NOTHING, b"")
        bounds = row_id(head.draft_id, 0), row_id(head.draft_id, place.revision)
        await _CLEAR.execute(*bounds, at - STAYS_TAKEN)
        await _EMPTY.execute(encode(NOTHING).decode(), b"", *bounds)

    async def forget(self, draft_id: str) -> None:
        """What erasing left, once nobody can write after a row of the draft any more."""
        await _FORGET.execute(row_id(draft_id, 0), _last_id(draft_id))

    async def hand_over(self, draft_id: str, person_id: str, to: str) -> None:
        """The draft's rows that are ``person_id``'s are ``to``'s; who wrote them stays."""
        await _HAND_OVER.execute(to, row_id(draft_id, 0), _last_id(draft_id), person_id)

    async def glances(self, draft_ids: Sequence[str]) -> dict[str, Glance]:
        """The newest rows of a page of drafts, unsealed parts only, in one query."""
        rows = await _newest(_GLANCE, draft_ids)
        return {
            row["draft_id"]: Glance(
                row["revision"], to_instant(row["at"]), decode_summary(row["summary"])
            )
            for row in rows
        }

    async def heads(self, draft_ids: Sequence[str]) -> dict[str, Head]:
        """As :meth:`head`, of a page of drafts in one query."""
        rows = await _newest(_WHOLE, draft_ids)
        found = {row["draft_id"]: _head(row["draft_id"], row) for row in rows}
        return {draft_id: head for draft_id, head in found.items() if head.kind != "erased"}

    def _plain(self, draft_id: str, revision: int, sealed: bytes) -> bytes:
        packed = self._ring.open(sealed, sealing_context(draft_id, revision))
        return zlib.decompress(packed[1:]) if packed[:1] == _COMPRESSED else packed[1:]


async def _insert(
    place: Place,
    kind: Kind,
    step: str | None,
    author: Author,
    at: datetime,
    summary: Summary,
    sealed: bytes,
) -> None:
    try:
        await _APPEND.execute(
            row_id(place.draft_id, place.revision),
            place.draft_id,
            place.person_id,
            place.revision,
            kind,
            step,
            author.person_id,
            author.device,
            at,
            encode(summary).decode(),
            sealed,
        )
    except IntegrityError as error:
        raise RevisionTaken from error


def _packed(plain: bytes) -> bytes:
    if len(plain) < COMPRESSED_FROM:
        return _PLAIN + plain
    return _COMPRESSED + zlib.compress(plain, FASTEST)


def row_id(draft_id: str, revision: int) -> str:
    return f"{draft_id}{revision:08x}"


def _last_id(draft_id: str) -> str:
    return f"{draft_id}ffffffff"


def sealing_context(draft_id: str, revision: int) -> str:
    return f"draft_save.answers|{draft_id}|{revision}"


def _head(draft_id: str, row: Row) -> Head:
    return Head(
        draft_id=draft_id,
        person_id=row["person_id"],
        revision=row["revision"],
        kind=row["kind"],
        at=to_instant(row["at"]),
        summary=decode_summary(row["summary"]),
        sealed=row["answers_cipher"],
    )


async def _newest(one: str, draft_ids: Sequence[str]) -> Sequence[Row]:
    if not draft_ids:
        return ()
    bounds = [bound for id_ in draft_ids for bound in (row_id(id_, 0), _last_id(id_))]
    return await _of_several(one, len(draft_ids)).fetch(*bounds)


@lru_cache(maxsize=128)
def _of_several(one: str, count: int) -> Statement:
    """One indexed step per draft; a join on the greatest id would read every row of each."""
    return Statement(" UNION ALL ".join(f"{one}{number}" for number in range(count)))
