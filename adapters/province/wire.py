"""What goes over the wire to the province and what comes back, as pure functions.

The members marked "extension" are ours and may be ignored by a peer; everything else has the shape
of the known province-city interface (docs/adapters/province.md).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, Literal

import msgspec

from adapters.province.crypto import token_signature
from adapters.province.port import (
    FiledDocument,
    FiledItem,
    FiledMaterial,
    FiledSignature,
    Filing,
)
from adapters.province.settings import ProvinceSettings
from kit.clock import CHINA

SUBMIT_PATH = "/rest/OneBusinessOneLicense/submitApplicationInfo"
QUERY_PATH = "/rest/OneBusinessOneLicense/queryApplicationInfo"
"""Extension: the known interface has no way to ask whether a filing arrived."""

JOINT_MARK = "ZZLB"
"""An industry code that contains it means 证照三联办 to the peer."""

TOKEN_REFUSED = "token验证失败！"  # noqa: S105 - what the peer says
PACKAGE_MISSING = ("未配置相关主题套餐", "未查询到相关主题套餐")

COMMON_FORM = "DC_YYYZ_DWJBXX"
# The common form's fields by ours; the first that was answered is taken.
COMMON_FIELDS: Mapping[str, Sequence[str]] = {
    "ENTNAME": ("entity_name",),
    "UNISCID": ("credit_code",),
    "LEREP": ("legal_representative_name", "contact_name"),
    "TEL": ("contact_phone", "legal_representative_phone"),
    "OPLOC": ("premises_address", "domicile"),
}
# Sub-forms whose code is known. What stands inside them is not: they carry our own field codes.
SUB_FORMS: Mapping[str, str] = {
    "food_operation": "SPJY",
    "food_workshop_registration": "SPSCJG",
    "fire_safety_check": "XFAQJC",
    "high_risk_sports": "GWTYXM",
    "publication_retail": "CBWLS",
    "water_intake": "QSXK",
    "industrial_product_permit": "GYCPSCXK",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that was understood."""

    outcome: Literal["known", "absent", "refused", "token_refused", "package_missing"]
    upstream_no: str = ""
    text: str = ""
    """The peer's words; may be shown, never logged."""


class NotUnderstoodAnswer(Exception):
    """Neither of the peer's envelopes, or the one that it sends after an exception of its own."""

    def __init__(self, code: str, text: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.text = text


def token_headers(app_key: str, now: datetime, nonce: str) -> dict[str, str]:
    """``nonce``: ten hex digits, new for every call."""
    timestamp_s = int(now.timestamp())
    return {
        "x-aep-appkey": app_key,
        "x-aep-timestamp": str(timestamp_s),
        "x-aep-nonce": nonce,
        "x-aep-signature": token_signature(timestamp_s, app_key, nonce),
    }


def query_request(token: str, serial_no: str) -> dict[str, Any]:
    return {"token": token, "params": {"serialNo": serial_no}}


def submit_request(token: str, filing: Filing, settings: ProvinceSettings) -> dict[str, Any]:
    return {
        "token": token,
        "params": {
            "application": _application(filing, settings),
            "form": _form(filing),
            "material": {"material": [_material(m, settings) for m in filing.materials]},
        },
    }


def peer_time(instant: datetime) -> str:
    """The peer's way to write times: Beijing time, to the second, without a zone."""
    return instant.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")


def _application(filing: Filing, settings: ProvinceSettings) -> dict[str, Any]:
    code = filing.industry_code
    return {
        "industryName": filing.industry_name,
        "industryCode": code if JOINT_MARK in code else JOINT_MARK + code,
        "regcode": settings.peer_region(filing.region),
        "applyNo": filing.reference_no,
        "serialNo": filing.serial_no,
        "applyDate": peer_time(filing.applied_at),
        "item": [
            {
                "itemCode": settings.peer_item(item.code),
                "itemName": item.name,
                # Extension: whether the receiver outside may have what was filled in.
                **({} if item.sharing is None else {"sharing": item.sharing}),
            }
            for item in filing.items
        ],
        # Extensions.
        "operation": filing.operation,
        "delivery": dict(filing.delivery),
        **_who(filing),
        "signatures": [_signature(signature) for signature in filing.signatures],
    }


def _signature(signature: FiledSignature) -> dict[str, Any]:
    number = signature.id_number
    return {
        "name": signature.name.reveal(),
        "id_number": number.reveal() if number else "",
        "uscc": signature.uscc or "",
        "roles": list(signature.roles),
        "documents": dict(signature.documents),
        "signedAt": peer_time(signature.signed_at),
        "evidence": dict(signature.evidence),
    }


def _who(filing: Filing) -> dict[str, Any]:
    """Extensions: the known peer only has LEREP and TEL of the common form, which were typed."""
    who: dict[str, Any] = {}
    if filing.applicant is not None:
        phone = filing.applicant.phone
        who["applicant"] = {
            "name": filing.applicant.name.reveal(),
            "id_number": filing.applicant.id_number.reveal(),
            "phone": phone.reveal() if phone else "",
        }
    if filing.acting_for is not None:
        who["acting_for"] = {"uscc": filing.acting_for.uscc, "role": filing.acting_for.role}
    return who


def _form(filing: Filing) -> dict[str, Any]:
    common: dict[str, Any] = {}
    for peer_field, own_fields in COMMON_FIELDS.items():
        answered = (filing.answers[own] for own in own_fields if filing.answers.get(own))
        common[peer_field] = next(answered, "")
    form: dict[str, Any] = {COMMON_FORM: common}
    for item in filing.items:
        form.update(_sub_form(item))
    return form


def _sub_form(item: FiledItem) -> dict[str, Any]:
    """Repeated groups stand beside their form, as ``<form>_<FIELD>_LIST``, at the known peer."""
    name = f"DC_YYYZ_{SUB_FORMS.get(item.code, item.code.upper())}"
    plain = {code: answer for code, answer in item.answers.items() if not _is_group(answer)}
    groups = {
        f"{name}_{code.upper()}_LIST": list(answer)
        for code, answer in item.answers.items()
        if _is_group(answer)
    }
    return {name: plain, **groups}


def _is_group(answer: object) -> bool:
    return isinstance(answer, list | tuple) and any(isinstance(row, Mapping) for row in answer)


def _material(material: FiledMaterial, settings: ProvinceSettings) -> dict[str, Any]:
    return {
        "resourceName": material.name,
        "resourceCode": material.code,
        "resourceType": "ITEM",
        "files": [_file(document) for document in material.documents],
        # Extension: the items that this material serves.
        "items": [settings.peer_item(code) for code in material.serves],
    }


def _file(document: FiledDocument) -> dict[str, Any]:
    suffix = PurePosixPath(document.name).suffix.removeprefix(".").lower()
    return {
        "documentId": document.document_id,
        "documentName": document.name,
        "submitTime": peer_time(document.submitted_at),
        "fileType": suffix or document.media_type.rpartition("/")[2],
        # Extension: lets the receiver check what it downloads.
        "sha256": document.sha256,
    }


def read_token(body: bytes) -> str | None:
    """The token; None when the peer says that it gives none."""
    answer = unwrapped(body)
    if isinstance(answer, dict):
        token = answer.get("token")
        if isinstance(token, str) and token:
            return token
        if str(answer.get("code", "")) == "0":
            return None
    raise NotUnderstoodAnswer("unknown_answer")


def read_answer(body: bytes) -> Answer:
    """The answer of the submit and the query call. Raises :class:`NotUnderstoodAnswer`."""
    answer = unwrapped(body)
    if not isinstance(answer, dict):
        raise NotUnderstoodAnswer("unknown_answer")
    custom = answer.get("custom")
    if isinstance(custom, dict) and str(custom.get("code")) == "0":
        raise NotUnderstoodAnswer("exception_envelope", _text(custom.get("text")))
    state, upstream_no = str(answer.get("state", "")), answer.get("bizId")
    text = _text(answer.get("error"))
    if state == "200":
        if isinstance(upstream_no, str) and upstream_no:
            return Answer("known", upstream_no)
        return Answer("absent")
    if state != "300":
        raise NotUnderstoodAnswer("unknown_answer", text)
    if text == TOKEN_REFUSED:
        return Answer("token_refused")
    if any(words in text for words in PACKAGE_MISSING):
        return Answer("package_missing", text=text)
    return Answer("refused", text=text)


def unwrapped(body: bytes) -> object:
    """JSON that may stand inside a JSON string, even twice, as this peer's family likes to send."""
    value: object = body
    for _ in range(3):
        if not isinstance(value, bytes | str):
            return value
        try:
            value = msgspec.json.decode(value)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise NotUnderstoodAnswer("not_json") from error
    return value


def _text(value: object) -> str:
    return value[:500] if isinstance(value, str) else ""
