"""What one document says, before it is drawn: plain values that go to another process.

Imports nothing of the house, so that the process that draws stays small.
"""

import hashlib
from typing import Literal

import msgspec

FORMAT = "document/2"
"""Part of every document's source hash. To be raised whenever the same content is drawn otherwise,
be it by another font."""

Style = Literal["heading", "text", "article"]


class Paragraph(msgspec.Struct, frozen=True, tag="paragraph"):
    style: Style
    text: str


class Table(msgspec.Struct, frozen=True, tag="table"):
    """``head`` is empty for a form of questions and answers."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class SignatureLine(msgspec.Struct, frozen=True):
    role: str
    name: str


class Content(msgspec.Struct, frozen=True):
    title: str
    blocks: tuple[Paragraph | Table, ...]
    signatures: tuple[SignatureLine, ...]
    basis: str
    """Whose rules it is made after, and how sure that is; told at the end of the document."""

    def __repr__(self) -> str:
        return "Content(***)"

    def characters(self) -> frozenset[str]:
        return frozenset(msgspec.json.encode(self).decode())


def hash_of(content: Content, signers: object) -> str:
    """Of all that the document is made of, and of who signs it."""
    digest = hashlib.sha256(FORMAT.encode())
    digest.update(msgspec.json.encode(content, order="deterministic"))
    digest.update(msgspec.json.encode(signers, order="deterministic"))
    return digest.hexdigest()
