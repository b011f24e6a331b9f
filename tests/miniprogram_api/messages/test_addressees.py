"""Who is told: whoever the application belongs to by then, and nobody once the person has gone."""

from datetime import UTC, datetime

from auth.models import AccessLog
from bff.mock.world import World
from push.models import Message, PushDelivery
from tests.app import Phone
from tests.builders.rows import an_application_of
from tests.miniprogram_api.messages.test_messages import agree, inbox, on_the_phone, tell
from tests.push.happenings import a_happening

APPLICATION = a_happening().application_id


def id_of(phone: Phone) -> str:
    person_id: str = phone.session["person"]["id"]
    return person_id


async def test_news_that_were_on_their_way_reach_the_person_whose_it_is_now(
    world: World, signed_in
):
    one, other = await signed_in("zhangsan"), await signed_in("lisi")
    await agree(other)
    await an_application_of(id_of(other), id=APPLICATION)
    await tell(world, one)
    assert await inbox(one) == []
    (message,) = await inbox(other)
    assert [told["state"] for told in message["told"]] == ["sent"]
    assert len(await on_the_phone(other)) == 1


async def test_nobody_is_told_of_an_application_whose_person_has_gone(world: World, signed_in):
    phone = await signed_in()
    await agree(phone)
    await an_application_of(id_of(phone), id=APPLICATION, restricted_at=datetime.now(UTC))
    await tell(world, phone)
    assert not await Message.exists()
    assert not await PushDelivery.exists()
    assert await on_the_phone(phone) == []


async def test_the_person_can_see_what_was_passed_to_the_platform(world: World, signed_in):
    phone = await signed_in()
    await tell(world, phone, "rejected")
    assert not await AccessLog.filter(what="message").exists()
    await agree(phone)
    await tell(world, phone)
    lines = await AccessLog.filter(what="message")
    assert [(line.person_id, line.who, line.why) for line in lines] == [
        (id_of(phone), "wechat", "progress")
    ]
