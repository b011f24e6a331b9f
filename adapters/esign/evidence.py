"""What is signed, and whether what comes back proves that it was.

The signed text is ours (LOW CONFIDENCE as everything here): the reference, the person, and one line
for each document, so that a signature of another flow, another person or other documents is
another text. The service signs its SM3 digest.
"""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime, timedelta

from adapters.esign.certificates import (
    Certificate,
    NoCertificate,
    is_vouched_for,
    read_certificate,
)
from adapters.esign.port import Evidence, OpenFlow, Signatory, SignedDocument
from adapters.gm import sm3_hex

CLOCKS_APART = timedelta(minutes=5)
"""How far the service's clock may be ahead of ours."""


class Unproven(Exception):
    """Its text is a word of ours."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.fault = fault


def digest_of(reference: str, signatory: Signatory, documents: Sequence[SignedDocument]) -> str:
    """SM3, hexadecimal; the documents in the order of their codes."""
    number = sm3_hex(signatory.id_number.reveal().encode())
    lines = ["esign/1", reference, number, signatory.uscc or ""]
    lines += sorted(f"{document.code}:{document.sha256}" for document in documents)
    return sm3_hex("\n".join(lines).encode())


def verified(
    flow: OpenFlow,
    told: Evidence,
    authorities: Sequence[Certificate],
    now: datetime,
) -> Evidence:
    """The evidence if it proves that this flow's person signed these documents, else
    :class:`Unproven`. Blocks for some thirty milliseconds."""
    expected = digest_of(flow.reference, flow.signatory, flow.documents)
    if told.reference != flow.reference or told.digest != expected:
        raise Unproven("other_text")
    try:
        certificate = read_certificate(told.certificate)
        signature = base64.b64decode(told.signature, validate=True)
    except NoCertificate:
        raise Unproven("certificate_unreadable") from None
    except binascii.Error:
        raise Unproven("signature_unreadable") from None
    _refuse_bad_certificate(certificate, flow.signatory, told.signed_at, authorities)
    if told.signed_at > now + CLOCKS_APART:
        raise Unproven("signed_in_the_future")
    if not certificate.key.verifies(bytes.fromhex(expected), signature):
        raise Unproven("signature_wrong")
    return told


def _refuse_bad_certificate(
    certificate: Certificate,
    person: Signatory,
    at: datetime,
    authorities: Sequence[Certificate],
) -> None:
    if not certificate.belongs_to(person.name.reveal(), person.id_number.reveal()):
        raise Unproven("certificate_of_another")
    if not certificate.is_valid(at):
        raise Unproven("certificate_expired")
    if not is_vouched_for(certificate, [one for one in authorities if one.is_valid(at)]):
        raise Unproven("authority_unknown")
