"""What is asked and answered inside the envelope of :mod:`adapters.gateway_service`.

LOW CONFIDENCE, UNVERIFIED, assumptions of ours throughout: no text of this service was found. The
failing retcodes are made up.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from adapters.errors import Meaning, Refused, Unreachable
from adapters.esign.evidence import digest_of
from adapters.esign.port import Evidence, FlowState, Signatory, SignedDocument, SigningFlow

PEER = "e_signature"
STATES: Mapping[str, FlowState] = {
    "0": "pending",
    "1": "signed",
    "2": "refused",
    "3": "expired",
}
_URL_LENGTH_MAX = 1024
_ID_LENGTH_MAX = 64

FAILURES: Mapping[str, Meaning] = {
    "300101": Meaning(Refused, "reference_taken"),  # applyNo: other signatory, other documents
    "300102": Meaning(Refused, "flow_over"),  # refused or expired; a new applyNo is needed
    "300103": Meaning(Refused, "signatory_refused"),  # no certificate for this person
    "300201": Meaning(Refused, "flow_unknown"),  # there is no such flow, or not of this applyNo
}


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
