"""A person's messages and consents, and what the platforms tell us about them."""

from collections.abc import Mapping

import structlog

from adapters.wechat.port import NotAuthentic, WeChatCallbacks
from auth.citizen import Citizen
from auth.problems import CallbackNotAuthentic
from kit.clock import in_china
from kit.database.unit import unit_of_work, until_committed
from kit.text import Language
from miniprogram_api.messages.problems import (
    OtherPlatform,
    UnknownTemplate,
)
from miniprogram_api.messages.schemas import (
    AnswerConsents,
    ConsentList,
    ConsentPlan,
    ConsentView,
    MessagePage,
    MessageView,
    PlannedTemplate,
    Told,
)
from push.consents import Consented, Moment, PushConsents
from push.inbox import Letter, MessageInbox
from push.platform_events import PlatformEvent, PlatformEvents

log = structlog.get_logger("messages")


class MessageService:
    def __init__(self, inbox: MessageInbox, consents: PushConsents) -> None:
        self._inbox = inbox
        self._consents = consents

    async def page(
        self, person_id: str, cursor: str | None, limit: int, language: Language
    ) -> MessagePage:
        letters = await self._inbox.page(person_id, cursor, limit, language)
        shown = letters[:limit]
        return MessagePage(
            items=[_view(letter) for letter in shown],
            next_cursor=shown[-1].message.id if len(letters) > limit else None,
        )

    async def unread(self, person_id: str) -> int:
        return await self._inbox.unread(person_id)

    async def mark_read(self, person_id: str, message_id: str, language: Language) -> MessageView:
        return _view(await self._inbox.mark_read(person_id, message_id, language))

    def consent_plan(self, platform: str, moment: Moment, language: Language) -> ConsentPlan:
        """No templates on a platform that has none: then there is nothing to ask."""
        templates = self._consents.plan(platform, moment)
        return ConsentPlan(
            [
                PlannedTemplate(each.template_id, each.name.in_language(language), each.long_term)
                for each in templates
            ]
        )

    async def answer_consents(
        self, caller: Citizen, body: AnswerConsents, language: Language
    ) -> ConsentList:
        """Raises OtherPlatform and UnknownTemplate; then nothing is recorded."""
        if body.platform != caller.platform:
            raise OtherPlatform
        if any(self._consents.template_of(body.platform, each) is None for each in body.answers):
            raise UnknownTemplate

        async def unit() -> list[Consented]:
            async with unit_of_work():
                return await self._consents.record(
                    caller.person_id, body.platform, body.answers, "phone"
                )

        # The platform's own event about the same dialog comes at the same moment.
        recorded = await until_committed(unit)
        return ConsentList(
            [
                ConsentView(
                    each.template.template_id,
                    each.template.name.in_language(language),
                    each.template.long_term,
                    each.ledger.answer,
                    each.ledger.left,
                )
                for each in recorded
            ],
            None,
        )


class WeChatEvents:
    """WeChat's message push: proved, kept, answered. What follows is done by the relay."""

    def __init__(self, callbacks: WeChatCallbacks, events: PlatformEvents) -> None:
        self._callbacks = callbacks
        self._events = events

    def url_check(self, query: Mapping[str, str]) -> str:
        """The echo to answer. Raises CallbackNotAuthentic."""
        names = ("signature", "timestamp", "nonce", "echostr")
        try:
            return self._callbacks.answer_url_check(*(query.get(name, "") for name in names))
        except NotAuthentic as error:
            log.warning("wechat_url_check_not_authentic", reason=error.args[0])
            raise CallbackNotAuthentic from error

    async def keep(self, query: Mapping[str, str], body: bytes) -> None:
        """Raises CallbackNotAuthentic, and keeps nothing then."""
        try:
            answers = self._callbacks.read_events(query, body)
        except NotAuthentic as error:
            log.warning("wechat_push_not_authentic", reason=error.args[0])
            raise CallbackNotAuthentic from error
        await self._events.keep(
            [
                PlatformEvent(
                    event_id=answer.event_id,
                    event=answer.event,
                    open_id=answer.open_id,
                    template_id=answer.template_id,
                    status=answer.status,
                    message_id=answer.message_id,
                    at=answer.at,
                )
                for answer in answers
            ]
        )


def _view(letter: Letter) -> MessageView:
    message = letter.message
    return MessageView(
        id=message.id,
        at=in_china(message.at),
        application_id=message.application_id or None,
        title=letter.title,
        body=letter.body,
        link=message.link,
        read_at=in_china(message.read_at) if message.read_at else None,
        told=[Told(each.channel, each.state, in_china(each.told_at)) for each in letter.deliveries],
    )
