"""What the product needs of the provincial one-window system.

The shape is modelled on the known province-city interface of the 一业一证/三联办 platform; no
public contract of the one-window exists.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from kit.secrets import IdNumber, PersonName, PhoneNumber


@dataclass(frozen=True, slots=True)
class FiledItem:
    code: str
    """Our item code; the adapter's table gives the peer's."""
    name: str
    answers: Mapping[str, Any]
    """The answers to this item's questions, by field code; none when they must not be shared."""
    sharing: bool | None = None
    """Whether the applicant agreed that the receiver outside the administration (a bank, a seal
    shop) gets them; None: the item has no such receiver."""


@dataclass(frozen=True, slots=True)
class FiledApplicant:
    """The person who applies, as an identity check proved."""

    name: PersonName
    id_number: IdNumber
    phone: PhoneNumber | None


@dataclass(frozen=True, slots=True)
class FiledRole:
    """The company for which the person applies."""

    uscc: str
    role: str
    """legal_person, administrator or agent"""


@dataclass(frozen=True, slots=True)
class FiledDocument:
    document_id: str
    name: str
    media_type: str
    sha256: str
    submitted_at: datetime


@dataclass(frozen=True, slots=True)
class FiledMaterial:
    code: str
    name: str
    serves: Sequence[str]
    documents: Sequence[FiledDocument]


@dataclass(frozen=True, slots=True)
class FiledSignature:
    """One person's or one company's signature on some of the filed materials."""

    name: PersonName
    id_number: IdNumber | None
    uscc: str | None
    """Of the company for which was signed."""
    roles: Sequence[str]
    documents: Mapping[str, str]
    """SHA-256 by the material's code."""
    signed_at: datetime
    evidence: Mapping[str, str] = field(repr=False)
    """``reference``, ``digest`` (SM3), ``signature`` and ``certificate`` (DER in Base64)."""


@dataclass(frozen=True, slots=True)
class Filing:
    """One submission, frozen. ``serial_no`` is the key that does not depend on the attempt."""

    serial_no: str
    """32 hex digits: the application's id."""
    reference_no: str
    operation: str
    region: str
    industry_code: str
    industry_name: str
    applied_at: datetime
    answers: Mapping[str, Any] = field(repr=False)
    """All answers by field code; the adapter picks the peer's common form out of them."""
    items: Sequence[FiledItem] = field(repr=False)
    materials: Sequence[FiledMaterial] = field(repr=False)
    delivery: Mapping[str, Any] = field(repr=False, default_factory=dict)
    applicant: FiledApplicant | None = None
    """None for what was submitted before identities were filed."""
    acting_for: FiledRole | None = None
    signatures: Sequence[FiledSignature] = field(repr=False, default=())


@dataclass(frozen=True, slots=True)
class Receipt:
    """The province has the filing."""

    upstream_no: str
    """The peer's case number (bizId)."""


@dataclass(frozen=True, slots=True)
class StatusNotice:
    """One matter's news from the province, already in our vocabulary."""

    event_id: str
    """Equal for repeats of the same notice, different otherwise."""
    serial_no: str
    item_code: str
    """Our item code."""
    state: str
    """A state of ``design.md`` 6: accepted, accepted_conditionally, not_accepted,
    correction_required, correction_submitted, in_review, inspection, suspended, approved,
    rejected, completed, voided, pre_review_returned. Or ``unknown``: the peer's code is in no
    table of ours, so the notice is to be kept for an operator and moves nothing."""
    peer_code: str
    """The peer's own state code as it came."""
    peer_time: datetime | None
    peer_sequence: int | None
    """The peer's order of events of one matter, where it tells one."""
    reason: str = field(default="", repr=False)
    fields: Sequence[str] = ()
    materials: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class CertificateNotice:
    """A licence or another result that a matter ended with."""

    event_id: str
    serial_no: str
    item_code: str
    """Our item code; empty for a certificate of the whole application."""
    name: str
    certificate_no: str
    issued_by: str
    issued_on: str
    """yyyy-MM-dd"""
    face: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """All face fields of the certificate as they came."""


class OneWindow(Protocol):
    """Calls to the province. Errors are those of :mod:`adapters.errors`."""

    async def submit(self, filing: Filing) -> Receipt:
        """Forward one filing. The peer is not idempotent: after Unreachable with
        ``may_have_acted`` ask :meth:`look_up` before calling again. Refused carries the
        peer's text as ``reason``."""
        ...

    async def look_up(self, serial_no: str) -> Receipt | None:
        """Did an earlier try arrive? None when the province has no such filing."""
        ...

    async def check(self) -> None:
        """Configuration and reach, changing nothing. Raises like a call would."""
        ...


class OneWindowCallbacks(Protocol):
    """The province's pushes to us. Both callers of the known peer are read: a form field ``data``
    (or ``param`` for certificates) with JSON text, and a raw JSON body."""

    def read_status(self, content_type: str, body: bytes) -> list[StatusNotice]:
        """Raises NotAuthentic for a wrong token, app key or undecipherable data, and NotUnderstood
        for what the province sent but nobody can read. All notices of a push, or none."""
        ...

    def read_certificate(self, content_type: str, body: bytes) -> list[CertificateNotice]:
        """Raises as :meth:`read_status` does."""
        ...

    def allows_document_download(self, token: str) -> bool:
        """Whether ``token`` is the province's for fetching a filed document from us."""
        ...

    def answer(self, ok: bool) -> bytes:
        """The peer's odd answer: an escaped JSON string literal with the key ``massage``."""
        ...


class NotAuthentic(Exception):
    """The sender did not prove to be the province. ``args[0]`` is a short reason without data."""


class NotUnderstood(Exception):
    """The province's own push in a shape that is not its. ``args[0]`` is a short reason without
    data. To be answered with ``answer(False)``, so that the peer keeps it, and to be alarmed."""
