"""What is asked and answered inside the envelope of :mod:`adapters.gateway_service`.

LOW CONFIDENCE, assumptions of ours throughout: no text of this service was found. The members'
names follow the registration data standard where it has one (``entName``, ``industryCo``), the
failing retcodes are made up.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from adapters.errors import Meaning, Refused, Unreachable
from adapters.names.port import PEER, Kind, ProposedName, Reservation, SimilarName, Why

SIMILAR_MAX = 20
KINDS: Mapping[str, Kind] = {"1": "same", "2": "similar"}
REASONS: Mapping[str, Why] = {
    "01": "whole_name",
    "02": "trade_word",
    "11": "sound",
    "12": "contained",
    "13": "one_character",
}

FAILURES: Mapping[str, Meaning] = {
    "200101": Meaning(Refused, "name_taken"),  # somebody has it, or keeps it
    "200102": Meaning(Refused, "name_not_allowed"),  # the rules on names forbid it
    "200201": Meaning(Refused, "reservation_unknown"),  # not kept, or by somebody else
}


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
