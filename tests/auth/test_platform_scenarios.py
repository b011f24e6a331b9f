"""Every way in which a platform refuses or fails, as its user meets it."""

from datetime import timedelta

import pytest

from auth.service import CHECK_HOLDS

LOGIN = "/auth/login"


async def answer_of(device, world, scenario: str, **how: str):
    peer = scenario.split("_", 1)[0]
    world.far_sides[peer].arm(scenario, 1, **how)
    answer = await device.login()
    return answer.status_code, answer.json()["code"], answer.json()["next"]


@pytest.mark.parametrize(
    ("scenario", "status", "code", "then"),
    [
        ("alipay_code_used", 401, "login_code_invalid", "login"),
        ("alipay_too_frequent", 429, "too_many_requests", "wait"),
        ("alipay_wrong_signature", 503, "temporarily_unavailable", "retry"),
        ("alipay_garbage", 503, "temporarily_unavailable", "retry"),
        ("alipay_reset_connection", 503, "temporarily_unavailable", "retry"),
        ("alipay_not_permitted", 503, "temporarily_unavailable", "retry"),
    ],
)
async def test_alipay_refusing_a_login(phone, world, scenario, status, code, then):
    device = await phone("zhangsan", platform="alipay")
    assert await answer_of(device, world, scenario) == (status, code, then)
    assert (await device.login()).status_code == 200


@pytest.mark.parametrize(
    ("scenario", "status", "code", "then"),
    [
        ("aishandong_ticket_expired", 401, "login_code_invalid", "login"),
        ("aishandong_foreign_user_type", 401, "login_code_invalid", "login"),
        ("aishandong_gateway_refuses", 503, "temporarily_unavailable", "retry"),
    ],
)
async def test_aishandong_refusing_a_login(phone, world, scenario, status, code, then):
    device = await phone("zhangsan", platform="aishandong")
    assert await answer_of(device, world, scenario) == (status, code, then)
    assert (await device.login()).status_code == 200


async def test_an_old_app_of_alipay_signs_in_by_user_id(phone, world):
    device = await phone("zhangsan", platform="alipay")
    world.far_sides["alipay"].arm("alipay_user_id", 1)
    assert (await device.login()).status_code == 200


async def test_a_low_level_at_aishandong_proves_nobody(signed_in, world):
    device = await signed_in("zhangsan", platform="aishandong")
    world.far_sides["aishandong"].arm("aishandong_level", 1, level="1")
    check = (await device.begin_check()).json()
    ended = (await device.get(f"/auth/identity-checks/{check['id']}")).json()
    assert (ended["state"], ended["reason"]) == ("failed", "platform_level_too_low")
    assert (await device.verify()).json()["state"] == "passed"


async def test_the_middle_level_at_aishandong_is_a_real_name_and_no_real_person(signed_in):
    device = await signed_in("zhaoliu", platform="aishandong")
    assert (await device.verify()).json()["state"] == "passed"
    assert (await device.get("/me")).json()["assurance"] == "real_name"


async def test_when_aishandongs_login_is_over_one_signs_in_again(signed_in, world):
    device = await signed_in("zhangsan", platform="aishandong")
    world.far_sides["aishandong"].arm("aishandong_token_invalid", 1)
    check = (await device.begin_check()).json()
    ended = (await device.get(f"/auth/identity-checks/{check['id']}")).json()
    assert (ended["state"], ended["reason"]) == ("failed", "platform_login_over")
    await device.login()
    assert (await device.verify()).json()["state"] == "passed"


async def test_a_minor_known_to_aishandong_is_shown_the_way_to_a_counter(signed_in, world):
    device = await signed_in("sunqi", platform="aishandong")
    world.far_sides["aishandong"].arm("aishandong_level", 1, level="3")
    check = (await device.begin_check()).json()
    ended = (await device.get(f"/auth/identity-checks/{check['id']}")).json()
    assert (ended["state"], ended["reason"]) == ("failed", "minor_not_served")
    assert "窗口" in ended["message"]


@pytest.mark.parametrize("outcome", ["fail", "cancel"])
async def test_alipays_dialog_that_was_not_passed(signed_in, outcome):
    device = await signed_in("zhangsan", platform="alipay")
    check = (await device.begin_check()).json()
    action = check["client_action"]
    assert action["type"] == "alipay_certify"
    assert action["certify_id"] in action["url"] or "certify" in action["url"]
    dialog = {"identity_check": check["id"], "persona": "zhangsan", "outcome": outcome}
    await device.mock("POST", "/face", json=dialog)
    ended = (await device.get(f"/auth/identity-checks/{check['id']}")).json()
    assert ended["state"] == ("failed" if outcome == "fail" else "pending")


async def test_somebody_elses_face_does_not_pass_at_alipay(signed_in):
    device = await signed_in("zhangsan", platform="alipay")
    check = (await device.begin_check()).json()
    dialog = {"identity_check": check["id"], "persona": "lisi", "outcome": "pass"}
    await device.mock("POST", "/face", json=dialog)
    ended = (await device.get(f"/auth/identity-checks/{check['id']}")).json()
    assert (ended["state"], ended["reason"]) == ("failed", "face_check_failed")


async def test_when_alipays_reply_was_lost_the_repeat_goes_on(signed_in, world):
    device = await signed_in("zhangsan", platform="alipay")
    world.far_sides["alipay"].arm(
        "alipay_reset_connection",
        1,
        method="alipay.user.certify.open.initialize",
        after_acting=True,
    )
    headers = {"Idempotency-Key": "the-same-wish"}
    lost = await device.begin_check(headers=headers)
    assert lost.status_code == 503
    again = await device.begin_check(headers=headers)
    assert again.status_code == 201
    dialog = {"identity_check": again.json()["id"], "persona": "zhangsan", "outcome": "pass"}
    await device.mock("POST", "/face", json=dialog)
    ended = (await device.get(f"/auth/identity-checks/{again.json()['id']}")).json()
    assert ended["state"] == "passed"


async def test_the_register_down_is_no_mismatch(signed_in, world):
    device = await signed_in("zhangsan")
    check = (await device.begin_check(method="id_match")).json()
    world.far_sides["identity_register"].arm("register_down", 5)
    silent = await device.get(f"/auth/identity-checks/{check['id']}")
    assert (silent.status_code, silent.json()["code"]) == (503, "temporarily_unavailable")
    world.far_sides["identity_register"].drop("scenario", "register_down")
    ended = (await device.get(f"/auth/identity-checks/{check['id']}")).json()
    assert ended["state"] == "passed"


@pytest.mark.parametrize(
    "id_number",
    ["E12345678", "H1234567801", "M12345678", "12345678", "810000199408230021", "CHN110101800101"],
)
async def test_foreign_documents_are_shown_the_way_to_a_counter(signed_in, id_number):
    device = await signed_in("zhangsan")
    version = (await device.get("/consents")).json()["items"][0]["text_version"]
    body = {
        "method": "wechat_face",
        "name": "张三",
        "id_number": id_number,
        "consent": {"text_version": version},
    }
    answer = await device.once("POST", "/auth/identity-checks", json=body)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (403, "document_not_supported")
    assert (problem["next"], "窗口" in problem["detail"]) == ("contact", True)
    assert id_number not in answer.text


async def test_alipays_phone_button(signed_in, world):
    device = await signed_in("zhangsan", platform="alipay")
    wanted = {"platform": "alipay", "persona": "zhangsan", "kind": "phone"}
    proof = (await device.mock("POST", "/codes", json=wanted)).json()["credential"]
    assert (await device.post("/auth/phone", json=proof)).json()["phone_masked"] == "138****0001"
    world.far_sides["alipay"].arm("alipay_phone_forged", 1)
    forged = (await device.mock("POST", "/codes", json=wanted)).json()["credential"]
    refused = await device.post("/auth/phone", json=forged)
    assert (refused.status_code, refused.json()["code"]) == (422, "phone_code_invalid")


async def test_aishandong_knows_the_phone_by_itself(signed_in):
    device = await signed_in("zhangsan", platform="aishandong")
    assert (await device.post("/auth/phone", json={})).json()["phone_masked"] == "138****0001"


async def test_somebody_signed_in_for_a_company_is_the_same_person(verified, signed_in):
    person = await verified("wangwu", platform="aishandong")
    company = await signed_in("wangwu", platform="aishandong", credential={"user_type": "2"})
    assert (await company.get("/me")).json()["id"] == (await person.get("/me")).json()["id"]


async def test_a_level_says_nothing_of_who_holds_the_phone_long_after_the_login(signed_in, world):
    """A stolen session lives for weeks, and so does the platform's token."""
    device = await signed_in("zhangsan", platform="aishandong")
    assert (await device.verify()).json()["state"] == "passed"
    world.clock.advance(CHECK_HOLDS + timedelta(seconds=1))
    await device.renew()
    late = (await device.verify()).json()
    assert (late["state"], late["reason"]) == ("failed", "platform_login_over")
    assert (await device.delete("/me")).json()["code"] == "identity_check_required"
    await device.login()
    assert (await device.verify()).json()["state"] == "passed"
    assert (await device.delete("/me")).status_code == 204


async def test_a_check_is_not_failed_by_a_look_at_it_from_another_platform(verified, signed_in):
    elsewhere = await verified("zhangsan")
    device = await signed_in("zhangsan", platform="aishandong")
    assert (await device.verify()).json()["state"] == "passed"
    check = (await device.begin_check()).json()
    path = f"/auth/identity-checks/{check['id']}"
    assert (await elsewhere.get(path)).json()["state"] == "pending"
    assert (await device.get(path)).json()["state"] == "passed"
