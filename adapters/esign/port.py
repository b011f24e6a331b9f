"""What the product needs of the province's e-signature service (电子签名, 电子认证): one person
signs the digests of some documents, on a page of the service, with a certificate of his own.

That such a service exists is known (在线签名 is a function of the one-window, and signatures are
checked before anything is submitted); its text is not public. What is here is what our side needs;
how it goes over the wire is an assumption of ours with LOW CONFIDENCE, UNVERIFIED (see
:mod:`adapters.esign.documents`). Errors are those of :mod:`adapters.errors`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from kit.secrets import IdNumber, PersonName

FlowState = Literal["pending", "signed", "refused", "expired", "invalid"]
"""``invalid``: the service says that it was signed, and what it shows for it proves nothing."""


@dataclass(frozen=True, slots=True)
class SignedDocument:
    """One document that is signed by its digest."""

    code: str
    title: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Signatory:
    """Who signs; for a company when ``uscc`` is there."""

    name: PersonName
    id_number: IdNumber
    uscc: str | None = None


@dataclass(frozen=True, slots=True)
class SigningFlow:
    """One person's signing, open at the service."""

    flow_id: str
    url: str
    """The service's page, on which the person signs."""
    expires_in_s: int


@dataclass(frozen=True, slots=True)
class OpenFlow:
    """A flow that was begun, with all that its outcome is checked against."""

    reference: str
    flow_id: str
    signatory: Signatory
    documents: Sequence[SignedDocument]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What proves a signature to anybody who trusts the authority, without us and without them."""

    reference: str
    digest: str
    """SM3 of the signed text, hexadecimal."""
    signature: str = field(repr=False)
    """SM2, DER in Base64, of the digest."""
    certificate: str = field(repr=False)
    """The signatory's, X.509, DER in Base64."""
    signed_at: datetime


@dataclass(frozen=True, slots=True)
class FlowOutcome:
    state: FlowState
    evidence: Evidence | None = None
    """With ``signed`` only, and then it has been verified."""
    fault: str = ""
    """With ``invalid``: what is wrong with it, one word of ours."""


class ESignature(Protocol):
    """Any call: Refused with ``too_many_requests`` when our quota is used up; Misconfigured when
    the gateway or the service does not let our application in; Unreachable when no usable answer
    came.

    ``reference`` is ours, at most 64 letters, digits and ``-``: whoever begins again with the same
    one finds the same flow, so a lost answer costs nothing.
    """

    async def begin(
        self, reference: str, signatory: Signatory, documents: Sequence[SignedDocument]
    ) -> SigningFlow:
        """One flow, of one signatory. Refused with ``reference_taken`` when another signatory or
        other documents were begun under the reference, ``flow_over`` when it has ended without a
        signature, ``signatory_refused`` when the service gives this person no certificate."""
        ...

    async def outcome(self, flow: OpenFlow) -> FlowOutcome:
        """How it stands. ``signed`` only after the signature, the certificate, its authority, its
        owner and its time have been verified by us. Refused with ``flow_unknown``."""
        ...
