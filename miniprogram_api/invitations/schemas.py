"""What the routes of invitations and hand-overs take and show."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

Role = Literal["helper", "signer"]
Purpose = Literal["counter", "kiosk"]
InvitationState = Literal["open", "accepted", "expired", "revoked"]
HandoverState = Literal["open", "claimed", "expired", "ended"]
StepKey = Annotated[str, Meta(min_length=1, max_length=64)]
Label = Annotated[str, Meta(min_length=1, max_length=40)]


class Scope(Struct, frozen=True, forbid_unknown_fields=True):
    """``steps``: the keys of those that the helper sees and fills in; null for all of them, also
    those that another selection will bring. ``materials``: whether he sees, adds and removes
    files."""

    steps: Annotated[tuple[StepKey, ...], Meta(min_length=1, max_length=100)] | None = None
    materials: bool = False


class NewInvitation(Struct, frozen=True, forbid_unknown_fields=True):
    """``scope`` says nothing of a signer. ``label``: what the owner calls the person."""

    role: Role
    days: Annotated[int, Meta(ge=1, le=30)] = 7
    scope: Scope = Scope()
    label: Label | None = None


class InvitationView(Struct, frozen=True):
    """``helper``: the masked name of who accepted it. ``used_at``: when it was last used, as exact
    as the access log."""

    id: str
    role: Role
    state: InvitationState
    scope: Scope
    label: str | None
    helper: str | None
    created_at: str
    expires_at: str
    accepted_at: str | None
    used_at: str | None


class InvitationMade(Struct, frozen=True):
    """The only answer that has ``token``; ``path``: of the page that a share card opens."""

    id: str
    role: Role
    token: str
    path: str
    scope: Scope
    label: str | None
    expires_at: str


class InvitationList(Struct, frozen=True):
    items: list[InvitationView]
    next_cursor: None


class Accepted(Struct, frozen=True):
    """A helper is told the draft, a signer the task that is his."""

    role: Role
    expires_at: str
    draft_id: str | UnsetType = UNSET
    scope: Scope | UnsetType = UNSET
    signature_id: str | UnsetType = UNSET


class NewHandoverCode(Struct, frozen=True, forbid_unknown_fields=True):
    purpose: Purpose


class HandoverCode(Struct, frozen=True):
    """``code``: eight digits, good once."""

    id: str
    code: str
    expires_at: str


class HandoverView(Struct, frozen=True):
    """``terminal``: the public name of the counter or kiosk that claimed the code."""

    id: str
    purpose: Purpose
    state: HandoverState
    terminal: str | None
    created_at: str
    expires_at: str
    claimed_at: str | None


class HandoverList(Struct, frozen=True):
    items: list[HandoverView]
    next_cursor: None


class ClaimHandover(Struct, frozen=True, forbid_unknown_fields=True):
    code: Annotated[str, Meta(max_length=8, pattern="^[0-9]{8}$")]


class ClaimedHandover(Struct, frozen=True):
    """``access_token`` opens this draft to be filled in, and nothing else."""

    id: str
    access_token: str
    expires_in: int
    draft_id: str
