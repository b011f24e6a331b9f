"""Bodies and answers of the routes of this package."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from auth.consents import Purpose
from auth.service import Assurance

Code = Annotated[str, Meta(min_length=1, max_length=256)]
Platform = Literal["wechat", "alipay", "aishandong", "h5"]
CheckMethodName = Literal["wechat_face", "alipay_certify", "aishandong", "id_match"]
CheckState = Literal["pending", "passed", "failed", "expired"]
TextVersion = Annotated[str, Meta(min_length=1, max_length=32)]


class Credential(Struct, frozen=True, forbid_unknown_fields=True):
    """What a platform's login gave the client: a code, or 爱山东's ticket with its kind of user."""

    code: Code | None = None
    ticket: Code | None = None
    user_type: Literal["1", "2"] | None = None


class Login(Struct, frozen=True, forbid_unknown_fields=True):
    platform: Platform
    credential: Credential


class Refresh(Struct, frozen=True, forbid_unknown_fields=True):
    refresh_token: Annotated[str, Meta(min_length=1, max_length=256)]


class PhoneProof(Struct, frozen=True, forbid_unknown_fields=True):
    """What the platform's phone button gave the client."""

    code: Code


class ConsentGiven(Struct, frozen=True, forbid_unknown_fields=True):
    text_version: TextVersion


class StartIdentityCheck(Struct, frozen=True, forbid_unknown_fields=True):
    method: CheckMethodName
    consent: ConsentGiven
    name: Annotated[str, Meta(max_length=100)] | None = None
    id_number: Annotated[str, Meta(max_length=40)] | None = None


class GrantConsent(Struct, frozen=True, forbid_unknown_fields=True):
    purpose: Purpose
    text_version: TextVersion


class PersonView(Struct, frozen=True):
    """Name and phone are masked, and null until they are known."""

    id: str
    display_name: str | None
    assurance: Assurance
    phone_masked: str | None


class SessionView(Struct, frozen=True):
    """Times in seconds."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    refresh_token: str
    refresh_expires_in: int
    person: PersonView
    acting_for: None


class OpenSessionView(Struct, frozen=True):
    id: str
    platform: str
    created_at: str
    used_at: str
    """When it was last refreshed."""
    expires_at: str
    current: bool


class OpenSessionsView(Struct, frozen=True):
    items: list[OpenSessionView]
    next_cursor: None


class Me(Struct, frozen=True):
    id: str
    display_name: str | None
    assurance: Assurance
    phone_masked: str | None
    checked_at: str | None
    """When the last identity check was passed; signing and submitting need one of the last 10
    minutes."""
    platform: str
    acting_for: None


class WeChatFaceAction(Struct, frozen=True, tag_field="type", tag="wechat_face"):
    """``wx.requestFacialVerify({verifyId: verify_id})`` is the client's next step."""

    verify_id: str


class IdentityCheckStarted(Struct, frozen=True):
    id: str
    state: CheckState
    client_action: WeChatFaceAction
    expires_at: str


class IdentityCheckView(Struct, frozen=True):
    id: str
    method: CheckMethodName
    state: CheckState
    reason: str | None
    """A stable word, with ``failed`` and ``expired``."""
    message: str | None
    """The reason in the caller's language."""
    expires_at: str


class ConsentView(Struct, frozen=True):
    purpose: Purpose
    text_version: str
    text: str
    sample: bool
    """The text is sample wording, not for use with real people."""
    granted: bool
    granted_at: str | None


class ConsentsView(Struct, frozen=True):
    items: list[ConsentView]
    next_cursor: None


class KeySet(Struct, frozen=True):
    """RFC 7517."""

    keys: list[dict[str, Any]]
