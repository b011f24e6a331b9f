"""What an identity check needs of whoever carries it out; each method is a file of its own."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from auth.access_log import Who
from auth.claimed_identity import ClaimedIdentity
from auth.consents import Purpose
from auth.schemas import ClientAction
from kit.secrets import Secret

Verdict = Literal["pending", "passed", "failed", "expired"]

NOT_RECOGNISED = "face_check_failed"
"""Compared, and not the person."""
NOT_FINISHED = "face_check_not_finished"
"""Never compared: cancelled, no camera, no network. Does not count as a failure."""
IDENTITY_MISMATCH = "identity_mismatch"
"""Name and number do not belong together, or there is no such number: nobody is told which."""
LEVEL_TOO_LOW = "platform_level_too_low"
"""The platform itself does not know well enough who it is. Does not count as a failure."""
PLATFORM_LOGIN_OVER = "platform_login_over"
"""The platform does not answer for this login any more, or it was too long ago to say that the
person is there now: sign in there again. No failure."""
MINOR = "minor_not_served"
DOCUMENT = "document_not_supported"
"""The platform names somebody whom this service cannot serve; both know the way to a counter."""
EXPIRED = "expired"
NO_FAILURES = (NOT_FINISHED, LEVEL_TOO_LOW, PLATFORM_LOGIN_OVER, MINOR, DOCUMENT)
"""Reasons that say nothing against the person and use up no try."""


@dataclass(frozen=True, slots=True)
class CheckedUser:
    """Whose phone it is, as his platform knows him."""

    open_id: str = field(repr=False)
    token: Secret | None
    signed_in_at: datetime
    """When the platform last vouched for whoever holds the session that asks."""


@dataclass(frozen=True, slots=True)
class BegunCheck:
    """What the provider gave us to go on with."""

    sequence_no: str
    """Our number of the check at the provider, at most 32 characters."""
    upstream_id: str
    """The provider's name for it."""
    client_action: ClientAction
    expires_in_s: int


@dataclass(frozen=True, slots=True)
class Outcome:
    verdict: Verdict
    code: str
    """The provider's own word."""
    reason: str | None
    """Ours, for the client; None while pending and when passed."""
    in_person: bool = False
    """With ``passed``: the person showed himself, which makes him a real person (实人); otherwise
    only name and number are known to be right (实名)."""
    identity: ClaimedIdentity | None = None
    """Who it is, from providers that know it by themselves."""


@dataclass(frozen=True, slots=True)
class OpenCheck:
    """A check that was begun, with everything that asking about it needs."""

    upstream_id: str
    sequence_no: str
    user: CheckedUser
    claim: ClaimedIdentity | None


class CheckMethod(Protocol):
    """Only what the provider says to us counts, never what a client says."""

    platform: str | None
    """On which platform only it can be used; None for any."""
    provider: Who
    needs_claim: bool
    """Whether the client has to say who he is; otherwise the provider knows."""
    purposes: tuple[Purpose, ...]
    """What has to be consented to."""

    async def begin(
        self, seed: str, user: CheckedUser, claim: ClaimedIdentity | None
    ) -> BegunCheck:
        """``seed`` (32 hex digits) is the same when the same request is repeated, so that it starts
        nothing twice. Raises IdentityCheckRefused, TooManyRequests or TemporarilyUnavailable."""
        ...

    async def outcome(self, check: OpenCheck) -> Outcome:
        """Raises TooManyRequests or TemporarilyUnavailable."""
        ...
