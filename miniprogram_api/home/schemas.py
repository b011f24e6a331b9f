"""What the first screen shows."""

from msgspec import Struct

from auth.schemas import PersonView
from miniprogram_api.applications.service import ApplicationView
from miniprogram_api.drafts.service import DraftItem


class NoticeView(Struct, frozen=True):
    """Something to be done, with the page on which it is done."""

    code: str
    text: str
    link: str


class HomeView(Struct, frozen=True):
    person: PersonView
    drafts: list[DraftItem]
    applications: list[ApplicationView]
    unread: int
    notices: list[NoticeView]
