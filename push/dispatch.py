"""Telling people: the message first, then the phone.

``applicant.tell`` (of an application) and ``person.tell`` (of a draft or a signature) write the
inbox message and one ``push.send`` row for each way to the person. ``push.send`` makes one call.
The platforms know no idempotency, so a send whose outcome nobody knows is not repeated: a message
that may come twice is worse than one that is in the inbox only.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
import structlog

from adapters.errors import Misconfigured, Refused, Unreachable
from adapters.outbox.delivery import Delivery
from adapters.outbox.put import Outbox
from kit.clock import Clock
from kit.ids import new_id
from push.consents import PushConsents
from push.ledger import allows
from push.models import Message, PushDelivery
from push.notices import Notice, quiet_until, say
from push.ports import (
    AccessNotes,
    Account,
    Addressees,
    ChannelTemplate,
    PushChannel,
    Recipients,
)
from push.rules import Happening, Push, Telling, tell
from push.wording import telling_of

log = structlog.get_logger("push")

TELL_TOPIC = "applicant.tell"
SEND_TOPIC = "push.send"

QUEUED, SENDING, SENT = "queued", "sending", "sent"
DELIVERED, FAILED, UNKNOWN = "delivered", "failed", "unknown"
NOT_SUBSCRIBED, EXPIRED = "not_subscribed", "expired"

GOOD_FOR = timedelta(hours=24)
"""Older news do not ring; they are in the inbox."""


class Teller:
    """Puts what is to be told into the inbox, and a push into the outbox for each way to a phone.
    Both inside the caller's unit."""

    def __init__(
        self, channels: Sequence[PushChannel], recipients: Recipients, outbox: Outbox, clock: Clock
    ) -> None:
        self._channels = {channel.name for channel in channels}
        self._recipients = recipients
        self._outbox = outbox
        self._clock = clock

    async def tell(self, event: Happening | Notice, person_id: str, telling: Telling) -> None:
        """Nothing when the person was told of this event before."""
        if await Message.exists(event_id=event.event_id):
            return
        reachable = await self._reachable(person_id) if telling.pushes else []
        event = msgspec.structs.replace(event, person_id=person_id)
        about = event.application_id if isinstance(event, Happening) else ""
        await Message.create(
            id=new_id(),
            event_id=event.event_id,
            person_id=person_id,
            application_id=about,
            title=telling.title.zh,
            body=telling.body.zh,
            link=telling.link,
            facts=msgspec.json.encode(event).decode(),
            at=self._clock.now(),
        )
        until = quiet_until(self._clock.now()) if isinstance(event, Notice) else None
        for channel in reachable:
            delivery_id = await self._queue(event.event_id, person_id, channel)
            await send_later(self._outbox, person_id, delivery_id, until)

    async def _reachable(self, person_id: str) -> list[str]:
        accounts = await self._recipients.accounts_of(person_id)
        return sorted({account.platform for account in accounts} & self._channels)

    async def _queue(self, event_id: str, person_id: str, channel: str) -> str:
        row = await PushDelivery.create(
            id=new_id(),
            event_id=event_id,
            person_id=person_id,
            channel=channel,
            state=QUEUED,
            told_at=self._clock.now(),
        )
        return row.id


class TellHandler:
    """``applicant.tell``: the body is a :class:`push.rules.Happening`. One message for an event,
    however often the row comes, and none for somebody who has gone meanwhile."""

    def __init__(self, teller: Teller, addressees: Addressees) -> None:
        self._teller = teller
        self._addressees = addressees

    async def handle(self, delivery: Delivery) -> None:
        happening = msgspec.convert(delivery.body, Happening)
        telling = tell(happening)
        if telling is None:
            return
        async with delivery.settling():
            person_id = await self._addressees.addressee_of(happening.application_id)
            if person_id is not None:
                await self._teller.tell(happening, person_id, telling)

    async def park(self, delivery: Delivery, error_code: str) -> None:
        log.error("telling_parked", event_id=delivery.body.get("event_id"), code=error_code)


class NoticeHandler:
    """``person.tell``: the body is a :class:`push.notices.Notice`. Told to whoever the person is by
    now, and to nobody when the account was deleted."""

    def __init__(self, teller: Teller, recipients: Recipients) -> None:
        self._teller = teller
        self._recipients = recipients

    async def handle(self, delivery: Delivery) -> None:
        notice = msgspec.convert(delivery.body, Notice)
        async with delivery.settling():
            person_id = await self._recipients.present(notice.person_id)
            if person_id is not None:
                await self._teller.tell(notice, person_id, say(notice))

    async def park(self, delivery: Delivery, error_code: str) -> None:
        log.error("telling_parked", event_id=delivery.body.get("event_id"), code=error_code)


def send_key(person_id: str) -> str:
    """One person's messages arrive in order."""
    return f"push:{person_id}"


async def send_later(
    outbox: Outbox, person_id: str, delivery_id: str, until: datetime | None
) -> None:
    """What waits for the morning holds up nothing else of the person's."""
    key = send_key(person_id) if until is None else f"{send_key(person_id)}:morning"
    await outbox.put(SEND_TOPIC, key, {"delivery_id": delivery_id}, until)


class SendHandler:
    """``push.send``: one message over one channel, at most once."""

    def __init__(
        self,
        channels: Sequence[PushChannel],
        recipients: Recipients,
        consents: PushConsents,
        access_notes: AccessNotes,
        outbox: Outbox,
        clock: Clock,
    ) -> None:
        self._channels = {channel.name: channel for channel in channels}
        self._recipients = recipients
        self._consents = consents
        self._access_notes = access_notes
        self._outbox = outbox
        self._clock = clock

    async def handle(self, delivery: Delivery) -> None:
        row = await PushDelivery.get_or_none(id=delivery.body["delivery_id"])
        if row is None or row.state not in {QUEUED, SENDING}:
            return
        if row.state == SENDING:
            # The process that was sending died in the middle.
            await self._end(delivery, row, UNKNOWN)
            return
        message = await Message.get_or_none(event_id=row.event_id)
        if message is None:
            # Erased between the two reads, and the row with it.
            return
        if self._clock.now() - message.at > GOOD_FOR:
            await self._end(delivery, row, EXPIRED)
            return
        if not message.application_id and (until := quiet_until(self._clock.now())) is not None:
            # Meant for the day, and late: tried in vain, or there was nobody to relay it.
            async with delivery.settling():
                await send_later(self._outbox, row.person_id, row.id, until)
            return
        telling = telling_of(message)
        account = await self._account(row)
        choice = await self._choose(row, telling) if telling is not None else None
        if account is None or choice is None:
            await self._end(delivery, row, NOT_SUBSCRIBED)
            return
        await self._send(delivery, row, account, choice, message.link)

    async def park(self, delivery: Delivery, error_code: str) -> None:
        log.error("push_parked", delivery_id=delivery.body["delivery_id"], code=error_code)
        await PushDelivery.filter(id=delivery.body["delivery_id"]).update(
            state=FAILED, told_at=self._clock.now()
        )

    async def _account(self, row: PushDelivery) -> Account | None:
        """The newest one on that platform: where the person signed in for the first time last."""
        accounts = await self._recipients.accounts_of(row.person_id)
        return next((each for each in reversed(accounts) if each.platform == row.channel), None)

    async def _choose(
        self, row: PushDelivery, telling: Telling
    ) -> tuple[Push, ChannelTemplate] | None:
        """The first way to say it that the person agreed to, as far as we know."""
        templates = self._channels[row.channel].templates
        ledgers = await self._consents.ledgers(row.person_id, row.channel)
        for push in telling.pushes:
            template = templates.get(push.template)
            if template is not None and allows(
                ledgers.get(template.template_id),
                long_term=template.long_term,
                importance=telling.importance,
            ):
                return push, template
        return None

    async def _send(
        self,
        delivery: Delivery,
        row: PushDelivery,
        account: Account,
        choice: tuple[Push, ChannelTemplate],
        page: str,
    ) -> None:
        push, template = choice
        await self._mark(row, SENDING)
        try:
            upstream_id = await self._channels[row.channel].send(account, push, page)
        except Refused as refused:
            state = NOT_SUBSCRIBED if refused.code == NOT_SUBSCRIBED else FAILED
            async with delivery.settling():
                await self._mark(row, state)
                if state == NOT_SUBSCRIBED:
                    await self._consents.exhaust(row.person_id, row.channel, template)
        except Unreachable as unreachable:
            if unreachable.may_have_acted:
                async with delivery.settling():
                    await self._mark(row, UNKNOWN)
                    await self._access_notes.message_passed(row.person_id, row.channel)
                return
            await self._mark(row, QUEUED)
            raise
        except Misconfigured:
            await self._mark(row, QUEUED)
            raise
        else:
            async with delivery.settling():
                await self._mark(row, SENT, upstream_id)
                await self._consents.spend(row.person_id, row.channel, template)
                await self._access_notes.message_passed(row.person_id, row.channel)

    async def _end(self, delivery: Delivery, row: PushDelivery, state: str) -> None:
        async with delivery.settling():
            await self._mark(row, state)

    async def _mark(self, row: PushDelivery, state: str, upstream_id: str | None = None) -> None:
        await PushDelivery.filter(id=row.id).update(
            state=state, upstream_id=upstream_id, told_at=self._clock.now()
        )
