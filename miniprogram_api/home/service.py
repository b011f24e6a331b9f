"""The first screen in one call."""

from auth.service import PeopleService
from auth.views import person_view
from kit.clock import Clock
from kit.text import Language
from miniprogram_api.applications.service import ApplicationService
from miniprogram_api.drafts.service import DraftService
from miniprogram_api.home.notices import notices_of
from miniprogram_api.home.schemas import HomeView
from push.inbox import MessageInbox

DRAFTS_SHOWN = 5


class HomeService:
    def __init__(
        self,
        people: PeopleService,
        drafts: DraftService,
        applications: ApplicationService,
        inbox: MessageInbox,
        clock: Clock,
    ) -> None:
        self._people = people
        self._drafts = drafts
        self._applications = applications
        self._inbox = inbox
        self._clock = clock

    async def view(self, person_id: str, language: Language) -> HomeView:
        drafts = await self._drafts.open_drafts(person_id, DRAFTS_SHOWN)
        applications = await self._applications.running(person_id, language)
        return HomeView(
            person=person_view(await self._people.profile(person_id)),
            drafts=drafts,
            applications=applications,
            unread=await self._inbox.unread(person_id),
            notices=notices_of(applications, drafts, self._clock.now(), language),
        )
