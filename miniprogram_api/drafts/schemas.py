"""What the routes of drafts take and show."""

from typing import Annotated, Any, Literal

import msgspec

DraftStateName = Literal["open", "submitted", "expired"]
StepStateName = Literal["empty", "partial", "complete"]

Revision = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Words = Annotated[tuple[Word, ...], msgspec.Meta(max_length=60)]
JSONObject = Annotated[
    msgspec.Raw, msgspec.Meta(extra_json_schema={"type": "object", "additionalProperties": True})
]
"""Passed on as bytes; who needs the answers parses them."""
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


class DraftQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    limit: Annotated[int, msgspec.Meta(ge=1, le=50)] = 20
    cursor: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")] | None = None


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
    key: str
    state: StepStateName
    errors: list[FieldErrorView]


class StepSaved(msgspec.Struct, frozen=True):
    """``merged`` is true when ``answers`` hold what another device saved meanwhile."""

    revision: int
    step: CheckedStep
    progress: Progress
    merged: bool
    answers: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


class StepView(msgspec.Struct, frozen=True):
    """``saved_at`` is null for a step that nobody has saved; its errors are not told yet."""

    key: str
    state: StepStateName
    saved_at: str | None
    answers: JSONObject
    errors: list[FieldErrorView]


class FileView(msgspec.Struct, frozen=True):
    """``url`` works without a token for at least 10 and at most 20 minutes."""

    id: str
    name: str
    size: int
    media_type: str
    sha256: str
    url: str
    uploaded_at: str


class MaterialView(msgspec.Struct, frozen=True):
    code: str
    files: list[FileView]


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
    signatures: list[dict[str, Any]]


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
    ready: bool
    errors: list[StepErrorView]
    missing_materials: list[str]
    missing_signatures: list[str]
    consents: list[SharingView]
