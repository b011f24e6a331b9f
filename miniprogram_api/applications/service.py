"""A person's applications: what stands where, what happened, and news as they come."""

import asyncio
from collections.abc import Sequence

from kit.database.fields import ID_LENGTH
from kit.problems import NotFound
from kit.text import Language
from miniprogram_api.applications.log import ApplicationLog
from miniprogram_api.applications.models import Application, Matter
from miniprogram_api.applications.schemas import (
    EVENTS_MAX,
    ApplicationPage,
    ApplicationView,
    EventPage,
    EventView,
)
from miniprogram_api.applications.states import ENDED
from miniprogram_api.applications.views import ApplicationViews, event_view
from miniprogram_api.applications.waiting import Waiters

__all__ = ["ApplicationService", "ApplicationView"]

RUNNING_MAX = 20


class ApplicationService:
    """Everything here is the caller's own: foreign and absent are both NotFound."""

    def __init__(
        self, application_log: ApplicationLog, views: ApplicationViews, waiters: Waiters
    ) -> None:
        self._log = application_log
        self._views = views
        self._waiters = waiters

    async def page(
        self, person_id: str, cursor: str | None, limit: int, language: Language
    ) -> ApplicationPage:
        """The newest first; ``cursor`` is the last one that was seen."""
        query = Application.filter(person_id=person_id, restricted_at__isnull=True)
        if cursor is not None:
            query = query.filter(id__lt=cursor)
        rows = await query.order_by("-id").limit(limit + 1)
        shown = rows[:limit]
        return ApplicationPage(
            items=await self._shown(shown, language),
            next_cursor=shown[-1].id if len(rows) > limit else None,
        )

    async def running(self, person_id: str, language: Language) -> list[ApplicationView]:
        """Those that have not ended, the newest first, for the first screen."""
        query = Application.filter(
            person_id=person_id, restricted_at__isnull=True, state__not_in=sorted(ENDED)
        )
        return await self._shown(await query.order_by("-id").limit(RUNNING_MAX), language)

    async def get(self, person_id: str, application_id: str, language: Language) -> ApplicationView:
        application = await self._owned(person_id, application_id)
        return (await self._shown([application], language))[0]

    async def events(
        self, person_id: str, application_id: str, after: int, language: Language
    ) -> EventPage:
        """Of all matters, the oldest first; at most 200 at once."""
        application = await self._owned(person_id, application_id)
        return _page(application, await self._events(application.id, after, language))

    async def wait(
        self,
        person_id: str,
        application_id: str,
        after: int,
        timeout_s: int,
        language: Language,
        closing: asyncio.Event,
    ) -> EventPage:
        """Events later than ``after``, as soon as there are any; none after ``timeout_s`` seconds.

        TooManyRequests when the person waits on too many connections.
        """
        await self._owned(person_id, application_id)

        async def look() -> Sequence[EventView]:
            return await self._events(application_id, after, language)

        news = await self._waiters.wait(application_id, person_id, timeout_s, closing, look)
        # Once more: the account may have been deleted while it waited.
        return _page(await self._owned(person_id, application_id), news)

    async def _owned(self, person_id: str, application_id: str) -> Application:
        if len(application_id) != ID_LENGTH:
            raise NotFound
        application = await Application.get_or_none(
            id=application_id, person_id=person_id, restricted_at__isnull=True
        )
        if application is None:
            raise NotFound
        return application

    async def _shown(
        self, applications: Sequence[Application], language: Language
    ) -> list[ApplicationView]:
        if not applications:
            return []
        ids = [application.id for application in applications]
        matters = await Matter.filter(application_id__in=ids).order_by("position")
        return [
            self._views.of(
                application,
                [matter for matter in matters if matter.application_id == application.id],
                language,
            )
            for application in applications
        ]

    async def _events(self, application_id: str, after: int, language: Language) -> list[EventView]:
        lines = await self._log.lines(application_id, after, EVENTS_MAX)
        if not lines:
            return []
        matters = await Matter.filter(application_id=application_id)
        names = {matter.item_code: matter.name for matter in matters}
        return [event_view(line, names, language) for line in lines]


def _page(application: Application, events: Sequence[EventView]) -> EventPage:
    last_seq = events[-1].seq if events else application.last_seq
    more = len(events) == EVENTS_MAX and last_seq < application.last_seq
    return EventPage(list(events), str(last_seq) if more else None, last_seq)
