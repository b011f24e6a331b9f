"""How often somebody may try to be somebody."""

import asyncio
from datetime import timedelta
from itertools import count

import pytest

from auth.identity_checks import (
    FAILURES_MAX,
    FAILURES_OF_ONE_NUMBER_MAX,
    FAILURES_WINDOW,
    NUMBERS_MAX,
)
from auth.models import IdentityCheck
from bff.mock.personas import PERSONAS

ZHANGSAN = PERSONAS["zhangsan"]
WRONG_NAME = "张三丰"
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def a_number(sequence: int) -> str:
    digits = f"37010219900307{sequence:03d}"
    rest = sum(int(d) * w for d, w in zip(digits, WEIGHTS, strict=True)) % 11
    return digits + "10X98765432"[rest]


@pytest.fixture
async def guesser(world, phone):
    """``await guesser()``: one more account that is nobody's yet."""
    numbers = count(1)

    async def sign_in():
        key = f"guesser-{next(numbers)}"
        world.wechat.register_person(key, "赵六", "371402199501300029", "13800000004")
        device = await phone("zhaoliu")
        credential = {"code": world.wechat.issue_login_code(key)}
        body = {"platform": "wechat", "credential": credential}
        session = (await device.post("/auth/login", json=body)).json()
        device.headers["Authorization"] = f"Bearer {session['access_token']}"
        return device

    return sign_in


async def begun(device, name: str = WRONG_NAME, number: str = ZHANGSAN.id_number.reveal()):
    """Name and number, to be compared by the register."""
    version = (await device.get("/consents")).json()["items"][0]["text_version"]
    body = {
        "method": "id_match",
        "name": name,
        "id_number": number,
        "consent": {"text_version": version},
    }
    return await device.once("POST", "/auth/identity-checks", json=body)


async def asked(device, started):
    return await device.get(f"/auth/identity-checks/{started.json()['id']}")


async def test_checks_begun_at_one_moment_have_no_more_tries_than_one_after_the_other(guesser):
    """What is looked at only before a check is begun lets everybody in who comes at once."""
    crowd = [await guesser() for _ in range(FAILURES_OF_ONE_NUMBER_MAX + 4)]
    started = await asyncio.gather(*(begun(device) for device in crowd))
    assert {answer.status_code for answer in started} == {201}
    answers = await asyncio.gather(*map(asked, crowd, started))
    codes = sorted(answer.json().get("code", "") for answer in answers)
    assert codes == [""] * FAILURES_OF_ONE_NUMBER_MAX + ["identity_attempts_exhausted"] * 4
    assert await IdentityCheck.filter(state="failed").count() == FAILURES_OF_ONE_NUMBER_MAX
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert 0 < int(refused.headers["Retry-After"]) <= FAILURES_WINDOW.total_seconds()


async def test_one_person_who_begins_many_at_one_moment_has_five_tries(guesser):
    device = await guesser()
    for _ in range(FAILURES_MAX - 1):
        await asked(device, await begun(device))
    # They passed the first look together; each that is kept ends the one before it.
    late = await asyncio.gather(*(begun(device) for _ in range(6)))
    for started in late:
        if started.status_code == 201:
            await asked(device, started)
    assert await IdentityCheck.filter(state="failed").count() <= FAILURES_MAX
    assert (await begun(device)).status_code in {201, 429}


async def test_deleting_the_account_gives_no_new_tries_at_somebodys_number(verified, signed_in):
    device = await verified("lisi")
    for _ in range(2):
        for _ in range(FAILURES_MAX):
            assert (await asked(device, await begun(device))).json()["state"] == "failed"
        assert (await device.delete("/me")).status_code == 204
        await device.login()
        await device.verify()
    refused = await begun(device)
    assert (refused.status_code, refused.json()["code"]) == (429, "identity_attempts_exhausted")


async def test_what_is_left_of_a_deleted_persons_failures_says_nothing_of_him(
    verified, world, guesser
):
    device = await verified("lisi")
    await asked(device, await begun(device))
    assert (await device.delete("/me")).status_code == 204
    (left,) = await IdentityCheck.all()
    assert [left.person_id, left.open_id, left.upstream_id, left.sequence_no] == [""] * 4
    assert [left.name_cipher, left.id_number_cipher, left.result_code] == [None] * 3
    await world.services.identity.purge()
    assert await IdentityCheck.all().count() == 1
    world.clock.advance(FAILURES_WINDOW + timedelta(seconds=1))
    await world.services.identity.purge()
    assert await IdentityCheck.all().count() == 0


async def test_nobody_is_kept_out_of_his_own_number_by_those_who_guess_at_it(verified, guesser):
    owner = await verified("zhangsan")
    for _ in range(FAILURES_OF_ONE_NUMBER_MAX):
        device = await guesser()
        await asked(device, await begun(device))
    assert (await begun(await guesser())).status_code == 429
    assert (await owner.verify()).json()["state"] == "passed"


async def test_a_list_of_other_peoples_numbers_cannot_be_checked_from_one_account(guesser):
    device = await guesser()
    for sequence in range(NUMBERS_MAX):
        assert (await begun(device, "张三", a_number(sequence))).status_code == 201
    refused = await begun(device, "张三", a_number(NUMBERS_MAX))
    assert (refused.status_code, refused.json()["code"]) == (429, "identity_attempts_exhausted")
    # One of those may be his own after all.
    assert (await begun(device, "张三丰", a_number(0))).status_code == 201
