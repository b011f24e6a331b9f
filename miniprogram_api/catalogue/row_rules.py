"""Rules over the rows of a table: shareholders, directors, supervisors."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import ClassVar

from miniprogram_api.catalogue.conditions import Answers, Condition, holds
from miniprogram_api.catalogue.facts import Code
from miniprogram_api.catalogue.numbers import identity_of
from miniprogram_api.catalogue.rule import (
    Rule,
    RuleContext,
    column_sum,
    date_of,
    identity,
    number,
    rows_of,
    soonest,
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

    of_the_day: ClassVar[bool] = True
    only_mends: ClassVar[bool] = True
    column: str
    years: int

    def _broken(self, context: RuleContext) -> Iterator[str]:
        latest = years_after(context.today, self.years)
        for index, row in rows_of(context.answers, self.at):
            day = date_of(row.get(self.column))
            if day is not None and day > latest:
                yield f"/{self.at}/{index}/{self.column}"

    def _changes_on(self, context: RuleContext) -> date | None:
        latest = years_after(context.today, self.years)
        days = [date_of(row.get(self.column)) for _, row in rows_of(context.answers, self.at)]
        late = [day for day in days if day is not None and day > latest]
        return soonest(
            context.today,
            [(self._first_day_for(day) - context.today).days for day in late],
        )

    def _first_day_for(self, day: date) -> date:
        """On which ``day`` is within the years. A 29 February is not on the 28th of a year without
        one, from which the years end on the 28th."""
        first = years_after(day, -self.years)
        return first if years_after(first, self.years) >= day else first + timedelta(days=1)


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


class SameNames(Rule, frozen=True, kw_only=True, tag="same_names"):
    """Whoever of this table, or this person, is also the person of ``number_field`` or in one of
    ``rows`` (tables or persons) has the name that he has there: in the first of these places, so
    that one slip is told once."""

    of_the_form: ClassVar[bool] = True
    column: str
    name: str
    rows: tuple[Code, ...] = ()
    number_field: Code
    name_field: Code

    def _others(self) -> tuple[str, ...]:
        return (*self.rows, self.number_field, self.name_field)

    def _broken(self, context: RuleContext) -> Iterator[str]:
        names: dict[str, str] = {}
        for person, name in self._elsewhere(context.answers):
            names.setdefault(person, name)
        is_table = isinstance(context.answers[self.at], list)
        for index, row in rows_of(context.answers, self.at):
            for person, name in _named(row.get(self.column), row.get(self.name)):
                if names.get(person, name) != name:
                    place = f"/{index}" if is_table else ""
                    yield f"/{self.at}{place}/{self.name}"

    def _elsewhere(self, answers: Answers) -> Iterator[tuple[str, str]]:
        yield from _named(answers.get(self.number_field), answers.get(self.name_field))
        for code in self.rows:
            for _, row in rows_of(answers, code):
                yield from _named(row.get(self.column), row.get(self.name))


def _named(number_: object, name: object) -> Iterator[tuple[str, str]]:
    """Who it is, and the name; nothing while one of them is missing."""
    person = identity(number_)
    if person is not None and isinstance(name, str) and name.strip():
        yield person, name.strip()


class Adult(Rule, frozen=True, kw_only=True, tag="adult"):
    """18 or older today, as far as the document tells: other documents hold no date of birth."""

    of_the_day: ClassVar[bool] = True
    only_mends: ClassVar[bool] = True
    id_type: str
    column: str | None = None

    def _others(self) -> tuple[str, ...]:
        return (self.id_type,) if self.column is None else ()

    def _broken(self, context: RuleContext) -> Iterator[str]:
        for place, _ in self._minors(context):
            yield place

    def _changes_on(self, context: RuleContext) -> date | None:
        grown_up = [years_after(born, ADULT_YEARS) for _, born in self._minors(context)]
        return soonest(context.today, [(day - context.today).days for day in grown_up])

    def _minors(self, context: RuleContext) -> Iterator[tuple[str, date]]:
        """Where they stand, and when they were born."""
        persons = (
            [(f"/{self.at}", context.answers, self.at)]
            if self.column is None
            else [
                (f"/{self.at}/{index}/{self.column}", row, self.column)
                for index, row in rows_of(context.answers, self.at)
            ]
        )
        for place, row, code in persons:
            value, id_type = row.get(code), row.get(self.id_type, "01")
            if not (isinstance(value, str) and isinstance(id_type, str)):
                continue
            if id_type not in _IDENTITY_CARDS:
                continue
            identity = identity_of(value, context.today)
            if identity is not None and identity.age_on(context.today) < ADULT_YEARS:
                yield place, identity.born


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
