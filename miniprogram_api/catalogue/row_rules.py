"""Rules over the rows of a table: shareholders, directors, supervisors."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from miniprogram_api.catalogue.conditions import Condition, holds
from miniprogram_api.catalogue.facts import Code
from miniprogram_api.catalogue.numbers import identity_of
from miniprogram_api.catalogue.rule import (
    Row,
    Rule,
    RuleContext,
    column_sum,
    date_of,
    identity,
    number,
    rows_of,
    years_after,
)

ADULT_YEARS = 18
_IDENTITY_CARDS = frozenset({"01", "07"})


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
        total = column_sum(context.answers, self.at, self.column)
        if total is not None and abs(total - self.total) > Decimal(str(self.tolerance)):
            yield f"/{self.at}"


class RowsSumToField(Rule, frozen=True, kw_only=True, tag="rows_sum_to_field"):
    column: str
    field: Code

    def _others(self) -> tuple[str, ...]:
        return (self.field,)

    def _broken(self, context: RuleContext) -> Iterator[str]:
        total = column_sum(context.answers, self.at, self.column)
        wanted = number(context.answers.get(self.field))
        if total is not None and wanted is not None and total != wanted:
            yield f"/{self.at}"


class RowsDateWithin(Rule, frozen=True, kw_only=True, tag="rows_date_within"):
    """No later than so many years from today, which stands for the day of establishment."""

    column: str
    years: int

    def _broken(self, context: RuleContext) -> Iterator[str]:
        latest = years_after(context.today, self.years)
        for index, row in rows_of(context.answers, self.at):
            day = date_of(row.get(self.column))
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
            key = identity(row.get(self.column))
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
        person = identity(context.answers.get(self.field))
        if person is None or (self.when is not None and not holds(self.when, context.answers)):
            return
        rows = rows_of(context.answers, self.at)
        if all(identity(row.get(self.column)) != person for _, row in rows):
            yield f"/{self.at}"


class RowsApart(Rule, frozen=True, kw_only=True, tag="rows_apart"):
    """Nobody in this table is also in ``rows``, which may be a table or one person."""

    column: str
    rows: Code

    def _others(self) -> tuple[str, ...]:
        return (self.rows,)

    def _broken(self, context: RuleContext) -> Iterator[str]:
        others = {
            identity(row.get(self.column)) for _, row in rows_of(context.answers, self.rows)
        } - {None}
        for index, row in rows_of(context.answers, self.at):
            if identity(row.get(self.column)) in others:
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
        value, id_type = row.get(code), row.get(self.id_type, "01")
        if not (isinstance(value, str) and isinstance(id_type, str)):
            return False
        if id_type not in _IDENTITY_CARDS:
            return False
        identity = identity_of(value, today)
        return identity is not None and identity.age_on(today) < ADULT_YEARS


class RowsMustHold(Rule, frozen=True, kw_only=True, tag="rows_must_hold"):
    """Every row meets the condition; what a row leaves open does not break it."""

    column: str
    must: Condition

    def _broken(self, context: RuleContext) -> Iterator[str]:
        for index, row in rows_of(context.answers, self.at):
            if holds(self.must, row) is False:
                yield f"/{self.at}/{index}/{self.column}"


class RowsShare(Rule, frozen=True, kw_only=True, tag="rows_share"):
    """At least so many of so many rows meet the condition: 1 of 2 is half or more. A row that
    leaves it open is not counted against it before it is filled in."""

    must: Condition
    parts: int
    of: int

    def _broken(self, context: RuleContext) -> Iterator[str]:
        results = [holds(self.must, row) for _, row in rows_of(context.answers, self.at)]
        meeting = sum(result is not False for result in results)
        if results and meeting * self.of < len(results) * self.parts:
            yield f"/{self.at}"


class RowCountEquals(Rule, frozen=True, kw_only=True, tag="row_count_equals"):
    """As many rows as another answer says; ``must`` says which rows count."""

    field: Code
    must: Condition | None = None

    def _others(self) -> tuple[str, ...]:
        return (self.field,)

    def _broken(self, context: RuleContext) -> Iterator[str]:
        wanted = number(context.answers.get(self.field))
        rows = [row for _, row in rows_of(context.answers, self.at)]
        counted = [row for row in rows if self.must is None or holds(self.must, row) is True]
        if wanted is not None and len(counted) != wanted:
            yield f"/{self.at}"
