"""Signing in with WeChat, and the phone number."""

import asyncio
from datetime import timedelta

import pytest

from auth.models import Person, PlatformAccount, Session
from auth.service import PeopleService

WECHAT = {"platform": "wechat"}


def code_of(world, persona: str = "zhangsan") -> dict[str, str]:
    return {"code": world.wechat.issue_login_code(persona)}


async def test_a_first_login_gives_a_session_of_a_person_nobody_knows_yet(phone, world):
    device = await phone("zhangsan")
    answer = await device.post("/auth/login", json={**WECHAT, "credential": code_of(world)})
    session = answer.json()
    assert answer.status_code == 200
    assert session.keys() == {
        "access_token", "token_type", "expires_in", "refresh_token", "refresh_expires_in",
        "person", "acting_for",
    }  # fmt: skip
    assert session["token_type"] == "Bearer"
    assert session["expires_in"] == 900
    assert session["refresh_expires_in"] == 30 * 24 * 3600
    assert session["acting_for"] is None
    assert session["person"] == {
        "id": session["person"]["id"],
        "display_name": None,
        "assurance": "none",
        "phone_masked": None,
    }
    assert answer.headers["Cache-Control"] == "no-store"


async def test_the_answer_shows_nothing_of_wechat(phone, world):
    device = await phone("zhangsan")
    answer = await device.post("/auth/login", json={**WECHAT, "credential": code_of(world)})
    assert world.wechat.open_id_of("zhangsan") not in answer.text
    assert "session_key" not in answer.text


async def test_the_same_person_is_known_again_on_another_device(signed_in):
    one, two = await signed_in("zhangsan"), await signed_in("zhangsan")
    other = await signed_in("lisi")
    assert one.session["person"]["id"] == two.session["person"]["id"]
    assert one.session["person"]["id"] != other.session["person"]["id"]


async def test_parallel_first_logins_make_one_account(phone, world):
    devices = [await phone("zhangsan") for _ in range(8)]
    answers = await asyncio.gather(
        *(
            device.post("/auth/login", json={**WECHAT, "credential": code_of(world)})
            for device in devices
        )
    )
    assert [answer.status_code for answer in answers] == [200] * 8
    assert len({answer.json()["person"]["id"] for answer in answers}) == 1
    assert await PlatformAccount.all().count() == await Person.all().count() == 1
    assert await Session.all().count() == 8


async def test_a_used_code_is_refused(phone, world):
    device = await phone("zhangsan")
    body = {**WECHAT, "credential": code_of(world)}
    assert (await device.post("/auth/login", json=body)).status_code == 200
    again = await device.post("/auth/login", json=body)
    assert (again.status_code, again.json()["code"]) == (401, "login_code_invalid")
    assert again.json()["next"] == "login"


async def test_a_code_older_than_five_minutes_is_refused(phone, world):
    body = {**WECHAT, "credential": code_of(world)}
    world.clock.advance(timedelta(minutes=5, seconds=1))
    answer = await (await phone("zhangsan")).post("/auth/login", json=body)
    assert (answer.status_code, answer.json()["code"]) == (401, "login_code_invalid")


async def test_a_user_whom_wechat_blocks_is_refused_without_a_second_try(phone, world):
    world.far_sides["wechat"].arm("wechat.high_risk_user", 1)
    answer = await (await phone("zhangsan")).login()
    assert (answer.status_code, answer.json()["code"]) == (403, "login_refused")
    assert answer.json()["next"] == "contact"


async def test_wechat_out_of_order_is_a_503_and_no_account(phone, world):
    world.far_sides["wechat"].arm("wechat.bad_gateway", 1)
    answer = await (await phone("zhangsan")).login()
    assert (answer.status_code, answer.json()["code"]) == (503, "temporarily_unavailable")
    assert await Person.all().count() == 0


@pytest.mark.parametrize("credential", [{}, {"ticket": "t"}, {"code": None}])
async def test_a_credential_of_another_kind_is_refused(phone, credential):
    answer = await (await phone()).post("/auth/login", json={**WECHAT, "credential": credential})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "invalid_request")
    assert problem["errors"][0]["pointer"] == "/credential/code"


@pytest.mark.parametrize(
    ("platform", "credential"),
    [
        ("alipay", {"code": "any"}),
        ("aishandong", {"ticket": "any", "user_type": "1"}),
    ],
)
async def test_a_made_up_credential_signs_nobody_in(phone, platform, credential):
    body = {"platform": platform, "credential": credential}
    answer = await (await phone()).post("/auth/login", json=body)
    assert (answer.status_code, answer.json()["code"]) == (401, "login_code_invalid")


async def test_a_platform_that_is_not_there_says_so(phone):
    body = {"platform": "h5", "credential": {"code": "any"}}
    answer = await (await phone()).post("/auth/login", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "platform_not_available")


@pytest.mark.parametrize(
    "body",
    [
        {"platform": "telegram", "credential": {"code": "a"}},
        {"platform": "wechat", "credential": {"code": ""}},
        {"platform": "wechat", "credential": {"code": "a" * 257}},
        {"platform": "wechat", "credential": {"code": "a", "session_key": "b"}},
        {"platform": "wechat"},
    ],
)
async def test_malformed_logins_are_refused_without_asking_wechat(phone, world, body):
    before = len(world.far_sides["wechat"].exchanges())
    answer = await (await phone()).post("/auth/login", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert len(world.far_sides["wechat"].exchanges()) == before


async def test_an_odd_device_id_is_refused_before_the_code_is_spent(phone, world):
    device = await phone("zhangsan")
    body = {**WECHAT, "credential": code_of(world)}
    answer = await device.post("/auth/login", json=body, headers={"X-Device-Id": "../../etc"})
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_request")
    assert (await device.post("/auth/login", json=body)).status_code == 200


async def test_the_phone_number_is_kept_and_shown_masked(signed_in, world):
    device = await signed_in("zhangsan")
    code = world.wechat.issue_phone_code("zhangsan")
    answer = await device.post("/auth/phone", json={"code": code})
    assert answer.status_code == 200
    assert answer.json() == {
        "id": device.session["person"]["id"],
        "display_name": None,
        "assurance": "phone",
        "phone_masked": "138****0001",
    }
    person = await Person.get(id=device.session["person"]["id"])
    assert b"13800000001" not in (person.phone_cipher or b"")


async def test_a_phone_does_not_lower_what_was_proven(verified, world):
    device = await verified("zhangsan")
    code = world.wechat.issue_phone_code("zhangsan")
    answer = (await device.post("/auth/phone", json={"code": code})).json()
    assert (answer["assurance"], answer["phone_masked"]) == ("real_person", "138****0001")
    people = world.services.provided[PeopleService]
    applicant = await people.applicant(answer["id"])
    assert applicant.phone is not None
    assert applicant.phone.reveal() == "13800000001"


@pytest.mark.parametrize("whose", ["lisi", None])
async def test_a_phone_code_of_somebody_else_or_nobody_is_refused(signed_in, world, whose):
    device = await signed_in("zhangsan")
    code = world.wechat.issue_phone_code(whose) if whose else "0" * 64
    answer = await device.post("/auth/phone", json={"code": code})
    assert (answer.status_code, answer.json()["code"]) == (422, "phone_code_invalid")
    assert (await device.get("/me")).json()["assurance"] == "none"
