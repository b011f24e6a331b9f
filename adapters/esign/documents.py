"""What is asked and answered inside the gateway's envelope.

LOW CONFIDENCE, UNVERIFIED, assumptions of ours throughout: no text of this service was found. The
shapes follow what integrators' code shows of the neighbouring services behind the same gateway: a
question is ``{"appMark": .., "params": "<JSON>"}``, a result ``{"retcode": "000000", "msg": "..",
"data": ..}`` whose ``data`` is an object or a text of JSON. The failing retcodes are made up.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import structlog

from adapters.errors import AdapterError, Misconfigured, Refused, Unreachable
from adapters.esign.evidence import digest_of
from adapters.esign.port import Evidence, FlowState, Signatory, SignedDocument, SigningFlow

log = structlog.get_logger("adapters.esign")

PEER = "e_signature"
SUCCESS = "000000"
STATES: Mapping[str, FlowState] = {
    "0": "pending",
    "1": "signed",
    "2": "refused",
    "3": "expired",
}
_URL_LENGTH_MAX = 1024
_ID_LENGTH_MAX = 64

_FAILURES: Mapping[str, tuple[type[Refused | Misconfigured], str]] = {
    "100102": (Misconfigured, "request_wrong"),  # a parameter is missing
    "100201": (Misconfigured, "not_permitted"),  # the application may not ask this
    "100301": (Refused, "too_many_requests"),  # the minute's quota is used up
    "300101": (Refused, "reference_taken"),  # applyNo has another signatory or other documents
    "300102": (Refused, "flow_over"),  # refused or expired; a new applyNo is needed
    "300103": (Refused, "signatory_refused"),  # no certificate for this person
    "300201": (Refused, "flow_unknown"),  # there is no such flow, or not of this applyNo
}


class Result(msgspec.Struct):
    retcode: str | int
    msg: str = ""
    data: Any = None


def question(app_id: str, **parameters: object) -> dict[str, str]:
    return {"appMark": app_id, "params": msgspec.json.encode(parameters).decode()}


def beginning(
    reference: str, signatory: Signatory, documents: Sequence[SignedDocument]
) -> dict[str, object]:
    return {
        "applyNo": reference,
        "name": signatory.name.reveal(),
        "certNo": signatory.id_number.reveal(),
        "creditCode": signatory.uscc or "",
        "digestAlg": "SM3",
        "digest": digest_of(reference, signatory, documents),
        "files": [
            {"fileCode": one.code, "fileName": one.title, "fileHash": one.sha256}
            for one in documents
        ],
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


def flow_of(data: Mapping[str, Any]) -> SigningFlow:
    flow_id, url = data.get("flowNo"), data.get("signUrl")
    expires = str(data.get("validSeconds"))
    if not _is_text(flow_id, _ID_LENGTH_MAX) or not _is_text(url, _URL_LENGTH_MAX):
        raise Unreachable(PEER, "broken_answer")
    if not str(url).startswith(("https://", "http://")) or not _is_whole(expires):
        raise Unreachable(PEER, "broken_answer")
    return SigningFlow(str(flow_id), str(url), int(expires))


def state_of(data: Mapping[str, Any]) -> FlowState:
    state = STATES.get(str(data.get("status")))
    if state is None:
        raise Unreachable(PEER, "broken_answer")
    return state


def evidence_of(data: Mapping[str, Any]) -> Evidence:
    """As it was told; nothing is believed yet."""
    texts = [data.get(name) for name in ("applyNo", "digest", "signValue", "signCert", "signTime")]
    if not all(isinstance(text, str) and text for text in texts):
        raise Unreachable(PEER, "broken_answer")
    reference, digest, signature, certificate, at = (str(text) for text in texts)
    try:
        signed_at = datetime.fromisoformat(at)
    except ValueError as error:
        raise Unreachable(PEER, "broken_answer") from error
    if signed_at.tzinfo is None:
        raise Unreachable(PEER, "broken_answer")
    return Evidence(reference, digest.lower(), signature, certificate, signed_at)


def _is_text(value: object, length_max: int) -> bool:
    return isinstance(value, str) and 0 < len(value) <= length_max and value.isprintable()


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 7


def _failure(retcode: str, words: str) -> AdapterError:
    shown = retcode if retcode.isascii() and retcode.isdigit() and len(retcode) <= 8 else "other"
    kind, code = _FAILURES.get(retcode, (None, ""))
    if kind is None:
        log.warning("e_signature_retcode_unknown", retcode=shown)
        return Unreachable(PEER, f"unknown_{shown}", words)
    if kind is Misconfigured:
        log.warning("e_signature_call_failed", retcode=shown, code=code)
    return kind(PEER, code, words)
