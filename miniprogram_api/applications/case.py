"""One application in the hands of a unit of work: its row, its matters, its log."""

from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from miniprogram_api.applications.clocks import Promise
from miniprogram_api.applications.log import ODDITY, STATE, Body, Entry, Line, Private
from miniprogram_api.applications.models import Application, Matter
from miniprogram_api.applications.progress import Move, Step, walk
from miniprogram_api.applications.states import MatterState

_KNOWN_STATES = frozenset(MatterState)


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What somebody says or does about some matters of one application."""

    state: str
    items: tuple[str, ...]
    from_peer: bool
    event_id: str = ""
    """Equal for repeats of the same notice."""
    sequence: int | None = None
    peer_code: str = ""
    peer_time: datetime | None = None
    private: Private | None = None

    @property
    def points(self) -> int:
        """How many fields and materials have to be corrected."""
        return len(self.private.fields) + len(self.private.materials) if self.private else 0


@dataclass(slots=True)
class Case:
    application: Application
    matters: list[Matter]
    lines: list[Line]
    changed: set[str] = field(default_factory=set)
    """Codes of the matters whose rows have to be written."""

    def matter(self, item_code: str) -> Matter | None:
        return next((each for each in self.matters if each.item_code == item_code), None)

    def knows(self, event_id: str) -> bool:
        return any(line.body.event_id == event_id for line in self.lines)

    def moves(self, item_code: str, *more: Line) -> list[Move]:
        """What the table allowed, in order. The first line of the log submitted every matter."""
        first, *others = (*self.lines, *more)
        steps = [Step(first.seq, MatterState.SUBMITTED, first.received_at, from_peer=False)]
        for line in others:
            step = line.step() if line.concerns(item_code) else None
            if step is not None:
                steps.append(step)
        return walk(steps)

    def state_of(self, item_code: str) -> MatterState:
        return self.moves(item_code)[-1].step.state

    def entry_of(self, news: News, at: datetime) -> Entry:
        """How the news will stand in the log: as a move of the matters that they move, or as an
        oddity that moves nothing."""
        known = [item for item in news.items if self.matter(item) is not None]
        if news.state not in _KNOWN_STATES:
            return _entry(news, known, at, why="unknown_state")
        if not known:
            return _entry(news, known, at, why="unknown_item")
        line = self._imagined(_entry(news, known, at))
        walked = {item: self.moves(item, line) for item in known}
        moved = [item for item in known if self._is_moved(item, walked[item], line.seq)]
        if moved:
            return _entry(news, moved, at, now=walked[moved[0]][-1].step.state)
        is_a_move = any(move.step.seq == line.seq for moves in walked.values() for move in moves)
        return _entry(news, known, at, why="late" if is_a_move else "illegal")

    def _imagined(self, entry: Entry) -> Line:
        seq = self.application.last_seq + 1
        return Line("", seq, STATE, entry.matter, entry.body, entry.peer_time, entry.at)

    def _is_moved(self, item_code: str, moves: list[Move], seq: int) -> bool:
        """The news are the newest that is known, or change what the later ones amount to."""
        last = moves[-1].step
        return last.seq == seq or last.state != self.state_of(item_code)


def promise_of(matter: Matter) -> Promise:
    return msgspec.json.decode(matter.promise, type=Promise)


def _entry(news: News, items: list[str], at: datetime, *, now: str = "", why: str = "") -> Entry:
    body = Body(
        state=news.state,
        now=now,
        items=items if len(items) > 1 else [],
        from_peer=news.from_peer,
        event_id=news.event_id,
        sequence=news.sequence,
        peer_code=news.peer_code,
        points=news.points,
        why=why,
    )
    return Entry(
        kind=ODDITY if why else STATE,
        body=body,
        at=at,
        matter=items[0] if len(items) == 1 else None,
        private=news.private,
        peer_time=news.peer_time,
    )
