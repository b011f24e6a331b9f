"""A person's applications, as far as the person's rights concern them."""

import msgspec

from kit.clock import Clock
from kit.secrets import KeyRing
from kit.text import Language
from miniprogram_api.applications.frozen import opened_text
from miniprogram_api.applications.models import Application
from miniprogram_api.applications.schemas import PAGE_MAX, ApplicationView, EventView
from miniprogram_api.applications.service import ApplicationService


class ExportedApplication(msgspec.Struct, frozen=True):
    """``content`` is what was frozen at the submission, the very text whose SHA-256 is the
    ``content_hash``."""

    application: ApplicationView
    events: list[EventView]
    content: msgspec.Raw


class ApplicationBelongings:
    """``auth.belongings.Belongings``"""

    name = "applications"

    def __init__(self, applications: ApplicationService, ring: KeyRing, clock: Clock) -> None:
        self._applications = applications
        self._ring = ring
        self._clock = clock

    async def export(self, person_id: str, language: Language) -> list[object]:
        exported: list[object] = []
        cursor: str | None = None
        while True:
            page = await self._applications.page(person_id, cursor, PAGE_MAX, language)
            exported += [await self._exported(person_id, view, language) for view in page.items]
            cursor = page.next_cursor
            if cursor is None:
                return exported

    async def hand_over(self, person_id: str, to: str) -> None:
        await Application.filter(person_id=person_id).update(person_id=to)

    async def erase(self, person_id: str) -> None:
        """Nothing is erased: what was applied for is a record of the administration's, kept as
        long as its archive law says (档案法; how long is the departments' to know). From now on
        nobody is shown it or told of it. Its matters go on: who opened a business has one, with or
        without an account here."""
        await Application.filter(person_id=person_id, restricted_at__isnull=True).update(
            restricted_at=self._clock.now()
        )

    async def _exported(
        self, person_id: str, view: ApplicationView, language: Language
    ) -> ExportedApplication:
        row = await Application.get(id=view.id)
        events: list[EventView] = []
        after: int | None = 0
        while after is not None:
            page = await self._applications.events(person_id, view.id, after, language)
            events += page.items
            after = page.last_seq if page.next_cursor is not None else None
        return ExportedApplication(view, events, msgspec.Raw(opened_text(self._ring, row)))
