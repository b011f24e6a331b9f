"""The identity check by the provincial identity register: do this name and number belong together?

Anybody knows both who once saw an ID card, so it makes nobody a real person.
"""

from adapters.errors import Refused
from adapters.identity.port import IdentityRegister
from auth.access_log import Who
from auth.check_method import (
    IDENTITY_MISMATCH,
    BegunCheck,
    CheckedUser,
    OpenCheck,
    Outcome,
)
from auth.claimed_identity import ClaimedIdentity
from auth.consents import FOR_IDENTITY_CHECK, Purpose
from auth.platform_answers import asked, too_many_requests
from auth.schemas import NoAction
from kit.problems import TemporarilyUnavailable

EXPIRES_IN_S = 600


class IdMatch:
    """Implements :class:`auth.check_method.CheckMethod`."""

    platform: str | None = None
    provider: Who = "identity_register"
    needs_claim = True
    purposes: tuple[Purpose, ...] = FOR_IDENTITY_CHECK

    def __init__(self, register: IdentityRegister) -> None:
        self._register = register

    async def begin(
        self, seed: str, user: CheckedUser, claim: ClaimedIdentity | None
    ) -> BegunCheck:
        return BegunCheck(seed, "", NoAction(), EXPIRES_IN_S)

    async def outcome(self, check: OpenCheck) -> Outcome:
        return await asked(
            self._outcome(check.claim),
            {"too_many_requests": too_many_requests()},
            otherwise=TemporarilyUnavailable(),
        )

    async def _outcome(self, claim: ClaimedIdentity | None) -> Outcome:
        assert claim is not None  # noqa: S101 - what ``needs_claim`` promises
        try:
            matches = await self._register.matches(claim.name, claim.id_number)
        except Refused as refused:
            if refused.code != "number_invalid":
                raise
            matches = False
        if matches:
            return Outcome("passed", "match", None)
        return Outcome("failed", "no_match", IDENTITY_MISMATCH)
