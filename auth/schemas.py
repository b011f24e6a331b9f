"""Bodies and answers of the routes of this package."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from auth.consents import Purpose
from auth.service import Assurance
from kit.lines import END

Code = Annotated[str, Meta(min_length=1, max_length=256)]
Platform = Literal["wechat", "alipay", "aishandong", "h5"]
CheckMethodName = Literal["wechat_face", "alipay_certify", "aishandong", "id_match"]
CheckState = Literal["pending", "passed", "failed", "expired"]
MainlandRegion = Annotated[
    str, Meta(max_length=6, pattern="^(1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5])[0-9]{4}$")
]
"""A division in GB/T 2260, by its province; whether there is such a county is not looked up."""
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
    """What the platform's phone button gave the client: WeChat's ``code``, or Alipay's ``response``
    as it came. 爱山东 knows the phone by itself and needs neither."""

    code: Code | None = None
    response: Annotated[str, Meta(min_length=1, max_length=4096)] | None = None


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


class ActingForView(Struct, frozen=True):
    """The company for which the person acts in this session."""

    uscc: str
    name: str
    role: Literal["legal_person", "administrator", "agent"]


class SessionView(Struct, frozen=True):
    """Times in seconds."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    refresh_token: str
    refresh_expires_in: int
    person: PersonView
    acting_for: ActingForView | None


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
    acting_for: ActingForView | None


class WeChatFaceAction(Struct, frozen=True, tag_field="type", tag="wechat_face"):
    """``wx.requestFacialVerify({verifyId: verify_id})`` is the client's next step."""

    verify_id: str


class AlipayCertifyAction(Struct, frozen=True, tag_field="type", tag="alipay_certify"):
    """``my.startAPVerify({url, certifyId: certify_id})`` is the client's next step."""

    certify_id: str
    url: str


class NoAction(Struct, frozen=True, tag_field="type", tag="none"):
    """The client has nothing to do but to ask for the result."""


ClientAction = WeChatFaceAction | AlipayCertifyAction | NoAction


class IdentityCheckStarted(Struct, frozen=True):
    id: str
    state: CheckState
    client_action: ClientAction
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


class AccessView(Struct, frozen=True):
    """One line of who read my data; ``who``, ``what`` and ``why`` are stable words, ``text`` says
    them in the caller's language, with the name that the caller gave a helper or with a terminal's.
    Of those whom the caller let in also ``draft_id``, and ``grant_id``: the invitation's or the
    hand-over's."""

    id: str
    at: str
    who: str
    what: str
    why: str
    text: str
    draft_id: str | None
    grant_id: str | None


class AccessLogPage(Struct, frozen=True):
    items: list[AccessView]
    next_cursor: str | None


class AccessQuery(Struct, frozen=True):
    cursor: Annotated[str, Meta(min_length=32, max_length=32)] | None = None
    limit: Annotated[int, Meta(ge=1, le=100)] = 50


class ExportedPerson(Struct, frozen=True):
    id: str
    name: str | None
    id_number: str | None
    phone: str | None
    assurance: Assurance
    checked_at: str | None
    created_at: str


class ExportedAccount(Struct, frozen=True):
    platform: str
    open_id: str
    created_at: str


class ExportedConsent(Struct, frozen=True):
    purpose: str
    text_version: str
    platform: str
    granted_at: str
    withdrawn_at: str | None


class ExportedCompany(Struct, frozen=True):
    uscc: str
    name: str
    role: str
    verified_at: str


class ExportedAuthorisation(Struct, frozen=True):
    """One that the person granted."""

    uscc: str
    company_name: str
    agent_name: str
    operations: list[str]
    expires_at: str
    revoked_at: str | None


class AccountExport(Struct, frozen=True):
    """A copy of everything that is kept of the caller, in the form in which the API shows it."""

    exported_at: str
    person: ExportedPerson
    accounts: list[ExportedAccount]
    sessions: list[OpenSessionView]
    identity_checks: list[IdentityCheckView]
    consents: list[ExportedConsent]
    companies: list[ExportedCompany]
    authorisations: list[ExportedAuthorisation]
    access_log: list[AccessView]
    belongings: dict[str, list[Any]]
    """By what it is: drafts, files, applications, messages ..."""


class SaveAddress(Struct, frozen=True, forbid_unknown_fields=True):
    """In the mainland, where mail from service halls goes. ``region`` is the six digits of a county
    or city in GB/T 2260; ``detail`` is what stands below it. ``default``: false leaves the default
    as it is."""

    name: Annotated[str, Meta(min_length=1, max_length=25)]
    phone: Annotated[str, Meta(pattern=r"^(1[3-9][0-9]{9}|0[0-9]{2,3}-?[0-9]{7,8})" + END)]
    region: MainlandRegion
    detail: Annotated[str, Meta(min_length=3, max_length=100)]
    postal_code: Annotated[str, Meta(max_length=6, pattern="^[0-9]{6}$")] | None = None
    default: bool = False


class AddressView(Struct, frozen=True):
    id: str
    name: str
    phone: str
    region: str
    detail: str
    postal_code: str | None
    default: bool


class AddressList(Struct, frozen=True):
    """The default first."""

    items: list[AddressView]
    next_cursor: None = None


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
