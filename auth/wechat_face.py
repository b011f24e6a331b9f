"""The identity check by WeChat's face comparison (人脸核验 v2)."""

import hashlib

from adapters.errors import Refused
from adapters.wechat.port import FaceCheckTicket, WeChat
from auth.access_log import Who
from auth.check_method import (
    EXPIRED,
    NOT_FINISHED,
    NOT_RECOGNISED,
    BegunCheck,
    CheckedUser,
    OpenCheck,
    Outcome,
)
from auth.claimed_identity import ClaimedIdentity
from auth.consents import FOR_FACE_CHECK, Purpose
from auth.platform_answers import asked, too_many_requests
from auth.problems import IdentityCheckRefused
from auth.schemas import WeChatFaceAction
from kit.problems import TemporarilyUnavailable

SEQUENCES_MAX = 3
_MISMATCHES = frozenset({"certificate_mismatch", "open_id_mismatch", "sequence_mismatch"})
_DIALOG_CODES = range(90000, 90200)
"""The phone's dialog did not come to a comparison; other failures are the comparison's."""


class WeChatFaceCheck:
    """Implements :class:`auth.check_method.CheckMethod`."""

    platform: str | None = "wechat"
    provider: Who = "wechat"
    needs_claim = True
    purposes: tuple[Purpose, ...] = FOR_FACE_CHECK

    def __init__(self, wechat: WeChat) -> None:
        self._wechat = wechat

    async def begin(
        self, seed: str, user: CheckedUser, claim: ClaimedIdentity | None
    ) -> BegunCheck:
        assert claim is not None  # noqa: S101 - what ``needs_claim`` promises
        sequence_no, ticket = await asked(
            self._ticket(seed, user.open_id, claim),
            {"too_many_requests": too_many_requests()},
            otherwise=IdentityCheckRefused(),
        )
        action = WeChatFaceAction(ticket.verify_id)
        return BegunCheck(sequence_no, ticket.verify_id, action, ticket.expires_in_s)

    async def outcome(self, check: OpenCheck) -> Outcome:
        return await asked(
            self._outcome(check),
            {"too_many_requests": too_many_requests()},
            otherwise=TemporarilyUnavailable(),
        )

    async def _ticket(
        self, seed: str, open_id: str, claim: ClaimedIdentity
    ) -> tuple[str, FaceCheckTicket]:
        """WeChat may have taken a number whose answer we never got: then the next one is used, and
        nobody ever learns the first one's ticket."""
        sequence_no = seed
        for attempt in range(1, SEQUENCES_MAX + 1):
            try:
                ticket = await self._wechat.begin_face_check(
                    sequence_no, open_id, claim.name, claim.id_number
                )
                return sequence_no, ticket
            except Refused as refused:
                if refused.code != "sequence_taken" or attempt == SEQUENCES_MAX:
                    raise
                sequence_no = hashlib.sha256(sequence_no.encode()).hexdigest()[:32]
        raise AssertionError("unreachable")

    async def _outcome(self, check: OpenCheck) -> Outcome:
        claim = check.claim
        assert claim is not None  # noqa: S101 - what ``needs_claim`` promises
        try:
            result = await self._wechat.face_check_result(
                check.upstream_id,
                check.sequence_no,
                check.user.open_id,
                claim.name,
                claim.id_number,
            )
        except Refused as refused:
            if refused.code == "face_check_expired":
                return Outcome("expired", refused.code, EXPIRED)
            if refused.code in _MISMATCHES:
                return Outcome("failed", refused.code, NOT_RECOGNISED)
            raise
        if result.passed:
            return Outcome("passed", result.code, None, in_person=True)
        if result.pending:
            return Outcome("pending", result.code, None)
        in_dialog = result.code.isdigit() and int(result.code) in _DIALOG_CODES
        return Outcome("failed", result.code, NOT_FINISHED if in_dialog else NOT_RECOGNISED)
