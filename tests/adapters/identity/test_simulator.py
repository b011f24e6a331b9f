"""The far side: every refusal by name, quotas on its clock, a journal without people."""

import logging
from pathlib import Path
from typing import Any

import pytest

from adapters.errors import AdapterError, Misconfigured, Refused, Unreachable
from adapters.far_side import FarSide
from adapters.identity.simulator import (
    SCENARIOS,
    IdentityRegisterSide,
    IdentityRegisterSimulator,
    UnknownPerson,
    development_keys,
)
from kit.secrets import Secret
from tests.adapters.gateway import FAR_SIDE
from tests.adapters.identity.world import (
    PERSONAL,
    QIAN,
    SHOP,
    WU,
    World,
    a_world,
    name_of,
    number_of,
    public_key_of,
)


async def matches(world: World) -> bool:
    return await world.client.matches(name_of(QIAN), number_of(QIAN))


@pytest.mark.parametrize(
    ("scenario", "how", "error", "code", "calls"),
    [
        ("register_down", {}, Unreachable, "status_503", 1),
        ("register_slow", {"seconds": 2.5}, Unreachable, "timeout", 1),
        ("register_reset_connection", {}, Unreachable, "broken_answer", 2),
        ("register_lost_answer", {}, Unreachable, "broken_answer", 4),
        ("register_gateway_refuses", {}, Misconfigured, "gateway_refused", 1),
        ("register_gateway_refuses", {"code": 429}, Unreachable, "too_many_requests", 1),
        ("register_gateway_refuses", {"code": 500}, Unreachable, "gateway_error", 2),
        ("register_not_permitted", {}, Misconfigured, "not_permitted", 1),
        ("register_quota", {}, Refused, "too_many_requests", 1),
        ("register_number_invalid", {}, Refused, "number_invalid", 1),
        ("register_failure", {}, Unreachable, "unknown_999999", 1),
        ("register_failure", {"retcode": "密"}, Unreachable, "unknown_other", 1),
        ("register_garbled", {}, Unreachable, "undecipherable", 2),
    ],
)
async def test_each_refusal_is_one_of_the_three_errors_and_asked_again_only_if_it_may_pass(
    world: World,
    scenario: str,
    how: dict[str, Any],
    error: type[AdapterError],
    code: str,
    calls: int,
) -> None:
    world.far_side.arm(scenario, 100, **how)
    with pytest.raises(error) as failed:
        await matches(world)
    assert failed.value.code == code
    assert len(world.calls()) == calls


@pytest.mark.parametrize("scenario", ["register_mismatch", "register_unknown_number"])
async def test_a_person_may_be_made_not_to_match(world: World, scenario: str) -> None:
    world.far_side.arm(scenario, 1)
    assert not await matches(world)
    assert await matches(world)


@pytest.mark.parametrize("scenario", ["register_garbled", "register_reset_connection"])
async def test_what_fails_once_is_asked_once_more(world: World, scenario: str) -> None:
    world.far_side.arm(scenario, 1)
    assert await matches(world)
    assert len(world.calls()) == 2


async def test_other_shapes_mean_the_same(world: World) -> None:
    world.simulator.register_company(*SHOP, {QIAN[0]: "2"})
    world.far_side.arm("register_other_shapes", 2)
    assert await matches(world)
    assert await world.client.companies(name_of(QIAN), number_of(QIAN))


async def test_a_role_that_means_nothing_gives_nobody_power(world: World) -> None:
    world.simulator.register_company(*SHOP, {QIAN[0]: "2"})
    world.far_side.arm("register_unknown_role", 1)
    assert await world.client.companies(name_of(QIAN), number_of(QIAN)) == []


async def test_a_scenario_may_wait_for_one_question(world: World) -> None:
    world.far_side.arm("register_quota", 1, service="companies")
    assert await matches(world)
    with pytest.raises(Refused, match="too_many_requests"):
        await world.client.companies(name_of(QIAN), number_of(QIAN))


async def test_the_applications_quota_runs_on_the_clock(tmp_path: Path) -> None:
    async with a_world(tmp_path, calls_a_minute_max=2, calls_a_day_max=3) as world:
        for allowed in (True, True, False):
            if allowed:
                assert await matches(world)
            else:
                with pytest.raises(Refused, match="too_many_requests"):
                    await matches(world)
        world.advance(minutes=1)
        assert await matches(world)
        world.advance(minutes=1)
        with pytest.raises(Refused, match="too_many_requests"):
            await matches(world)
        world.advance(days=1)
        assert await matches(world)


async def test_the_journal_and_the_log_show_why_and_not_whom(
    world: World, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    await matches(world)
    await world.client.matches(name_of(WU), number_of(QIAN))
    world.far_side.arm("register_failure", 2)
    world.far_side.arm("register_garbled", 1)
    with pytest.raises(AdapterError) as failed:
        await matches(world)
    logging.getLogger("somebody").warning("%s %r", failed.value, failed.value.args)
    journal = repr(world.calls())
    assert "scenario: system error" in journal
    printed = capfd.readouterr()
    written = printed.out + printed.err + caplog.text + journal
    assert "peer_called" in written
    assert sum(value in written for value in PERSONAL) == 0


async def test_everything_survives_closing_and_opening_again(world: World, tmp_path: Path) -> None:
    world.simulator.register_company(*SHOP, {QIAN[0]: "2"})
    again = FarSide(tmp_path / "register.sqlite3", "identity_register", world.clock)
    side = IdentityRegisterSide(*FAR_SIDE)
    IdentityRegisterSimulator(again, side).register_company("91370800MA3QAAA1XT", "B", {WU[0]: "1"})
    again.close()
    assert await world.client.companies(name_of(WU), number_of(WU))
    assert await world.client.companies(name_of(QIAN), number_of(QIAN))


async def test_it_does_nothing_by_itself(world: World) -> None:
    assert world.simulator.next_due() is None
    assert await world.simulator.run_due() == 0


def test_a_company_belongs_to_registered_people(world: World) -> None:
    with pytest.raises(UnknownPerson):
        world.simulator.register_company(*SHOP, {"nobody": "2"})


def test_development_keys_fit_together_and_are_fresh() -> None:
    keys, others = development_keys(), development_keys()
    private = keys["IDENTITY_REGISTER_PLATFORM_PRIVATE_KEY"]
    assert public_key_of(private) == keys["IDENTITY_REGISTER_PLATFORM_PUBLIC_KEY"]
    assert all(keys[name] != others[name] for name in keys)
    assert Secret(private)


def test_every_scenario_is_described_in_both_languages() -> None:
    for name, said in SCENARIOS.items():
        assert name.startswith("register_")
        assert said.zh
        assert said.en
