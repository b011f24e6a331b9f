"""The platform's own check of a subscribe message's values.

Written apart from the client's ``keywords`` and on purpose not sharing anything with it: the client
shows in its tests that whatever it lets out passes here.
"""

import re
import unicodedata
from collections.abc import Callable, Collection
from datetime import date, time

_HAN = r"[\u3400-\u4dbf\u4e00-\u9fff]"
_MOMENT = re.compile(
    r"(?:(?P<y>\d{4})年(?P<m>\d{1,2})月(?P<d>\d{1,2})日)?"
    r"(?P<gap> )?"
    r"(?:(?P<H>\d{1,2}):(?P<M>\d{2}))?",
    re.ASCII,
)


def is_valid(keyword: str, value: str, choices: Collection[str]) -> bool:
    kind = keyword.rstrip("0123456789")
    if kind == "enum":
        return value in choices
    rule = _RULES.get(kind)
    return rule is not None and bool(value.strip()) and rule(value)


def _length(value: str) -> int:
    return sum(2 if ord(c) > 0xFFFF else 1 for c in value)


def _is_line(value: str) -> bool:
    """One line of visible characters."""
    return all(
        unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} for c in value
    )


def _thing(value: str) -> bool:
    return _length(value) <= 20 and _is_line(value)


def _name(value: str) -> bool:
    if not _is_line(value) or any(c.isdigit() or c.isspace() for c in value):
        return False
    wide = any(unicodedata.east_asian_width(c) in {"W", "F"} for c in value)
    return _length(value) <= (10 if wide else 20)


def _moment(value: str, *, needs: str) -> bool:
    """``needs`` is the group that must be there: the hour of a time, the year of a date."""
    sides = value.split("~")
    return len(sides) in {1, 2} and all(_is_moment(side, needs) for side in sides)


def _is_moment(side: str, needs: str) -> bool:
    found = _MOMENT.fullmatch(side)
    if found is None or found[needs] is None:
        return False
    if (found["gap"] is not None) != (found["y"] is not None and found["H"] is not None):
        return False
    year, month, day = found["y"] or "2000", found["m"] or "1", found["d"] or "1"
    try:
        date(int(year), int(month), int(day))
        time(int(found["H"] or 0), int(found["M"] or 0))
    except ValueError:
        return False
    return True


def _matches(pattern: str, length_max: int) -> Callable[[str], bool]:
    compiled = re.compile(pattern, re.ASCII)
    return lambda value: len(value) <= length_max and compiled.fullmatch(value) is not None


_RULES: dict[str, Callable[[str], bool]] = {
    "thing": _thing,
    "const": _thing,
    "name": _name,
    "phrase": _matches(rf"{_HAN}+", 5),
    "number": _matches(r"\d+(\.\d+)?", 32),
    "letter": _matches(r"[a-zA-Z]+", 32),
    "symbol": lambda v: _length(v) <= 5 and all(unicodedata.category(c)[0] in "PS" for c in v),
    "character_string": lambda v: len(v) <= 32 and all(33 <= ord(c) <= 126 for c in v),
    "time": lambda value: _moment(value, needs="H"),
    "date": lambda value: _moment(value, needs="y"),
    "amount": _matches(r"[¥￥$€£]?\d{1,10}(\.\d+)?元?", 20),
    "phone_number": _matches(r"[\d()+#*-]+", 17),
    "car_number": _matches(rf"(?:{_HAN}|[0-9A-Za-z])[0-9A-Za-z]*(?:{_HAN})?", 8),
}
