"""What the routes of messages take and show."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from kit.database.fields import ID_LENGTH
from push.consents import Moment
from push.inbox import PAGE_MAX
from push.ledger import AnswerWord

Id = Annotated[str, Meta(min_length=ID_LENGTH, max_length=ID_LENGTH, pattern="^[0-9a-f]{32}$")]
TemplateId = Annotated[str, Meta(min_length=1, max_length=64)]


class MessagesQuery(Struct, frozen=True, forbid_unknown_fields=True):
    cursor: Id | None = None
    limit: Annotated[int, Meta(ge=1, le=PAGE_MAX)] = 20


class ConsentPlanQuery(Struct, frozen=True, forbid_unknown_fields=True):
    moment: Moment


class AnswerConsents(Struct, frozen=True, forbid_unknown_fields=True):
    """What the platform's dialog answered, template by template."""

    platform: Literal["wechat", "alipay", "aishandong", "h5"]
    answers: Annotated[dict[TemplateId, AnswerWord], Meta(min_length=1, max_length=10)]


class Told(Struct, frozen=True):
    """What became of one push: ``queued``, ``sending``, ``sent``, ``delivered``, ``failed``,
    ``not_subscribed``, ``unknown`` (nobody can tell whether it arrived), ``expired``."""

    channel: str
    state: str
    at: str


class MessageView(Struct, frozen=True):
    """``application_id`` is null for what is told of a draft or a signature; ``link`` is the page
    that it is about."""

    id: str
    at: str
    application_id: str | None
    title: str
    body: str
    link: str
    read_at: str | None
    told: list[Told]


class MessagePage(Struct, frozen=True):
    items: list[MessageView]
    next_cursor: str | None


class UnreadCount(Struct, frozen=True):
    unread: int


class PlannedTemplate(Struct, frozen=True):
    template: str
    name: str
    long_term: bool


class ConsentPlan(Struct, frozen=True):
    templates: list[PlannedTemplate]


class ConsentView(Struct, frozen=True):
    """``left``: how many messages the consents are good for, as far as we know; a long-term consent
    is good for any number while this is above zero."""

    template: str
    name: str
    long_term: bool
    answer: str
    left: int


class ConsentList(Struct, frozen=True):
    items: list[ConsentView]
    next_cursor: None
