"""Messages, pushes and consents of a person who turned out to be another, or who has gone."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from kit.clock import ShiftableClock
from kit.database.unit import unit_of_work
from kit.ids import new_id
from kit.text import Text
from push.belongings import MessageBelongings, PushConsentBelongings
from push.consents import PushConsents
from push.inbox import MessageInbox
from push.models import Message, PushConsent, PushDelivery
from push.ports import Account, ChannelTemplate
from push.rules import Push
from tests.push.happenings import a_happening

pytestmark = pytest.mark.usefixtures("database")

ONE, OTHER = "1" * 32, "2" * 32
AT = datetime(2026, 11, 20, 2, 30, tzinfo=UTC)


class Silent:
    """A channel that is never used to send."""

    name = "wechat"

    @property
    def templates(self) -> dict[str, ChannelTemplate]:
        return {
            "progress": ChannelTemplate("progress", "tmpl-1", Text("进度", "Progress"), False, ())
        }

    async def send(self, account: Account, push: Push, page: str) -> str:
        raise AssertionError


@pytest.fixture
def consents() -> PushConsents:
    return PushConsents([Silent()], ShiftableClock())


async def a_message(person_id: str, **columns: Any) -> Message:
    """With one push of it."""
    happening = a_happening(person_id=person_id)
    message = await Message.create(
        id=new_id(),
        event_id=happening.event_id,
        person_id=person_id,
        application_id=happening.application_id,
        title="事项已办结",
        body="食品经营许可已由审批局办结。",
        link="/pages/application/detail",
        facts=msgspec.json.encode(happening).decode(),
        at=AT,
        **columns,
    )
    await PushDelivery.create(
        id=new_id(),
        event_id=message.event_id,
        person_id=person_id,
        channel="wechat",
        state="sent",
        told_at=AT,
    )
    return message


async def a_consent(person_id: str, **columns: Any) -> None:
    await PushConsent.create(
        **{
            "id": new_id(),
            "person_id": person_id,
            "platform": "wechat",
            "template": "tmpl-1",
            "answer": "accept",
            "source": "phone",
            "earned": 1,
            "spent": 0,
            "answered_at": AT,
            **columns,
        }
    )


async def whose() -> list[str]:
    """Of each message and of each push."""
    messages, pushes = await Message.all(), await PushDelivery.all()
    return [row.person_id for row in messages] + [row.person_id for row in pushes]


class TestMessages:
    async def test_they_move_with_their_pushes_as_often_as_one_likes(self):
        belongings = MessageBelongings(MessageInbox(ShiftableClock()))
        for _ in range(3):
            await a_message(ONE)
        await a_message(OTHER)
        for _ in range(2):
            async with unit_of_work():
                await belongings.hand_over(ONE, OTHER)
        assert await whose() == [OTHER] * 8

    async def test_they_go_with_their_pushes_and_nobody_elses_do(self):
        belongings = MessageBelongings(MessageInbox(ShiftableClock()))
        await a_message(ONE)
        await a_message(OTHER)
        for _ in range(2):
            async with unit_of_work():
                await belongings.erase(ONE)
        assert await whose() == [OTHER] * 2

    async def test_more_than_a_page_moves_and_is_copied(self):
        belongings = MessageBelongings(MessageInbox(ShiftableClock()))
        messages = [
            Message(
                id=new_id(), event_id=new_id(), person_id=ONE, application_id=new_id(), title="t",
                body="b", link="l", facts="{}", at=AT,
            )
            for _ in range(203)
        ]  # fmt: skip
        await Message.bulk_create(messages)
        async with unit_of_work():
            await belongings.hand_over(ONE, OTHER)
        assert len(await belongings.export(OTHER, "zh")) == 203
        assert await belongings.export(ONE, "zh") == []

    async def test_the_copy_says_what_the_inbox_says(self):
        belongings = MessageBelongings(MessageInbox(ShiftableClock()))
        message = await a_message(ONE, read_at=AT)
        (exported,) = json.loads(msgspec.json.encode(await belongings.export(ONE, "en")))
        assert (exported["id"], exported["title"]) == (message.id, "Completed")
        assert exported["read_at"] == "2026-11-20T10:30:00+08:00"
        assert [(push["channel"], push["state"]) for push in exported["told"]] == [
            ("wechat", "sent")
        ]


class TestConsents:
    async def test_two_ledgers_of_one_template_become_one(self, consents):
        await a_consent(ONE, earned=3, spent=1, answered_at=AT + timedelta(1), answer="filter")
        await a_consent(OTHER, earned=2, spent=2)
        await a_consent(ONE, template="tmpl-2")
        for _ in range(2):
            async with unit_of_work():
                await PushConsentBelongings(consents).hand_over(ONE, OTHER)
        rows = await PushConsent.all().order_by("template")
        shown = [(row.person_id, row.template, row.answer, row.earned, row.spent) for row in rows]
        assert shown == [
            (OTHER, "tmpl-1", "filter", 5, 3),
            (OTHER, "tmpl-2", "accept", 1, 0),
        ]

    async def test_what_was_refused_last_stays_refused(self, consents):
        await a_consent(ONE, answer="reject", earned=1, spent=1, answered_at=AT + timedelta(1))
        await a_consent(OTHER, earned=5)
        async with unit_of_work():
            await PushConsentBelongings(consents).hand_over(ONE, OTHER)
        (ledger,) = (await consents.ledgers(OTHER, "wechat")).values()
        assert (ledger.answer, ledger.left) == ("reject", 0)

    async def test_they_go_and_nobody_elses_do(self, consents):
        await a_consent(ONE)
        await a_consent(OTHER)
        await PushConsentBelongings(consents).erase(ONE)
        assert [row.person_id for row in await PushConsent.all()] == [OTHER]

    async def test_the_copy_names_the_template_where_it_is_still_known(self, consents):
        await a_consent(ONE)
        await a_consent(ONE, template="tmpl-old")
        exported = json.loads(
            msgspec.json.encode(await PushConsentBelongings(consents).export(ONE, "en"))
        )
        assert [(each["template"], each["name"], each["answer"]) for each in exported] == [
            ("tmpl-1", "Progress", "accept"),
            ("tmpl-old", None, "accept"),
        ]
