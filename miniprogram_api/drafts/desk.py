"""What the services of drafts share: the log, its door, turns, plans and links."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kit.clock import Clock, moved_by
from kit.database.unit import unit_of_work
from kit.secrets import KeyRing
from miniprogram_api.catalogue.service import CatalogueService
from miniprogram_api.drafts.door import DraftDoor
from miniprogram_api.drafts.links import FileLinks
from miniprogram_api.drafts.log import DraftLog
from miniprogram_api.drafts.plans import DraftPlans
from miniprogram_api.drafts.ports import Grants, SignatureBook
from miniprogram_api.drafts.turns import Turns


class DraftDesk:
    """One for the process."""

    def __init__(
        self,
        catalogue: CatalogueService,
        ring: KeyRing,
        clock: Clock,
        grants: Grants | None = None,
        signatures: SignatureBook | None = None,
    ) -> None:
        self.clock = clock
        self.log = DraftLog(ring, moved_by(clock))
        self.door = DraftDoor(self.log, clock, grants, signatures)
        self.signatures = self.door.signatures
        self.links = FileLinks(ring, clock)
        self.turns = Turns()
        self.plans = DraftPlans(catalogue, self.links)

    @asynccontextmanager
    async def unit(self, draft_id: str) -> AsyncIterator[None]:
        """A unit of work that changes one draft. The turn comes first: a saver who waits for a
        connection must never hold up one who has it."""
        async with self.turns.of(draft_id), unit_of_work():
            yield
