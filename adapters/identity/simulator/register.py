"""What the register knows.

The ``retcode`` values and those of ``result`` are made up: the real ones are not published.
"""

import re
from collections.abc import Mapping
from typing import Any

from adapters.far_service import Failure, UnknownPerson, whole
from adapters.far_side import FarSide
from adapters.identity.simulator import scenarios

PAGE_LINES_MAX = 5

_NUMBER = re.compile(r"[0-9]{17}[0-9X]")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


class Register:
    """Facts ``person`` (by our key), ``number`` (by ID number), ``company`` (by credit code)."""

    def __init__(self, far_side: FarSide) -> None:
        self._far = far_side

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
        name, number = (str(parameters.get(member) or "") for member in ("name", "certNo"))
        if not name or not number:
            raise Failure("100102", "name or certNo is missing")
        if self._far.take(scenarios.NUMBER_INVALID, service=service) or not _can_be_a_number(
            number
        ):
            raise Failure("100101", "certNo is no ID number")
        person = self._far.get("number", number)
        if service == "match":
            return {"result": self._compared(person, name)}
        belongs = person is not None and person["name"] == name
        return self._companies(str(person["person"]) if belongs and person else "", parameters)

    def _compared(self, person: dict[str, Any] | None, name: str) -> str:
        if person is None or self._far.take(scenarios.UNKNOWN_NUMBER, service="match"):
            return "3"
        if person["name"] != name or self._far.take(scenarios.MISMATCH, service="match"):
            return "2"
        return "1"

    def _companies(self, key: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        page, size = (whole(parameters.get(name)) for name in ("pageindex", "pagenum"))
        if page < 1 or size < 1:
            raise Failure("100102", "pageindex and pagenum begin at 1")
        size = min(size, PAGE_LINES_MAX)
        strange = self._far.take(scenarios.UNKNOWN_ROLE, service="companies") is not None
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


def _can_be_a_number(number: str) -> bool:
    if _NUMBER.fullmatch(number) is None:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number, _WEIGHTS, strict=False))
    return "10X98765432"[total % 11] == number[17]
