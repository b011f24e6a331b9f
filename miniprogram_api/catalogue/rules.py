"""Rules over several answers. Which there are is data (``rules.yaml``); here is what they mean.

A rule speaks only when the answers it reads are there and well formed: what is missing or malformed
is reported by the step's schema. Sums are exact (decimal), never binary fractions.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from miniprogram_api.catalogue.conditions import Answers, Condition, holds, is_blank
from miniprogram_api.catalogue.facts import Code, Confidence, Fact, Words
from miniprogram_api.catalogue.numbers import identity_of

ADULT_YEARS = 18
_IDENTITY_CARDS = frozenset({"01", "07"})
Row = Mapping[str, object]


class RuleContext(NamedTuple):
    answers: Answers
    today: date
    # The region applied in, six digits; a city's code ends with 00.
    region: str


class Rule(Fact, frozen=True, kw_only=True, tag_field="kind"):
    """``at`` is the answer at which the error is shown, ``source`` the article it rests on."""

    code: Code
    at: Code
    message: Words
    en: Words
    source: Words
    confidence: Confidence
    when: Condition | None = None
    items: tuple[Code, ...] = ()

    def reads(self) -> frozenset[str]:
        """All answers the rule looks at; a plan that does not ask them all does not use it."""
        conditions = [] if self.when is None else [self.when]
        named = {code for condition in conditions for code in condition.fields()}
        return frozenset({self.at, *self._others(), *named})

    def broken(self, context: RuleContext) -> Iterator[str]:
        """A pointer within the step's answers for every place that breaks the rule."""
        if is_blank(context.answers.get(self.at)):
            return
        if self.when is None or holds(self.when, context.answers) is True:
            yield from self._broken(context)

    def _others(self) -> tuple[str, ...]:
        return ()

    def _broken(self, context: RuleContext) -> Iterator[str]:
        raise NotImplementedError


class EndsWith(Rule, frozen=True, kw_only=True, tag="ends_with"):
    endings: tuple[str, ...]
    not_endings: tuple[str, ...] = ()

    def _broken(self, context: RuleContext) -> Iterator[str]:
        value = context.answers[self.at]
        if isinstance(value, str) and (
            not value.endswith(self.endings) or value.endswith(self.not_endings)
        ):
            yield f"/{self.at}"


class AddressInRegion(Rule, frozen=True, kw_only=True, tag="address_in_region"):
    def _broken(self, context: RuleContext) -> Iterator[str]:
        address = context.answers[self.at]
        code = address.get("region") if isinstance(address, dict) else None
        area = context.region.removesuffix("00")
        if isinstance(code, str) and not code.startswith(area):
            yield f"/{self.at}/region"


class RowCount(Rule, frozen=True, kw_only=True, tag="row_count"):
    min: int
    max: int
    not_counts: tuple[int, ...] = ()

    def _broken(self, context: RuleContext) -> Iterator[str]:
        rows = context.answers[self.at]
        if not isinstance(rows, list):
            return
        if not self.min <= len(rows) <= self.max or len(rows) in self.not_counts:
            yield f"/{self.at}"


class RowsSumTo(Rule, frozen=True, kw_only=True, tag="rows_sum_to"):
    column: str
    total: int
    tolerance: float = 0

    def _broken(self, context: RuleContext) -> Iterator[str]:
        total = _column_sum(context.answers, self.at, self.column)
        if total is not None and abs(total - self.total) > Decimal(str(self.tolerance)):
            yield f"/{self.at}"


class RowsSumToField(Rule, frozen=True, kw_only=True, tag="rows_sum_to_field"):
    column: str
    field: Code

    def _others(self) -> tuple[str, ...]:
        return (self.field,)

    def _broken(self, context: RuleContext) -> Iterator[str]:
        total = _column_sum(context.answers, self.at, self.column)
        wanted = number(context.answers.get(self.field))
        if total is not None and wanted is not None and total != wanted:
            yield f"/{self.at}"


class RowsDateWithin(Rule, frozen=True, kw_only=True, tag="rows_date_within"):
    """No later than so many years from today, which stands for the day of establishment."""

    column: str
    years: int

    def _broken(self, context: RuleContext) -> Iterator[str]:
        latest = _years_after(context.today, self.years)
        for index, row in rows_of(context.answers, self.at):
            day = _date(row.get(self.column))
            if day is not None and day > latest:
                yield f"/{self.at}/{index}/{self.column}"


class RowColumnsEqual(Rule, frozen=True, kw_only=True, tag="row_columns_equal"):
    column: str
    other: str

    def _broken(self, context: RuleContext) -> Iterator[str]:
        for index, row in rows_of(context.answers, self.at):
            if number(row.get(self.column)) != number(row.get(self.other)):
                yield f"/{self.at}/{index}/{self.column}"


class RowsUnique(Rule, frozen=True, kw_only=True, tag="rows_unique"):
    column: str

    def _broken(self, context: RuleContext) -> Iterator[str]:
        seen: set[str] = set()
        for index, row in rows_of(context.answers, self.at):
            key = _identity(row.get(self.column))
            if key is not None and key in seen:
                yield f"/{self.at}/{index}/{self.column}"
            elif key is not None:
                seen.add(key)


class AmongRows(Rule, frozen=True, kw_only=True, tag="among_rows"):
    """The person of ``field`` is one of the rows; no rows at all break the rule as well."""

    column: str
    field: Code

    def _others(self) -> tuple[str, ...]:
        return (self.field,)

    def broken(self, context: RuleContext) -> Iterator[str]:
        # The table itself may still be empty: that is just when its absence must be told.
        person = _identity(context.answers.get(self.field))
        if person is None or (self.when is not None and not holds(self.when, context.answers)):
            return
        rows = rows_of(context.answers, self.at)
        if all(_identity(row.get(self.column)) != person for _, row in rows):
            yield f"/{self.at}"


class RowsApart(Rule, frozen=True, kw_only=True, tag="rows_apart"):
    """Nobody in this table is also in ``rows``, which may be a table or one person."""

    column: str
    rows: Code

    def _others(self) -> tuple[str, ...]:
        return (self.rows,)

    def _broken(self, context: RuleContext) -> Iterator[str]:
        others = {
            _identity(row.get(self.column)) for _, row in rows_of(context.answers, self.rows)
        } - {None}
        for index, row in rows_of(context.answers, self.at):
            if _identity(row.get(self.column)) in others:
                yield f"/{self.at}/{index}/{self.column}"


class Adult(Rule, frozen=True, kw_only=True, tag="adult"):
    """18 or older today, as far as the document tells: other documents hold no date of birth."""

    id_type: str
    column: str | None = None

    def _others(self) -> tuple[str, ...]:
        return (self.id_type,) if self.column is None else ()

    def _broken(self, context: RuleContext) -> Iterator[str]:
        if self.column is None:
            if self._is_minor(context.answers, self.at, context.today):
                yield f"/{self.at}"
            return
        for index, row in rows_of(context.answers, self.at):
            if self._is_minor(row, self.column, context.today):
                yield f"/{self.at}/{index}/{self.column}"

    def _is_minor(self, row: Row, code: str, today: date) -> bool:
        value = row.get(code)
        if not isinstance(value, str) or row.get(self.id_type, "01") not in _IDENTITY_CARDS:
            return False
        identity = identity_of(value, today)
        return identity is not None and identity.age_on(today) < ADULT_YEARS


class SumAtMost(Rule, frozen=True, kw_only=True, tag="sum_at_most"):
    """Parts that are not answered count as nothing."""

    fields: tuple[Code, ...]
    total: int | None = None
    total_field: Code | None = None

    def _others(self) -> tuple[str, ...]:
        return self.fields if self.total_field is None else (*self.fields, self.total_field)

    def _broken(self, context: RuleContext) -> Iterator[str]:
        parts = [number(context.answers.get(code)) or Decimal(0) for code in self.fields]
        limit = (
            number(context.answers.get(self.total_field))
            if self.total_field is not None
            else number(self.total)
        )
        if limit is not None and sum(parts) > limit:
            yield f"/{self.at}"


class FieldsEqual(Rule, frozen=True, kw_only=True, tag="fields_equal"):
    field: Code

    def _others(self) -> tuple[str, ...]:
        return (self.field,)

    def _broken(self, context: RuleContext) -> Iterator[str]:
        here, there = number(context.answers[self.at]), number(context.answers.get(self.field))
        if here is not None and there is not None and here != there:
            yield f"/{self.at}"


class AtMostField(Rule, frozen=True, kw_only=True, tag="at_most_field"):
    field: Code

    def _others(self) -> tuple[str, ...]:
        return (self.field,)

    def _broken(self, context: RuleContext) -> Iterator[str]:
        here, limit = number(context.answers[self.at]), number(context.answers.get(self.field))
        if here is not None and limit is not None and here > limit:
            yield f"/{self.at}"


class DateWithinDays(Rule, frozen=True, kw_only=True, tag="date_within_days"):
    """Between so many days from today, both ends included."""

    first_day: int
    last_day: int

    def _broken(self, context: RuleContext) -> Iterator[str]:
        day = _date(context.answers[self.at])
        first, last = (
            context.today + timedelta(days=days) for days in (self.first_day, self.last_day)
        )
        if day is not None and not first <= day <= last:
            yield f"/{self.at}"


class MonthNotPast(Rule, frozen=True, kw_only=True, tag="month_not_past"):
    def _broken(self, context: RuleContext) -> Iterator[str]:
        month = context.answers[self.at]
        if isinstance(month, str) and len(month) == 7 and month < f"{context.today:%Y-%m}":
            yield f"/{self.at}"


class MustHold(Rule, frozen=True, kw_only=True, tag="must_hold"):
    """Broken unless the condition holds; what is undecided does not hold."""

    must: Condition

    def _others(self) -> tuple[str, ...]:
        return tuple(self.must.fields())

    def _broken(self, context: RuleContext) -> Iterator[str]:
        if holds(self.must, context.answers) is not True:
            yield f"/{self.at}"


AnyRule = (
    EndsWith | AddressInRegion | RowCount | RowsSumTo | RowsSumToField | RowsDateWithin
    | RowColumnsEqual | RowsUnique | AmongRows | RowsApart | Adult | SumAtMost | FieldsEqual
    | AtMostField | DateWithinDays | MonthNotPast | MustHold
)  # fmt: skip


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


def _column_sum(answers: Answers, code: str, column: str) -> Decimal | None:
    """None while a row still lacks its number: an unfinished table is not a wrong one."""
    amounts = [number(row.get(column)) for _, row in rows_of(answers, code)]
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known and len(known) == len(amounts) else None


def _identity(value: object) -> str | None:
    return value.upper() if isinstance(value, str) and value else None


def _date(value: object) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _years_after(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        # 29 February: the period ends on the last day of February.
        return day.replace(year=day.year + years, day=28)
