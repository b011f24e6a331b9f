"""What the routes of drafts take and show."""

from typing import Annotated, Any, Literal

import msgspec

from miniprogram_api.catalogue.service import Ui
from miniprogram_api.drafts.register_note import Origin, RegisterState
from miniprogram_api.drafts.signing import StandingState
from miniprogram_api.drafts.state import Kind, ScanState

DraftStateName = Literal["open", "submitted", "expired"]
StepStateName = Literal["empty", "partial", "complete"]
Rebase = Literal["none", "offered", "required"]
"""Whether a newer list is there to which the draft could be moved; ``required``: what was chosen is
not offered any more, so that the draft cannot be submitted as it is."""

Revision = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Words = Annotated[tuple[Word, ...], msgspec.Meta(max_length=60)]
JSONObject = Annotated[
    msgspec.Raw, msgspec.Meta(extra_json_schema={"type": "object", "additionalProperties": True})
]
"""Passed on as bytes; who needs the answers parses them."""
JSONValue = Annotated[msgspec.Raw, msgspec.Meta(extra_json_schema={})]
Plan = Annotated[
    msgspec.Raw, msgspec.Meta(extra_json_schema={"$ref": "#/components/schemas/PlanView"})
]


class SaveStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``base_revision`` is the revision that the client last saw. In ``answers`` members that are
    present replace, null removes, absent members stay; rows are told apart by their ``_id``."""

    base_revision: Revision
    answers: JSONObject


class ChangeSelection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is left out stays; a new theme without ``items`` brings that theme's own items."""

    base_revision: Revision
    operation: Word | msgspec.UnsetType = msgspec.UNSET
    region: Word | msgspec.UnsetType = msgspec.UNSET
    theme: Word | msgspec.UnsetType = msgspec.UNSET
    items: Words | msgspec.UnsetType = msgspec.UNSET
    mode: Word | msgspec.UnsetType = msgspec.UNSET

    def patch(self) -> dict[str, Any]:
        given = msgspec.to_builtins(self)
        given.pop("base_revision")
        if "theme" in given:
            given.setdefault("items", [])
        return dict(given)


class RestoreDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``revision``: whose answers are wanted again; ``base_revision``: what the client last saw."""

    base_revision: Revision
    revision: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]


class HistoryQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``cursor``: the ``next_cursor`` of the page before."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20
    cursor: Revision | None = None


class ByView(msgspec.Struct, frozen=True):
    """``name`` is a helper's masked name or a counter's public one."""

    kind: Literal["you", "helper", "counter", "system"]
    name: str | None = None
    label: str | None = None


class RevisionView(msgspec.Struct, frozen=True):
    """One change. ``step`` is the step's key or the material's code; ``restorable``: it is neither
    what is there now nor closed. Old revisions are thinned out, so their numbers have gaps."""

    revision: int
    at: str
    kind: Kind
    step: str | None
    title: str
    by: ByView
    device: str | None
    restorable: bool


class DraftHistory(msgspec.Struct, frozen=True):
    items: list[RevisionView]
    next_cursor: int | None


class DraftQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``helper``: drafts of others that the caller was invited to fill in, apart from his own."""

    role: Literal["owner", "helper"] = "owner"
    limit: Annotated[int, msgspec.Meta(ge=1, le=50)] = 20
    cursor: Annotated[str, msgspec.Meta(max_length=32, pattern="^[0-9a-f]{32}$")] | None = None


class ResumeQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``elder``: the plan has ``pages``, one question each, with texts to be read aloud."""

    ui: Ui = "standard"


class FieldErrorView(msgspec.Struct, frozen=True):
    """``pointer`` is relative to the step's answers."""

    pointer: str
    code: str
    message: str


class StepErrorView(msgspec.Struct, frozen=True):
    step: str
    pointer: str
    code: str
    message: str


class Progress(msgspec.Struct, frozen=True):
    complete: int
    total: int


class CheckedStep(msgspec.Struct, frozen=True):
    """``remarks`` are worth knowing and keep nothing from being submitted."""

    key: str
    state: StepStateName
    errors: list[FieldErrorView]
    remarks: list[FieldErrorView] = []


class StepSaved(msgspec.Struct, frozen=True):
    """``merged`` is true when ``answers`` hold what another device saved meanwhile. ``stale`` names
    other steps that were changed since ``base_revision``: ``revision`` is no base for them before
    they were loaded."""

    revision: int
    step: CheckedStep
    progress: Progress
    merged: bool
    answers: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    stale: list[str] | msgspec.UnsetType = msgspec.UNSET


class StepView(msgspec.Struct, frozen=True):
    """``saved_at`` is null for a step that nobody has saved; its errors are not told yet.

    ``origins`` is there in drafts that began with what is registered: for each answer whether it is
    what the register says, was typed, or was typed while the register gave no answer. ``errors``
    with the codes ``register_..`` and ``simple_not_open`` are warnings and stop nothing."""

    key: str
    state: StepStateName
    saved_at: str | None
    answers: JSONObject
    errors: list[FieldErrorView]
    origins: dict[str, Origin] | msgspec.UnsetType = msgspec.UNSET


class RegisterView(msgspec.Struct, frozen=True):
    """Whether the licence register answered about the company: ``waiting`` is asked again by
    itself, ``unknown`` has no such company. ``at`` is null while waiting."""

    uscc: str
    state: RegisterState
    at: str | None


class FileWarning(msgspec.Struct, frozen=True):
    """``code``: ``too_small``, ``too_dark``, ``too_bright``, ``blurred``, ``cut_off``."""

    code: str
    message: str


class FileView(msgspec.Struct, frozen=True):
    """``url`` works without a token for at least 10 and at most 20 minutes; only where ``scan`` is
    ``clean``. ``failed``: it could not be checked, and the person was told to send another file.
    ``size`` and ``sha256`` are of what is kept, which for a picture is not what was
    sent: its place and time are taken out, an identity document is marked."""

    id: str
    name: str
    size: int
    media_type: str
    sha256: str
    url: str
    uploaded_at: str
    warnings: list[FileWarning]
    scan: ScanState


class MaterialView(msgspec.Struct, frozen=True):
    code: str
    files: list[FileView]


class ChangeView(msgspec.Struct, frozen=True):
    """``details``: the places in its facts that changed, for a programmer's eye."""

    kind: Literal["item", "field", "material"]
    code: str
    name: str
    details: list[str]


class SetAsideView(msgspec.Struct, frozen=True):
    """``reason``: the question is gone, is of another type now, lost some of its parts, or has
    another answer already. Kept, and put back by a list that asks it again."""

    step: str
    code: str
    label: str
    reason: Literal["gone", "another_type", "parts_gone", "taken"]
    version: str
    value: JSONValue


class SignerRole(msgspec.Struct, frozen=True):
    code: str
    name: str


class SignedDocumentView(msgspec.Struct, frozen=True):
    """``missing``: not signed, or signed as it was before a change."""

    code: str
    title: str
    state: Literal["signed", "missing"]


class SignatureView(msgspec.Struct, frozen=True):
    """One person, or one company, that must sign. ``signer`` is masked. ``signature_id`` is null
    while nobody was asked; ``outdated``: asked or signed, and the documents changed since;
    ``on_paper``: signs the printed documents at the counter, and nothing waits for it."""

    signature_id: str | None
    signer: str
    roles: list[SignerRole]
    documents: list[SignedDocumentView]
    state: StandingState


class DraftView(msgspec.Struct, frozen=True):
    id: str
    revision: int
    operation: str
    region: str
    theme: str
    mode: str
    state: DraftStateName
    expires_at: str
    plan: Plan
    steps: list[StepView]
    progress: Progress
    materials: list[MaterialView]
    signatures: list[SignatureView]
    """Empty until somebody was asked to sign."""
    register: RegisterView | msgspec.UnsetType = msgspec.UNSET
    rebase: Rebase = "none"
    set_aside: list[SetAsideView] | msgspec.UnsetType = msgspec.UNSET
    """Answers that the draft's list has no place for; only there if there are any."""


class RebasedView(msgspec.Struct, frozen=True):
    """``set_aside`` are all answers without a place, also those of earlier moves."""

    draft: DraftView
    added: list[ChangeView]
    removed: list[ChangeView]
    changed: list[ChangeView]
    set_aside: list[SetAsideView]


class DraftItem(msgspec.Struct, frozen=True):
    id: str
    revision: int
    operation: str
    region: str
    theme: str
    mode: str
    state: DraftStateName
    progress: Progress
    created_at: str
    saved_at: str
    expires_at: str


class DraftList(msgspec.Struct, frozen=True):
    items: list[DraftItem]
    next_cursor: str | None


class SharingView(msgspec.Struct, frozen=True):
    """A receiver outside the administration, which gets what the ``items`` ask only if the person
    agreed to ``purpose`` when submitting. Not agreeing keeps nothing from being submitted."""

    purpose: str
    granted: bool
    items: list[str]
    text: str


class DraftCheck(msgspec.Struct, frozen=True):
    """Not ``ready`` either when ``rebase`` is required. Whoever was let in is told of what he is
    shown only, by ``ready``, too."""

    ready: bool
    errors: list[StepErrorView]
    missing_materials: list[str]
    missing_signatures: list[SignatureView]
    consents: list[SharingView]
    remarks: list[StepErrorView] = []
    """What the rules tell without refusing it."""
    rebase: Rebase | msgspec.UnsetType = msgspec.UNSET
    """Only there when it is offered or required."""
    warnings: list[StepErrorView] | msgspec.UnsetType = msgspec.UNSET
    """What differs from what is registered; it keeps nothing from being submitted."""
