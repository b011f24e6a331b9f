"""Rules that look at which day it is say when they may judge the same answers otherwise."""

import inspect
from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from miniprogram_api.catalogue.catalogue import Catalogue
from miniprogram_api.catalogue.conditions import Answers
from miniprogram_api.catalogue.row_rules import Adult, RowsDateWithin
from miniprogram_api.catalogue.rule import Rule, RuleContext
from miniprogram_api.catalogue.rules import DateWithinDays, MonthNotPast
from tests.builders.catalogues import shipped

TODAY = date(2026, 11, 23)
WITHIN = DateWithinDays(
    code="r", at="day", message="m", en="m", source="s", confidence="low", first_day=1, last_day=20
)
MONTH = MonthNotPast(code="r", at="month", message="m", en="m", source="s", confidence="low")
ROWS = RowsDateWithin(
    code="r", at="rows", message="m", en="m", source="s", confidence="low", column="day", years=5
)
ADULT = Adult(
    code="r", at="number", message="m", en="m", source="s", confidence="low", id_type="id_type"
)


def on(day: date, answers: Answers) -> RuleContext:
    return RuleContext(answers, day, "370102", *shipped().known())


def verdict(rule: Rule, day: date, answers: Answers) -> tuple[str, ...]:
    return tuple(rule.broken(on(day, answers)))


@pytest.mark.parametrize("rule", [ROWS, ADULT])
def test_by_some_rules_time_only_mends(rule: Rule) -> None:
    kept = {"rows": [{"day": "2031-11-20"}], "number": "370102199003071238"}
    assert rule.only_mends
    assert rule.changes_on(on(TODAY, kept)) is None


def stands_until_its_day(rule: Rule, answers: Answers) -> bool:
    """Nothing changes before the day, and something does on it; days of a year."""
    changes_on, now = rule.changes_on(on(TODAY, answers)), verdict(rule, TODAY, answers)
    days = [TODAY + timedelta(days=number) for number in range(1, 366)]
    first = next((day for day in days if verdict(rule, day, answers) != now), None)
    return first == (changes_on if changes_on in days else None)


@given(st.integers(-400, 400))
def test_an_appointment_is_looked_at_when_it_has_passed_or_comes_near(ahead: int) -> None:
    assert stands_until_its_day(WITHIN, {"day": str(TODAY + timedelta(days=ahead))})


@given(st.integers(2025, 2028), st.integers(1, 12))
def test_a_month_is_looked_at_when_it_is_over(year: int, month: int) -> None:
    assert stands_until_its_day(MONTH, {"month": f"{year}-{month:02}"})


@given(st.integers(-100, 300))
@example(98).via("the 29 February of 2032")
def test_a_payment_that_is_too_late_is_looked_at_when_it_is_not(beyond: int) -> None:
    day = TODAY.replace(year=TODAY.year + 5) + timedelta(days=beyond)
    assert stands_until_its_day(ROWS, {"rows": [{"day": str(day)}]})


@pytest.mark.parametrize("number", ["370102200812011236", "370102199003071238"])
def test_somebody_too_young_is_looked_at_at_eighteen(number: str) -> None:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    rest = sum(int(digit) * weight for digit, weight in zip(number, weights, strict=False)) % 11
    assert stands_until_its_day(ADULT, {"number": number[:17] + "10X98765432"[rest]})


@pytest.mark.parametrize("rule", [WITHIN, MONTH, ROWS, ADULT])
@pytest.mark.parametrize(
    "answer", ["", "9999-12-31", "0001-01-01", "9999-12", "x", 7, None, [], {}, ["x"], [{}]]
)
def test_no_answer_makes_it_fail(rule: Rule, answer: object) -> None:
    assert rule.changes_on(on(TODAY, {rule.at: answer, "id_type": answer})) is None


def test_every_rule_that_reads_the_day_says_so(catalogue: Catalogue) -> None:
    kinds = {type(rule) for rule in catalogue.rules}
    assert {kind for kind in kinds if "context.today" in inspect.getsource(kind)} == {
        kind for kind in kinds if kind.of_the_day
    }
