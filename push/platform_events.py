"""What a platform tells us about its subscribe messages: taps, settings, deliveries."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
import structlog

from adapters.outbox.delivery import Delivery
from adapters.outbox.put import Inbox
from kit.clock import Clock
from push.consents import PushConsents
from push.dispatch import DELIVERED, FAILED, SENT, send_key
from push.models import PushDelivery
from push.ports import Recipients

log = structlog.get_logger("push")


class PlatformEvent(msgspec.Struct, frozen=True):
    """One line about one template."""

    event_id: str
    """Equal for repeats of the same event."""
    event: str
    """``popup`` (the dialog), ``change`` (the settings) or ``sent`` (what became of a message)."""
    open_id: str
    template_id: str
    status: str
    message_id: str | None
    at: datetime


class PlatformEvents:
    """Keeps a platform's events, then acts on them: the topic is ``<platform>.event``.

    An event waits behind the sends to the same person, so that the news of a delivery never
    overtakes the row that it is about.
    """

    def __init__(
        self,
        platform: str,
        inbox: Inbox,
        recipients: Recipients,
        consents: PushConsents,
        clock: Clock,
    ) -> None:
        self._platform = platform
        self._topic = f"{platform}.event"
        self._inbox = inbox
        self._recipients = recipients
        self._consents = consents
        self._clock = clock

    async def keep(self, events: Sequence[PlatformEvent]) -> None:
        """All are on disk when this returns; repeats are left out."""
        for event in events:
            person_id = await self._recipients.person_of(self._platform, event.open_id)
            key = send_key(person_id or "nobody")
            await self._inbox.receive(self._topic, event.event_id, event, self._topic, key)

    async def handle(self, delivery: Delivery) -> None:
        inbox_id = delivery.body["inbox_id"]
        event = msgspec.json.decode(await self._inbox.read(inbox_id), type=PlatformEvent)
        person_id = await self._recipients.person_of(self._platform, event.open_id)
        async with delivery.settling():
            await self._inbox.settle(inbox_id)
            if event.event == "sent":
                await self._note_delivery(event)
            elif person_id is not None:
                answers = {event.template_id: event.status}
                await self._consents.record(person_id, self._platform, answers, "platform")
            else:
                log.info("platform_event_of_nobody", platform=self._platform, kind=event.event)

    async def park(self, delivery: Delivery, error_code: str) -> None:
        inbox_id = delivery.body["inbox_id"]
        log.error("platform_event_parked", inbox_id=inbox_id, code=error_code)

    async def _note_delivery(self, event: PlatformEvent) -> None:
        state = DELIVERED if event.status == "success" else FAILED
        known = await PushDelivery.filter(
            channel=self._platform, upstream_id=event.message_id, state=SENT
        ).update(state=state, told_at=self._clock.now())
        if not known:
            log.info("delivery_of_unknown_message", platform=self._platform)
