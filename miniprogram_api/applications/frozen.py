"""What was submitted, frozen: one canonical text, its hash, and the filing that is made of it.

The canonical text is JSON in UTF-8 with all object members in the order of their names, without
white space and without escapes that JSON does not demand; ``content_hash`` is its SHA-256 in hex.
Anybody who has the content can so make the hash again (docs/applications.md).
"""

import hashlib
from datetime import datetime

import msgspec

from adapters.province.port import FiledDocument, FiledItem, FiledMaterial, Filing
from kit.secrets import KeyRing
from miniprogram_api.applications.models import Application

FORMAT = "application/1"


class FrozenItem(msgspec.Struct, frozen=True):
    code: str
    name: str
    department: str
    fields: list[str]
    """The codes of the answers that this item needs."""


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


_encoder = msgspec.json.Encoder(order="sorted")


def canonical(content: FrozenContent) -> bytes:
    return _encoder.encode(content)


def hash_of_content(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


def sealed(ring: KeyRing, application_id: str, text: bytes) -> bytes:
    return ring.seal(text, _context(application_id))


def opened(ring: KeyRing, application: Application) -> FrozenContent:
    text = ring.open(application.frozen_cipher, _context(application.id))
    return msgspec.json.decode(text, type=FrozenContent)


def filing_of(application: Application, content: FrozenContent) -> Filing:
    """What goes to the province; the application's id is the key that no attempt changes."""
    return Filing(
        serial_no=application.id,
        reference_no=application.reference_no,
        operation=content.operation,
        region=content.region,
        industry_code=content.industry_code,
        industry_name=content.industry_name,
        applied_at=application.submitted_at,
        answers=content.answers,
        items=[
            FiledItem(item.code, item.name, {code: content.answers[code] for code in item.fields})
            for item in content.items
        ],
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
            for material in content.materials
        ],
        delivery=content.delivery,
    )


def _context(application_id: str) -> str:
    return f"application.frozen_cipher|{application_id}"
