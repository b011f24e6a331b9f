"""Bodies and answers of the routes for companies."""

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from auth.authorisations import Delegable
from auth.company_roles import Role
from auth.schemas import ActingForView


class CompaniesQuery(Struct, frozen=True, forbid_unknown_fields=True):
    refresh: bool = False
    """Ask the registers now; at most once a minute."""


class CompanyView(Struct, frozen=True):
    """``role`` 法人 legal_person, 管理员 administrator, 经办人 agent."""

    uscc: str
    name: str
    role: Role
    role_text: str
    operations: list[str]
    """What the caller may submit for it; empty for an agent without an authorisation."""
    verified_at: str | None
    """When a register said so last; null when only the company's own authorisation does."""
    stale: bool
    """The register could not be asked again, so this may be out of date."""
    authorised_until: str | None
    acting: bool
    """This session acts for it."""


class CompaniesHint(Struct, frozen=True):
    """Why the list is empty, and what to do about it."""

    next: Literal["verify_identity"]
    text: str


class CompaniesView(Struct, frozen=True):
    items: list[CompanyView]
    next_cursor: None
    stale: bool
    """A register gave no answer: what it said before is shown, and something may be missing."""
    hint: CompaniesHint | None


class ActFor(Struct, frozen=True, forbid_unknown_fields=True):
    uscc: Annotated[str, Meta(max_length=64)] | None
    """The company's credit code; null to act for oneself again."""


class ActingForState(Struct, frozen=True):
    acting_for: ActingForView | None


class GrantAuthorisation(Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[str, Meta(max_length=100)]
    id_number: Annotated[str, Meta(max_length=40)]
    operations: Annotated[list[Delegable], Meta(min_length=1, max_length=10)]
    expires_on: date
    """The last day on which it counts, in China; at most a year from today."""


class AuthorisationView(Struct, frozen=True):
    """``agent_name`` is masked."""

    id: str
    uscc: str
    company_name: str
    agent_name: str
    operations: list[str]
    created_at: str
    expires_at: str
    """The end of its last day."""
    revoked_at: str | None


class AuthorisationsView(Struct, frozen=True):
    """The valid ones first, then those that ended last."""

    items: list[AuthorisationView]
    next_cursor: None
