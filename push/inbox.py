"""A person's messages, and what became of pushing each of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from kit.clock import Clock
from kit.database.fields import ID_LENGTH
from kit.problems import NotFound
from kit.text import Language
from push.models import Message, PushDelivery
from push.wording import telling_of

PAGE_MAX = 50


@dataclass(frozen=True, slots=True)
class Letter:
    """A message in the reader's language, with its pushes."""

    message: Message
    title: str
    body: str
    deliveries: Sequence[PushDelivery]


class MessageInbox:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def page(
        self, person_id: str, before: str | None, limit: int, language: Language
    ) -> list[Letter]:
        """The newest first; ``before`` is the id of the last one that was seen. One more than
        ``limit`` when there are more."""
        query = Message.filter(person_id=person_id)
        if before is not None:
            query = query.filter(id__lt=before)
        rows = await query.order_by("-id").limit(min(limit, PAGE_MAX) + 1)
        return await self._letters(rows, language)

    async def unread(self, person_id: str) -> int:
        return await Message.filter(person_id=person_id, read_at__isnull=True).count()

    async def mark_read(self, person_id: str, message_id: str, language: Language) -> Letter:
        """Reading twice keeps the first time. NotFound for absent and foreign ones."""
        if len(message_id) != ID_LENGTH:
            raise NotFound
        await Message.filter(id=message_id, person_id=person_id, read_at__isnull=True).update(
            read_at=self._clock.now()
        )
        row = await Message.get_or_none(id=message_id, person_id=person_id)
        if row is None:
            raise NotFound
        return (await self._letters([row], language))[0]

    async def _letters(self, rows: Sequence[Message], language: Language) -> list[Letter]:
        events = [row.event_id for row in rows]
        pushed = await PushDelivery.filter(event_id__in=events).order_by("id") if events else []
        return [
            Letter(
                row,
                *_words(row, language),
                [each for each in pushed if each.event_id == row.event_id],
            )
            for row in rows
        ]


def _words(row: Message, language: Language) -> tuple[str, str]:
    """The words as they were sent; in English they are made anew from the same facts."""
    if language == "en":
        telling = telling_of(row)
        if telling is not None:
            return telling.title.en, telling.body.en
    return row.title, row.body
