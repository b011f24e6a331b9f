"""The far side: every refusal by name, what is the same and what similar, a silent journal."""

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.errors import AdapterError, Misconfigured, Refused, Unreachable
from adapters.far_side import FarSide
from adapters.gm import SM2PrivateKey
from adapters.names.simulator import (
    SCENARIOS,
    NameLibrarySide,
    NameLibrarySimulator,
    development_keys,
)
from kit.secrets import Secret
from tests.adapters.gateway import FAR_SIDE
from tests.adapters.names.world import (
    PERSONAL,
    SHOP,
    World,
    a_world,
    name,
)


@pytest.mark.parametrize(
    ("scenario", "how", "error", "code", "calls"),
    [
        ("names_down", {}, Unreachable, "status_503", 1),
        ("names_slow", {"seconds": 2.5}, Unreachable, "timeout", 1),
        ("names_reset_connection", {}, Unreachable, "broken_answer", 2),
        ("names_lost_answer", {}, Unreachable, "broken_answer", 4),
        ("names_gateway_refuses", {}, Misconfigured, "gateway_refused", 1),
        ("names_gateway_refuses", {"code": 429}, Unreachable, "too_many_requests", 1),
        ("names_gateway_refuses", {"code": 500}, Unreachable, "gateway_error", 2),
        ("names_not_permitted", {}, Misconfigured, "not_permitted", 1),
        ("names_quota", {}, Refused, "too_many_requests", 1),
        ("names_failure", {}, Unreachable, "unknown_999999", 1),
        ("names_failure", {"retcode": "名"}, Unreachable, "unknown_other", 1),
        ("names_garbled", {}, Unreachable, "undecipherable", 2),
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
        await world.client.check(name())
    assert failed.value.code == code
    assert len(world.calls()) == calls


@pytest.mark.parametrize(
    ("scenario", "kinds"), [("names_taken", ["same"]), ("names_similar", ["similar"])]
)
async def test_a_name_may_be_made_taken_or_similar(
    world: World, scenario: str, kinds: list[str]
) -> None:
    world.far_side.arm(scenario, 1)
    assert [one.kind for one in await world.client.check(name())] == kinds
    assert await world.client.check(name()) == []


async def test_a_name_may_be_taken_between_looking_and_keeping(world: World) -> None:
    world.far_side.arm("names_taken", 1, service="reserve")
    assert await world.client.check(name()) == []
    with pytest.raises(Refused, match="name_taken"):
        await world.client.reserve(name(), "draft-0001")


async def test_the_library_may_have_rules_of_its_own(world: World) -> None:
    world.far_side.arm("names_not_allowed", 1)
    with pytest.raises(Refused, match="name_not_allowed"):
        await world.client.reserve(name(), "draft-0001")


async def test_a_line_that_means_nothing_makes_no_name_free(world: World) -> None:
    world.simulator.register_name("370102", SHOP, "6210")
    world.far_side.arm("names_strange_line", 2)
    with pytest.raises(Unreachable, match="broken_answer"):
        await world.client.check(name())


@pytest.mark.parametrize(
    ("parts", "where", "industry_code", "expected"),
    [
        # The law: one trade word, one industry, one authority.
        (("济南", "试泉香", "饭店", "有限公司"), "370103", "6210", ("same", "trade_word")),
        (("山东", "试泉香", "餐饮", "股份有限公司"), "370181", "6210", ("same", "trade_word")),
        (("济南", "试泉香", "", "有限公司"), "370102", "", ("same", "trade_word")),
        (("济南", "试泉香", "广告", "有限公司"), "370102", "7251", None),
        (("青岛", "试泉香", "餐饮", "有限公司"), "370202", "6210", None),
        # Read in the rules of 2017, and ours.
        (("济南", "试泉乡", "餐饮", "有限公司"), "370102", "6210", ("similar", "one_character")),
        (("济南", "新试泉香", "餐饮", "有限公司"), "370102", "6210", ("similar", "contained")),
        (("济南", "海泉阁", "餐饮", "有限公司"), "370102", "6210", None),
    ],
)
async def test_what_is_in_the_way_of_a_name(
    world: World,
    parts: tuple[str, str, str, str],
    where: str,
    industry_code: str,
    expected: tuple[str, str] | None,
) -> None:
    world.simulator.register_name(where, parts, industry_code)
    found = [(one.kind, one.why) for one in await world.client.check(name())]
    assert found == ([] if expected is None else [expected])


async def test_what_sounds_the_same_is_similar(world: World) -> None:
    world.simulator.register_name("370102", ("济南", "鑫源", "餐饮", "有限公司"), "6210")
    found = await world.client.check(name(trade="新园"))
    assert [(one.kind, one.why) for one in found] == [("similar", "sound")]


async def test_the_same_parts_in_another_order_are_the_same_name(world: World) -> None:
    world.simulator.register_name("370102", ("济南", "试泉香", "餐饮", "有限公司"), "6210")
    turned = replace(name(), full="试泉香（济南）餐饮有限公司")
    found = await world.client.check(turned)
    assert [(one.kind, one.why) for one in found] == [("same", "whole_name")]


async def test_a_name_given_up_is_in_the_way_for_a_year(world: World) -> None:
    world.simulator.register_name("370102", SHOP, "6210")
    world.simulator.give_up_name("".join(SHOP))
    world.advance(days=364)
    assert [one.kind for one in await world.client.check(name())] == ["same"]
    world.advance(days=1)
    assert await world.client.check(name()) == []
    with pytest.raises(LookupError):
        world.simulator.give_up_name("济南没有餐饮有限公司")


async def test_the_quota_runs_on_the_clock(tmp_path: Path) -> None:
    async with a_world(tmp_path, calls_a_minute_max=2) as world:
        await world.client.check(name())
        await world.client.check(name())
        with pytest.raises(Refused, match="too_many_requests"):
            await world.client.check(name())
        world.advance(minutes=1)
        assert await world.client.check(name()) == []


async def test_the_journal_and_the_log_show_why_and_not_which_name(
    world: World, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    world.simulator.register_name("370102", SHOP, "6210")
    await world.client.check(name())
    world.far_side.arm("names_failure", 1)
    with pytest.raises(AdapterError) as failed:
        await world.client.check(name())
    logging.getLogger("somebody").warning("%s %r", failed.value, failed.value.args)
    printed = capfd.readouterr()
    written = printed.out + printed.err + caplog.text + repr(world.calls())
    assert "scenario: system error" in written
    assert "peer_called" in written
    assert sum(value in written for value in PERSONAL) == 0


async def test_everything_survives_closing_and_opening_again(world: World, tmp_path: Path) -> None:
    again = FarSide(tmp_path / "names.sqlite3", "name_library", world.clock)
    side = NameLibrarySide(*FAR_SIDE)
    NameLibrarySimulator(again, side).register_name("370102", SHOP, "6210")
    again.close()
    assert await world.client.check(name())


async def test_it_does_nothing_by_itself(world: World) -> None:
    assert world.simulator.next_due() is None
    assert await world.simulator.run_due() == 0


def test_development_keys_fit_together_and_are_fresh() -> None:
    keys, others = development_keys(), development_keys()
    private = Secret(keys["NAME_LIBRARY_PLATFORM_PRIVATE_KEY"])
    public = SM2PrivateKey(private).public_key()
    assert public == keys["NAME_LIBRARY_PLATFORM_PUBLIC_KEY"]
    assert all(keys[name] != others[name] for name in keys)


def test_every_scenario_is_described_in_both_languages() -> None:
    for scenario, said in SCENARIOS.items():
        assert scenario.startswith("names_")
        assert said.zh
        assert said.en
