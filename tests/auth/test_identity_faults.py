"""Identity checks when things go wrong: lost replies, impatience, too many tries, two accounts."""

import asyncio
import copy
import time
from datetime import timedelta

import pytest

from auth.identity_checks import IdentityCheckService
from auth.models import Consent, IdentityCheck, Person
from bff.mock.personas import PERSONAS
from kit.clock import ShiftableClock
from kit.ids import new_id
from tests.auth.test_identity_checks import BEGIN, answered, begun_at_wechat, exchanged, wish

QUERY = "/cityservice/face/identify/queryverifyinfo"


def asked_of_wechat(world) -> int:
    return exchanged(world, QUERY)


async def test_the_same_request_again_starts_nothing_again(signed_in, world):
    device, key = await signed_in("zhangsan"), {"Idempotency-Key": new_id()}
    answers = [
        await device.post("/auth/identity-checks", json=wish(), headers=key) for _ in range(3)
    ]
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert answers[1].headers["Idempotent-Replay"] == "true"
    assert (begun_at_wechat(world), await IdentityCheck.all().count()) == (1, 1)


async def test_another_wish_under_the_same_key_is_refused(signed_in):
    device, key = await signed_in("zhangsan"), {"Idempotency-Key": new_id()}
    await device.post("/auth/identity-checks", json=wish(), headers=key)
    answer = await device.post("/auth/identity-checks", json=wish("lisi"), headers=key)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


async def test_without_a_key_nothing_starts(signed_in, world):
    answer = await (await signed_in()).post("/auth/identity-checks", json=wish())
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")
    assert begun_at_wechat(world) == 0


async def test_when_wechats_reply_was_lost_the_repeat_goes_on(signed_in, world):
    """WeChat then says that our number is taken, and never tells its ticket again."""
    device, key = await signed_in("zhangsan"), {"Idempotency-Key": new_id()}
    await device.begin_check()
    far_side = world.far_sides["wechat"]
    far_side.arm("wechat.reset_connection", 1, path=BEGIN, after_acting=True)
    lost = await device.post("/auth/identity-checks", json=wish(), headers=key)
    assert (lost.status_code, lost.json()["code"]) == (503, "temporarily_unavailable")
    again = await device.post("/auth/identity-checks", json=wish(), headers=key)
    assert again.status_code == 201
    assert (await answered(device, again.json()["id"]))["state"] == "passed"


async def test_wechat_silent_on_the_result_leaves_the_check_pending(signed_in, world):
    device = await signed_in("zhangsan")
    check_id = (await device.begin_check()).json()["id"]
    world.far_sides["wechat"].arm("wechat.bad_gateway", 1, path=QUERY)
    silent = await device.get(f"/auth/identity-checks/{check_id}")
    assert (silent.status_code, silent.json()["code"]) == (503, "temporarily_unavailable")
    assert (await answered(device, check_id))["state"] == "passed"


async def test_wechat_is_asked_once_a_second_at_most(signed_in, world):
    device = await signed_in("zhangsan")
    check_id = (await device.begin_check()).json()["id"]
    started = time.monotonic()
    answers = await asyncio.gather(
        *(device.get(f"/auth/identity-checks/{check_id}") for _ in range(6))
    )
    spent_s = time.monotonic() - started
    assert {answer.json()["state"] for answer in answers} == {"pending"}
    assert asked_of_wechat(world) <= 1 + spent_s


async def test_impatience_gets_news_and_not_yesterdays_answer(signed_in):
    device = await signed_in("zhangsan")
    check_id = (await device.begin_check()).json()["id"]
    assert (await device.get(f"/auth/identity-checks/{check_id}")).json()["state"] == "pending"
    assert (await answered(device, check_id))["state"] == "passed"


async def test_a_finished_check_is_not_asked_about_again(signed_in, world):
    device = await signed_in("zhangsan")
    check_id = (await device.begin_check()).json()["id"]
    await answered(device, check_id)
    before = asked_of_wechat(world)
    for _ in range(3):
        assert (await device.get(f"/auth/identity-checks/{check_id}")).json()["state"] == "passed"
    assert asked_of_wechat(world) == before


async def test_after_five_failures_one_has_to_wait_a_day(signed_in, world):
    device = await signed_in("zhangsan")
    for _ in range(5):
        check_id = (await device.begin_check()).json()["id"]
        assert (await answered(device, check_id, "fail"))["state"] == "failed"
    refused = await device.begin_check()
    assert (refused.status_code, refused.json()["code"]) == (429, "identity_attempts_exhausted")
    wait_s = int(refused.headers["Retry-After"])
    assert 86_000 < wait_s <= 86_400
    world.clock.advance(timedelta(seconds=wait_s + 1))
    await device.login()
    assert (await device.begin_check()).status_code == 201


async def test_a_cancelled_dialog_is_no_failure(signed_in):
    device = await signed_in("zhangsan")
    for _ in range(6):
        check_id = (await device.begin_check()).json()["id"]
        ended = await answered(device, check_id, "cancel")
        assert (ended["state"], ended["reason"]) == ("failed", "face_check_not_finished")
    assert (await device.begin_check()).status_code == 201


async def another_phone_of(world, phone, key: str, persona: str):
    """A second WeChat account whose owner has the name, number and face of ``persona``."""
    person = PERSONAS[persona]
    world.wechat.register_person(
        key, person.name.reveal(), person.id_number.reveal(), person.phone.reveal()
    )
    device = await phone(persona)
    code = world.wechat.issue_login_code(key)
    body = {"platform": "wechat", "credential": {"code": code}}
    device.session = (await device.post("/auth/login", json=body)).json()
    device.headers["Authorization"] = f"Bearer {device.session['access_token']}"
    return device


async def passed_on(world, device, key: str, check_id: str):
    identity = world.services.provided[IdentityCheckService]
    _, verify_id = await identity.upstream(check_id)
    world.wechat.answer_face_dialog(verify_id, key, "pass")
    return (await device.get(f"/auth/identity-checks/{check_id}")).json()


async def test_a_second_account_of_a_proven_person_joins_the_first(verified, phone, world):
    first = await verified("zhangsan")
    second = await another_phone_of(world, phone, "zhangsan-2", "zhangsan")
    check_id = (await second.begin_check()).json()["id"]
    assert (await passed_on(world, second, "zhangsan-2", check_id))["state"] == "passed"
    ids = {(await device.get("/me")).json()["id"] for device in (first, second)}
    assert ids == {first.session["person"]["id"]}
    assert (await second.get("/me")).json()["assurance"] == "real_person"


async def test_two_accounts_proven_at_the_same_moment_become_one_person(signed_in, phone, world):
    first = await signed_in("zhangsan")
    second = await another_phone_of(world, phone, "zhangsan-2", "zhangsan")
    ids = [(await device.begin_check()).json()["id"] for device in (first, second)]
    ended = await asyncio.gather(
        passed_on(world, first, "zhangsan", ids[0]),
        passed_on(world, second, "zhangsan-2", ids[1]),
    )
    assert [check["state"] for check in ended] == ["passed", "passed"]
    assert await Person.filter(assurance="real_person").count() == 1
    assert len({(await device.get("/me")).json()["id"] for device in (first, second)}) == 1


async def test_an_account_cannot_become_somebody_elses(verified, world):
    device = await verified("zhangsan")
    lisi = PERSONAS["lisi"]
    world.wechat.register_person(
        "zhangsan", lisi.name.reveal(), lisi.id_number.reveal(), lisi.phone.reveal()
    )
    check_id = (await device.begin_check("lisi")).json()["id"]
    ended = await answered(device, check_id)
    assert (ended["state"], ended["reason"]) == ("failed", "identity_differs")
    assert (await device.get("/me")).json()["display_name"] == "*三"


@pytest.mark.parametrize("purpose", ["identity_check", "face"])
async def test_after_a_withdrawn_consent_a_check_asks_and_records_it_again(signed_in, purpose):
    device = await signed_in("zhangsan")
    await device.begin_check()
    assert (await device.delete(f"/consents/{purpose}")).status_code == 204
    await device.begin_check()
    rows = await Consent.filter(purpose=purpose).order_by("id")
    assert [row.withdrawn_at is None for row in rows] == [False, True]


def identity_by(clock, world) -> IdentityCheckService:
    """The world's, on a clock of its own: half a year would age everybody else's."""
    own = copy.copy(world.services.identity)
    own._clock = clock
    return own


async def test_what_nobody_asked_about_is_given_up_and_later_erased(signed_in, world):
    clock = ShiftableClock(world.clock.offset)
    identity = identity_by(clock, world)
    await (await signed_in("zhangsan")).begin_check()
    assert await identity.purge() == 0
    clock.advance(timedelta(hours=1, minutes=11))
    assert await identity.purge() == 1
    check = await IdentityCheck.all().first()
    assert check is not None
    assert (check.state, check.name_cipher, check.id_number_cipher) == ("expired", None, None)
    clock.advance(timedelta(days=181))
    assert await identity.purge() == 1
    assert await IdentityCheck.all().count() == 0
