"""How the results reach the applicant: what was chosen when submitting and what the form says are
one delivery, or nobody knows where the licence went."""

from collections.abc import Mapping

import msgspec

from kit.lines import line_faults
from kit.problems import FieldError, InvalidRequest
from kit.text import Text
from miniprogram_api.applications.problems import DeliveryContradicts
from miniprogram_api.applications.schemas import DeliveryChoice
from miniprogram_api.catalogue.service import LookupEntry

_METHODS: Mapping[object, str] = {"window": "window", "mail": "courier", "self_service": "kiosk"}
"""The form's words (证照领取方式) and the contract's."""
_KINDS = {method: kind for kind, method in _METHODS.items()}
_NEEDED = {"courier": ("name", "phone", "address")}


def agreed_delivery(
    chosen: DeliveryChoice, answers: Mapping[str, object], places: Mapping[str, LookupEntry]
) -> dict[str, str]:
    """``answers``: those that count, by field. Where the form asks, its answers fill in what was
    left out; what both say has to be the same. ``places``: the list of the plan. Raises
    DeliveryContradicts, and InvalidRequest for a delivery that cannot be made."""
    given: dict[str, str] = msgspec.to_builtins(chosen)
    said = _said(answers)
    if said.get("place") not in places:
        # An older list asks it as a text, which stays in the answers; by this one's rules an answer
        # that is not among the places is not right, and nothing is submitted.
        said.pop("place", None)
    contradictions = [name for name in said if given.get(name, said[name]) != said[name]]
    if contradictions:
        raise DeliveryContradicts(contradictions)
    delivery = {**said, **given}
    faults = [
        FieldError(f"/delivery/{name}", "required", Text("请填写收件信息", "Say where to send it"))
        for name in _NEEDED.get(delivery["method"], ())
        if name not in delivery
    ]
    for name in ("name", "address"):
        if name in given:
            faults += line_faults(f"/delivery/{name}", given[name])
    faults += _place_faults(delivery, places)
    if faults:
        raise InvalidRequest(errors=faults)
    return delivery


def _said(answers: Mapping[str, object]) -> dict[str, str]:
    """What the form says, in the words of the contract; nothing where it does not ask."""
    method = _METHODS.get(answers.get("collection_mode"))
    if method is None:
        return {}
    address = answers.get("delivery_address")
    parts = address if isinstance(address, dict) else {}
    found = {
        "name": answers.get("delivery_receiver"),
        "phone": answers.get("delivery_phone"),
        "region": parts.get("region"),
        "address": f"{parts.get('street') or ''}{parts.get('detail') or ''}",
        "postal_code": answers.get("delivery_postal_code"),
        "place": answers.get("collection_window"),
    }
    told = {name: value for name, value in found.items() if isinstance(value, str) and value}
    return {"method": method, **told}


def _place_faults(
    delivery: Mapping[str, str], places: Mapping[str, LookupEntry]
) -> list[FieldError]:
    place = delivery.get("place")
    if place is None:
        return []
    entry = places.get(place)
    if entry is not None and entry.details["kind"] == _KINDS[delivery["method"]]:
        return []
    text = Text("请从列表中选择领取地点", "Choose a place from the list")
    return [FieldError("/delivery/place", "unknown_place", text)]
