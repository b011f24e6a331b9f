"""What every rule over several answers has, and how rules read answers.

A rule speaks only when the answers it reads are there and well formed: what is missing or malformed
is reported by the step's schema. Sums are exact (decimal), never binary fractions.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import ClassVar, Literal, NamedTuple

from kit.text import Text
from kit.workdays import WorkCalendar
from miniprogram_api.catalogue.conditions import Answers, Condition, holds, is_blank
from miniprogram_api.catalogue.facts import (
    Code,
    Confidence,
    Dated,
    LookupEntry,
    Operation,
    Words,
)
from miniprogram_api.catalogue.names import NameBook

Row = Mapping[str, object]
_NEVER = 100 * 365
Severity = Literal["block", "warn", "info"]


class StepError(NamedTuple):
    """``pointer`` (RFC 6901) is relative to the step's answers."""

    pointer: str
    code: str
    message: Text


class RuleContext(NamedTuple):
    answers: Answers
    today: date
    # The region applied in, six digits; a city's code ends with 00.
    region: str
    names: NameBook
    lookups: Mapping[str, Mapping[str, LookupEntry]]
    calendar: WorkCalendar


class Rule(Dated, frozen=True, kw_only=True, tag_field="kind"):
    """``at`` is the answer at which the error is shown, ``source`` the article it rests on."""

    code: Code
    at: Code
    message: Words
    en: Words
    source: Words
    confidence: Confidence
    when: Condition | None = None
    items: tuple[Code, ...] = ()
    # The rule holds only in these; none means all.
    operations: tuple[Operation, ...] = ()
    # Only `block` keeps a step from being complete; the others are told and can be passed over.
    severity: Severity = "block"
    # Whether it looks at which day it is: then time alone makes right answers wrong, or wrong ones
    # right.
    of_the_day: ClassVar[bool] = False
    # Whether time only ever makes wrong answers right by it: where it is kept no day matters.
    only_mends: ClassVar[bool] = False
    # Whether it compares what stands all over the form, and is looked at when the whole of it is
    # checked: with every save it would cost two thirds of the save.
    of_the_form: ClassVar[bool] = False

    def reads(self) -> frozenset[str]:
        """All answers the rule looks at; a plan that does not ask them all does not use it."""
        conditions = [] if self.when is None else [self.when]
        named = {code for condition in conditions for code in condition.fields()}
        return frozenset({self.at, *self._others(), *named})

    def broken(self, context: RuleContext) -> Iterator[str]:
        """A pointer within the step's answers for every place that breaks the rule."""
        if self.is_asked(context.answers):
            yield from self._broken(context)

    def told(self, context: RuleContext) -> Iterator[StepError]:
        """What people are told for every place that breaks the rule."""
        for pointer in self.broken(context):
            yield StepError(pointer, self.code, Text(self.message, self.en))

    def is_asked(self, answers: Answers) -> bool:
        """Whether there is an answer at which it can be broken, and ``when`` holds."""
        if is_blank(answers.get(self.at)):
            return False
        return self.when is None or holds(self.when, answers) is True

    def changes_on(self, context: RuleContext) -> date | None:
        """The next day on which the same answers may be judged otherwise; None: on none. Asked only
        of rules that are ``of_the_day``."""
        return self._changes_on(context) if self.is_asked(context.answers) else None

    def decides(self) -> bool:
        """Whether answers that meet ``when`` can keep the rule."""
        return True

    def _others(self) -> tuple[str, ...]:
        return ()

    def _broken(self, context: RuleContext) -> Iterator[str]:
        raise NotImplementedError

    def _changes_on(self, context: RuleContext) -> date | None:
        raise NotImplementedError


def number(value: object) -> Decimal | None:
    """The exact decimal that was written, or None for anything that is not a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    exact = Decimal(str(value)) if isinstance(value, float) else Decimal(value)
    return exact if exact.is_finite() else None


def rows_of(answers: Answers, code: str) -> Iterator[tuple[int, Row]]:
    """The rows of a table with their places; a single person is a table of one row."""
    value = answers.get(code)
    if isinstance(value, dict):
        yield 0, value
    elif isinstance(value, list):
        for index, row in enumerate(value):
            if isinstance(row, dict):
                yield index, row


def column_sum(answers: Answers, code: str, column: str) -> Decimal | None:
    """None while a row still lacks its number: an unfinished table is not a wrong one."""
    amounts = [number(row.get(column)) for _, row in rows_of(answers, code)]
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known and len(known) == len(amounts) else None


def identity(value: object) -> str | None:
    return value.upper() if isinstance(value, str) and value else None


def date_of(value: object) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def soonest(today: date, days: Iterable[int]) -> date | None:
    """The first day after today among those so many days from today; None for a day that nobody
    who is filling in a form now will see."""
    ahead = min((number for number in days if number > 0), default=_NEVER)
    return today + timedelta(days=ahead) if ahead < _NEVER else None


def years_after(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        # 29 February: the period ends on the last day of February.
        return day.replace(year=day.year + years, day=28)
