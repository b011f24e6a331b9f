"""The states of a matter, the legal moves between them, and what people are told they mean.

The names are the design's; phrases have at most five Chinese characters, because a subscribe
message's ``phrase`` holds no more. A peer's codes are mapped in that peer's adapter.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Literal

from kit.text import Text

Holder = Literal["applicant", "province", "department", "us", "none"]
"""Who has the ball."""


class MatterState(StrEnum):
    """In the order in which a matter usually goes; of two notices that claim the same moment, the
    one further down is taken for the later."""

    SUBMITTED = "submitted"
    """Accepted by us; not yet known to the province."""
    PARKED = "parked"
    """Could not be delivered; an operator acts."""
    FORWARDED = "forwarded"
    """The province has it and gave it a number."""
    RECEIVED = "received"
    PRE_REVIEW_RETURNED = "pre_review_returned"
    """退回修改: nothing was decided; the applicant may change the filing and file again."""
    ACCEPTED_CONDITIONALLY = "accepted_conditionally"
    """容缺受理: work goes on while something is still to be handed in."""
    ACCEPTED = "accepted"
    SUSPENDED = "suspended"
    """特别程序: a procedure whose time does not count (行政许可法 article 45)."""
    CORRECTION_REQUIRED = "correction_required"
    CORRECTION_SUBMITTED = "correction_submitted"
    IN_REVIEW = "in_review"
    INSPECTION = "inspection"
    APPROVED = "approved"
    """Decided in favour; the licence is being made."""
    NOT_ACCEPTED = "not_accepted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    VOIDED = "voided"
    COMPLETED = "completed"


S = MatterState

TERMINAL = frozenset({S.NOT_ACCEPTED, S.REJECTED, S.WITHDRAWN, S.VOIDED, S.COMPLETED})

# Peers leave steps out and news overtake each other, so every road is open to every later step.
_DECISIONS = frozenset({S.APPROVED, S.REJECTED, S.COMPLETED, S.VOIDED, S.WITHDRAWN})
_WORK = frozenset({S.IN_REVIEW, S.INSPECTION, S.SUSPENDED, S.CORRECTION_REQUIRED}) | _DECISIONS
_ACCEPTANCE = frozenset(
    {S.ACCEPTED, S.ACCEPTED_CONDITIONALLY, S.NOT_ACCEPTED, S.CORRECTION_SUBMITTED}
)
_INTAKE = _ACCEPTANCE | _WORK
_AT_THE_PROVINCE = frozenset({S.RECEIVED, S.PRE_REVIEW_RETURNED}) | _INTAKE

MOVES: Mapping[MatterState, frozenset[MatterState]] = {
    S.SUBMITTED: frozenset({S.FORWARDED, S.PARKED}) | _AT_THE_PROVINCE,
    S.PARKED: frozenset({S.SUBMITTED, S.FORWARDED}) | _AT_THE_PROVINCE,
    S.FORWARDED: _AT_THE_PROVINCE,
    S.RECEIVED: _AT_THE_PROVINCE - {S.RECEIVED},
    S.PRE_REVIEW_RETURNED: frozenset({S.SUBMITTED, S.FORWARDED, S.RECEIVED}) | _INTAKE,
    S.ACCEPTED_CONDITIONALLY: frozenset({S.ACCEPTED}) | _WORK,
    S.ACCEPTED: _WORK,
    S.SUSPENDED: frozenset({S.ACCEPTED}) | _WORK - {S.SUSPENDED},
    # A further list of things to correct replaces the one before, so this state may follow itself.
    S.CORRECTION_REQUIRED: frozenset({S.PARKED}) | _INTAKE,
    S.CORRECTION_SUBMITTED: frozenset({S.PARKED}) | _INTAKE - {S.CORRECTION_SUBMITTED},
    S.IN_REVIEW: _WORK - {S.IN_REVIEW},
    S.INSPECTION: _WORK - {S.INSPECTION},
    # "许可决定" alone does not tell which way it went; a refusal may be told afterwards.
    S.APPROVED: frozenset({S.REJECTED, S.COMPLETED, S.VOIDED}),
    S.NOT_ACCEPTED: frozenset(),
    S.REJECTED: frozenset(),
    S.WITHDRAWN: frozenset(),
    S.VOIDED: frozenset(),
    S.COMPLETED: frozenset(),
}


def is_legal(before: MatterState, after: MatterState) -> bool:
    return after in MOVES[before]


PHRASES: Mapping[MatterState, Text] = {
    S.SUBMITTED: Text("已提交", "Submitted"),
    S.PARKED: Text("转人工处理", "Handled by staff"),
    S.FORWARDED: Text("已推送", "Forwarded"),
    S.RECEIVED: Text("已收件", "Received"),
    S.PRE_REVIEW_RETURNED: Text("已退回", "Returned for changes"),
    S.ACCEPTED_CONDITIONALLY: Text("容缺受理", "Accepted conditionally"),
    S.ACCEPTED: Text("已受理", "Accepted"),
    S.SUSPENDED: Text("已挂起", "Suspended"),
    S.CORRECTION_REQUIRED: Text("需补正", "Correction needed"),
    S.CORRECTION_SUBMITTED: Text("补正已交", "Correction handed in"),
    S.IN_REVIEW: Text("审批中", "In review"),
    S.INSPECTION: Text("现场核查", "On-site inspection"),
    S.APPROVED: Text("已许可", "Approved"),
    S.NOT_ACCEPTED: Text("不予受理", "Not accepted"),
    S.REJECTED: Text("未通过", "Rejected"),
    S.WITHDRAWN: Text("已撤回", "Withdrawn"),
    S.VOIDED: Text("已作废", "Voided"),
    S.COMPLETED: Text("已办结", "Completed"),
}

_APPLICANT = frozenset({S.PRE_REVIEW_RETURNED, S.CORRECTION_REQUIRED})
_US = frozenset({S.SUBMITTED, S.PARKED})
_PROVINCE = frozenset({S.FORWARDED, S.RECEIVED})


def holder_of(state: MatterState) -> Holder:
    """Who has to act next. A correction that was handed in is the department's again."""
    if state in TERMINAL:
        return "none"
    if state in _APPLICANT:
        return "applicant"
    if state in _US:
        return "us"
    return "province" if state in _PROVINCE else "department"


class ApplicationState(StrEnum):
    """What an application is as a whole; a smaller vocabulary than that of its matters."""

    SUBMITTED = "submitted"
    FORWARDED = "forwarded"
    PARKED = "parked"
    ACTION_REQUIRED = "action_required"
    IN_PROGRESS = "in_progress"
    PARTLY_COMPLETED = "partly_completed"
    """Some matters are completed, the others go on."""
    COMPLETED = "completed"
    NOT_ACCEPTED = "not_accepted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    VOIDED = "voided"
    CLOSED = "closed"
    """All matters have ended, in different ways."""


A = ApplicationState

ENDED = frozenset({A.COMPLETED, A.NOT_ACCEPTED, A.REJECTED, A.WITHDRAWN, A.VOIDED, A.CLOSED})

APPLICATION_PHRASES: Mapping[ApplicationState, Text] = {
    A.SUBMITTED: Text("已提交", "Submitted"),
    A.FORWARDED: Text("已推送", "Forwarded"),
    A.PARKED: Text("转人工处理", "Handled by staff"),
    A.ACTION_REQUIRED: Text("待您处理", "Waiting for you"),
    A.IN_PROGRESS: Text("办理中", "In progress"),
    A.PARTLY_COMPLETED: Text("部分办结", "Partly completed"),
    A.COMPLETED: Text("全部办结", "Completed"),
    A.NOT_ACCEPTED: Text("不予受理", "Not accepted"),
    A.REJECTED: Text("未通过", "Rejected"),
    A.WITHDRAWN: Text("已撤回", "Withdrawn"),
    A.VOIDED: Text("已作废", "Voided"),
    A.CLOSED: Text("已结束", "Closed"),
}


def application_state(matters: Collection[MatterState]) -> ApplicationState:
    """Derived, never stored as a truth of its own. ``ValueError`` for an application of nothing."""
    if not matters:
        raise ValueError("an application has at least one matter")
    present = frozenset(matters)
    if present <= TERMINAL:
        return A(next(iter(present))) if len(present) == 1 else A.CLOSED
    if present & _APPLICANT:
        return A.ACTION_REQUIRED
    if S.PARKED in present:
        return A.PARKED
    if S.COMPLETED in present:
        return A.PARTLY_COMPLETED
    running = present - TERMINAL
    if running == {S.SUBMITTED}:
        return A.SUBMITTED
    return A.FORWARDED if running <= _US | _PROVINCE else A.IN_PROGRESS
