"""Who must sign what by the answers as they are now, who has, and who must sign again. Pure.

A signature is of one document as it was made of certain answers (``source_hash``). It counts while
the same document would be made again, also after a change that was taken back; a change of answers
that a document does not use leaves its signatures alone. Our own rule, confidence medium: the
commitment of a person to a document is to its content.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from kit.clock import CHINA
from kit.text import Text
from miniprogram_api.documents.service import DocumentSpec, Signer, everybody_of

TaskState = Literal["pending", "signing", "signed", "refused"]
StandingState = Literal[
    "unasked", "pending", "signing", "signed", "refused", "outdated", "on_paper",
]  # fmt: skip
DocumentState = Literal["signed", "missing"]
IndexOf = Callable[[Signer], str]


@dataclass(frozen=True, slots=True)
class SignatureTask:
    """What one signer was asked to sign at one moment. ``documents``: source hashes by code."""

    id: str
    signer_index: str
    state: TaskState
    documents: Mapping[str, str]
    asked_at: datetime
    hashes: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of the very files, by code."""
    signed_at: datetime | None = None
    evidence: Mapping[str, object] | None = field(default=None, repr=False)
    """What proves it, of what was signed."""


@dataclass(frozen=True, slots=True)
class StandingDocument:
    code: str
    title: Text
    source_hash: str
    state: DocumentState


@dataclass(frozen=True, slots=True)
class Standing:
    """How one signer stands. ``unasked``: nobody has asked yet. ``outdated``: what the signer was
    asked to sign, or signed, is not what would be signed now. ``on_paper``: nobody can check the
    signer online, who signs the printed documents at the counter; that keeps nothing from being
    submitted, because the department collects it (our rule, confidence low)."""

    signer: Signer
    index: str
    documents: tuple[StandingDocument, ...]
    state: StandingState
    task: SignatureTask | None
    """The one that waits, or else the newest that counts."""

    @property
    def missing(self) -> dict[str, str]:
        """Source hashes, by code, of what is still to be signed."""
        return {one.code: one.source_hash for one in self.documents if one.state == "missing"}

    @property
    def is_open(self) -> bool:
        """Whether submitting has to wait for it."""
        return self.state not in {"signed", "on_paper"}

    @property
    def is_to_be_asked(self) -> bool:
        return self.state in {"unasked", "outdated", "refused"}


def standings(
    specs: Sequence[DocumentSpec],
    tasks: Iterable[SignatureTask],
    index_of: IndexOf,
    now: datetime,
) -> tuple[Standing, ...]:
    """Everybody who must sign anything, in the order of the documents."""
    today = now.astimezone(CHINA).date()
    by_signer: dict[str, list[SignatureTask]] = {}
    for task in sorted(tasks, key=lambda task: task.id):
        by_signer.setdefault(task.signer_index, []).append(task)
    found = []
    for signer in everybody_of(specs):
        index = index_of(signer)
        found.append(_standing(signer, index, specs, by_signer.get(index, []), today))
    return tuple(found)


def counting(
    specs: Sequence[DocumentSpec], tasks: Iterable[SignatureTask]
) -> list[tuple[SignatureTask, tuple[str, ...]]]:
    """The signatures that count, each with the codes of the documents for which it does."""
    present = {spec.code: spec.source_hash for spec in specs}
    found = []
    for task in sorted(tasks, key=lambda task: task.id):
        codes = tuple(c for c, made_of in task.documents.items() if present.get(c) == made_of)
        if task.state == "signed" and codes:
            found.append((task, codes))
    return found


def is_outdated(specs: Sequence[DocumentSpec], task: SignatureTask) -> bool:
    """Whether anything of it is not what would be signed now."""
    present = {spec.code: spec.source_hash for spec in specs}
    return any(present.get(code) != made_of for code, made_of in task.documents.items())


def is_readable(specs: Sequence[DocumentSpec], task: SignatureTask, draft_is_open: bool) -> bool:
    """Its documents, by its signer: while he may sign them, and once he has."""
    if task.state == "signed":
        return True
    return task.state != "refused" and draft_is_open and not is_outdated(specs, task)


def _standing(
    signer: Signer,
    index: str,
    specs: Sequence[DocumentSpec],
    tasks: Sequence[SignatureTask],
    today: date,
) -> Standing:
    own = [spec for spec in specs if any(one.identity == signer.identity for one in spec.signers)]
    signed = [task for task in tasks if task.state == "signed"]
    documents = tuple(
        StandingDocument(
            spec.code,
            spec.title,
            spec.source_hash,
            "signed"
            if any(task.documents.get(spec.code) == spec.source_hash for task in signed)
            else "missing",
        )
        for spec in own
    )
    missing = {one.code: one.source_hash for one in documents if one.state == "missing"}
    if not missing:
        return Standing(signer, index, documents, "signed", signed[-1] if signed else None)
    if not signer.can_sign_online(today):
        return Standing(signer, index, documents, "on_paper", None)
    for task in reversed(tasks):
        if task.state != "signed" and dict(task.documents) == missing:
            return Standing(signer, index, documents, task.state, task)
    state: StandingState = "outdated" if tasks else "unasked"
    return Standing(signer, index, documents, state, None)
