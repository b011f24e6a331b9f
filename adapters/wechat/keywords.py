"""The types of a subscribe message's keywords: what each may hold, and how a text is made to fit.

Source: the platform's page on subscribe messages, "limits of parameter values". A value that breaks
its rule makes the platform refuse the whole message (47003), so all are checked before sending.

Prose (``thing``, ``const``, ``name``, ``phrase``) is cleaned and shortened. Facts (numbers, times,
codes, plates, ``enum``) are never: a shortened fact is a wrong one. Lengths are counted in UTF-16
units, the strictest way a peer could count.
"""

import re
import unicodedata
from collections.abc import Callable, Collection
from datetime import date

_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_HAN_ONLY = re.compile(rf"[{_HAN}]+")
_KEYWORD = re.compile(r"([a-z_]+?)(\d{1,2})")
_DAY = r"\d{4}年\d{1,2}月\d{1,2}日"
_CLOCK_TIME = r"(?:[01]?\d|2[0-3]):[0-5]\d"
_TIME_POINT = re.compile(rf"(?:({_DAY}) )?{_CLOCK_TIME}")
_DATE_POINT = re.compile(rf"({_DAY})(?: {_CLOCK_TIME})?")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_LETTERS = re.compile(r"[A-Za-z]{1,32}")
_ASCII = re.compile(r"[!-~]{1,32}")
_AMOUNT = re.compile(r"[¥￥$€£]?[0-9]{1,10}(?:\.[0-9]{1,2})?元?")
_PHONE = re.compile(r"(?=.*[0-9])[0-9+()*#-]{1,17}")
_PLATE = re.compile(rf"[{_HAN}A-Za-z0-9](?:[A-Za-z0-9]{{0,6}}[{_HAN}A-Za-z0-9])?")
_WHITE = re.compile(r"\s+")
_MORE = "..."


class Unfit(ValueError):
    """No way to show this value in this keyword. ``args[0]`` says why, without the value."""


def type_of(keyword: str) -> str:
    """``thing1`` -> ``thing``; :class:`Unfit` for a keyword of no known type."""
    found = _KEYWORD.fullmatch(keyword)
    if found is None or found.group(1) not in TYPES:
        raise Unfit("no such keyword type")
    return found.group(1)


def fit(keyword: str, value: str, choices: Collection[str] = ()) -> str:
    """The value as it may be sent under ``keyword``; ``choices`` are the values of an ``enum``."""
    kind = type_of(keyword)
    if kind == "enum":
        if value not in choices:
            raise Unfit("not one of the listed values")
        return value
    return _RULES[kind](_cleaned(value))


def units(text: str) -> int:
    """Length in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _cleaned(value: str) -> str:
    """One line without anything that does not show: control and format characters, emoji."""
    one_line = _WHITE.sub(" ", unicodedata.normalize("NFC", value))
    return _WHITE.sub(" ", "".join(filter(_shows, one_line))).strip()


def _shows(character: str) -> bool:
    category = unicodedata.category(character)
    if category[0] == "C" or category in {"Zl", "Zp", "Me"} or "\ufe00" <= character <= "\ufe0f":
        return False
    return ord(character) <= 0xFFFF or category[0] in "LNP"


def _shortened(text: str, units_max: int) -> str:
    if units(text) <= units_max:
        return text
    return _cut(text, units_max - len(_MORE)).rstrip() + _MORE


def _cut(text: str, units_max: int) -> str:
    """As many whole characters as go into ``units_max``."""
    kept = 0
    for position, character in enumerate(text):
        kept += units(character)
        if kept > units_max:
            return text[:position]
    return text


def _prose(text: str) -> str:
    if not text:
        raise Unfit("nothing to show")
    return _shortened(text, 20)


def _name(text: str) -> str:
    """Ten characters with Chinese in it, twenty without; no digits; a space becomes the dot that
    Chinese writes between the parts of a foreign name."""
    kept = "".join(c for c in text.replace(" ", "·") if unicodedata.category(c)[0] in "LPS")
    kept = _cut(kept, 20 if kept.replace("·", "").isascii() else 10).strip("·")
    if not kept:
        raise Unfit("nothing of a name")
    return kept


def _phrase(text: str) -> str:
    """Chinese characters only. Punctuation goes silently; letters and digits carry meaning."""
    kept = "".join(_HAN_ONLY.findall(text))
    if any(unicodedata.category(c)[0] in "LN" and c not in kept for c in text):
        raise Unfit("letters or digits in a phrase")
    if not kept:
        raise Unfit("no Chinese character in a phrase")
    return kept[:5]


def _symbols(text: str) -> str:
    if not text or units(text) > 5 or any(unicodedata.category(c)[0] not in "PS" for c in text):
        raise Unfit("not up to five symbols")
    return text


def _moments(point: re.Pattern[str]) -> Callable[[str], str]:
    """One moment, or two joined by the half-width ``~`` (a full-width one is refused)."""

    def checked(text: str) -> str:
        parts = text.split("~")
        found = [point.fullmatch(part) for part in parts]
        if len(parts) > 2 or not all(
            each is not None and _real_day(each.group(1)) for each in found
        ):
            raise Unfit("not a time in the platform's form")
        return text

    return checked


def _real_day(day: str | None) -> bool:
    if day is None:
        return True
    try:
        date(*(int(part) for part in re.findall(r"\d+", day)))
    except ValueError:
        return False
    return True


def _exactly(pattern: re.Pattern[str], what: str, units_max: int) -> Callable[[str], str]:
    def checked(text: str) -> str:
        if pattern.fullmatch(text) is None or units(text) > units_max:
            raise Unfit(what)
        return text

    return checked


_RULES: dict[str, Callable[[str], str]] = {
    "thing": _prose,
    "const": _prose,
    "name": _name,
    "phrase": _phrase,
    "symbol": _symbols,
    "time": _moments(_TIME_POINT),
    "date": _moments(_DATE_POINT),
    "number": _exactly(_NUMBER, "not a number of up to 32 digits", 32),
    "letter": _exactly(_LETTERS, "not up to 32 letters", 32),
    "character_string": _exactly(_ASCII, "not up to 32 letters, digits and symbols", 32),
    "amount": _exactly(_AMOUNT, "not an amount of up to ten digits", 20),
    "phone_number": _exactly(_PHONE, "not a phone number of up to 17 characters", 17),
    "car_number": _exactly(_PLATE, "not a car's plate", 8),
}
TYPES = frozenset(_RULES) | {"enum"}
