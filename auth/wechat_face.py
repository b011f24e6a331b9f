"""The identity check by WeChat's face comparison (人脸核验 v2)."""

import hashlib

from adapters.errors import Refused
from adapters.wechat.port import FaceCheckTicket, WeChat
from auth.check_method import EXPIRED, NOT_FINISHED, NOT_RECOGNISED, BegunCheck, Outcome
from auth.claimed_identity import ClaimedIdentity
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

    def __init__(self, wechat: WeChat) -> None:
        self._wechat = wechat

    async def begin(self, seed: str, open_id: str, claim: ClaimedIdentity) -> BegunCheck:
        sequence_no, ticket = await asked(
            self._ticket(seed, open_id, claim),
            {"too_many_requests": too_many_requests()},
            otherwise=IdentityCheckRefused(),
        )
        action = WeChatFaceAction(ticket.verify_id)
        return BegunCheck(sequence_no, ticket.verify_id, action, ticket.expires_in_s)

    async def outcome(
        self, upstream_id: str, sequence_no: str, open_id: str, claim: ClaimedIdentity
    ) -> Outcome:
        return await asked(
            self._outcome(upstream_id, sequence_no, open_id, claim),
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

    async def _outcome(
        self, upstream_id: str, sequence_no: str, open_id: str, claim: ClaimedIdentity
    ) -> Outcome:
        try:
            result = await self._wechat.face_check_result(
                upstream_id, sequence_no, open_id, claim.name, claim.id_number
            )
        except Refused as refused:
            if refused.code == "face_check_expired":
                return Outcome("expired", refused.code, EXPIRED)
            if refused.code in _MISMATCHES:
                return Outcome("failed", refused.code, NOT_RECOGNISED)
            raise
        if result.passed or result.pending:
            return Outcome("passed" if result.passed else "pending", result.code, None)
        in_dialog = result.code.isdigit() and int(result.code) in _DIALOG_CODES
        return Outcome("failed", result.code, NOT_FINISHED if in_dialog else NOT_RECOGNISED)
