"""What came of a signing: asked of the service, written once, told to who waits for it."""

from datetime import timedelta

import structlog
from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from adapters.errors import AdapterError, Misconfigured, Refused
from adapters.esign.port import ESignature, FlowOutcome, OpenFlow, SignedDocument
from kit.clock import Clock
from kit.problems import Problem
from miniprogram_api.drafts.service import SignableDraft, SignableDrafts, SigningKind
from miniprogram_api.signatures.book import SignatureBook, documents_of
from miniprogram_api.signatures.models import Signature
from miniprogram_api.signatures.telling import Teller

log = structlog.get_logger("signatures")

SETTLE_TOPIC = "signature.settle"
ASK_EVERY = timedelta(seconds=1)
LATE = timedelta(minutes=10)
"""How long after its end a flow may still be told to have been signed."""
FLOW_GONE = "flow_unknown"


class SignatureSettling:
    """One for the process."""

    def __init__(
        self,
        drafts: SignableDrafts,
        service: ESignature | None,
        book: SignatureBook,
        teller: Teller,
        clock: Clock,
    ) -> None:
        self._drafts = drafts
        self._service = service
        self._book = book
        self._teller = teller
        self._clock = clock

    async def settle(self, row: Signature) -> Signature:
        """The row as it is then. A silent service changes nothing: whoever waits asks again."""
        if not await self._may_ask(row):
            return await Signature.get(id=row.id)
        try:
            outcome = await self.outcome(row)
        except AdapterError as error:
            note = log.error if isinstance(error, Misconfigured) else log.warning
            note("signature_not_settled", signature_id=row.id, code=error.code)
            return row
        await self.write(row, outcome)
        return await Signature.get(id=row.id)

    async def outcome(self, row: Signature) -> FlowOutcome:
        """Raises what the port raises."""
        if self._service is None or row.upstream_id is None:
            return FlowOutcome("pending")
        reference = reference_of(row.id, row.attempt)
        signatory = self._book.signatory_of(row)
        flow = OpenFlow(reference, row.upstream_id, signatory, to_be_signed(row))
        try:
            outcome = await self._service.outcome(flow)
        except Refused as refused:
            if refused.code != FLOW_GONE:
                raise
            return FlowOutcome("expired")
        is_late = row.ends_at is not None and self._clock.now() > row.ends_at + LATE
        return FlowOutcome("expired") if outcome.state == "pending" and is_late else outcome

    async def write(self, row: Signature, outcome: FlowOutcome) -> None:
        """In a unit of its own."""
        if outcome.state == "pending":
            return
        log.info("signature_settled", signature_id=row.id, state=outcome.state)
        async with self._drafts.unit(row.draft_id):
            if outcome.state == "signed" and outcome.evidence is not None:
                await self._signed(row, outcome)
            elif outcome.state == "refused":
                # Of this flow only: whoever refused may have begun anew, and be signing now.
                await self._close(_mine(row), row, row.person_id, "at_the_service")
            else:
                await self._failed(row, outcome.fault or outcome.state)

    async def refused(self, row: Signature, person_id: str | None, reason: str) -> None:
        """In the caller's unit."""
        open_ = Signature.filter(id=row.id, state__in=("pending", "signing"))
        await self._close(open_, row, person_id, reason)

    async def _close(
        self, open_: QuerySet[Signature], row: Signature, person_id: str | None, reason: str
    ) -> None:
        """It may be asked for again, so its slot is free."""
        if await open_.update(state="refused", slot=None, reason=reason, person_id=person_id):
            await self._teller.tell_owner(row, "signature_refused", self._clock.now(), row.id)
            await self._note(row, "sign_refused")

    async def _failed(self, row: Signature, reason: str) -> None:
        change = {"state": "pending", "reason": reason, "attempt": row.attempt + 1}
        if await _mine(row).update(**change, upstream_id=None):
            await self._note(row, "sign_failed")

    async def _signed(self, row: Signature, outcome: FlowOutcome) -> None:
        evidence = outcome.evidence
        assert evidence is not None  # noqa: S101 - the caller looked
        now = self._clock.now()
        if not await _mine(row).update(
            state="signed",
            reason=None,
            signed_at=evidence.signed_at,
            evidence_cipher=self._book.seal_evidence(row.id, evidence),
        ):
            return
        draft = await self._note(row, "signed")
        if draft is not None and draft.is_signed:
            happening = "|".join(sorted(f"{t.id}" for t in draft.tasks if t.state == "signed"))
            await self._teller.tell_owner(row, "signed_all", now, f"{row.draft_id}|{happening}")

    async def _note(self, row: Signature, kind: SigningKind) -> SignableDraft | None:
        """None when the draft was closed or erased meanwhile: the signature is kept all the same,
        and changes nothing any more."""
        try:
            await self._drafts.note(row.owner, row.draft_id, kind)
        except Problem:
            return None
        return await self._drafts.present(row.draft_id)

    async def _may_ask(self, row: Signature) -> bool:
        now = self._clock.now()
        turn = Q(asked_at__isnull=True) | Q(asked_at__lte=now - ASK_EVERY)
        return await Signature.filter(turn, id=row.id, state="signing").update(asked_at=now) == 1


def reference_of(signature_id: str, attempt: int) -> str:
    """Ours at the service; the same for every try of one flow."""
    return f"{signature_id}-{attempt}"


def to_be_signed(row: Signature) -> list[SignedDocument]:
    """Their codes are their names over there: a title may be worded otherwise tomorrow."""
    return [SignedDocument(one.code, one.code, one.sha256) for one in documents_of(row)]


def _mine(row: Signature) -> QuerySet[Signature]:
    """The row while the flow that was asked about is still the one that is open."""
    return Signature.filter(id=row.id, state="signing", attempt=row.attempt)
