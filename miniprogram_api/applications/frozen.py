"""What was submitted, frozen: one canonical text, its hash, and the filing that is made of it.

The canonical text is JSON in UTF-8 with all object members in the order of their names, without
white space and without escapes that JSON does not demand; ``content_hash`` is its SHA-256 in hex.
Anybody who has the content can so make the hash again (docs/applications.md).
"""

import hashlib
from datetime import datetime

import msgspec

from adapters.province.port import (
    FiledApplicant,
    FiledDocument,
    FiledItem,
    FiledMaterial,
    FiledRole,
    FiledSignature,
    Filing,
)
from kit.secrets import IdNumber, KeyRing, PersonName, PhoneNumber
from miniprogram_api.applications.models import Application

FORMAT = "application/3"
"""2 adds ``applicant``, ``acting_for``, ``consents`` and the items' ``consent``, 3 ``signatures``.
What was frozen before is still opened; its hash is of the bytes that are kept, so the new members
do not touch it."""


class FrozenItem(msgspec.Struct, frozen=True):
    code: str
    name: str
    department: str
    fields: list[str]
    """The codes of the answers that this item needs."""
    consent: str | None = None
    """What the applicant must have agreed to for a receiver outside to get them; None: no such
    receiver."""


class FrozenFile(msgspec.Struct, frozen=True):
    id: str
    name: str
    media_type: str
    size: int
    sha256: str
    at: datetime


class FrozenMaterial(msgspec.Struct, frozen=True):
    code: str
    name: str
    serves: list[str]
    files: list[FrozenFile]


class FrozenApplicant(msgspec.Struct, frozen=True):
    """Who applied, as the identity check proved it; not what was typed into the form."""

    name: str
    id_number: str
    phone: str | None

    def __repr__(self) -> str:
        return "FrozenApplicant(***)"


class FrozenRole(msgspec.Struct, frozen=True):
    """The company that the applicant acted for, and as what."""

    uscc: str
    role: str


class FrozenEvidence(msgspec.Struct, frozen=True):
    """What proves a signature: our reference and the digest that was signed (SM3, hexadecimal), the
    signature and the signer's certificate (DER in Base64)."""

    reference: str
    digest: str
    signature: str
    certificate: str


class FrozenSignature(msgspec.Struct, frozen=True):
    """Who signed which of the documents that are filed; ``documents``: SHA-256 by material."""

    name: str
    id_number: str | None
    uscc: str | None
    roles: list[str]
    documents: dict[str, str]
    signed_at: datetime
    evidence: FrozenEvidence

    def __repr__(self) -> str:
        return "FrozenSignature(***)"


class FrozenContent(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the applicant stands for. Holds personal data: sealed wherever it lies."""

    format: str = FORMAT
    draft_id: str
    revision: int
    catalogue_version: str
    operation: str
    region: str
    theme: str
    mode: str
    industry_code: str
    industry_name: str
    items: list[FrozenItem]
    answers: dict[str, object]
    """By field code; only of questions that were asked in the end."""
    materials: list[FrozenMaterial]
    delivery: dict[str, str]
    declaration: bool
    applicant: FrozenApplicant | None = None
    """None only in what was frozen as ``application/1``."""
    acting_for: FrozenRole | None = None
    consents: dict[str, bool] = {}
    """Those that the items needed, and whether they were in force."""
    signatures: list[FrozenSignature] = []
    """Of everybody who had to sign; none in what was frozen before there were any."""

    def shares(self, item: FrozenItem) -> bool | None:
        """Whether a receiver outside may get the item's answers; None when there is no such
        receiver."""
        return None if item.consent is None else self.consents.get(item.consent, False)

    @property
    def withheld(self) -> frozenset[str]:
        """The codes of the items that are filed without what was filled in for them."""
        return frozenset(item.code for item in self.items if self.shares(item) is False)


_encoder = msgspec.json.Encoder(order="sorted")


def canonical(content: FrozenContent) -> bytes:
    return _encoder.encode(content)


def hash_of_content(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


def sealed(ring: KeyRing, application_id: str, text: bytes) -> bytes:
    return ring.seal(text, _context(application_id))


def opened(ring: KeyRing, application: Application) -> FrozenContent:
    return msgspec.json.decode(opened_text(ring, application), type=FrozenContent)


def opened_text(ring: KeyRing, application: Application) -> bytes:
    """The very bytes that the hash is of."""
    return ring.open(application.frozen_cipher, _context(application.id))


def filed_materials(content: FrozenContent) -> list[FrozenMaterial]:
    """Without what only serves items whose receiver outside must not have it."""
    withheld, filed = content.withheld, []
    for material in content.materials:
        serves = [item for item in material.serves if item not in withheld]
        if serves or not material.serves:
            filed.append(msgspec.structs.replace(material, serves=serves))
    return filed


def filing_of(application: Application, content: FrozenContent) -> Filing:
    """What goes to the province; the application's id is the key that no attempt changes.

    An item whose receiver outside must not have the answers is filed without any, and the common
    form without those that no other item asks.
    """
    withheld = content.withheld
    asked = {code for item in content.items for code in item.fields}
    shared = {code for item in content.items if item.code not in withheld for code in item.fields}
    return Filing(
        serial_no=application.id,
        reference_no=application.reference_no,
        operation=content.operation,
        region=content.region,
        industry_code=content.industry_code,
        industry_name=content.industry_name,
        applied_at=application.submitted_at,
        applicant=_applicant(content.applicant),
        acting_for=_role(content.acting_for),
        answers={
            code: answer
            for code, answer in content.answers.items()
            if code in shared or code not in asked
        },
        items=[_item(item, content) for item in content.items],
        materials=[
            FiledMaterial(
                material.code,
                material.name,
                material.serves,
                [
                    FiledDocument(file.id, file.name, file.media_type, file.sha256, file.at)
                    for file in material.files
                ],
            )
            for material in filed_materials(content)
        ],
        delivery=content.delivery,
        signatures=[_signature(signature) for signature in content.signatures],
    )


def _item(item: FrozenItem, content: FrozenContent) -> FiledItem:
    sharing = content.shares(item)
    fields = item.fields if sharing is not False else []
    return FiledItem(
        item.code, item.name, {code: content.answers[code] for code in fields}, sharing
    )


def _applicant(frozen: FrozenApplicant | None) -> FiledApplicant | None:
    if frozen is None:
        return None
    phone = PhoneNumber(frozen.phone) if frozen.phone else None
    return FiledApplicant(PersonName(frozen.name), IdNumber(frozen.id_number), phone)


def _signature(frozen: FrozenSignature) -> FiledSignature:
    return FiledSignature(
        name=PersonName(frozen.name),
        id_number=IdNumber(frozen.id_number) if frozen.id_number else None,
        uscc=frozen.uscc,
        roles=frozen.roles,
        documents=frozen.documents,
        signed_at=frozen.signed_at,
        evidence=msgspec.to_builtins(frozen.evidence),
    )


def _role(frozen: FrozenRole | None) -> FiledRole | None:
    return None if frozen is None else FiledRole(frozen.uscc, frozen.role)


def _context(application_id: str) -> str:
    return f"application.frozen_cipher|{application_id}"
