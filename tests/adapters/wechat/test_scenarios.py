"""Everything the peer can refuse has a name, and each is met by the client as its table says."""

from collections.abc import Awaitable, Callable
from itertools import product

import pytest

from adapters.errors import AdapterError, Misconfigured, Refused
from adapters.wechat.errors import BUSY, MEANINGS, TOKEN_REJECTED
from adapters.wechat.simulator.scenarios import (
    FACE_BEGIN,
    FACE_RESULT,
    LOGIN,
    PHONE,
    REFUSALS,
    SCENARIOS,
    SEND,
    STABLE_TOKEN,
)
from kit.ids import new_id
from tests.adapters.wechat.world import ZHANG, World, message, name_of, number_of

HAND_MADE = {
    "wechat.system_error": -1,
    "wechat.token_invalid": 40001,
    "wechat.high_risk_user": 40226,
    "wechat.refuses_message": 43101,
    "wechat.daily_quota": 45009,
    "wechat.template_banned": 43116,
}
"""Refusals that come only after the request was found good, so not from the table."""


async def login(world: World) -> object:
    return await world.client.exchange_code(world.simulator.issue_login_code(ZHANG[0]))


async def phone(world: World) -> object:
    code = world.simulator.issue_phone_code(ZHANG[0])
    return await world.client.phone_number(code, world.open_id())


async def send(world: World) -> object:
    world.consent("progress")
    return await world.client.send_subscribe_message(message(world.open_id()))


async def face_begin(world: World) -> object:
    who = (world.open_id(), name_of(ZHANG), number_of(ZHANG))
    return await world.client.begin_face_check(new_id(), *who)


async def face_result(world: World) -> object:
    sequence_no, who = new_id(), (world.open_id(), name_of(ZHANG), number_of(ZHANG))
    ticket = await world.client.begin_face_check(sequence_no, *who)
    world.simulator.answer_face_dialog(ticket.verify_id, ZHANG[0], "pass")
    return await world.client.face_check_result(ticket.verify_id, sequence_no, *who)


CALLS: dict[str, Callable[[World], Awaitable[object]]] = {
    LOGIN: login,
    PHONE: phone,
    SEND: send,
    FACE_BEGIN: face_begin,
    FACE_RESULT: face_result,
    # Any call that has no token yet.
    STABLE_TOKEN: phone,
}


def tried(errcode: int, path: str) -> int:
    """How often the client asks before it gives up."""
    if errcode in BUSY and path != STABLE_TOKEN:
        return 3
    return 2 if errcode in TOKEN_REJECTED else 1


@pytest.mark.parametrize(
    ("name", "path"),
    [(name, path) for name, path in product(REFUSALS, CALLS) if path in REFUSALS[name].paths],
)
async def test_a_refusal_of_the_table_is_met_as_its_number_says(
    world: World, name: str, path: str
) -> None:
    errcode = REFUSALS[name].errcode
    world.far_side.arm(name, 1_000, path=path)
    with pytest.raises(AdapterError) as failed:
        await CALLS[path](world)
    assert type(failed.value) is MEANINGS[errcode].kind
    assert failed.value.code == MEANINGS[errcode].code
    assert [call["errcode"] for call in world.calls(path)] == [errcode] * tried(errcode, path)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("wechat.high_risk_user", LOGIN),
        ("wechat.system_error", LOGIN),
        ("wechat.system_error", SEND),
        ("wechat.system_error", STABLE_TOKEN),
        ("wechat.token_invalid", PHONE),
        ("wechat.token_invalid", FACE_BEGIN),
        ("wechat.refuses_message", SEND),
        ("wechat.daily_quota", SEND),
        ("wechat.template_banned", SEND),
    ],
)
async def test_a_refusal_of_a_good_request_is_met_as_its_number_says(
    world: World, name: str, path: str
) -> None:
    errcode = HAND_MADE[name]
    world.far_side.arm(name, 1_000, path=path)
    with pytest.raises(AdapterError) as failed:
        await CALLS[path](world)
    assert type(failed.value) is MEANINGS[errcode].kind
    assert failed.value.code == MEANINGS[errcode].code
    assert len(world.calls(path)) == tried(errcode, path)


def test_every_meaning_of_a_number_can_be_had_by_name() -> None:
    """All but what only a mistake in our own requests brings about."""
    numbers = {refusal.errcode for refusal in REFUSALS.values()} | set(HAND_MADE.values())
    had = {MEANINGS[number].code for number in numbers}
    assert {meaning.code for meaning in MEANINGS.values()} - {"request_wrong"} == had
    assert HAND_MADE.keys() <= SCENARIOS.keys()


async def test_another_number_of_the_same_kind_may_be_chosen(world: World) -> None:
    world.far_side.arm("wechat.ip_not_allowed", 1, errcode=89507)
    with pytest.raises(Misconfigured, match="ip_not_allowed"):
        await login(world)
    assert world.calls(LOGIN)[0]["errcode"] == 89507


async def test_a_refusal_costs_nothing_that_a_second_try_needs(world: World) -> None:
    code = world.simulator.issue_login_code(ZHANG[0])
    world.far_side.arm("wechat.too_many_requests", 1)
    with pytest.raises(Refused, match="too_many_requests"):
        await world.client.exchange_code(code)
    assert (await world.client.exchange_code(code)).open_id == world.open_id()


async def test_a_refused_token_keeps_nobody_from_logging_in(world: World) -> None:
    world.far_side.arm("wechat.app_secret_invalid", 1, path=STABLE_TOKEN)
    with pytest.raises(Misconfigured, match="app_secret_invalid"):
        await phone(world)
    assert await login(world)
    assert await phone(world)


@pytest.mark.parametrize("verify_ret", [90001, 90018, 90104, 90110, 90199, 0, 1])
async def test_no_result_but_one_is_a_pass(world: World, verify_ret: int) -> None:
    world.far_side.arm("wechat.face_result", 1, verify_ret=verify_ret)
    result = await face_result(world)
    assert (result.passed, result.pending, result.code) == (False, False, str(verify_ret))  # type: ignore[attr-defined]


async def test_an_app_without_face_checks_is_a_matter_for_the_operator(world: World) -> None:
    world.far_side.arm("wechat.face_result", 1, verify_ret=10006)
    with pytest.raises(Misconfigured, match="face_check_not_permitted"):
        await face_result(world)


async def test_a_number_with_another_apps_watermark_is_not_believed(world: World) -> None:
    world.far_side.arm("wechat.phone_of_another_app", 1)
    with pytest.raises(Refused, match="phone_not_authentic"):
        await phone(world)
