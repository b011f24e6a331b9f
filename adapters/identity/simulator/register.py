"""What the register knows, and what it answers to whom how often.

The ``retcode`` values and those of ``result`` are made up: the real ones are not published.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from adapters.far_side import FarSide
from adapters.identity.simulator import scenarios

PAGE_LINES_MAX = 5

_NUMBER = re.compile(r"[0-9]{17}[0-9X]")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


class UnknownPerson(LookupError):
    """No person of that key has been registered."""


class Failure(Exception):
    """A result with another ``retcode`` than success."""

    def __init__(self, retcode: str, words: str) -> None:
        super().__init__(f"{retcode} {words}")
        self.retcode = retcode
        self.words = words


def armed(far_side: FarSide, scenario: str, service: str) -> dict[str, Any] | None:
    """The scenario's settings if it is armed for this question; one of its times is used up."""
    waiting = far_side.get("scenario", scenario)
    if waiting is None or waiting.get("service") not in {None, service}:
        return None
    return far_side.take(scenario)


class Register:
    """Facts ``person`` (by our key), ``number`` (by ID number), ``company`` (by credit code),
    ``quota`` (of the minute and of the day)."""

    def __init__(self, far_side: FarSide, minute_max: int, day_max: int) -> None:
        self._far = far_side
        self._minute_max = minute_max
        self._day_max = day_max

    def register_person(self, key: str, name: str, id_number: str) -> None:
        number = id_number.upper()
        before = self._far.get("person", key)
        with self._far.together():
            if before is not None:
                self._far.drop("number", str(before["id_number"]))
            self._far.put("person", key, {"name": name, "id_number": number})
            self._far.put("number", number, {"person": key, "name": name})

    def register_company(self, uscc: str, name: str, roles: Mapping[str, str]) -> None:
        for key in roles:
            if self._far.get("person", key) is None:
                raise UnknownPerson(key)
        self._far.put("company", uscc, {"name": name, "roles": dict(roles)})

    def answer(self, service: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """A result's ``data``; :class:`Failure`."""
        if armed(self._far, scenarios.NOT_PERMITTED, service):
            raise Failure("100201", "scenario: application is not admitted to this service")
        if armed(self._far, scenarios.QUOTA, service):
            raise Failure("100301", "scenario: quota is used up")
        self._count()
        if failing := armed(self._far, scenarios.FAILURE, service):
            raise Failure(str(failing.get("retcode", "999999")), "scenario: system error")
        name, number = (str(parameters.get(member) or "") for member in ("name", "certNo"))
        if not name or not number:
            raise Failure("100102", "name or certNo is missing")
        if armed(self._far, scenarios.NUMBER_INVALID, service) or not _can_be_a_number(number):
            raise Failure("100101", "certNo is no ID number")
        person = self._far.get("number", number)
        if service == "match":
            return {"result": self._compared(person, name)}
        belongs = person is not None and person["name"] == name
        return self._companies(str(person["person"]) if belongs and person else "", parameters)

    def _compared(self, person: dict[str, Any] | None, name: str) -> str:
        if person is None or armed(self._far, scenarios.UNKNOWN_NUMBER, "match"):
            return "3"
        if person["name"] != name or armed(self._far, scenarios.MISMATCH, "match"):
            return "2"
        return "1"

    def _companies(self, key: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        page, size = (_whole(parameters.get(name)) for name in ("pageindex", "pagenum"))
        if page < 1 or size < 1:
            raise Failure("100102", "pageindex and pagenum begin at 1")
        size = min(size, PAGE_LINES_MAX)
        strange = armed(self._far, scenarios.UNKNOWN_ROLE, "companies") is not None
        lines = [
            {
                "corname": company["name"],
                "cornumber": uscc,
                "corrole": "9" if strange else company["roles"][key],
            }
            for uscc, company in self._far.all("company")
            if key in company["roles"]
        ]
        return {"count": len(lines), "list": lines[(page - 1) * size : page * size]}

    def _count(self) -> None:
        """One call of this minute and of this day, as the platform's clock has them."""
        seconds = int(self._far.clock.now().timestamp())
        periods = (
            ("minute", seconds // 60, self._minute_max, "100301"),
            ("day", (seconds + 8 * 3600) // 86400, self._day_max, "100302"),
        )
        used = {}
        for name, number, calls_max, retcode in periods:
            kept = self._far.get("quota", name)
            calls = int(kept["calls"]) if kept is not None and kept["number"] == number else 0
            if calls >= calls_max:
                raise Failure(retcode, f"quota of the {name} is used up")
            used[name] = {"number": number, "calls": calls + 1}
        for name, body in used.items():
            self._far.put("quota", name, body)


def compact(made: dict[str, Any]) -> str:
    return json.dumps(made, ensure_ascii=False, separators=(",", ":"))


def _can_be_a_number(number: str) -> bool:
    if _NUMBER.fullmatch(number) is None:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number, _WEIGHTS, strict=False))
    return "10X98765432"[total % 11] == number[17]


def _whole(value: object) -> int:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else 0
