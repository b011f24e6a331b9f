"""What is asked and answered inside the gateway's envelope.

LOW CONFIDENCE, assumptions of ours throughout: no text of this service was found. The shapes follow
what integrators' code shows of the neighbouring services behind the same gateway: a question is
``{"appMark": .., "params": "<JSON>"}``, a result ``{"retcode": "000000", "msg": "..", "data": ..}``
whose ``data`` is an object or a text of JSON. The members' names follow the registration data
standard where it has one (``entName``, ``industryCo``), the failing retcodes are made up.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec
import structlog

from adapters.errors import AdapterError, Misconfigured, Refused, Unreachable
from adapters.names.port import PEER, Kind, ProposedName, Reservation, SimilarName, Why

log = structlog.get_logger("adapters.names")

SUCCESS = "000000"
SIMILAR_MAX = 20
KINDS: Mapping[str, Kind] = {"1": "same", "2": "similar"}
REASONS: Mapping[str, Why] = {
    "01": "whole_name",
    "02": "trade_word",
    "11": "sound",
    "12": "contained",
    "13": "one_character",
}

_FAILURES: Mapping[str, tuple[type[Refused | Misconfigured], str]] = {
    "100102": (Misconfigured, "request_wrong"),  # a parameter is missing
    "100201": (Misconfigured, "not_permitted"),  # the application may not ask this
    "100301": (Refused, "too_many_requests"),  # the minute's quota is used up
    "200101": (Refused, "name_taken"),  # somebody has it, or keeps it
    "200102": (Refused, "name_not_allowed"),  # the rules on names forbid it
    "200201": (Refused, "reservation_unknown"),  # not kept, or by somebody else
}


class Result(msgspec.Struct):
    retcode: str | int
    msg: str = ""
    data: Any = None


def question(app_id: str, **parameters: str) -> dict[str, str]:
    return {"appMark": app_id, "params": msgspec.json.encode(parameters).decode()}


def parameters_of(name: ProposedName) -> dict[str, str]:
    return {
        "entName": name.full,
        "nameDistrict": name.region,
        "district": name.region_code,
        "nameTrade": name.trade,
        "nameInd": name.industry,
        "industryCo": name.industry_code,
        "nameForm": name.form,
    }


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


def similar_names(data: Mapping[str, Any]) -> list[SimilarName]:
    """A line that cannot be understood makes the answer unusable: leaving it out would tell
    somebody that a taken name is free."""
    lines = data.get("list")
    if not isinstance(lines, list):
        raise Unreachable(PEER, "broken_answer")
    found = [_similar(line) for line in lines]
    return sorted(found, key=lambda one: one.kind != "same")[:SIMILAR_MAX]


def reservation_of(data: Mapping[str, Any]) -> Reservation:
    number, until = data.get("reserveNo"), data.get("validTo")
    if isinstance(number, bool) or not isinstance(number, str | int) or not isinstance(until, str):
        raise Unreachable(PEER, "broken_answer")
    try:
        return Reservation(str(number), date.fromisoformat(until[:10]))
    except ValueError as error:
        raise Unreachable(PEER, "broken_answer") from error


def found_reservation(data: Mapping[str, Any]) -> Reservation | None:
    """``{"count": 0}`` says that there is none; nothing else does."""
    if str(data.get("count")) == "0":
        return None
    return reservation_of(data)


def _similar(line: object) -> SimilarName:
    if isinstance(line, dict):
        name, kind = line.get("entName"), KINDS.get(str(line.get("simType")))
        if isinstance(name, str) and name.strip() and kind is not None:
            why = REASONS.get(str(line.get("reason", "")).zfill(2), "other")
            return SimilarName(name.strip(), kind, why)
    raise Unreachable(PEER, "broken_answer")


def _failure(retcode: str, words: str) -> AdapterError:
    shown = retcode if retcode.isascii() and retcode.isdigit() and len(retcode) <= 8 else "other"
    kind, code = _FAILURES.get(retcode, (None, ""))
    if kind is None:
        log.warning("name_library_retcode_unknown", retcode=shown)
        return Unreachable(PEER, f"unknown_{shown}", words)
    if kind is Misconfigured:
        log.warning("name_library_call_failed", retcode=shown, code=code)
    return kind(PEER, code, words)
