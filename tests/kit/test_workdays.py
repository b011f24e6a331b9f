"""Working time of Shandong, against the State Council's notices of 2024 to 2026."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.clock import CHINA
from kit.workdays import ExtraYearError, WorkCalendar

CALENDAR = WorkCalendar()

# Off although Monday to Friday, and worked although Saturday or Sunday.
# 2024: gov.cn 202310/content_6911528, 2025: 202411/content_6986383, 2026: 202511/content_7047091
HOLIDAYS = """
2024-01-01 2024-02-12 2024-02-13 2024-02-14 2024-02-15 2024-02-16 2024-04-04 2024-04-05 2024-05-01
2024-05-02 2024-05-03 2024-06-10 2024-09-16 2024-09-17 2024-10-01 2024-10-02 2024-10-03 2024-10-04
2024-10-07
2025-01-01 2025-01-28 2025-01-29 2025-01-30 2025-01-31 2025-02-03 2025-02-04 2025-04-04 2025-05-01
2025-05-02 2025-05-05 2025-06-02 2025-10-01 2025-10-02 2025-10-03 2025-10-06 2025-10-07 2025-10-08
2026-01-01 2026-01-02 2026-02-16 2026-02-17 2026-02-18 2026-02-19 2026-02-20 2026-02-23 2026-04-06
2026-05-01 2026-05-04 2026-05-05 2026-06-19 2026-09-25 2026-10-01 2026-10-02 2026-10-05 2026-10-06
2026-10-07
"""
SWAPPED_WORKDAYS = """
2024-02-04 2024-02-18 2024-04-07 2024-04-28 2024-05-11 2024-09-14 2024-09-29 2024-10-12
2025-01-26 2025-02-08 2025-04-27 2025-09-28 2025-10-11
2026-01-04 2026-02-14 2026-02-28 2026-05-09 2026-09-20 2026-10-10
"""

SINCE = datetime(2023, 6, 1, tzinfo=CHINA)
FIVE_YEARS_S = 5 * 366 * 24 * 3600
instants = st.floats(0, FIVE_YEARS_S).map(lambda passed_s: SINCE + timedelta(seconds=passed_s))
hours = st.floats(0, 400)


def china(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


def a_year(folder: Path, year: int, **changes: Any) -> Path:
    content = {
        "$schema": "https://example.invalid/schema.json",
        "year": year,
        "papers": [f"https://www.gov.cn/{year}"],
        "days": [{"name": "元旦", "date": f"{year}-01-01", "isOffDay": True}],
        **changes,
    }
    path = folder / f"{year}.json"
    path.write_text(json.dumps(content), "utf-8")
    return path


class TestDays:
    def test_every_day_from_2024_to_2026_is_as_announced(self):
        holidays, swapped = set(HOLIDAYS.split()), set(SWAPPED_WORKDAYS.split())
        day = date(2024, 1, 1)
        while day.year < 2027:
            announced = day.isoformat() in swapped or (
                day.weekday() < 5 and day.isoformat() not in holidays
            )
            assert CALENDAR.is_workday(day) is announced, day
            assert CALENDAR.is_covered(day)
            day += timedelta(days=1)

    def test_spring_festival_2026_with_its_swapped_saturdays(self):
        off = [date(2026, 2, 15) + timedelta(days=n) for n in range(9)]
        assert not any(CALENDAR.is_workday(day) for day in off)
        assert all(CALENDAR.is_workday(date(2026, 2, day)) for day in (14, 24, 28))


class TestUncoveredYears:
    def test_2027_goes_by_weekends_and_says_so(self):
        assert not CALENDAR.is_covered(date(2027, 1, 1))
        assert CALENDAR.is_workday(date(2027, 1, 1))
        assert not CALENDAR.is_workday(date(2027, 1, 2))
        due = CALENDAR.add_workdays(china("2026-12-30 10:00"), 3)
        assert due == china("2027-01-04 18:00")
        assert CALENDAR.is_provisional(due)

    def test_the_year_is_that_of_china(self):
        assert not CALENDAR.is_provisional(datetime(2026, 12, 31, 15, 59, tzinfo=UTC))
        assert CALENDAR.is_provisional(datetime(2026, 12, 31, 16, 0, tzinfo=UTC))

    def test_a_clock_within_2026_is_certain(self):
        assert not CALENDAR.is_provisional(CALENDAR.add_workdays(china("2026-11-22 10:00"), 20))


class TestExtraYears:
    def test_a_file_covers_its_year(self, tmp_path: Path):
        days = [
            {"name": "元旦", "date": "2027-01-01", "isOffDay": True},
            {"name": "元旦", "date": "2027-01-02", "isOffDay": False},
        ]
        calendar = WorkCalendar([a_year(tmp_path, 2027, days=days)])
        assert calendar.is_covered(date(2027, 12, 31))
        assert not calendar.is_workday(date(2027, 1, 1))
        assert calendar.is_workday(date(2027, 1, 2))
        assert not calendar.is_workday(date(2027, 1, 3))
        assert calendar.is_workday(date(2027, 1, 4))
        assert not calendar.is_provisional(china("2027-06-01 10:00"))
        assert not calendar.is_covered(date(2028, 1, 1))

    def test_a_notice_may_change_the_december_before(self, tmp_path: Path):
        days = [{"name": "元旦", "date": "2026-12-31", "isOffDay": True}]
        calendar = WorkCalendar([a_year(tmp_path, 2027, days=days)])
        assert CALENDAR.is_workday(date(2026, 12, 31))
        assert not calendar.is_workday(date(2026, 12, 31))

    def test_files_are_taken_in_any_order(self, tmp_path: Path):
        later, earlier = a_year(tmp_path, 2028), a_year(tmp_path, 2027)
        calendar = WorkCalendar([later, earlier])
        assert calendar.is_covered(date(2028, 6, 1))

    def test_a_year_left_out_is_refused(self, tmp_path: Path):
        with pytest.raises(ExtraYearError, match="2028"):
            WorkCalendar([a_year(tmp_path, 2028)])

    @pytest.mark.parametrize(
        "changes",
        [
            {"days": []},  # as published before the notice: says nothing about the year
            {"papers": []},
            {"days": [{"name": "元旦", "date": "2028-01-01", "isOffDay": True}]},
            {"days": [{"name": "元旦", "date": "2026-11-30", "isOffDay": True}]},
            {"days": [{"name": "元旦", "date": "no date", "isOffDay": True}]},
            {"days": [{"name": "元旦", "date": "2027-01-01"}]},
            {"papers": None},
        ],
    )
    def test_a_file_that_says_nothing_or_nonsense_is_refused_by_name(
        self, tmp_path: Path, changes: dict[str, Any]
    ):
        with pytest.raises(ExtraYearError, match=r"2027\.json"):
            WorkCalendar([a_year(tmp_path, 2027, **changes)])

    def test_a_missing_file_is_refused_by_name(self, tmp_path: Path):
        with pytest.raises(ExtraYearError, match=r"absent\.json"):
            WorkCalendar([tmp_path / "absent.json"])


class TestHours:
    @pytest.mark.parametrize(
        ("start", "hours", "due"),
        [
            ("2026-11-23 09:00", 4, "2026-11-23 14:00"),  # half a working day
            ("2026-11-23 13:00", 4, "2026-11-23 17:00"),
            ("2026-11-23 09:00", 3, "2026-11-23 12:00"),  # the break starts; nothing is left over
            ("2026-11-23 12:30", 2, "2026-11-23 15:00"),
            ("2026-11-23 09:00", 8, "2026-11-23 18:00"),  # a working day
            ("2026-11-23 16:30", 2, "2026-11-24 09:30"),  # seal and tax: two hours
            ("2026-11-20 17:00", 4, "2026-11-23 12:00"),  # over a weekend
            ("2026-11-23 07:00", 4, "2026-11-23 14:00"),
            ("2026-11-22 15:00", 4, "2026-11-23 14:00"),  # filed on a Sunday
            ("2026-02-14 16:00", 4, "2026-02-24 11:00"),  # a swapped Saturday, then Spring Festival
            ("2026-11-23 10:00", 0, "2026-11-23 10:00"),
            ("2026-11-22 10:00", 0, "2026-11-22 10:00"),
        ],
    )
    def test_promises_of_joint_handling(self, start: str, hours: float, due: str):
        answer = CALENDAR.add_working_hours(china(start), hours)
        assert answer == china(due)
        assert answer.tzinfo is UTC

    @given(start=instants, hours=hours)
    def test_as_much_working_time_passes_as_was_added(self, start: datetime, hours: float):
        due = CALENDAR.add_working_hours(start, hours)
        passed_s = CALENDAR.working_seconds_between(start, due)
        assert passed_s == pytest.approx(hours * 3600, abs=1e-5)

    @given(start=instants, hours=st.floats(0.001, 400))
    def test_the_due_moment_is_the_first_possible_one(self, start: datetime, hours: float):
        due = CALENDAR.add_working_hours(start, hours)
        before = due - timedelta(seconds=1)
        assert CALENDAR.working_seconds_between(start, before) < hours * 3600

    @given(start=instants, one=hours, other=hours)
    def test_more_hours_never_end_sooner(self, start: datetime, one: float, other: float):
        less, more = sorted((one, other))
        assert CALENDAR.add_working_hours(start, less) <= CALENDAR.add_working_hours(start, more)

    @given(one=instants, other=instants, hours=hours)
    def test_a_later_start_never_ends_sooner(self, one: datetime, other: datetime, hours: float):
        first, second = sorted((one, other))
        assert CALENDAR.add_working_hours(first, hours) <= CALENDAR.add_working_hours(second, hours)

    @given(start=instants, first=hours, second=hours)
    def test_hours_may_be_added_in_parts(self, start: datetime, first: float, second: float):
        in_parts = CALENDAR.add_working_hours(CALENDAR.add_working_hours(start, first), second)
        at_once = CALENDAR.add_working_hours(start, first + second)
        apart_s = CALENDAR.working_seconds_between(in_parts, at_once)
        assert apart_s == pytest.approx(0, abs=1e-5)

    def test_hours_are_not_taken_away(self):
        with pytest.raises(ValueError, match="only added"):
            CALENDAR.add_working_hours(china("2026-11-23 09:00"), -1)


class TestSecondsBetween:
    def test_a_week_of_five_days_is_forty_hours(self):
        assert (
            CALENDAR.working_seconds_between(china("2026-11-23 00:00"), china("2026-11-30 00:00"))
            == 40 * 3600
        )

    def test_nights_breaks_and_holidays_are_nothing(self):
        for start, end in (
            ("2026-11-23 12:00", "2026-11-23 13:00"),
            ("2026-11-23 18:00", "2026-11-24 09:00"),
            ("2026-10-01 00:00", "2026-10-08 09:00"),
        ):
            assert CALENDAR.working_seconds_between(china(start), china(end)) == 0

    @given(a=instants, b=instants)
    def test_backwards_is_the_negative(self, a: datetime, b: datetime):
        assert CALENDAR.working_seconds_between(a, b) == -CALENDAR.working_seconds_between(b, a)

    @given(a=instants, b=instants, c=instants)
    def test_stretches_add_up(self, a: datetime, b: datetime, c: datetime):
        whole = CALENDAR.working_seconds_between(a, c)
        parts = CALENDAR.working_seconds_between(a, b) + CALENDAR.working_seconds_between(b, c)
        assert whole == pytest.approx(parts, abs=1e-5)


class TestWorkdays:
    @pytest.mark.parametrize(
        ("start", "days", "due"),
        [
            ("2026-11-23 10:00", 1, "2026-11-24 18:00"),  # the day of acceptance does not count
            ("2026-11-20 10:00", 1, "2026-11-23 18:00"),
            ("2026-11-21 10:00", 1, "2026-11-23 18:00"),
            ("2026-11-23 20:00", 1, "2026-11-24 18:00"),
            ("2026-11-23 10:00", 20, "2026-12-21 18:00"),
            ("2026-02-13 10:00", 3, "2026-02-25 18:00"),  # 14th worked, 15th to 23rd off
            ("2026-11-23 10:00", 0, "2026-11-23 18:00"),  # on the spot
            ("2026-11-23 18:00", 0, "2026-11-24 18:00"),
            ("2026-11-21 10:00", 0, "2026-11-23 18:00"),
        ],
    )
    def test_periods_of_permits(self, start: str, days: int, due: str):
        answer = CALENDAR.add_workdays(china(start), days)
        assert answer == china(due)
        assert answer.tzinfo is UTC

    def test_the_day_is_that_of_china(self):
        # 2026-11-23 18:00 UTC is the 24th in China already.
        start = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
        assert CALENDAR.add_workdays(start, 1) == china("2026-11-25 18:00")

    @given(start=instants, days=st.integers(0, 200))
    def test_between_the_start_and_the_due_day_lie_that_many_workdays(
        self, start: datetime, days: int
    ):
        due = CALENDAR.add_workdays(start, days).astimezone(CHINA)
        assert CALENDAR.is_workday(due.date())
        counted = 0
        day = start.date()
        while day < due.date():
            day += timedelta(days=1)
            counted += CALENDAR.is_workday(day)
        assert counted == days or (days == 0 and counted == 1)

    @given(one=instants, other=instants, days=st.integers(0, 100))
    def test_a_later_start_never_ends_sooner(self, one: datetime, other: datetime, days: int):
        first, second = sorted((one, other))
        assert CALENDAR.add_workdays(first, days) <= CALENDAR.add_workdays(second, days)

    def test_days_are_not_taken_away(self):
        with pytest.raises(ValueError, match="only added"):
            CALENDAR.add_workdays(china("2026-11-23 09:00"), -1)


def test_naive_instants_are_refused():
    naive = datetime(2026, 11, 23, 9, 0)  # noqa: DTZ001 - what is tested.
    aware = china("2026-11-23 09:00")
    with pytest.raises(ValueError, match="aware"):
        CALENDAR.add_working_hours(naive, 1)
    with pytest.raises(ValueError, match="aware"):
        CALENDAR.add_workdays(naive, 1)
    with pytest.raises(ValueError, match="aware"):
        CALENDAR.is_provisional(naive)
    with pytest.raises((ValueError, TypeError)):
        CALENDAR.working_seconds_between(naive, aware)
