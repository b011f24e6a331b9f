"""Sessions: refreshed, forgiven a lost reply, ended for thieves, listed, ended on purpose."""

import asyncio
from datetime import timedelta

import pytest

from auth.models import Session
from auth.tokens import LIFETIME

AFTER_GRACE = timedelta(seconds=31)


async def refreshed(device, token=None, **how):
    wanted = {"refresh_token": token or device.session["refresh_token"]}
    return await device.post("/auth/refresh", json=wanted, **how)


def bearer(session) -> dict[str, str]:
    return {"Authorization": f"Bearer {session['access_token']}"}


async def test_refreshing_gives_new_tokens_of_the_same_person(signed_in, world):
    device = await signed_in()
    world.clock.advance(LIFETIME)
    assert (await device.get("/me")).json()["code"] == "access_token_expired"
    answer = await refreshed(device)
    session = answer.json()
    assert answer.status_code == 200
    assert session["person"] == device.session["person"]
    assert session["refresh_token"] != device.session["refresh_token"]
    assert (await device.get("/me", headers=bearer(session))).status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"


async def test_a_repeat_within_thirty_seconds_gets_the_same_answer(signed_in, world):
    device = await signed_in()
    world.clock.advance(timedelta(minutes=20))
    first = await refreshed(device)
    world.clock.advance(timedelta(seconds=28))
    assert (await refreshed(device)).json() == first.json()


async def test_parallel_refreshes_get_the_same_answer(signed_in):
    device = await signed_in()
    answers = await asyncio.gather(*(refreshed(device) for _ in range(6)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1


async def test_a_later_repeat_ends_the_family_for_both_holders(signed_in, world):
    device = await signed_in()
    stolen = device.session["refresh_token"]
    mine = (await refreshed(device)).json()
    assert (await device.get("/me", headers=bearer(mine))).status_code == 200
    world.clock.advance(AFTER_GRACE)
    again = await refreshed(device, stolen)
    assert (again.status_code, again.json()["code"]) == (401, "refresh_token_reused")
    assert again.json()["next"] == "login"
    ended = await device.get("/me", headers=bearer(mine))
    assert (ended.status_code, ended.json()["code"]) == (401, "session_ended")
    after = await refreshed(device, mine["refresh_token"])
    assert (after.status_code, after.json()["code"]) == (401, "refresh_token_invalid")


async def test_a_token_of_long_ago_is_known_for_a_copy(signed_in):
    device = await signed_in()
    oldest = device.session["refresh_token"]
    token = oldest
    for _ in range(3):
        token = (await refreshed(device, token)).json()["refresh_token"]
    assert (await refreshed(device, oldest)).json()["code"] == "refresh_token_reused"
    assert (await refreshed(device, token)).json()["code"] == "refresh_token_invalid"


@pytest.mark.parametrize("headers", [{"X-Device-Id": "thief-device-1"}, {"X-Device-Id": None}])
async def test_another_device_cannot_use_the_token_and_ends_the_session(
    signed_in, world, phone, headers
):
    device, thief = await signed_in(), await phone()
    if headers["X-Device-Id"] is None:
        del thief.headers["X-Device-Id"]
        headers = {"User-Agent": "another"}
    answer = await refreshed(thief, device.session["refresh_token"], headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "refresh_token_invalid")
    assert (await device.get("/me")).json()["code"] == "session_ended"


async def test_another_device_is_not_forgiven_within_the_thirty_seconds(signed_in, phone):
    device, thief = await signed_in(), await phone()
    mine = (await refreshed(device)).json()
    assert (await refreshed(thief, device.session["refresh_token"])).status_code == 401
    assert (await refreshed(device, mine["refresh_token"])).status_code == 401


async def test_without_a_device_id_the_client_itself_is_the_device(phone):
    device = await phone()
    del device.headers["X-Device-Id"]
    await device.login()
    assert (await refreshed(device)).status_code == 200


@pytest.mark.parametrize("token", ["", "a", "a" * 91, "é" * 91, "a" * 257, None, 7])
async def test_what_is_no_refresh_token_is_refused(phone, token):
    answer = await (await phone()).post("/auth/refresh", json={"refresh_token": token})
    assert answer.json()["code"] in {"refresh_token_invalid", "invalid_request"}
    assert answer.status_code in {401, 422}


async def test_an_access_token_is_no_refresh_token_and_the_other_way_round(signed_in):
    device = await signed_in()
    assert (await refreshed(device, device.session["access_token"][:200])).status_code == 401
    wrong = {"Authorization": f"Bearer {device.session['refresh_token']}"}
    assert (await device.get("/me", headers=wrong)).json()["code"] == "access_token_invalid"


async def test_no_token_is_stored(signed_in):
    device = await signed_in()
    for row in await Session.all().values():
        assert device.session["refresh_token"] not in str(row)
        assert device.headers["X-Device-Id"] not in str(row)


async def test_logout_ends_this_session_at_once_and_no_other(signed_in):
    device, other = await signed_in(), await signed_in()
    assert (await device.get("/me")).status_code == 200
    answer = await device.post("/auth/logout")
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await device.get("/me")).json()["code"] == "session_ended"
    assert (await refreshed(device)).status_code == 401
    assert (await other.get("/me")).status_code == 200


async def test_open_sessions_are_listed_the_newest_first(signed_in, world):
    old = await signed_in()
    world.clock.advance(timedelta(minutes=1))
    new = await signed_in()
    await signed_in("lisi")
    listed = (await old.get("/auth/sessions")).json()
    assert [item["current"] for item in listed["items"]] == [False, True]
    assert listed["next_cursor"] is None
    assert all(item["platform"] == "wechat" for item in listed["items"])
    assert listed["items"][0]["created_at"].endswith("+08:00")
    await new.post("/auth/logout")
    assert len((await old.get("/auth/sessions")).json()["items"]) == 1


async def test_one_can_end_ones_other_sessions(signed_in):
    here, lost = await signed_in(), await signed_in()
    assert (await lost.get("/me")).status_code == 200
    items = (await here.get("/auth/sessions")).json()["items"]
    lost_id = next(item["id"] for item in items if not item["current"])
    assert (await here.delete(f"/auth/sessions/{lost_id}")).status_code == 204
    assert (await lost.get("/me")).json()["code"] == "session_ended"
    assert (await here.get("/me")).status_code == 200


async def test_a_foreign_session_and_an_absent_one_look_the_same(signed_in):
    here, other = await signed_in("zhangsan"), await signed_in("lisi")
    foreign = (await other.get("/auth/sessions")).json()["items"][0]["id"]
    answers = [await here.delete(f"/auth/sessions/{i}") for i in (foreign, "0" * 32, "%00", "会话")]
    assert {(a.status_code, a.json()["code"]) for a in answers} == {(404, "not_found")}
    assert (await other.get("/me")).status_code == 200


async def test_who_never_proved_who_he_is_shows_what_is_known(signed_in):
    device = await signed_in()
    assert (await device.get("/me")).json() == {
        "id": device.session["person"]["id"],
        "display_name": None,
        "assurance": "none",
        "phone_masked": None,
        "checked_at": None,
        "platform": "wechat",
        "acting_for": None,
    }


async def test_the_public_keys_are_published(phone):
    answer = await (await phone()).get("/auth/jwks")
    (key,) = answer.json()["keys"]
    assert (key["kty"], key["crv"], key["alg"], key["use"]) == ("OKP", "Ed25519", "EdDSA", "sig")
    assert "d" not in key


async def test_no_token_and_no_code_is_logged(signed_in, phone, world, sensitive_values):
    """The log guard looks for these values once the test is over."""
    device = await signed_in()
    codes = [world.wechat.issue_login_code("lisi"), world.wechat.issue_phone_code("zhangsan")]
    sensitive_values |= {device.session["access_token"], device.session["refresh_token"], *codes}
    body = {"platform": "wechat", "credential": {"code": codes[0]}}
    for _ in range(2):
        await (await phone("lisi")).post("/auth/login", json=body)
    await device.post("/auth/phone", json={"code": codes[1]})
    sensitive_values.add((await refreshed(device)).json()["refresh_token"])
    world.clock.advance(AFTER_GRACE)
    assert (await refreshed(device)).status_code == 401
