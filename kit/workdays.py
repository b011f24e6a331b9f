"""Working time of Shandong: which days are worked, and clocks that run only while offices are open.

Sources: the State Council's yearly notices on holidays and swapped workdays, from the maintained
library ``chinesecalendar`` and from files an operator adds for years it does not know yet;
行政许可法 article 82 (the periods of that law are working days); 民法典 articles 201 and 203 (the
day on which a period starts does not count, its last day ends when business ends).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple

import chinese_calendar  # type: ignore[import-untyped]
import msgspec

from kit.clock import CHINA

# Together eight hours: half a working day of the promises of joint handling is four hours.
OPEN_HOURS = ((time(9), time(12)), (time(13), time(18)))
CLOSES_AT = OPEN_HOURS[-1][1]

_DAY = timedelta(days=1)
_NOTHING = timedelta(0)


class ExtraYearError(ValueError):
    """A file of an extra year that must not be relied on; the message names the file."""

    def __init__(self, file: str, rule: str) -> None:
        super().__init__(f"{file}: {rule}")
        self.file, self.rule = file, rule


class _Day(msgspec.Struct):
    date: date
    isOffDay: bool  # noqa: N815 - the published format's own spelling


class _Year(msgspec.Struct):
    """The format of github.com/NateScarlet/holiday-cn; ``papers`` are the notices' addresses."""

    year: int
    papers: list[str]
    days: list[_Day]


class WorkCalendar:
    """Answers in working time. All instants are aware; those returned are in UTC.

    A year that neither the library nor a file covers is counted by weekends alone, and whatever
    reaches into it is provisional (暂按周末计): ask :meth:`is_provisional` and show it.
    """

    def __init__(self, extra_years: Sequence[Path] = ()) -> None:
        """Raises :class:`ExtraYearError` for a file that is broken, empty or skips a year."""
        self._extra = _ExtraYears({}, frozenset())
        self._library: dict[int, frozenset[date] | None] = {}
        self.take_up({str(path): _bytes_of(path) for path in extra_years})

    def take_up(self, files: Mapping[str, bytes]) -> None:
        """From now on exactly these extra years hold, by the names of their files. All of them or,
        with :class:`ExtraYearError`, none: what held before stays."""
        extra = _ExtraYears({}, frozenset())
        years = [(_read(name, content), name) for name, content in files.items()]
        for year, name in sorted(years, key=lambda one: one[0].year):
            extra = self._with(extra, year, name)
        self._extra = extra

    def is_covered(self, day: date) -> bool:
        """Whether the notice for that year is known; if not, weekends are all we go by."""
        return day.year in self._extra.years or self._library_workdays(day.year) is not None

    def is_provisional(self, instant: datetime) -> bool:
        """Whether a result on ``instant`` may still move when the notice for that year comes."""
        return not self.is_covered(_in_china(instant).date())

    def is_workday(self, day: date) -> bool:
        # The notice for a year may change the December before it, so announced days come first.
        announced = self._extra.is_worked.get(day)
        if announced is not None:
            return announced
        known = self._library_workdays(day.year)
        if known is not None:
            return day in known
        return day.weekday() < 5

    def add_working_hours(self, start: datetime, hours: float) -> datetime:
        """The first instant by which ``hours`` of working time have passed since ``start``."""
        left = timedelta(hours=hours)
        if left < _NOTHING:
            raise ValueError("working time is only added")
        if not left:
            return start.astimezone(UTC)
        for opens, closes in self._open_spans(_in_china(start)):
            if opens + left <= closes:
                return (opens + left).astimezone(UTC)
            left -= closes - opens
        raise AssertionError("the open hours do not end")

    def add_workdays(self, start: datetime, days: int) -> datetime:
        """The close of business of the ``days``-th workday after the day of ``start``.

        The day of ``start`` (of acceptance) does not count. 0 days, "on the spot", end at the close
        of the day of ``start`` or, when offices are closed for that day, of the next workday.
        """
        if days < 0:
            raise ValueError("workdays are only added")
        local = _in_china(start)
        day = local.date()
        if days == 0 and (not self.is_workday(day) or local.time() >= CLOSES_AT):
            day = self._next_workday(day)
        for _ in range(days):
            day = self._next_workday(day)
        return _at(day, CLOSES_AT).astimezone(UTC)

    def working_seconds_between(self, a: datetime, b: datetime) -> float:
        """Seconds of working time from ``a`` to ``b``; negative when ``b`` is the earlier one."""
        if b < a:
            return -self.working_seconds_between(b, a)
        end = _in_china(b)
        total = _NOTHING
        for opens, closes in self._open_spans(_in_china(a)):
            if opens >= end:
                break
            total += min(closes, end) - opens
        return total.total_seconds()

    def _open_spans(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """What is left of today's open hours after ``start``, then all that follow."""
        day = start.date()
        if not self.is_workday(day):
            day = self._next_workday(day)
        while True:
            for opens_at, closes_at in OPEN_HOURS:
                closes = _at(day, closes_at)
                if closes > start:
                    yield max(start, _at(day, opens_at)), closes
            day = self._next_workday(day)

    def _next_workday(self, day: date) -> date:
        day += _DAY
        while not self.is_workday(day):
            day += _DAY
        return day

    def _library_workdays(self, year: int) -> frozenset[date] | None:
        """The library walks its whole table at each question: 12 ms a year, asked once."""
        if year not in self._library:
            first, last = date(year, 1, 1), date(year, 12, 31)
            try:
                self._library[year] = frozenset(chinese_calendar.get_workdays(first, last))
            except NotImplementedError:
                self._library[year] = None
        return self._library[year]

    def _with(self, extra: "_ExtraYears", content: _Year, name: str) -> "_ExtraYears":
        # The notice does not exist yet, or was not read: an empty file says nothing about the year.
        if not content.days or not content.papers:
            raise ExtraYearError(name, "holds no announced days or does not name its notice")
        before = content.year - 1
        if before not in extra.years and self._library_workdays(before) is None:
            raise ExtraYearError(name, f"the year before {content.year} is not covered")
        announced = dict(extra.is_worked)
        for day in content.days:
            if not date(before, 12, 1) <= day.date <= date(content.year, 12, 31):
                raise ExtraYearError(name, f"{day.date} is outside of {content.year}")
            announced[day.date] = not day.isOffDay
        return _ExtraYears(announced, extra.years | {content.year})


class _ExtraYears(NamedTuple):
    is_worked: Mapping[date, bool]
    years: frozenset[int]


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ExtraYearError(str(path), "cannot be read") from error


def _read(name: str, content: bytes) -> _Year:
    try:
        return msgspec.json.decode(content, type=_Year)
    except msgspec.DecodeError as error:
        raise ExtraYearError(name, str(error)) from error


def _at(day: date, moment: time) -> datetime:
    return datetime.combine(day, moment, tzinfo=CHINA)


def _in_china(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("an aware instant is needed")
    return instant.astimezone(CHINA)
