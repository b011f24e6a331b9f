"""How many messages a person's consents are good for: pure rules.

The count is a hint. The platform alone knows what it will deliver: when it refuses, the count is
set to nothing, and the person is asked again at the next tap.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from push.rules import Importance

AnswerWord = Literal[
    "accept",
    "acceptWithAlert",
    "acceptWithAudio",
    "acceptWithForcePush",
    "reject",
    "ban",
    "filter",
]
"""What the platform's dialog answers for one template."""

Source = Literal["phone", "platform"]
"""Who told us: the mini-program after the tap, or the platform's own push about the same tap."""

SAME_TAP = timedelta(seconds=60)

_YES = frozenset({"accept", "acceptWithAlert", "acceptWithAudio", "acceptWithForcePush"})
_NO = frozenset({"reject", "ban"})


@dataclass(frozen=True, slots=True)
class Ledger:
    """One person, one platform, one template. A long-term consent is never spent by sending."""

    answer: str
    source: str
    earned: int
    spent: int
    answered_at: datetime

    @property
    def left(self) -> int:
        return self.earned - self.spent


def after_answer(before: Ledger | None, answer: str, source: Source, at: datetime) -> Ledger:
    """The ledger once somebody reported ``answer``.

    A tap is reported by the mini-program and again by the platform; it earns once. ``filter`` (the
    platform did not ask, because of a template of the same title) changes nothing but the word.
    """
    new = Ledger(answer, source, 0, 0, at)
    if before is not None:
        new = replace(new, earned=before.earned, spent=before.spent)
    if answer in _NO:
        return replace(new, spent=new.earned)
    if answer in _YES and not _is_same_tap(before, source, at):
        return replace(new, earned=new.earned + 1)
    return new


def _is_same_tap(before: Ledger | None, source: Source, at: datetime) -> bool:
    return (
        before is not None
        and before.source != source
        and before.answer in _YES
        and abs(at - before.answered_at) <= SAME_TAP
    )


def after_sending(before: Ledger, *, long_term: bool) -> Ledger:
    return before if long_term else replace(before, spent=before.spent + 1)


def after_refusal(before: Ledger) -> Ledger:
    """The platform would not deliver: whatever we had counted, there is nothing left."""
    return replace(before, spent=before.earned)


def together(one: Ledger, other: Ledger) -> Ledger:
    """The ledger of two persons who turned out to be one: what each earned and spent is added up,
    and the newest answer holds. A no holds for all that was agreed to before it; of two answers
    given at the same moment, the no."""
    newest = max(
        (one, other),
        key=lambda each: (each.answered_at, each.answer in _NO, each.answer, each.source),
    )
    both = replace(newest, earned=one.earned + other.earned, spent=one.spent + other.spent)
    return after_refusal(both) if newest.answer in _NO else both


def allows(ledger: Ledger | None, *, long_term: bool, importance: Importance) -> bool:
    """Whether to try. Without any consent nothing is sent; a consent that is good for one message
    is kept for results and for what the person must do."""
    if ledger is None or ledger.left <= 0:
        return False
    return long_term or importance >= Importance.RESULT
