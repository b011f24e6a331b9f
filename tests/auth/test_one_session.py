"""One account has one session on one device."""

import asyncio
from datetime import timedelta

from auth.models import Session
from auth.sessions import ONE_MOMENT

WECHAT = {"platform": "wechat"}


def body(world, persona: str = "zhangsan") -> dict[str, object]:
    return {**WECHAT, "credential": {"code": world.wechat.issue_login_code(persona)}}


async def test_parallel_login_codes_give_one_session(phone, world):
    device = await phone("zhangsan")
    answers = await asyncio.gather(
        *(device.post("/auth/login", json=body(world)) for _ in range(6))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1
    assert await Session.all().count() == 1
    device.headers["Authorization"] = f"Bearer {answers[0].json()['access_token']}"
    assert len((await device.get("/auth/sessions")).json()["items"]) == 1


async def test_a_later_login_on_the_same_device_takes_the_place_of_the_session(phone, world):
    device = await phone("zhangsan")
    first = (await device.post("/auth/login", json=body(world))).json()
    world.clock.advance(ONE_MOMENT + timedelta(seconds=1))
    second = (await device.post("/auth/login", json=body(world))).json()
    assert first["refresh_token"] != second["refresh_token"]
    dead = await device.get("/me", headers={"Authorization": f"Bearer {first['access_token']}"})
    assert (dead.status_code, dead.json()["code"]) == (401, "session_ended")
    refused = await device.post("/auth/refresh", json={"refresh_token": first["refresh_token"]})
    assert refused.json()["code"] == "refresh_token_invalid"
    assert await Session.filter(revoked_at__isnull=True).count() == 1


async def test_a_session_that_was_refreshed_is_not_given_out_a_second_time(phone, world):
    device = await phone("zhangsan")
    first = (await device.post("/auth/login", json=body(world))).json()
    await device.post("/auth/refresh", json={"refresh_token": first["refresh_token"]})
    second = (await device.post("/auth/login", json=body(world))).json()
    assert second["refresh_token"] != first["refresh_token"]


async def test_two_devices_have_two_sessions(phone, world):
    one, two = await phone("zhangsan"), await phone("zhangsan")
    tokens = {
        (await device.post("/auth/login", json=body(world))).json()["refresh_token"]
        for device in (one, two)
    }
    assert len(tokens) == 2


async def test_two_people_on_one_device_have_two_sessions(phone, world):
    device = await phone("zhangsan")
    tokens = {
        (await device.post("/auth/login", json=body(world, who))).json()["refresh_token"]
        for who in ("zhangsan", "lisi")
    }
    assert len(tokens) == 2
    assert await Session.filter(revoked_at__isnull=True).count() == 2


async def test_a_device_without_a_name_ends_nobody_elses_session(phone, world):
    """It may be another phone of the same platform."""
    device = await phone("zhangsan")
    del device.headers["X-Device-Id"]
    first = (await device.post("/auth/login", json=body(world))).json()
    world.clock.advance(ONE_MOMENT + timedelta(seconds=1))
    await device.post("/auth/login", json=body(world))
    again = await device.post("/auth/refresh", json={"refresh_token": first["refresh_token"]})
    assert again.status_code == 200


async def test_logging_out_everywhere_ends_every_session(signed_in):
    devices = [await signed_in("zhangsan") for _ in range(3)]
    other = await signed_in("lisi")
    assert (await devices[0].delete("/auth/sessions")).status_code == 204
    for device in devices:
        assert (await device.get("/me")).json()["code"] == "session_ended"
        token = {"refresh_token": device.session["refresh_token"]}
        assert (await device.post("/auth/refresh", json=token)).status_code == 401
    assert (await other.get("/me")).status_code == 200
