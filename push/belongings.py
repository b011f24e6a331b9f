"""What pushing keeps of a person, as far as the person's rights concern it."""

from msgspec import Struct

from kit.clock import in_china
from kit.text import Language
from push.consents import PushConsents
from push.inbox import PAGE_MAX, Letter, MessageInbox
from push.models import Message, PushConsent, PushDelivery

PAGE = 200


class ExportedPush(Struct, frozen=True):
    channel: str
    state: str
    at: str


class ExportedMessage(Struct, frozen=True):
    """As the inbox shows it."""

    id: str
    at: str
    application_id: str | None
    title: str
    body: str
    link: str
    read_at: str | None
    told: list[ExportedPush]


class ExportedPushConsent(Struct, frozen=True):
    """``template`` and ``answer`` are the platform's words; ``name`` is None for a template that is
    not used any more."""

    platform: str
    template: str
    name: str | None
    answer: str
    answered_at: str
    earned: int
    spent: int


class MessageBelongings:
    """``auth.belongings.Belongings``: the inbox, and what became of pushing what is in it."""

    name = "messages"

    def __init__(self, inbox: MessageInbox) -> None:
        self._inbox = inbox

    async def export(self, person_id: str, language: Language) -> list[object]:
        exported: list[object] = []
        before: str | None = None
        while True:
            letters = await self._inbox.page(person_id, before, PAGE_MAX, language)
            exported += [_exported(letter) for letter in letters[:PAGE_MAX]]
            if len(letters) <= PAGE_MAX:
                return exported
            before = letters[PAGE_MAX - 1].message.id

    async def hand_over(self, person_id: str, to: str) -> None:
        while ids := await _some_messages(person_id):
            await PushDelivery.filter(event_id__in=list(ids.values())).update(person_id=to)
            await Message.filter(id__in=list(ids)).update(person_id=to)

    async def erase(self, person_id: str) -> None:
        while ids := await _some_messages(person_id):
            await PushDelivery.filter(event_id__in=list(ids.values())).delete()
            await Message.filter(id__in=list(ids)).delete()


class PushConsentBelongings:
    """``auth.belongings.Belongings``: what was agreed to have pushed."""

    name = "push_consents"

    def __init__(self, consents: PushConsents) -> None:
        self._consents = consents

    async def export(self, person_id: str, language: Language) -> list[object]:
        rows = await PushConsent.filter(person_id=person_id).order_by("platform", "template")
        return [self._exported(row, language) for row in rows]

    async def hand_over(self, person_id: str, to: str) -> None:
        await self._consents.hand_over(person_id, to)

    async def erase(self, person_id: str) -> None:
        await PushConsent.filter(person_id=person_id).delete()

    def _exported(self, row: PushConsent, language: Language) -> ExportedPushConsent:
        template = self._consents.template_of(row.platform, row.template)
        return ExportedPushConsent(
            platform=row.platform,
            template=row.template,
            name=template.name.in_language(language) if template else None,
            answer=row.answer,
            answered_at=in_china(row.answered_at),
            earned=row.earned,
            spent=row.spent,
        )


def _exported(letter: Letter) -> ExportedMessage:
    message = letter.message
    return ExportedMessage(
        id=message.id,
        at=in_china(message.at),
        application_id=message.application_id or None,
        title=letter.title,
        body=letter.body,
        link=message.link,
        read_at=in_china(message.read_at) if message.read_at else None,
        told=[
            ExportedPush(each.channel, each.state, in_china(each.told_at))
            for each in letter.deliveries
        ],
    )


async def _some_messages(person_id: str) -> dict[str, str]:
    """The next ones' ids, with their events. Pushes have no index by person and need none: each
    belongs to a message, was written with it, and moves and goes with it."""
    rows = await Message.filter(person_id=person_id).order_by("id").limit(PAGE)
    return {row.id: row.event_id for row in rows}
