"""The names that are registered, kept or given up, by the far side's clock.

How long a name is kept is law (企业名称登记管理规定 article 18), the ``retcode`` values are not.
"""

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from adapters.far_service import Failure
from adapters.far_side import FarSide
from adapters.names.simulator import scenarios
from adapters.names.simulator.comparing import (
    SAME,
    SIMILAR,
    SOUND,
    TRADE_WORD,
    Difference,
    Name,
    compared,
)
from kit.clock import CHINA

KEPT_MONTHS, KEPT_MONTHS_WITH_APPROVAL = 2, 12
GIVEN_UP_DAYS = 365
LINES_MAX = 20
_PARTS = (
    "entName", "district", "nameDistrict", "nameTrade", "nameInd", "industryCo", "nameForm",
)  # fmt: skip
_NEEDED = ("entName", "district", "nameTrade")


class Library:
    """Facts ``name`` (by full name: registered, or given up on a day), ``kept`` (by number),
    ``reference`` (whose number) and ``counter``."""

    def __init__(self, far_side: FarSide) -> None:
        self._far = far_side

    def register(self, parts: Mapping[str, str]) -> None:
        self._far.put("name", parts["entName"], {"parts": _parts(parts), "given_up_on": None})

    def give_up(self, full: str) -> None:
        known = self._far.get("name", full)
        if known is None:
            raise LookupError("no such name is registered")
        self._far.put("name", full, {**known, "given_up_on": self._today().isoformat()})

    def answer(self, service: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """A result's ``data``; :class:`Failure`."""
        told = {name: str(value) for name, value in parameters.items()}
        if service == "check":
            return self._check(told)
        if service == "reserve":
            return self._reserve(told)
        if service == "find":
            number = self._number_of(_needed(told, "applyNo"))
            return {"count": 0} if number is None else {"count": 1, **self._shown(number)}
        return self._release(told)

    def _check(self, told: Mapping[str, str]) -> dict[str, Any]:
        lines = [
            {"entName": full, "simType": difference.kind, "reason": difference.reason}
            for full, difference in self._in_the_way(told, "check")
        ]
        if lines and self._far.take(scenarios.STRANGE_LINE, service="check"):
            lines[-1]["simType"] = "9"
        return {"list": lines[:LINES_MAX]}

    def _in_the_way(self, told: Mapping[str, str], service: str) -> list[tuple[str, Difference]]:
        name = _name(told)
        found = [(one.full, why) for one in self._all() if (why := compared(name, one))]
        if self._far.take(scenarios.TAKEN, service=service):
            found.append((name.full, Difference(SAME, TRADE_WORD)))
        if self._far.take(scenarios.SIMILAR, service=service):
            found.append((name.full, Difference(SIMILAR, SOUND)))
        return sorted(found, key=lambda line: (line[1], line[0]))

    def _reserve(self, told: Mapping[str, str]) -> dict[str, Any]:
        reference = _needed(told, "applyNo")
        number = self._number_of(reference)
        if number is not None:
            return self._shown(number)
        if self._far.take(scenarios.NOT_ALLOWED, service="reserve"):
            raise Failure("200102", "scenario: name is not allowed")
        if any(why.kind == SAME for _, why in self._in_the_way(told, "reserve")):
            raise Failure("200101", "name is taken")
        months = KEPT_MONTHS_WITH_APPROVAL if told.get("preApproval") == "1" else KEPT_MONTHS
        until = _months_later(self._today(), months)
        with self._far.together():
            number = self._next_number()
            kept = {"parts": _parts(told), "until": until.isoformat(), "reference": reference}
            self._far.put("kept", number, kept)
            self._far.put("reference", reference, {"number": number})
        return self._shown(number)

    def _release(self, told: Mapping[str, str]) -> dict[str, Any]:
        number, reference = _needed(told, "reserveNo"), _needed(told, "applyNo")
        if self._number_of(reference) != number:
            raise Failure("200201", "not kept under this number and reference")
        with self._far.together():
            self._far.drop("kept", number)
            self._far.drop("reference", reference)
        return {}

    def _number_of(self, reference: str) -> str | None:
        """Of what is kept and has not run out."""
        known = self._far.get("reference", reference)
        kept = self._far.get("kept", known["number"]) if known else None
        if known is None or kept is None or kept["until"] < self._today().isoformat():
            return None
        return str(known["number"])

    def _shown(self, number: str) -> dict[str, Any]:
        kept = self._far.get("kept", number) or {}
        return {"reserveNo": number, "validTo": kept["until"]}

    def _all(self) -> list[Name]:
        today = self._today()
        since = (today - timedelta(days=GIVEN_UP_DAYS)).isoformat()
        registered = [
            _name(body["parts"])
            for _, body in self._far.all("name")
            if body["given_up_on"] is None or body["given_up_on"] > since
        ]
        kept = [
            _name(body["parts"])
            for _, body in self._far.all("kept")
            if body["until"] >= today.isoformat()
        ]
        return registered + kept

    def _next_number(self) -> str:
        counted = int((self._far.get("counter", "kept") or {"last": 0})["last"]) + 1
        self._far.put("counter", "kept", {"last": counted})
        return f"{self._today():%Y%m%d}{counted:06}"

    def _today(self) -> date:
        return self._far.clock.now().astimezone(CHINA).date()


def _parts(told: Mapping[str, str]) -> dict[str, str]:
    return {part: told.get(part, "") for part in _PARTS}


def _name(told: Mapping[str, str]) -> Name:
    full, district, trade = (_needed(told, name) for name in _NEEDED)
    region, industry, code, form = (
        told.get(part, "") for part in ("nameDistrict", "nameInd", "industryCo", "nameForm")
    )
    return Name(full, district[:4], region, trade, industry, code, form)


def _needed(told: Mapping[str, str], name: str) -> str:
    value = told.get(name, "")
    if not value:
        raise Failure("100102", f"{name} is missing")
    return value


def _months_later(day: date, months: int) -> date:
    """The same day of a later month, or its last one."""
    year, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + year, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))
