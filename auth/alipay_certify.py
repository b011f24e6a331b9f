"""The identity check by Alipay's 身份验证 (alipay.user.certify.open), which compares the face."""

import hashlib

from adapters.alipay.port import Alipay, Certification
from adapters.errors import Refused
from auth.access_log import Who
from auth.check_method import (
    EXPIRED,
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
from auth.schemas import AlipayCertifyAction
from kit.problems import TemporarilyUnavailable

ORDERS_MAX = 2
EXPIRES_IN_S = 3600
"""Ours. Alipay keeps a certification open for 23 hours; whoever comes back so much later is better
asked again."""


class AlipayCertify:
    """Implements :class:`auth.check_method.CheckMethod`."""

    platform: str | None = "alipay"
    provider: Who = "alipay"
    needs_claim = True
    purposes: tuple[Purpose, ...] = FOR_FACE_CHECK

    def __init__(self, alipay: Alipay) -> None:
        self._alipay = alipay

    async def begin(
        self, seed: str, user: CheckedUser, claim: ClaimedIdentity | None
    ) -> BegunCheck:
        assert claim is not None  # noqa: S101 - what ``needs_claim`` promises
        order_no, begun = await asked(
            self._begun(seed, claim),
            {"too_many_requests": too_many_requests()},
            otherwise=IdentityCheckRefused(),
        )
        action = AlipayCertifyAction(begun.certify_id, begun.url)
        return BegunCheck(order_no, begun.certify_id, action, EXPIRES_IN_S)

    async def _begun(self, seed: str, claim: ClaimedIdentity) -> tuple[str, Certification]:
        """Alipay may have taken a number whose answer we never got, and does not say so clearly:
        then the next one is used, and nobody ever opens the first one's page."""
        order_no = seed
        for attempt in range(1, ORDERS_MAX + 1):
            try:
                begun = await self._alipay.begin_certification(
                    order_no, claim.name, claim.id_number
                )
                return order_no, begun
            except Refused as refused:
                if refused.code != "business_failed" or attempt == ORDERS_MAX:
                    raise
                order_no = hashlib.sha256(order_no.encode()).hexdigest()[:32]
        raise AssertionError("unreachable")

    async def outcome(self, check: OpenCheck) -> Outcome:
        return await asked(
            self._outcome(check.upstream_id),
            {"too_many_requests": too_many_requests()},
            otherwise=TemporarilyUnavailable(),
        )

    async def _outcome(self, certify_id: str) -> Outcome:
        try:
            result = await self._alipay.certification_result(certify_id)
        except Refused as refused:
            if refused.code == "certification_unknown":
                return Outcome("expired", refused.code, EXPIRED)
            raise
        if result.passed:
            return Outcome("passed", result.code, None, in_person=True)
        if result.pending:
            return Outcome("pending", result.code, None)
        return Outcome("failed", result.code, NOT_RECOGNISED)
