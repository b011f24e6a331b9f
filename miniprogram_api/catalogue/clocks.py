"""How long an item takes: what is promised, what the law allows, and which may be shown."""

from dataclasses import dataclass

from miniprogram_api.catalogue.conditions import Answers, holds
from miniprogram_api.catalogue.facts import Clock, Confidence, Period, Stage, Unit
from miniprogram_api.catalogue.schemas import ClockView, LimitView

UNIT_WORDS: dict[Unit, str] = {
    "working_hours": "个工作小时",
    "working_days": "个工作日",
    "days": "日",
}


@dataclass(frozen=True, slots=True)
class Promise:
    """The clock of one matter: ``amount`` of ``unit`` from the completion of ``after`` (None: from
    the submission).

    ``shown`` tells a promise from a limit: only where it is true may the applicant be told that
    the departments promise it; otherwise the amount is the statutory limit, None without one.
    """

    amount: int | None
    unit: Unit | None
    after: str | None
    stage: Stage
    confidence: Confidence | None
    shown: bool


def reliable_promise(clock: Clock, answers: Answers) -> Period | None:
    """The promise that may be shown: never a guess, and only where its condition is met."""
    promise = clock.promise
    if promise is None or promise.confidence == "low":
        return None
    if clock.promise_when is not None and holds(clock.promise_when, answers) is not True:
        return None
    return promise


def reliable_limit(clock: Clock) -> Period | None:
    """What the law allows, if somebody read it there."""
    limit = clock.statutory
    return None if limit is None or limit.confidence == "low" else limit


def promise_of(clock: Clock, answers: Answers) -> Promise:
    promise = reliable_promise(clock, answers)
    period = promise or reliable_limit(clock)
    return Promise(
        amount=None if period is None else period.amount,
        unit=None if period is None else period.unit,
        after=clock.after,
        stage=clock.stage,
        confidence=None if period is None else period.confidence,
        shown=promise is not None,
    )


def clock_view(clock: Clock, answers: Answers) -> ClockView:
    promise, limit = reliable_promise(clock, answers), reliable_limit(clock)
    period = promise or limit
    return ClockView(
        promise=None if promise is None else promise.amount,
        unit=None if period is None else period.unit,
        stage=clock.stage,
        after=clock.after,
        note=None if period is None else period.note,
        statutory=None if limit is None else _limit(limit),
        confidence=None if period is None else period.confidence,
        source=None if period is None else period.source,
    )


def _limit(period: Period) -> LimitView:
    return LimitView(period.amount, period.unit, period.note, period.source, period.confidence)
