"""Rules over several answers. Which there are is data; here and in :mod:`~.row_rules` is what they
mean."""

import calendar
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import ClassVar

from miniprogram_api.catalogue.conditions import Condition, holds
from miniprogram_api.catalogue.facts import Code, LookupName
from miniprogram_api.catalogue.name_rules import NameStructure
from miniprogram_api.catalogue.row_rules import (
    Adult,
    AmongRows,
    RowColumnsEqual,
    RowCount,
    RowCountEquals,
    RowsApart,
    RowsDateWithin,
    RowsMustHold,
    RowsShare,
    RowsSumTo,
    RowsSumToField,
    RowsUnique,
    SameNames,
)
from miniprogram_api.catalogue.rule import Rule, RuleContext, date_of, number, soonest


class AddressInRegion(Rule, frozen=True, kw_only=True, tag="address_in_region"):
    def _broken(self, context: RuleContext) -> Iterator[str]:
        address = context.answers[self.at]
        code = address.get("region") if isinstance(address, dict) else None
        area = context.region.removesuffix("00")
        if isinstance(code, str) and not code.startswith(area):
            yield f"/{self.at}/region"


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

    of_the_day: ClassVar[bool] = True
    first_day: int
    last_day: int

    def _broken(self, context: RuleContext) -> Iterator[str]:
        day = date_of(context.answers[self.at])
        first, last = (
            context.today + timedelta(days=days) for days in (self.first_day, self.last_day)
        )
        if day is not None and not first <= day <= last:
            yield f"/{self.at}"

    def _changes_on(self, context: RuleContext) -> date | None:
        day = date_of(context.answers[self.at])
        if day is None:
            return None
        ahead = (day - context.today).days
        return soonest(context.today, (ahead - self.last_day, ahead - self.first_day + 1))


class MonthNotPast(Rule, frozen=True, kw_only=True, tag="month_not_past"):
    of_the_day: ClassVar[bool] = True

    def _broken(self, context: RuleContext) -> Iterator[str]:
        month = context.answers[self.at]
        if isinstance(month, str) and len(month) == 7 and month < f"{context.today:%Y-%m}":
            yield f"/{self.at}"

    def _changes_on(self, context: RuleContext) -> date | None:
        first = date_of(f"{context.answers[self.at]}-01")
        if first is None:
            return None
        days = calendar.monthrange(first.year, first.month)[1]
        return soonest(context.today, [(first - context.today).days + days])


class MustHold(Rule, frozen=True, kw_only=True, tag="must_hold"):
    """Broken unless the condition holds; what is undecided does not hold."""

    must: Condition

    def _others(self) -> tuple[str, ...]:
        return tuple(self.must.fields())

    def _broken(self, context: RuleContext) -> Iterator[str]:
        if holds(self.must, context.answers) is not True:
            yield f"/{self.at}"


class DaysAfterField(Rule, frozen=True, kw_only=True, tag="days_after_field"):
    """Between so many days after another answer's day, both ends included; None is no bound."""

    field: Code
    first_day: int | None = None
    last_day: int | None = None

    def _others(self) -> tuple[str, ...]:
        return (self.field,)

    def _broken(self, context: RuleContext) -> Iterator[str]:
        day, start = date_of(context.answers[self.at]), date_of(context.answers.get(self.field))
        if day is None or start is None:
            return
        days = (day - start).days
        if (self.first_day is not None and days < self.first_day) or (
            self.last_day is not None and days > self.last_day
        ):
            yield f"/{self.at}"


class OnWorkday(Rule, frozen=True, kw_only=True, tag="on_workday"):
    """A day on which offices in Shandong work, swapped days among them."""

    def _broken(self, context: RuleContext) -> Iterator[str]:
        day = date_of(context.answers[self.at])
        if day is not None and not context.calendar.is_workday(day):
            yield f"/{self.at}"


class LookupDetail(Rule, frozen=True, kw_only=True, tag="lookup_detail"):
    """What is known of the entry that was chosen from a long list fits another answer: the answer
    begins with it, as a bank's clearing number does with the bank's category. Without a ``field``
    the entry's region is in the city applied in."""

    lookup: LookupName
    detail: Code
    field: Code | None = None

    def _others(self) -> tuple[str, ...]:
        return () if self.field is None else (self.field,)

    def _broken(self, context: RuleContext) -> Iterator[str]:
        code = context.answers[self.at]
        entry = context.lookups[self.lookup].get(code) if isinstance(code, str) else None
        if entry is None:
            return
        known = entry.details[self.detail]
        if self.field is None:
            fits = known[:4] == context.region[:4]
        else:
            answer = context.answers.get(self.field)
            fits = not isinstance(answer, str) or answer.startswith(known)
        if not fits:
            yield f"/{self.at}"


class Remark(Rule, frozen=True, kw_only=True, tag="remark"):
    """Nothing can be wrong: told whenever its condition holds."""

    def decides(self) -> bool:
        return False

    def _broken(self, context: RuleContext) -> Iterator[str]:
        yield f"/{self.at}"


AnyRule = (
    NameStructure | AddressInRegion | RowCount | RowsSumTo | RowsSumToField | RowsDateWithin
    | RowColumnsEqual | RowsUnique | AmongRows | RowsApart | SameNames | Adult | RowsMustHold
    | RowsShare | RowCountEquals | SumAtMost | FieldsEqual | AtMostField | DateWithinDays
    | MonthNotPast | MustHold | DaysAfterField | OnWorkday | LookupDetail | Remark
)  # fmt: skip
