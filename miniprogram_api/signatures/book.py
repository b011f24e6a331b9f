"""What is kept of signatures; ``drafts.ports.SignatureBook``."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec

from adapters.esign.port import Evidence, Signatory
from adapters.outbox.put import Outbox
from auth.companies import CompanyService
from auth.service import PeopleService
from kit.clock import Clock
from kit.secrets import IdNumber, KeyRing, PersonName
from kit.text import Text
from miniprogram_api.drafts.service import DraftSigner, SignatureTask, TaskState
from miniprogram_api.signatures.models import Signature

REVIEW_TOPIC = "signature.review"
SETTLED_FOR = timedelta(minutes=10)
"""After the last change whoever has to sign again is told: nobody is called once a keystroke."""


class AskedDocument(msgspec.Struct, frozen=True):
    """One document of a task: what it was made of, and the very bytes that are signed. ``title``:
    as it was then; the draft may not make such a document any more."""

    code: str
    title: Text
    source_hash: str
    sha256: str
    file_id: str
    pages: int


class KeptSigner(msgspec.Struct, frozen=True):
    """As the draft had it at that moment. ``other_names``: under which the documents have the same
    number as well."""

    name: str
    other_names: tuple[str, ...]
    id_number: str | None
    uscc: str | None
    roles: tuple[str, ...]
    company: str

    def __repr__(self) -> str:
        return "KeptSigner(***)"


@dataclass(frozen=True, slots=True)
class Slot:
    """What makes two tasks the same one."""

    draft_id: str
    signer_index: str
    content_hash: str

    @property
    def key(self) -> str:
        parts = f"{self.draft_id}|{self.signer_index}|{self.content_hash}"
        return hashlib.sha256(parts.encode()).hexdigest()


_read_documents = msgspec.json.Decoder(tuple[AskedDocument, ...]).decode


class SignatureBook:
    """One for the process."""

    def __init__(
        self,
        people: PeopleService,
        companies: CompanyService,
        ring: KeyRing,
        outbox: Outbox,
        clock: Clock,
    ) -> None:
        self._people = people
        self._companies = companies
        self._ring = ring
        self._outbox = outbox
        self._clock = clock

    def index_of(self, signer: DraftSigner) -> str:
        """A person's is the one by which persons are found (auth)."""
        if signer.id_number is not None:
            return self._ring.index(signer.id_number.reveal(), "person.id_number")
        return self.company_index(signer.uscc or "")

    def company_index(self, uscc: str) -> str:
        return self._ring.index(uscc, "signature.uscc")

    async def indexes_of(self, person_id: str, uscc: str | None) -> Sequence[str]:
        """Under which the person signs: his own, and that of the company if he may sign for it."""
        own = await self._people.identity_index(person_id)
        if own is None:
            return ()
        acting = await self._companies.acting_for(person_id, uscc)
        if acting is None or acting.role == "agent":
            return (own,)
        return (own, self.company_index(acting.uscc))

    async def of(self, draft_id: str) -> Sequence[SignatureTask]:
        rows = await Signature.filter(draft_id=draft_id).order_by("id")
        return [self.task_of(row) for row in rows]

    async def of_signer(self, person_id: str, task_id: str) -> SignatureTask | None:
        row = await Signature.get_or_none(id=task_id)
        if row is None:
            return None
        indexes = await self.indexes_of(person_id, self.signer_of(row).uscc)
        return self.task_of(row) if row.signer_index in indexes else None

    async def changed(self, draft_id: str, words: int) -> None:
        """``words``: the revision of the change. A deed that finds a newer one leaves it to the
        newer one's deed."""
        body = {"draft_id": draft_id, "words": words}
        due_at = self._clock.now() + SETTLED_FOR
        await self._outbox.put(REVIEW_TOPIC, f"{REVIEW_TOPIC}:{draft_id}:{words}", body, due_at)

    async def forget(self, draft_id: str) -> None:
        await Signature.filter(draft_id=draft_id).delete()

    def task_of(self, row: Signature) -> SignatureTask:
        state: TaskState = msgspec.convert(row.state, TaskState)
        return SignatureTask(
            id=row.id,
            signer_index=row.signer_index,
            state=state,
            documents={one.code: one.source_hash for one in documents_of(row)},
            asked_at=row.opened_at,
            hashes={one.code: one.sha256 for one in documents_of(row)},
            signed_at=row.signed_at,
            evidence=self._evidence(row),
        )

    # What is sealed in a row.

    def seal_signer(self, row_id: str, signer: KeptSigner) -> bytes:
        return self._ring.seal(msgspec.json.encode(signer), _context("signer", row_id))

    def signer_of(self, row: Signature) -> KeptSigner:
        plain = self._ring.open(row.signer_cipher, _context("signer", row.id))
        return msgspec.json.decode(plain, type=KeptSigner)

    def seal_signatory(self, row_id: str, signatory: Signatory) -> bytes:
        told = (signatory.name.reveal(), signatory.id_number.reveal(), signatory.uscc)
        return self._ring.seal(msgspec.json.encode(told), _context("signatory", row_id))

    def signatory_of(self, row: Signature) -> Signatory:
        plain = self._ring.open(row.signatory_cipher or b"", _context("signatory", row.id))
        name, number, uscc = msgspec.json.decode(plain, type=tuple[str, str, str | None])
        return Signatory(PersonName(name), IdNumber(number), uscc)

    def seal_evidence(self, row_id: str, evidence: Evidence) -> bytes:
        told = {
            "reference": evidence.reference,
            "digest": evidence.digest,
            "signature": evidence.signature,
            "certificate": evidence.certificate,
            "signed_at": evidence.signed_at,
        }
        return self._ring.seal(msgspec.json.encode(told), _context("evidence", row_id))

    def _evidence(self, row: Signature) -> dict[str, Any] | None:
        if row.evidence_cipher is None:
            return None
        plain = self._ring.open(row.evidence_cipher, _context("evidence", row.id))
        return msgspec.json.decode(plain, type=dict[str, Any])


def documents_of(row: Signature) -> tuple[AskedDocument, ...]:
    return _read_documents(row.documents)


def content_hash_of(documents: Sequence[AskedDocument]) -> str:
    lines = sorted(f"{one.code}:{one.source_hash}:{one.sha256}" for one in documents)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _context(column: str, row_id: str) -> str:
    return f"signature.{column}|{row_id}"
