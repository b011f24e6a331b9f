"""The far side: what it keeps, what it tells by itself, its keys and scenarios."""

from pathlib import Path

import pytest

from adapters.far_side import FarSide
from adapters.licences.simulator import (
    SCENARIOS,
    EnteredCompany,
    LicencesSide,
    LicencesSimulator,
    development_keys,
)
from kit.secrets import Secret
from tests.adapters.licences.world import EATERY, World


async def test_everything_survives_closing_and_opening_again(world: World, tmp_path: Path) -> None:
    again = FarSide(tmp_path / "licences.sqlite3", "licences", world.clock)
    side = LicencesSide("/t", "/q", Secret("k"), "c", Secret("s"))
    LicencesSimulator(again, side).register.revoke(EATERY.uscc)
    again.close()
    assert (await world.client.licence(EATERY.uscc)).state == "revoked"


async def test_a_company_entered_again_is_changed(world: World) -> None:
    changed = EnteredCompany(
        EATERY.uscc, "测试甲新名有限公司", EATERY.people, EATERY.domicile, EATERY.scope
    )
    world.simulator.register_company(changed)
    assert (await world.client.licence(EATERY.uscc)).name == "测试甲新名有限公司"


def test_a_company_has_a_head_and_is_entered_before_it_changes(world: World) -> None:
    with pytest.raises(ValueError, match="head"):
        world.simulator.register_company(EnteredCompany("x", "x", (), "x", "x"))
    with pytest.raises(LookupError):
        world.simulator.register.cancel("91370103MA3QBBB022")


async def test_a_far_side_that_forgot_its_tokens_only_costs_a_new_one(world: World) -> None:
    await world.client.licence(EATERY.uscc)
    world.far_side.clear()
    world.simulator.register_company(EATERY)
    assert (await world.client.licence(EATERY.uscc)).name == EATERY.name


async def test_it_does_nothing_by_itself(world: World) -> None:
    assert world.simulator.next_due() is None
    assert await world.simulator.run_due() == 0


def test_development_keys_are_fresh() -> None:
    keys, others = development_keys(), development_keys()
    assert all(keys[name] != others[name] for name in keys)
    assert all(name.startswith("LICENCES_") for name in keys)


def test_every_scenario_is_described_in_both_languages() -> None:
    for name, said in SCENARIOS.items():
        assert name.startswith("licences_")
        assert said.zh
        assert said.en
