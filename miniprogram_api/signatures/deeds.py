"""What is done about signatures when nobody asks: reminding, asking again, finding out."""

from contextlib import suppress
from datetime import timedelta

from adapters.errors import Refused, Unreachable
from adapters.outbox.delivery import Delivery
from adapters.outbox.put import Outbox
from auth.service import PeopleService
from kit.clock import Clock
from kit.problems import NotFound
from miniprogram_api.drafts.service import (
    DraftExpired,
    DraftNotReady,
    DraftOutdated,
    DraftSubmitted,
    SignableDrafts,
)
from miniprogram_api.signatures.asking import REMIND_AFTER, REMIND_TOPIC, SignatureAsking
from miniprogram_api.signatures.models import Signature
from miniprogram_api.signatures.settling import SETTLE_TOPIC, SignatureSettling
from miniprogram_api.signatures.telling import Teller

NOT_NOW = (NotFound, DraftNotReady, DraftOutdated, DraftSubmitted, DraftExpired)
LOOK_EVERY = timedelta(minutes=5)


class RemindHandler:
    """``signature.remind``: ``{"signature_id", "number"}``. Ends with the signature, the refusal
    and the draft; while it is not what its signer has to sign nobody is reminded, because a change
    may be taken back. Whoever opened an account since is found then."""

    def __init__(
        self,
        drafts: SignableDrafts,
        people: PeopleService,
        teller: Teller,
        outbox: Outbox,
        clock: Clock,
    ) -> None:
        self._drafts = drafts
        self._people = people
        self._teller = teller
        self._outbox = outbox
        self._clock = clock

    async def handle(self, delivery: Delivery) -> None:
        number = int(delivery.body["number"])
        async with delivery.settling():
            row = await Signature.get_or_none(id=delivery.body["signature_id"])
            if row is None or row.state not in {"pending", "signing"}:
                return
            draft = await self._drafts.present(row.draft_id)
            if draft is None or not draft.is_open:
                return
            # Not asked for any more also when another task was signed that has its documents, too.
            if any(one.task and one.task.id == row.id and one.is_open for one in draft.standings):
                await self._tell(row, number)
            if number < len(REMIND_AFTER):
                await self._outbox.put(
                    REMIND_TOPIC,
                    f"{REMIND_TOPIC}:{row.id}",
                    {"signature_id": row.id, "number": number + 1},
                    row.opened_at + timedelta(days=REMIND_AFTER[number]),
                )

    async def park(self, delivery: Delivery, error_code: str) -> None:
        """The row stays for the operator."""

    async def _tell(self, row: Signature, number: int) -> None:
        persons = await self._people.persons_with([row.signer_index])
        person_id, now = persons.get(row.signer_index), self._clock.now()
        await self._teller.tell_signer(row, person_id, "signature_reminder", now, number)


class ReviewHandler:
    """``signature.review``: ``{"draft_id", "words"}``, a while after a change. Whoever was asked
    before and must sign something else now is asked at once, if the draft is right; if it is not,
    the change that makes it right has a deed of its own."""

    def __init__(self, drafts: SignableDrafts, asking: SignatureAsking) -> None:
        self._drafts = drafts
        self._asking = asking

    async def handle(self, delivery: Delivery) -> None:
        draft_id = delivery.body["draft_id"]
        draft = await self._drafts.present(draft_id)
        if draft is not None and draft.is_open and draft.words == delivery.body["words"]:
            # Not right yet, or closed meanwhile.
            with suppress(*NOT_NOW):
                await self._asking.ask_again(await self._drafts.askable(draft.owner, draft_id))

    async def park(self, delivery: Delivery, error_code: str) -> None:
        """The row stays for the operator; the draft itself says who has to sign again."""


class SettleHandler:
    """``signature.settle``: ``{"signature_id", "attempt"}``. For whoever closes the phone on the
    service's page and never asks what came of it."""

    def __init__(self, settling: SignatureSettling, outbox: Outbox, clock: Clock) -> None:
        self._settling = settling
        self._outbox = outbox
        self._clock = clock

    async def handle(self, delivery: Delivery) -> None:
        row = await Signature.get_or_none(id=delivery.body["signature_id"])
        if row is None or (row.state, row.attempt) != ("signing", delivery.body["attempt"]):
            return
        try:
            outcome = await self._settling.outcome(row)
        except Refused as refused:
            # Our quota is used up: a matter of waiting.
            raise Unreachable(refused.peer, refused.code, retry_after_s=60.0) from refused
        await self._settling.write(row, outcome)
        async with delivery.settling():
            if outcome.state == "pending":
                await self._outbox.put(
                    SETTLE_TOPIC,
                    f"{SETTLE_TOPIC}:{row.id}",
                    delivery.body,
                    self._clock.now() + LOOK_EVERY,
                )

    async def park(self, delivery: Delivery, error_code: str) -> None:
        """Whoever signs asks by himself, and may begin again."""
