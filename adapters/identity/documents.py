"""What is asked and answered inside the envelope of :mod:`adapters.gateway_service`.

LOW CONFIDENCE, assumptions of ours throughout: no text of these services was found. Members are
named as in the neighbouring services (``name``, ``certNo``, ``corname``, ``cornumber``,
``corrole``). The values of ``result`` and the failing retcodes are made up.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from adapters.errors import Meaning, Refused, Unreachable
from adapters.identity.port import RegisteredRole, Role
from kit.secrets import IdNumber, PersonName

log = structlog.get_logger("adapters.identity")

PEER = "identity_register"
MATCH = "1"
NO_MATCH = frozenset({"2", "3"})
"""2: the name is another one. 3: there is no such number. Nobody outside is told which."""
PAGE_SIZE = 5
"""The neighbouring service gives no more at a time."""

ROLES: Mapping[str, Role] = {"0": "agent", "1": "administrator", "2": "legal_person"}
_STRENGTH: Mapping[Role, int] = {"agent": 0, "administrator": 1, "legal_person": 2}

FAILURES: Mapping[str, Meaning] = {
    "100101": Meaning(Refused, "number_invalid"),  # certNo is no ID number
    "100302": Meaning(Refused, "too_many_requests"),  # the day's quota is used up
}


def parameters_of(name: PersonName, id_number: IdNumber) -> dict[str, str]:
    return {"name": name.reveal(), "certNo": id_number.reveal()}


def is_match(data: Mapping[str, Any]) -> bool:
    result = str(data.get("result", ""))
    if result != MATCH and result not in NO_MATCH:
        raise Unreachable(PEER, "broken_answer")
    return result == MATCH


@dataclass(frozen=True, slots=True)
class CompanyPage:
    count: int
    """Of all pages."""
    lines: int
    roles: list[RegisteredRole]


def company_page(data: Mapping[str, Any]) -> CompanyPage:
    """A line that cannot be understood is left out and reported: a role is power, and none is given
    by a guess."""
    count, lines = data.get("count"), data.get("list")
    if isinstance(count, bool) or not str(count).isdecimal() or not isinstance(lines, list):
        raise Unreachable(PEER, "broken_answer")
    roles = [role for line in lines if (role := _role(line)) is not None]
    if len(roles) < len(lines):
        log.warning("register_line_not_understood", lines=len(lines) - len(roles))
    return CompanyPage(int(str(count)), len(lines), roles)


def each_once(roles: list[RegisteredRole]) -> list[RegisteredRole]:
    """One line a company, in their order, with the strongest role."""
    found: dict[str, RegisteredRole] = {}
    for role in roles:
        kept = found.get(role.uscc)
        if kept is None or _STRENGTH[role.role] > _STRENGTH[kept.role]:
            found[role.uscc] = role
    return list(found.values())


def _role(line: object) -> RegisteredRole | None:
    if not isinstance(line, dict):
        return None
    uscc, name = line.get("cornumber"), line.get("corname")
    role = ROLES.get(str(line.get("corrole")))
    if role is None or not isinstance(uscc, str) or not isinstance(name, str):
        return None
    uscc = uscc.strip().upper()
    if len(uscc) != 18 or not (uscc.isascii() and uscc.isalnum()) or not name.strip():
        return None
    return RegisteredRole(uscc, name.strip(), role)
