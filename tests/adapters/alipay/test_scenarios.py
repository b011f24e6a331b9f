"""Each refusal and oddity of the far side by its name, as our client meets it."""

from collections.abc import Awaitable, Callable

import pytest

from adapters.alipay.client import AlipayClient
from adapters.alipay.errors import CODES, SUB_CODES, failure, is_known, word
from adapters.alipay.simulator import SCENARIOS, scenarios
from adapters.alipay.trust import alipay_trust
from adapters.errors import AdapterError, Misconfigured, Refused, Unreachable
from adapters.http import PeerLimits
from kit.ids import new_id
from tests.adapters.alipay.world import (
    BEGIN,
    LOGIN,
    QUERY,
    ZHANG,
    World,
    name_of,
    number_of,
)

REFUSALS: list[tuple[str, type[AdapterError], str]] = [
    (scenarios.BUSY, Unreachable, "system_busy"),
    (scenarios.TOO_FREQUENT, Refused, "too_many_requests"),
    (scenarios.NOT_PERMITTED, Misconfigured, "not_permitted"),
    (scenarios.CLOCK_WRONG, Misconfigured, "clock_wrong"),
    (scenarios.CODE_USED, Refused, "code_invalid"),
    (scenarios.UNKNOWN_CODE, Unreachable, "unknown_49999"),
    (scenarios.WRONG_SIGNATURE, Misconfigured, "answer_not_authentic"),
    (scenarios.NO_SIGNATURE, Misconfigured, "answer_not_authentic"),
    (scenarios.GARBAGE, Unreachable, "broken_answer"),
    (scenarios.RESET_CONNECTION, Unreachable, "broken_answer"),
    (scenarios.BAD_GATEWAY, Unreachable, "status_502"),
]
ELSEWHERE = {
    # In test_rotation.py, test_phone.py and test_callbacks.py.
    scenarios.CERTIFICATE_ROTATED,
    scenarios.CERTIFICATE_FORGED,
    scenarios.CERTIFICATE_EXPIRED,
    scenarios.CERTIFICATE_OF_MERCHANT,
    scenarios.CERTIFICATE_WITHHELD,
    scenarios.PHONE_NOT_PERMITTED,
    scenarios.PHONE_FORGED,
    scenarios.NOTICE_LOST,
    scenarios.NOTICE_REPEATED,
    scenarios.NOTICE_FORGED,
    # Below.
    scenarios.UNSIGNED_ERROR,
    scenarios.ERROR_IN_ANSWER,
    scenarios.USER_ID,
    scenarios.CERTIFICATE_INVALID,
    scenarios.CERTIFICATION_PENDING,
    scenarios.CERTIFICATION_UNKNOWN,
    scenarios.SLOW,
}


def test_every_scenario_is_tried_and_named_in_both_languages() -> None:
    assert {scenario for scenario, _, _ in REFUSALS} | ELSEWHERE == SCENARIOS.keys()
    assert all(name.startswith("alipay_") for name in SCENARIOS)
    assert all(text.zh and text.en for text in SCENARIOS.values())


@pytest.mark.parametrize(("scenario", "kind", "code"), REFUSALS)
async def test_a_scenario_is_met_once_and_told_by_its_kind(
    either: World, scenario: str, kind: type[AdapterError], code: str
) -> None:
    either.far_side.arm(scenario, 1)
    with pytest.raises(kind) as caught:
        await either.client.exchange_code(either.code())
    assert (caught.value.peer, caught.value.code) == ("alipay", code)
    if isinstance(caught.value, Unreachable):
        assert caught.value.may_have_acted
    assert (await either.client.exchange_code(either.code())).open_id == either.open_id()


@pytest.mark.parametrize(
    "scenario", [scenarios.BUSY, scenarios.RESET_CONNECTION, scenarios.WRONG_SIGNATURE]
)
async def test_a_call_that_has_acted_is_not_made_again(world: World, scenario: str) -> None:
    code = world.code()
    world.far_side.arm(scenario, 1, after_acting=True)
    with pytest.raises((Unreachable, Misconfigured)):
        await world.client.exchange_code(code)
    with pytest.raises(Refused, match="code_invalid"):
        await world.client.exchange_code(code)


async def test_a_scenario_waits_for_its_call(world: World) -> None:
    world.far_side.arm(scenarios.BUSY, 1, method=QUERY)
    await world.client.exchange_code(world.code())
    with pytest.raises(Unreachable, match="system_busy"):
        await world.client.certification_result("0" * 32)


async def test_an_old_app_gets_a_user_id_and_no_open_id(either: World) -> None:
    either.far_side.arm(scenarios.USER_ID, 1)
    login = await either.client.exchange_code(either.code())
    assert (login.open_id, login.union_id) == (either.simulator.user_id_of(ZHANG[0]), None)
    assert login.open_id.startswith("2088")


@pytest.mark.parametrize("scenario", [scenarios.UNSIGNED_ERROR, scenarios.ERROR_IN_ANSWER])
async def test_an_error_is_understood_in_every_shape(either: World, scenario: str) -> None:
    either.far_side.arm(scenario, 1)
    with pytest.raises(Refused, match="code_invalid"):
        await either.client.exchange_code("made-up")
    either.far_side.arm(scenario, 1)
    with pytest.raises(Refused, match="certification_unknown"):
        await either.client.certification_result("0" * 32)
    assert either.far_side.get("scenario", scenario) is None


async def test_an_error_that_is_signed_wrongly_is_not_believed(
    other_alipay: Callable[[bytes], Awaitable[AlipayClient]],
) -> None:
    client = await other_alipay(b'{"error_response":{"code":"40002"},"sign":"AAAA"}')
    with pytest.raises(Misconfigured, match="answer_not_authentic"):
        await client.exchange_code("c" * 32)


@pytest.mark.parametrize(
    "answer",
    [
        b'{"error_response":{},"sign":""}',
        b'{"error_response":{"code":"10000"}}',
        b'{"alipay_system_oauth_token_response":{"open_id":"x"}}',
        b'{"alipay_system_oauth_token_response":{"code":"10000","open_id":"x"},"sign":""}',
    ],
)
async def test_nothing_unsigned_is_a_success(
    other_alipay: Callable[[bytes], Awaitable[AlipayClient]], answer: bytes
) -> None:
    with pytest.raises((Misconfigured, Unreachable)):
        await (await other_alipay(answer)).exchange_code("c" * 32)


async def test_a_refused_name_and_number_is_no_alarm(world: World) -> None:
    world.far_side.arm(scenarios.CERTIFICATE_INVALID, 1)
    with pytest.raises(Refused, match="certificate_invalid"):
        await world.client.begin_certification(new_id(), name_of(ZHANG), number_of(ZHANG))


async def test_a_result_may_come_late(world: World) -> None:
    certify_id = await world.begun()
    world.simulator.answer_certification(certify_id, ZHANG[0], "pass")
    world.far_side.arm(scenarios.CERTIFICATION_PENDING, 1)
    assert (await world.client.certification_result(certify_id)).pending
    assert (await world.client.certification_result(certify_id)).passed


async def test_a_certification_may_be_unknown_although_it_was_begun(world: World) -> None:
    certify_id = await world.begun()
    world.far_side.arm(scenarios.CERTIFICATION_UNKNOWN, 1)
    with pytest.raises(Refused, match="certification_unknown"):
        await world.client.certification_result(certify_id)


async def test_a_slow_answer_is_given_up_and_has_acted(world: World) -> None:
    code = world.code()
    world.far_side.arm(scenarios.SLOW, 1, seconds=0.6)
    hasty = AlipayClient(
        world.settings,
        world.http,
        alipay_trust(world.settings, world.clock),
        world.clock,
        PeerLimits(total_s=0.3),
    )
    with pytest.raises(Unreachable, match="timeout") as caught:
        await hasty.exchange_code(code)
    assert caught.value.may_have_acted
    assert len(world.calls(LOGIN)) == 1
    with pytest.raises(Refused, match="code_invalid"):
        await world.client.exchange_code(code)


async def test_garbage_of_any_kind_is_a_broken_answer(world: World) -> None:
    for body in ("", "null", "{", '{"sign":"x"}', '{"error_response":"x"}', "<html>", "\ufeff{}"):
        world.far_side.arm(scenarios.GARBAGE, 1, body=body, method=BEGIN)
        with pytest.raises(Unreachable, match="broken_answer"):
            await world.client.begin_certification(new_id(), name_of(ZHANG), number_of(ZHANG))


class TestCodes:
    def test_a_sub_code_says_more_than_its_code(self) -> None:
        assert failure("40002", "isv.code-invalid", "").code == "code_invalid"
        assert failure("40002", "isv.never-heard-of", "").code == "request_wrong"
        assert failure("40004", "NEVER_HEARD_OF", "").code == "business_failed"

    def test_a_value_of_a_persons_is_no_alarm_and_one_of_ours_is(self) -> None:
        assert isinstance(failure("40002", "isv.invalid-parameter", "", "x"), Refused)
        assert isinstance(failure("40002", "isv.invalid-parameter", ""), Misconfigured)

    def test_every_code_has_a_meaning(self) -> None:
        for code in CODES:
            assert failure(code, "", "").peer == "alipay"
        for sub_code in SUB_CODES:
            assert is_known("40002", sub_code)
        assert not is_known("40004", "NEVER_HEARD_OF")
        assert not is_known("49999", "")

    def test_only_codes_are_logged(self) -> None:
        assert word("isv.code-invalid") == "isv.code-invalid"
        assert {word(text) for text in ("", "张三", "a b", "x" * 65, "a\nb")} == {"-"}
