"""How the service's answers are read.

Seen in one integrator's code (confidence high): the nesting, the member names, that ``data`` may
be a text of JSON at each level, ``code`` "200" and ``header.status`` "1" for success. LOW
CONFIDENCE, assumptions of ours: every other code (read as the HTTP status that 200 suggests), a
``header`` whose status is not "1" without any data for a company that is not there, the words by
which posts and states are told, and the forms of dates.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

import msgspec
import structlog

from adapters.errors import AdapterError, Misconfigured, Refused, Unreachable
from adapters.licences.port import Kind, Officer, RegisteredCompany, Shareholder, State
from kit.secrets import IdNumber, PersonName

log = structlog.get_logger("adapters.licences")

PEER = "licences"
TOO_MANY_PAUSE_S = 60.0
LEVELS_MAX = 4
"""Of ``data`` inside ``data``; three were seen."""
ROWS_MAX = 200
TEXT_MAX = 4000

Members: TypeAlias = Mapping[str, Any]

_DATE = re.compile(r"([0-9]{4})[-/年]?([0-9]{2})[-/月]?([0-9]{2})")
_LONG_TERM_FROM = 2900
"""A term that ends in such a year (9999-12-31) is a long one."""
_ID_NUMBER = re.compile(r"[0-9]{17}[0-9X]")
_DOCUMENT_NUMBER = re.compile(r"[0-9A-Z()/-]{5,32}")
_RESIDENT = frozenset({"10", "01", "中华人民共和国居民身份证", "居民身份证"})
"""``certype`` "10" was seen for the identity card."""
_ACTIVE = ("在营", "存续", "开业", "在册", "正常")


class TokenRejected(Exception):
    """The bearer is not, or no longer, accepted."""


def token_in(answer: tuple[int, bytes]) -> tuple[str, int]:
    """The token and its life in seconds; the adapter errors. ``answer``: HTTP status and body."""
    status, body = answer
    data = _opened(status, body)
    token, life = data.get("access_token"), data.get("expires_in")
    life_s = _whole(life)
    if not isinstance(token, str) or not token.isascii() or not token or not life_s:
        raise Unreachable(PEER, "broken_answer")
    return token, life_s


def company_in(answer: tuple[int, bytes], uscc: str) -> RegisteredCompany:
    """What is registered; :class:`TokenRejected` and the adapter errors."""
    status, body = answer
    if status == 401:
        raise TokenRejected
    try:
        found = _opened(status, body)
    except Misconfigured as error:
        if error.code == "not_admitted_401":
            raise TokenRejected from error
        raise
    base = _members(found.get("baseinfo"))
    if base is None:
        raise Unreachable(PEER, "broken_answer")
    company = _company(uscc, found, base)
    told = _text(base, "uniscid").upper()
    if told not in {uscc, ""} or not company.name:
        # Somebody else's entry must never get into a form.
        log.warning("licence_of_another")
        raise Unreachable(PEER, "another_company")
    return company


def _opened(status: int, body: bytes) -> Members:
    """The innermost ``data``, through every envelope around it."""
    level = _envelope(status, body)
    for _ in range(LEVELS_MAX):
        _refuse_failures(level)
        if "data" not in level:
            if level.get("code") is None and status >= 400:
                raise _failure(str(status), "")
            return level
        inner = _members(level["data"])
        if inner is None:
            if "header" in level and not level["data"]:
                raise Refused(PEER, "not_found")
            break
        level = inner
    raise Unreachable(PEER, "broken_answer")


def _envelope(status: int, body: bytes) -> Members:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        if status >= 400:
            raise _failure(str(status), "") from error
        raise Unreachable(PEER, "broken_answer") from error


def _refuse_failures(level: Members) -> None:
    code, header = level.get("code"), _members(level.get("header"))
    if code is not None and str(code) != "200":
        raise _failure(str(code), str(level.get("msg") or ""))
    if header is not None and str(header.get("status")) != "1":
        raise _header_failure(str(header.get("status")), level)


def _members(value: object) -> Members | None:
    """An object, or a text of JSON that holds one."""
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value)
        except msgspec.DecodeError:
            return None
    return value if isinstance(value, dict) else None


def _header_failure(status: str, level: Members) -> AdapterError:
    data = _members(level.get("data"))
    if not data or not data.get("baseinfo"):
        return Refused(PEER, "not_found")
    return Unreachable(PEER, f"unknown_{_shown(status)}")


def _failure(code: str, words: str) -> AdapterError:
    """The peer's words may repeat what we sent: into ``reason``, never into a log."""
    shown = _shown(code)
    log.warning("licences_call_failed", code=shown)
    if code == "404":
        return Refused(PEER, "not_found", words)
    if code == "429":
        return Unreachable(
            PEER,
            "too_many_requests",
            words,
            may_have_acted=False,
            retry_after_s=TOO_MANY_PAUSE_S,
        )
    if len(shown) == 3 and shown.startswith("4"):
        return Misconfigured(PEER, f"not_admitted_{shown}", words)
    return Unreachable(PEER, f"unknown_{shown}", words)


def _shown(code: str) -> str:
    return code if code.isascii() and code.isdigit() and len(code) <= 8 else "other"


def _company(uscc: str, found: Members, base: Members) -> RegisteredCompany:
    operator = _members(found.get("operator")) or {}
    kind: Kind = "individual" if _text(base, "traname") or operator else "company"
    officers = [one for row in _rows(found, "priPerson") if (one := _officer(row)) is not None]
    name, head = _name_and_head(kind, base, operator)
    return RegisteredCompany(
        uscc=uscc,
        name=name,
        kind=kind,
        state=_state(found, base),
        state_text=_text(base, "regstateCn"),
        legal_representative=PersonName(head),
        legal_representative_id=_number_of_head(head, operator, officers),
        type_text=_text(base, "enttypeCn") or _text(base, "compformCn"),
        domicile=_text(base, "dom") or _text(base, "oploc"),
        scope=_text(base, "opscope"),
        capital_wan=_amount(base.get("regcap")),
        currency=_text(base, "regcapcurCn"),
        term_from=_date(base.get("opfrom")),
        term_to=_end(base.get("opto")),
        industry_class=_digits_or_letter(base, "industryphy", 1),
        industry=_digits_or_letter(base, "industryco", 4),
        employees=_whole(base.get("empnum")),
        officers=officers,
        shareholders=[
            held for row in _rows(found, "invPerson") if (held := _shareholder(row)) is not None
        ],
        branches=sum("注销" not in _text(row, "regstateCn") for row in _rows(found, "brchinfo")),
        investments=len(_rows(found, "investment")),
    )


def _name_and_head(kind: Kind, base: Members, operator: Members) -> tuple[str, str]:
    if kind == "individual":
        return _text(base, "traname"), _text(operator, "name") or _text(base, "name")
    return _text(base, "entname"), _text(base, "lerep")


def _number_of_head(head: str, operator: Members, officers: Sequence[Officer]) -> IdNumber | None:
    """Of the officers with the head's name, if they have one number between them."""
    if operator:
        return _id_number(operator.get("cerno"))
    numbers = {one.id_number for one in officers if one.name.reveal() == head and one.id_number}
    return numbers.pop() if head and len(numbers) == 1 else None


def _state(found: Members, base: Members) -> State:
    """The entries of their own count before the words: the words lag."""
    words = _text(base, "regstateCn")
    if found.get("cancel") or ("注销" in words and "未注销" not in words):
        return "cancelled"
    if found.get("revoke") or "吊销" in words:
        return "revoked"
    return "active" if any(word in words for word in _ACTIVE) else "other"


def _officer(row: Members) -> Officer | None:
    name = _text(row, "name")
    if not name:
        return None
    document = _text(row, "certype") or _text(row, "certypeCn")
    is_resident = document in _RESIDENT
    number = _id_number(row.get("cerno")) if is_resident else _document_number(row.get("cerno"))
    return Officer(PersonName(name), _text(row, "positionCn"), is_resident, number)


def _shareholder(row: Members) -> Shareholder | None:
    name = _text(row, "inv")
    if not name:
        return None
    return Shareholder(
        PersonName(name),
        _text(row, "certypeCn"),
        _document_number(row.get("cerno")),
        _amount(row.get("lisubconam")),
        _amount(row.get("liacconam")),
    )


def _rows(found: Members, name: str) -> list[Members]:
    value = found.get(name)
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value)
        except msgspec.DecodeError:
            return []
    rows = value if isinstance(value, list) else []
    return [row for row in rows[:ROWS_MAX] if isinstance(row, dict)]


def _text(members: Members, name: str) -> str:
    value = members.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    return value.strip()[:TEXT_MAX] if isinstance(value, str) else ""


def _digits_or_letter(members: Members, name: str, length: int) -> str:
    text = _text(members, name).upper()
    return text if len(text) == length and text.isascii() and text.isalnum() else ""


def _id_number(value: object) -> IdNumber | None:
    """None for what is shortened or starred."""
    text = value.strip().upper() if isinstance(value, str) else ""
    return IdNumber(text) if _ID_NUMBER.fullmatch(text) else None


def _document_number(value: object) -> IdNumber | None:
    text = value.strip().upper() if isinstance(value, str) else ""
    return IdNumber(text) if _DOCUMENT_NUMBER.fullmatch(text) else None


def _amount(value: object) -> Decimal | None:
    """万元, as the feed has it."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        amount = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and amount >= 0 else None


def _whole(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    text = str(value).strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


def _date(value: object) -> date | None:
    match = _DATE.match(value.strip()) if isinstance(value, str) else None
    if match is None:
        return None
    try:
        return date(*(int(part) for part in match.groups()))
    except ValueError:
        return None


def _end(value: object) -> date | None:
    end = _date(value)
    return None if end is None or end.year >= _LONG_TERM_FROM else end
