"""Admission: remembered tokens, ended sessions, other replicas."""

import asyncio
from datetime import timedelta

import pytest

from auth.admission import CHANNEL, LOOK_AGAIN_S, Admission
from auth.models import Session
from auth.problems import AccessTokenExpired, SessionEnded
from auth.tokens import LIFETIME, TokenService
from kit.coordination.ports import MAYBE_MISSED, Coordination
from kit.tasks import guarded


@pytest.fixture
def notifier(world):
    return world.services.provided[Coordination].notifier


@pytest.fixture
async def replica(world, notifier):
    """Admission as another process of the same system has it."""
    admission = Admission(world.services.provided[TokenService], notifier, world.clock)
    following = guarded(admission.follow(), "replica")
    # So that it has subscribed, over Redis too, before a test says anything.
    await asyncio.sleep(0.2)
    yield admission
    following.cancel()


async def until_refused(admission: Admission, token: str) -> None:
    async with asyncio.timeout(5):
        while True:
            try:
                await admission.admit(token)
            except SessionEnded:
                return
            await asyncio.sleep(0.01)


async def test_the_citizen_is_the_session_and_its_account(signed_in, replica, world):
    device = await signed_in("zhangsan")
    citizen = await replica.admit(device.session["access_token"])
    assert citizen.key == citizen.person_id == device.session["person"]["id"]
    assert (citizen.platform, citizen.session_id) == ("wechat", (await Session.get()).id)
    assert citizen.open_id == world.wechat.open_id_of("zhangsan")
    assert citizen.open_id not in repr(citizen)


async def test_a_logout_is_told_to_other_replicas(signed_in, replica):
    device = await signed_in()
    token = device.session["access_token"]
    await replica.admit(token)
    await device.post("/auth/logout")
    await until_refused(replica, token)


async def test_lost_news_are_found_out_within_a_minute(signed_in, replica, world):
    device = await signed_in()
    token = device.session["access_token"]
    await replica.admit(token)
    await Session.all().update(revoked_at=world.clock.now())
    await replica.admit(token)
    world.clock.advance(timedelta(seconds=LOOK_AGAIN_S))
    with pytest.raises(SessionEnded):
        await replica.admit(token)


async def test_after_a_gap_in_the_news_every_session_is_looked_at_again(
    signed_in, replica, world, notifier
):
    token = (await signed_in()).session["access_token"]
    await replica.admit(token)
    await Session.all().update(revoked_at=world.clock.now())
    await notifier.publish(CHANNEL, MAYBE_MISSED)
    await until_refused(replica, token)


async def test_a_remembered_token_expires(signed_in, replica, world):
    device = await signed_in()
    token = device.session["access_token"]
    await replica.admit(token)
    world.clock.advance(LIFETIME)
    with pytest.raises(AccessTokenExpired):
        await replica.admit(token)


async def test_a_session_that_ends_while_it_is_read_is_not_remembered(signed_in, replica, world):
    device = await signed_in()
    token = device.session["access_token"]
    reading = guarded(replica.admit(token), "reading")
    await asyncio.sleep(0)
    replica.forget(device.session["person"]["id"])
    await reading
    await Session.all().update(revoked_at=world.clock.now())
    with pytest.raises(SessionEnded):
        await replica.admit(token)


async def test_only_so_many_tokens_are_remembered(signed_in, notifier, world):
    small = Admission(world.services.provided[TokenService], notifier, world.clock, entries_max=2)
    tokens = [(await signed_in()).session["access_token"] for _ in range(3)]
    for token in tokens:
        await small.admit(token)
    await Session.all().update(revoked_at=world.clock.now())
    for token in tokens[1:]:
        await small.admit(token)
    with pytest.raises(SessionEnded):
        await small.admit(tokens[0])
