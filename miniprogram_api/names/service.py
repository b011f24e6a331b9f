"""Keeping a company's name for a draft (企业名称自主申报: 保留期).

The library is asked outside any unit, under a reference that is made of the draft and the name. So
a phone that lost the answer, a second tap and a process that was killed all come to the same
reservation. What nobody came back for is given up after an hour.
"""

import hashlib
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import structlog
from tortoise.exceptions import IntegrityError

from adapters.errors import AdapterError, Misconfigured, Refused
from adapters.names.port import Reservation
from adapters.outbox.delivery import Delivery
from adapters.outbox.put import Outbox
from kit.answers import Shown
from kit.clock import CHINA, Clock
from kit.database.unit import unit_of_work
from kit.idempotency import Once
from kit.ids import new_id
from kit.problems import NotFound, TemporarilyUnavailable
from kit.secrets import KeyRing
from kit.text import Language
from miniprogram_api.catalogue.service import NameChecks
from miniprogram_api.drafts.service import DraftService
from miniprogram_api.names.models import NameReservation
from miniprogram_api.names.problems import (
    NameRefused,
    NameTaken,
    NotAnOpening,
    TooManyNamesKept,
)
from miniprogram_api.names.schemas import KeepName, KeptName

log = structlog.get_logger("names")

TOPIC = "name.release"
ASKING, KEPT, GIVING_UP = "asking", "kept", "giving_up"
KEPT_MAX = 10
"""Of one person at a time: an agent's drafts, and nobody's way to keep names from others. Our rule,
confidence low."""
UNANSWERED = timedelta(hours=1)
"""After this nobody asks for the same name again with the same tap."""
SWEEP_BATCH = 100


class NameKeeping:
    """One for the process. Also ``auth.belongings.Belongings``."""

    name = "names"

    def __init__(
        self, names: NameChecks, drafts: DraftService, outbox: Outbox, ring: KeyRing, clock: Clock
    ) -> None:
        self._names = names
        self._drafts = drafts
        self._outbox = outbox
        self._ring = ring
        self._clock = clock

    async def keep(self, person_id: str, draft_id: str, body: KeepName, once: Once) -> Shown:
        """Keep the name for the draft; another one that was kept for it is given up then.

        NotFound, DraftSubmitted or DraftExpired for a draft that the person cannot change,
        NotAnOpening, TooManyNamesKept, NameRefused by the rules or the library, NameTaken;
        TemporarilyUnavailable when the library gave no answer: asking again is safe.
        """
        selection = await self._drafts.selection(person_id, draft_id)
        if selection.operation != "open":
            raise NotAnOpening
        wanted = body.wanted(selection.region)
        looked_at = self._names.looked_at(wanted)
        if looked_at.refusals:
            raise NameRefused(looked_at.refusals)
        row = await self._asking(person_id, draft_id, looked_at.name)
        try:
            reservation = await self._names.reserve(wanted, row.reference)
        except Refused as refused:
            if refused.code == "too_many_requests":
                raise TemporarilyUnavailable from refused
            await NameReservation.filter(id=row.id, state=ASKING).delete()
            raise NameTaken if refused.code == "name_taken" else NameRefused from refused
        except AdapterError as error:
            if isinstance(error, Misconfigured):
                log.error("adapter_misconfigured", peer=error.peer, code=error.code)
            raise TemporarilyUnavailable from error
        async with once.unit():
            await self._note(row, reservation)
            view = _shown(looked_at.name, reservation)
            return await once.remember(Shown(view, status=201))

    async def kept(self, person_id: str, draft_id: str) -> KeptName:
        """NotFound when none is, or not any more."""
        row = await NameReservation.filter(
            draft_id=draft_id, person_id=person_id, state=KEPT, until__gte=self._today()
        ).first()
        if row is None:
            raise NotFound
        return self._view(row)

    async def give_up(self, person_id: str, draft_id: str) -> None:
        async with unit_of_work():
            rows = await NameReservation.filter(
                draft_id=draft_id, person_id=person_id, state=KEPT
            ).all()
            if not rows:
                raise NotFound
            await self._give_up(rows, KEPT)

    async def sweep(self) -> int:
        """Housekeeping: forget what has run out, give up what nobody came back for and what was
        kept for a draft that is gone; how many."""
        ended = await NameReservation.filter(state=KEPT, until__lt=self._today()).delete()
        lost = await NameReservation.filter(
            state=ASKING, at__lt=self._clock.now() - UNANSWERED
        ).limit(SWEEP_BATCH)
        ownerless = [row async for row in self._of_no_draft()]
        async with unit_of_work():
            # Whoever came back this moment after all has it kept.
            await self._give_up(lost, ASKING)
            await self._give_up(ownerless, KEPT)
        return ended + len(lost) + len(ownerless)

    async def _of_no_draft(self) -> AsyncIterator[NameReservation]:
        last, kept = "", NameReservation.filter(state=KEPT).order_by("id").limit(SWEEP_BATCH)
        while page := await kept.filter(id__gt=last):
            there = await self._drafts.among([row.draft_id for row in page])
            for row in page:
                if row.draft_id not in there:
                    yield row
            last = page[-1].id

    async def export(self, person_id: str, language: Language) -> list[object]:
        rows = await NameReservation.filter(person_id=person_id, state=KEPT).order_by("at")
        return [self._view(row) for row in rows]

    async def hand_over(self, person_id: str, to: str) -> None:
        await NameReservation.filter(person_id=person_id).update(person_id=to)

    async def erase(self, person_id: str) -> None:
        rows = await NameReservation.filter(person_id=person_id).exclude(state=GIVING_UP)
        await self._give_up(rows, ASKING, KEPT)

    async def _asking(self, person_id: str, draft_id: str, name: str) -> NameReservation:
        """The row of the draft and the name: there already, or made now."""
        reference = f"{draft_id}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"
        known = await NameReservation.get_or_none(reference=reference)
        if known is not None and known.state != GIVING_UP:
            return known
        if known is not None:
            # Being given up this moment under this very reference; it must not be kept meanwhile.
            raise TemporarilyUnavailable
        if await NameReservation.filter(person_id=person_id).count() >= KEPT_MAX:
            raise TooManyNamesKept
        row_id = new_id()
        try:
            return await NameReservation.create(
                id=row_id,
                draft_id=draft_id,
                person_id=person_id,
                reference=reference,
                name_cipher=self._ring.seal(name.encode(), _context(row_id)),
                state=ASKING,
                at=self._clock.now(),
            )
        except IntegrityError:
            return await NameReservation.get(reference=reference)

    async def _note(self, row: NameReservation, reservation: Reservation) -> None:
        """The row says what the library said, and every other name of the draft is given up."""
        updated = await NameReservation.filter(id=row.id, state__in=(ASKING, KEPT)).update(
            state=KEPT, number=reservation.number, until=reservation.until.isoformat()
        )
        if not updated:
            # Given up while the library was asked: the account was deleted, or an hour went by.
            raise TemporarilyUnavailable
        others = await NameReservation.filter(draft_id=row.draft_id, state=KEPT).exclude(id=row.id)
        await self._give_up(others, KEPT)

    async def _give_up(self, rows: Sequence[NameReservation], *states: str) -> None:
        """Those that are in one of ``states`` still; inside the caller's unit."""
        for row in rows:
            same = NameReservation.filter(id=row.id, state__in=states)
            if await same.update(state=GIVING_UP):
                await self._outbox.put(TOPIC, f"name:{row.id}", {"reservation_id": row.id})

    def _view(self, row: NameReservation) -> KeptName:
        name = self._ring.open(row.name_cipher, _context(row.id)).decode()
        return KeptName(name, row.number, row.until)

    def _today(self) -> str:
        return self._clock.now().astimezone(CHINA).date().isoformat()


class NameRelease:
    """The handler of ``name.release``: ``{"reservation_id"}``."""

    def __init__(self, names: NameChecks) -> None:
        self._names = names

    async def handle(self, delivery: Delivery) -> None:
        row = await NameReservation.get_or_none(id=delivery.body["reservation_id"])
        if row is not None:
            await self._names.release(row.reference)
        async with delivery.settling():
            await NameReservation.filter(id=delivery.body["reservation_id"]).delete()

    async def park(self, delivery: Delivery, error_code: str) -> None:
        """The library lets it go by itself in the end; the row stays for the operator."""
        log.error("name_release_parked", code=error_code)


def _shown(name: str, reservation: Reservation) -> KeptName:
    return KeptName(name, reservation.number, reservation.until.isoformat())


def _context(row_id: str) -> str:
    return f"name_reservation.name|{row_id}"
