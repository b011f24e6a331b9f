"""What is asked and answered inside the gateway's envelope.

LOW CONFIDENCE, assumptions of ours throughout: no text of these services was found. The shapes
follow what integrators' code shows of the neighbouring services behind the same gateway (person
and company lookups of the single sign-on): a question is ``{"appMark": .., "params": "<JSON>"}``, a
result ``{"retcode": "000000", "msg": "..", "data": ..}`` whose ``data`` is an object or a text of
JSON, and members are named as there (``name``, ``certNo``, ``corname``, ``cornumber``,
``corrole``). The values of ``result`` and the failing retcodes are made up.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import structlog

from adapters.errors import AdapterError, Misconfigured, Refused, Unreachable
from adapters.identity.port import RegisteredRole, Role
from kit.secrets import IdNumber, PersonName

log = structlog.get_logger("adapters.identity")

PEER = "identity_register"
SUCCESS = "000000"
MATCH = "1"
NO_MATCH = frozenset({"2", "3"})
"""2: the name is another one. 3: there is no such number. Nobody outside is told which."""
PAGE_SIZE = 5
"""The neighbouring service gives no more at a time."""

ROLES: Mapping[str, Role] = {"0": "agent", "1": "administrator", "2": "legal_person"}
_STRENGTH: Mapping[Role, int] = {"agent": 0, "administrator": 1, "legal_person": 2}

_FAILURES: Mapping[str, tuple[type[Refused | Misconfigured], str]] = {
    "100101": (Refused, "number_invalid"),  # certNo is no ID number
    "100102": (Misconfigured, "request_wrong"),  # a parameter is missing
    "100201": (Misconfigured, "not_permitted"),  # the application may not ask this
    "100301": (Refused, "too_many_requests"),  # the minute's quota is used up
    "100302": (Refused, "too_many_requests"),  # the day's quota is used up
}


class Result(msgspec.Struct):
    retcode: str | int
    msg: str = ""
    data: Any = None


def question(app_id: str, name: PersonName, id_number: IdNumber, **more: str) -> dict[str, str]:
    parameters = {"name": name.reveal(), "certNo": id_number.reveal(), **more}
    return {"appMark": app_id, "params": msgspec.json.encode(parameters).decode()}


def data_of(answer: bytes) -> Mapping[str, Any]:
    """A success's ``data``; one of the adapter errors for anything else."""
    try:
        result = msgspec.json.decode(answer, type=Result)
        if str(result.retcode) != SUCCESS:
            raise _failure(str(result.retcode), result.msg)
        data = result.data
        return msgspec.convert(
            msgspec.json.decode(data) if isinstance(data, str) else data, dict[str, Any]
        )
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise Unreachable(PEER, "broken_answer") from error


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


def _failure(retcode: str, words: str) -> AdapterError:
    shown = retcode if retcode.isascii() and retcode.isdigit() and len(retcode) <= 8 else "other"
    kind, code = _FAILURES.get(retcode, (None, ""))
    if kind is None:
        log.warning("register_retcode_unknown", retcode=shown)
        return Unreachable(PEER, f"unknown_{shown}", words)
    if kind is Misconfigured:
        log.warning("register_call_failed", retcode=shown, code=code)
    return kind(PEER, code, words)
