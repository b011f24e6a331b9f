"""What others may know of a person."""

import pytest

from auth.service import PeopleService
from kit.problems import NotFound


@pytest.fixture
def people(world):
    return world.services.provided[PeopleService]


async def test_a_person_is_reached_at_every_account(signed_in, people, world):
    device = await signed_in("zhangsan")
    await signed_in("lisi")
    (recipient,) = await people.recipients(device.session["person"]["id"])
    assert recipient.platform == "wechat"
    assert recipient.open_id == world.wechat.open_id_of("zhangsan")
    assert recipient.open_id not in repr(recipient)


async def test_a_platforms_news_find_their_person(signed_in, people, world):
    device = await signed_in("zhangsan")
    open_id = world.wechat.open_id_of("zhangsan")
    assert await people.person_of("wechat", open_id) == device.session["person"]["id"]
    assert await people.person_of("alipay", open_id) is None
    assert await people.person_of("wechat", open_id.swapcase()) is None


async def test_name_and_phone_are_shown_masked(verified, people, world):
    device = await verified("zhangsan")
    person_id = device.session["person"]["id"]
    assert (await people.profile(person_id)).phone_masked is None
    code = world.wechat.issue_phone_code("zhangsan")
    await device.post("/auth/phone", json={"code": code})
    profile = await people.profile(person_id)
    assert (profile.phone_masked, profile.display_name) == ("138****0001", "*三")


async def test_an_applicant_does_not_show_himself(verified, people):
    applicant = await people.applicant((await verified("lisi")).session["person"]["id"])
    assert "李" not in repr(applicant)
    assert applicant.id_number.reveal() not in repr(applicant)


async def test_nobody_is_nobody(people):
    assert await people.recipients("0" * 32) == []
    assert not await people.was_checked_just_now("0" * 32)
    for asking in (people.profile, people.applicant):
        with pytest.raises(NotFound):
            await asking("0" * 32)
