"""Where a matter stands, worked out anew from all that is known of it.

Peers repeat themselves, overtake themselves and contradict themselves. The state is therefore not
moved by each notice as it comes in: it is what follows from the whole set of notices, put into the
peer's own order and walked through the table of legal moves. So the same notices give the same
state in whatever order, and however often, they arrive.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from miniprogram_api.applications.states import MatterState, is_legal

_Order: TypeAlias = tuple[int, int, float, int, str]
_BEFORE_ALL_NOTICES: _Order = (0, 0, 0.0, 0, "")
_RANK = {state: rank for rank, state in enumerate(MatterState)}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened to one matter, as the log has it."""

    seq: int
    """Its place in our log."""
    state: MatterState
    received_at: datetime
    from_peer: bool
    event_id: str = ""
    """The peer's notice; empty for what we did ourselves."""
    peer_sequence: int | None = None
    peer_time: datetime | None = None

    @property
    def at(self) -> datetime:
        """When it happened, as far as anybody knows."""
        return self.peer_time or self.received_at


@dataclass(frozen=True, slots=True)
class Move:
    """A step that the table allowed."""

    step: Step
    before: MatterState | None


def walk(steps: Sequence[Step]) -> list[Move]:
    """The moves of one matter, in order. The first step opens the matter and is always one."""
    moves: list[Move] = []
    for step in in_order(steps):
        before = moves[-1].step.state if moves else None
        if before is None or is_legal(before, step.state):
            moves.append(Move(step, before))
    return moves


def state_after(steps: Sequence[Step]) -> MatterState:
    return walk(steps)[-1].step.state


def in_order(steps: Sequence[Step]) -> list[Step]:
    """Steps of ours stand in the order of the log; notices in the peer's order.

    A step of ours comes after every notice that we knew when we took it, and before the newer ones:
    what we did was an answer to what we had been told.
    """
    by_sequence = all(step.peer_sequence is not None for step in steps if step.from_peer)
    return [step for _, step in sorted(_placed(steps, by_sequence), key=lambda placed: placed[0])]


def _placed(
    steps: Sequence[Step], by_sequence: bool
) -> Iterator[tuple[tuple[_Order, int, int], Step]]:
    newest = _BEFORE_ALL_NOTICES
    for step in sorted(steps, key=lambda each: each.seq):
        if step.from_peer:
            order = _order_of(step, by_sequence)
            newest = max(newest, order)
            yield (order, 0, 0), step
        else:
            yield (newest, 1, step.seq), step


def _order_of(step: Step, by_sequence: bool) -> _Order:
    """The peer's sequence where all its notices of the matter have one; else its time, for which
    the time of arrival stands in. Peers' times have whole seconds, so ties are settled by the usual
    course of a matter."""
    sequence = step.peer_sequence if by_sequence and step.peer_sequence is not None else 0
    moment = 0.0 if by_sequence else step.at.timestamp()
    return (1, sequence, moment, _RANK[step.state], step.event_id)
