"""``matter.overdue``: the timer that a promise sets.

A promise may move (a correction stops its clock), and then sets another timer; the old one finds
that it is not meant any more.
"""

from datetime import datetime

from adapters.outbox.delivery import Delivery
from kit.clock import Clock
from miniprogram_api.applications.casebook import Casebook
from miniprogram_api.applications.clocks import is_overdue
from miniprogram_api.applications.models import Matter
from miniprogram_api.applications.states import MatterState


class OverdueHandler:
    def __init__(self, casebook: Casebook, clock: Clock) -> None:
        self._casebook = casebook
        self._clock = clock

    async def handle(self, delivery: Delivery) -> None:
        row = await Matter.get(id=delivery.body["matter_id"])
        async with delivery.settling():
            case = await self._casebook.take_up(row.application_id)
            matter = case.matter(row.item_code) if case else None
            if case is None or matter is None:
                return
            meant = datetime.fromisoformat(delivery.body["due_at"]) == matter.due_at
            if meant and is_overdue(MatterState(matter.state), matter.due_at, self._clock.now()):
                await self._casebook.note_overdue(case, matter)

    async def park(self, delivery: Delivery, error_code: str) -> None:
        """Being late shows without the timer's line, because it is worked out when asked."""
