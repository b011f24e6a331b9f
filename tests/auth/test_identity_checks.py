"""Identity checks by WeChat's face comparison, from the consent to the proven person."""

from datetime import timedelta

import pytest

from auth.models import Consent, IdentityCheck, Person
from auth.problems import IdentityCheckRequired
from auth.service import PeopleService
from bff.mock.personas import PERSONAS
from kit.ids import new_id

BEGIN = "/cityservice/face/identify/getverifyid"


async def answered(device, check_id: str, outcome: str = "pass", persona: str | None = None):
    """The dialog on a phone, then our question how it went."""
    dialog = {
        "identity_check": check_id,
        "persona": persona or device.persona,
        "outcome": outcome,
    }
    assert (await device.mock("POST", "/face", json=dialog)).status_code == 200
    return (await device.get(f"/auth/identity-checks/{check_id}")).json()


def wish(persona: str = "zhangsan", version: str = "2026-11-01", **changed) -> dict:
    person = PERSONAS[persona]
    return {
        "method": "wechat_face",
        "name": person.name.reveal(),
        "id_number": person.id_number.reveal(),
        "consent": {"text_version": version},
        **changed,
    }


def begun_at_wechat(world) -> int:
    return exchanged(world, BEGIN)


def exchanged(world, path: str) -> int:
    """How many calls to this path WeChat did what was asked for."""
    exchanges = world.far_sides["wechat"].exchanges()
    return sum(path in one["what"] and not one["refused"] for one in exchanges)


async def test_passing_makes_a_real_person(signed_in, world):
    device = await signed_in("zhangsan")
    answer = await device.begin_check()
    started = answer.json()
    assert answer.status_code == 201
    assert started.keys() == {"id", "state", "client_action", "expires_at"}
    assert started["state"] == "pending"
    assert started["client_action"]["type"] == "wechat_face"
    assert started["client_action"]["verify_id"]
    ended = await answered(device, started["id"])
    assert (ended["state"], ended["reason"], ended["message"]) == ("passed", None, None)
    me = (await device.get("/me")).json()
    assert (me["assurance"], me["display_name"]) == ("real_person", "*三")
    assert me["checked_at"].endswith("+08:00")


async def test_others_get_the_applicant_from_a_proven_person_only(signed_in, world):
    people = world.services.provided[PeopleService]
    device = await signed_in("zhangsan")
    person_id = device.session["person"]["id"]
    with pytest.raises(IdentityCheckRequired):
        await people.applicant(person_id)
    await device.verify()
    applicant = await people.applicant(person_id)
    zhangsan = PERSONAS["zhangsan"]
    assert (applicant.name, applicant.id_number) == (zhangsan.name, zhangsan.id_number)
    assert applicant.phone is None


async def test_a_check_counts_as_fresh_for_ten_minutes(verified, world):
    people = world.services.provided[PeopleService]
    device = await verified("zhangsan")
    person_id = device.session["person"]["id"]
    world.clock.advance(timedelta(minutes=9, seconds=50))
    assert await people.was_checked_just_now(person_id)
    world.clock.advance(timedelta(seconds=20))
    assert not await people.was_checked_just_now(person_id)
    assert (await device.verify()).json()["state"] == "passed"
    assert await people.was_checked_just_now(person_id)


async def test_nothing_personal_is_readable_in_the_database(signed_in):
    device = await signed_in("zhangsan")
    check_id = (await device.begin_check()).json()["id"]
    pending = await IdentityCheck.get(id=check_id)
    assert pending.name_cipher
    await answered(device, check_id)
    for row in [*await Person.all().values(), *await IdentityCheck.all().values(), vars(pending)]:
        for plain in (PERSONAS["zhangsan"].name.reveal(), PERSONAS["zhangsan"].id_number.reveal()):
            assert plain not in str(row)
            assert plain.encode() not in b"".join(v for v in row.values() if isinstance(v, bytes))


async def test_a_finished_check_keeps_neither_name_nor_number(signed_in):
    device = await signed_in("zhangsan")
    for outcome in ("fail", "cancel", "pass"):
        await answered(device, (await device.begin_check()).json()["id"], outcome)
    for check in await IdentityCheck.all():
        assert check.state in {"failed", "passed"}
        assert (check.name_cipher, check.id_number_cipher) == (None, None)


async def test_the_consent_is_recorded_with_the_words_it_was_given_to(signed_in):
    device = await signed_in("zhangsan")
    await device.begin_check()
    rows = await Consent.filter(person_id=device.session["person"]["id"]).order_by("purpose")
    assert [row.purpose for row in rows] == ["face", "identity_check"]
    assert all(len(row.text_hash) == 64 and row.platform == "wechat" for row in rows)
    await device.begin_check()
    assert await Consent.all().count() == 2


async def test_until_the_dialog_is_done_the_check_is_pending(signed_in, world):
    device = await signed_in("zhangsan")
    check_id = (await device.begin_check()).json()["id"]
    assert (await device.get(f"/auth/identity-checks/{check_id}")).json()["state"] == "pending"
    world.far_sides["wechat"].arm("wechat.face_pending", 1)
    assert (await answered(device, check_id))["state"] == "pending"
    assert (await device.get(f"/auth/identity-checks/{check_id}")).json()["state"] == "passed"


async def test_what_the_client_says_does_not_count(signed_in):
    device = await signed_in("zhangsan")
    check_id = (await device.begin_check()).json()["id"]
    for method in ("PUT", "POST", "PATCH"):
        answer = await device.request(
            method, f"/auth/identity-checks/{check_id}", json={"state": "passed"}
        )
        assert answer.status_code == 405
    assert (await device.get("/me")).json()["assurance"] == "none"


async def test_a_face_that_differs_fails(signed_in):
    device = await signed_in("zhaoliu")
    ended = await answered(device, (await device.begin_check()).json()["id"])
    assert (ended["state"], ended["reason"]) == ("failed", "face_check_failed")
    assert ended["message"] == "人脸核验未通过，请重试"
    assert (await device.get("/me")).json()["assurance"] == "none"


async def test_another_persons_face_on_another_phone_fails(signed_in):
    device = await signed_in("zhangsan")
    check_id = (await device.begin_check()).json()["id"]
    ended = await answered(device, check_id, persona="lisi")
    assert (ended["state"], ended["reason"]) == ("failed", "face_check_failed")


async def test_another_persons_number_with_ones_own_face_fails(signed_in):
    device = await signed_in("zhangsan")
    check_id = (await device.begin_check("lisi")).json()["id"]
    assert (await answered(device, check_id))["state"] == "failed"
    assert (await device.get("/me")).json()["display_name"] is None


async def test_a_check_expires_after_its_hour(signed_in, world):
    device = await signed_in("zhangsan")
    check_id = (await device.begin_check()).json()["id"]
    world.clock.advance(timedelta(hours=1, seconds=1))
    await device.login()
    ended = (await device.get(f"/auth/identity-checks/{check_id}")).json()
    assert (ended["state"], ended["reason"]) == ("expired", "expired")


async def test_a_new_check_takes_the_place_of_an_open_one(signed_in):
    device = await signed_in("zhangsan")
    first = (await device.begin_check()).json()["id"]
    second = (await device.begin_check()).json()["id"]
    ended = (await device.get(f"/auth/identity-checks/{first}")).json()
    assert (ended["state"], ended["reason"]) == ("expired", "superseded")
    assert (await answered(device, second))["state"] == "passed"


async def test_a_foreign_check_and_an_absent_one_look_the_same(signed_in):
    owner, other = await signed_in("zhangsan"), await signed_in("lisi")
    check_id = (await owner.begin_check()).json()["id"]
    answers = [await other.get(f"/auth/identity-checks/{i}") for i in (check_id, new_id(), "%00")]
    assert {(a.status_code, a.json()["code"]) for a in answers} == {(404, "not_found")}


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_minors_are_refused_before_anything_is_kept(signed_in, world, language):
    device = await signed_in("sunqi", language=language)
    answer = await device.begin_check()
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (403, "minor_not_served")
    assert ("大厅" if language == "zh" else "service hall") in problem["detail"]
    assert await IdentityCheck.all().count() == await Consent.all().count() == 0
    assert begun_at_wechat(world) == 0


async def test_consent_to_an_older_text_is_not_enough(signed_in, world):
    device = await signed_in("zhangsan")
    answer = await device.once("POST", "/auth/identity-checks", json=wish(version="2020-01-01"))
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "consent_text_outdated")
    assert (problem["next"], problem["text_version"]) == ("reload", "2026-11-01")
    assert begun_at_wechat(world) == 0


@pytest.mark.parametrize(
    ("platform", "method"),
    [
        ("wechat", "alipay_certify"), ("wechat", "aishandong"), ("alipay", "wechat_face"),
        ("alipay", "aishandong"), ("aishandong", "wechat_face"), ("aishandong", "alipay_certify"),
    ],
)  # fmt: skip
async def test_another_platforms_method_is_not_available(signed_in, platform, method):
    body = {"method": method, "consent": {"text_version": "2026-11-01"}}
    device = await signed_in(platform=platform)
    answer = await device.once("POST", "/auth/identity-checks", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "method_not_available")


@pytest.mark.parametrize(
    ("changed", "pointers"),
    [
        ({"id_number": "370102199003071239"}, {"/id_number"}),
        ({"id_number": "8" * 41}, {"/id_number"}),
        ({"name": "张三丰3"}, {"/name"}),
        ({"name": None, "id_number": None}, {"/name", "/id_number"}),
        ({"method": "trust_me"}, {"/method"}),
        ({"consent": {}}, {"/consent/text_version"}),
    ],
)
async def test_wrong_forms_are_refused_and_not_repeated(signed_in, world, changed, pointers):
    device = await signed_in("zhangsan")
    answer = await device.once("POST", "/auth/identity-checks", json=wish(**changed))
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert {error["pointer"] for error in answer.json()["errors"]} == pointers
    for typed in changed.values():
        assert not isinstance(typed, str) or typed not in answer.text
    assert begun_at_wechat(world) == 0
