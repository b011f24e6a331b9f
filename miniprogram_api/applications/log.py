"""The log of an application: every line that was ever true of it, in the order we learnt it.

Lines are only added. Each carries the hash of the one before, and the first one that of the frozen
content, so that a line changed, removed or slipped in later is found (docs/applications.md).
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from kit.ids import new_id
from kit.secrets import KeyRing
from miniprogram_api.applications.models import Application, ApplicationEvent
from miniprogram_api.applications.progress import Step
from miniprogram_api.applications.states import MatterState

STATE = "state"
"""A matter moved."""
APPLICATION = "application"
"""The application as a whole was submitted or ended."""
CERTIFICATE = "certificate"
OVERDUE = "overdue"
ODDITY = "oddity"
"""Something came that changed nothing: late, impossible, unknown. Kept for whoever asks."""

LINES_MAX = 10_000
"""Of one application: far above what its matters can come to."""

_KNOWN_STATES = frozenset(MatterState)


class Body(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a line says. No personal data: it is shown, told and looked at by operators."""

    state: str = ""
    """What was told or done: a state of the matter, or of the application."""
    now: str = ""
    """The state that followed from it and from all that was known before."""
    items: list[str] = []
    """Whom it concerns, where that is more than the one matter of the line."""
    from_peer: bool = False
    event_id: str = ""
    sequence: int | None = None
    peer_code: str = ""
    points: int = 0
    """How many fields and materials have to be corrected."""
    why: str = ""
    """Of an oddity: ``late``, ``illegal``, ``unknown_state``, ``unknown_item``."""
    name: str = ""
    """Of a certificate."""
    due_at: datetime | None = None
    private_hash: str = ""
    """Keyed hash of what is sealed beside the line."""


class Private(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What belongs to a line and may hold personal data: a department's words, a licence's face."""

    reason: str = ""
    fields: list[str] = []
    materials: list[str] = []
    item_code: str = ""
    """The peer's, where it is none of ours."""
    certificate_no: str = ""
    issued_by: str = ""
    issued_on: str = ""
    face: dict[str, object] = {}


@dataclass(frozen=True, slots=True)
class Entry:
    """A line to be written."""

    kind: str
    body: Body
    at: datetime
    matter: str | None = None
    private: Private | None = None
    peer_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line that was read."""

    id: str
    seq: int
    kind: str
    matter: str | None
    body: Body
    peer_time: datetime | None
    received_at: datetime

    @property
    def at(self) -> datetime:
        return self.peer_time or self.received_at

    def concerns(self, item_code: str) -> bool:
        return self.matter == item_code or item_code in self.body.items

    def step(self) -> Step | None:
        """The line as a step of the matters that it concerns; None when it tells no state."""
        if self.kind not in {STATE, ODDITY} or self.body.state not in _KNOWN_STATES:
            return None
        return Step(
            seq=self.seq,
            state=MatterState(self.body.state),
            received_at=self.received_at,
            from_peer=self.body.from_peer,
            event_id=self.body.event_id,
            peer_sequence=self.body.sequence,
            peer_time=self.peer_time,
        )


class ApplicationLog:
    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    async def append(self, application: Application, entry: Entry) -> Line:
        """Inside the unit that holds the application's row, which the caller saves."""
        row = ApplicationEvent(
            id=new_id(),
            application_id=application.id,
            seq=application.last_seq + 1,
            matter=entry.matter,
            kind=entry.kind,
            peer_time=entry.peer_time,
            received_at=entry.at,
            prev_hash=application.last_hash,
        )
        body = entry.body
        if entry.private is not None:
            plain = msgspec.json.encode(entry.private)
            row.private_cipher = self._ring.seal(plain, _context(row.id))
            sealed = self._ring.index(plain.decode(), "application_event.private")
            body = msgspec.structs.replace(body, private_hash=sealed)
        row.body = msgspec.json.encode(body).decode()
        row.hash = hash_of(row)
        await row.save(force_create=True)
        application.last_seq, application.last_hash = row.seq, row.hash
        return _line(row)

    async def lines(
        self, application_id: str, after: int = 0, limit: int = LINES_MAX
    ) -> list[Line]:
        """Later than ``after``, in order."""
        later = ApplicationEvent.filter(application_id=application_id, seq__gt=after)
        return [_line(row) for row in await later.order_by("seq").limit(limit)]


def hash_of(row: ApplicationEvent) -> str:
    """SHA-256 over the line before and every column of this one."""
    parts = (
        row.prev_hash,
        row.application_id,
        str(row.seq),
        row.matter or "",
        row.kind,
        _stamp(row.peer_time),
        _stamp(row.received_at),
        row.body,
    )
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def is_unbroken(content_hash: str, rows: Iterable[ApplicationEvent]) -> bool:
    """Whether the lines, in order, are all there and as they were written."""
    before = content_hash
    for seq, row in enumerate(rows, 1):
        if row.seq != seq or row.prev_hash != before or row.hash != hash_of(row):
            return False
        before = row.hash
    return True


def _line(row: ApplicationEvent) -> Line:
    body = msgspec.json.decode(row.body, type=Body)
    return Line(row.id, row.seq, row.kind, row.matter, body, row.peer_time, row.received_at)


def _context(line_id: str) -> str:
    return f"application_event.private_cipher|{line_id}"


def _stamp(instant: datetime | None) -> str:
    return instant.astimezone(UTC).isoformat(timespec="microseconds") if instant else ""
