"""What an identity check needs of whoever carries it out; each method is a file of its own."""

from dataclasses import dataclass
from typing import Literal, Protocol

from auth.claimed_identity import ClaimedIdentity
from auth.schemas import WeChatFaceAction

Verdict = Literal["pending", "passed", "failed", "expired"]

NOT_RECOGNISED = "face_check_failed"
"""Compared, and not the person."""
NOT_FINISHED = "face_check_not_finished"
"""Never compared: cancelled, no camera, no network. Does not count as a failure."""
EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class BegunCheck:
    """What the provider gave us to go on with."""

    sequence_no: str
    """Our number of the check at the provider, at most 32 characters."""
    upstream_id: str
    """The provider's name for it."""
    client_action: WeChatFaceAction
    expires_in_s: int


@dataclass(frozen=True, slots=True)
class Outcome:
    verdict: Verdict
    code: str
    """The provider's own word."""
    reason: str | None
    """Ours, for the client; None while pending and when passed."""


class CheckMethod(Protocol):
    """Only what the provider says to us counts, never what a client says."""

    async def begin(self, seed: str, open_id: str, claim: ClaimedIdentity) -> BegunCheck:
        """``seed`` (32 hex digits) is the same when the same request is repeated, so that it starts
        nothing twice. Raises IdentityCheckRefused, TooManyRequests or TemporarilyUnavailable."""
        ...

    async def outcome(
        self, upstream_id: str, sequence_no: str, open_id: str, claim: ClaimedIdentity
    ) -> Outcome:
        """Raises TemporarilyUnavailable."""
        ...
