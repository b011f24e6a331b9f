"""Departments keep the promised pace in working time, and do what they are told by hand."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from stdnum.cn import uscc

from adapters.province.certificates import CERTIFICATES, certificate_number, credit_code
from adapters.province.departments import (
    ACTS,
    DEFAULT_PACE,
    LICENCE_FAILED,
    TAX_FAILED,
    ActNotPossible,
    NoSuchMatter,
)
from adapters.province.port import StatusNotice
from tests.adapters.province.world import World, a_filing, a_world, beijing

SETUP = ("business_licence", "seal", "tax_registration", "social_insurance")


async def _a_case(world: World, *items: str, **changed: Any) -> str:
    return (await world.client.submit(a_filing(*items, **changed))).upstream_no


def _completed_at(world: World, item: str) -> datetime:
    (at,) = (
        notice.peer_time
        for notice in world.callbacks.statuses
        if (notice.item_code, notice.state) == (item, "completed")
    )
    assert at is not None
    return at


def _ranks(notices: Sequence[StatusNotice]) -> list[int | None]:
    return [notice.peer_sequence for notice in notices]


async def test_all_matters_of_setting_up_end_by_themselves_within_one_working_day(world: World):
    await _a_case(world, *SETUP)
    await world.pass_time(beijing("2026-11-23 13:30"))
    # Stage A: half a working day from 09:00 ends at 14:00; stage B: two hours after the licence.
    assert world.states()["business_licence"] == "approved"
    assert world.states()["seal"] == "received"
    await world.pass_time(beijing("2026-11-23 18:00"))
    assert set(world.states().values()) == {"completed"}
    assert _completed_at(world, "business_licence") < beijing("2026-11-23 14:00")
    assert _completed_at(world, "social_insurance") < beijing("2026-11-23 14:00")
    for item in ("seal", "tax_registration"):
        assert _completed_at(world, item) > _completed_at(world, "business_licence")
        assert _completed_at(world, item) < beijing("2026-11-23 16:00")


@pytest.mark.parametrize(
    ("submitted", "licence", "seal", "permit"),
    [
        # Friday 17:00; Saturday 14 February is worked, then Spring Festival until the 23rd.
        ("2026-02-13 17:00", "2026-02-14 11:36", "2026-02-14 14:24", "2026-02-27 12:00"),
        # On the last worked hour before the festival: all the rest is after it.
        ("2026-02-14 17:00", "2026-02-24 11:36", "2026-02-24 14:24", "2026-02-28 12:00"),
        # Sunday 20 September is worked; 25 to 27 September and 1 to 7 October are not.
        ("2026-09-19 10:00", "2026-09-20 13:36", "2026-09-20 15:24", "2026-09-24 14:00"),
        ("2026-09-30 17:00", "2026-10-08 11:36", "2026-10-08 14:24", "2026-10-13 12:00"),
    ],
)
async def test_clocks_run_in_the_working_time_of_shandong(
    tmp_path: Path, submitted: str, licence: str, seal: str, permit: str
):
    async with a_world(tmp_path, at=beijing(submitted)) as world:
        await _a_case(world, "business_licence", "seal", "food_operation")
        await world.pass_days(30)
        assert _completed_at(world, "business_licence") == beijing(licence)
        assert _completed_at(world, "seal") == beijing(seal)
        assert _completed_at(world, "food_operation") == beijing(permit)


async def test_a_permit_is_accepted_conditionally_before_the_licence_is_there(world: World):
    case_no = await _a_case(world, "business_licence", "fire_safety_check")
    world.simulator.act(case_no, "business_licence", "accept")
    await world.pass_days(3)
    assert world.states() == {"business_licence": "accepted", "fire_safety_check": "approved"}
    assert world.callbacks.states_of("fire_safety_check") == [
        "accepted_conditionally",
        "approved",
    ]
    world.simulator.act(case_no, "business_licence", "approve")
    world.simulator.act(case_no, "business_licence", "complete")
    await world.simulator.run_due()
    assert world.states()["fire_safety_check"] == "completed"


async def test_a_permit_alone_waits_for_nothing_and_is_inspected_where_that_is_the_rule(
    world: World,
):
    await _a_case(world, "food_operation")
    await world.pass_days(10)
    assert world.callbacks.states_of("food_operation") == [
        "accepted",
        "inspection",
        "approved",
        "completed",
    ]


async def test_what_the_licence_carries_ends_with_it_when_it_is_refused(world: World):
    case_no = await _a_case(world, "business_licence", "seal", "fire_safety_check")
    world.simulator.act(case_no, "business_licence", "accept")
    await world.pass_days(3)
    world.simulator.act(case_no, "business_licence", "reject", reason="住所证明不符")
    await world.simulator.run_due()
    assert world.states() == {
        "business_licence": "rejected",
        "seal": "not_accepted",
        "fire_safety_check": "voided",
    }
    reasons = {notice.item_code: notice.reason for notice in world.callbacks.statuses}
    assert reasons["business_licence"] == "住所证明不符"
    assert reasons["seal"] == reasons["fire_safety_check"] == LICENCE_FAILED
    await world.pass_days(10)
    assert world.simulator.next_due() is None


async def test_a_matter_that_was_touched_by_hand_only_moves_by_hand(world: World):
    case_no = await _a_case(world, "business_licence", "social_insurance")
    world.simulator.act(
        case_no,
        "business_licence",
        "correct",
        fields=["premises_address"],
        materials=["premises_use_proof"],
        reason="请补充产权证明",
    )
    await world.pass_days(5)
    assert world.states() == {
        "business_licence": "correction_required",
        "social_insurance": "approved",
    }
    (notice,) = (n for n in world.callbacks.statuses if n.item_code == "business_licence")
    assert notice.fields == ("premises_address",)
    assert notice.materials == ("premises_use_proof",)
    assert notice.reason == "请补充产权证明"


async def test_every_act_is_told_in_the_order_of_the_department(world: World):
    case_no = await _a_case(world, "business_licence")
    acts = ["return", "conditional_accept", "review", "suspend", "inspect", "correct"]
    acts += ["accept", "approve", "complete"]
    for action in acts:
        world.simulator.act(case_no, "business_licence", action)
    await world.simulator.run_due()
    assert world.callbacks.states_of("business_licence") == [ACTS[act].after for act in acts]
    assert _ranks(world.callbacks.statuses) == list(range(1, len(acts) + 1))
    told = {notice.state: notice.reason for notice in world.callbacks.statuses}
    assert told["suspended"]
    assert told["correction_required"]
    assert not told["approved"]


@pytest.mark.parametrize("action", ["approve", "complete", "inspect", "reject", "dance"])
async def test_an_act_that_the_state_does_not_allow_changes_nothing(world: World, action: str):
    case_no = await _a_case(world, "business_licence")
    planned = world.far_side.deeds()
    with pytest.raises(ActNotPossible) as caught:
        world.simulator.act(case_no, "business_licence", action)
    assert isinstance(caught.value, ValueError)
    assert caught.value.text.zh
    assert world.states()["business_licence"] == "received"
    assert world.far_side.deeds() == planned


async def test_nothing_is_done_to_a_matter_that_has_ended(world: World):
    case_no = await _a_case(world, "business_licence")
    world.simulator.act(case_no, "business_licence", "refuse")
    for action in ACTS:
        with pytest.raises(ActNotPossible):
            world.simulator.act(case_no, "business_licence", action)


async def test_a_permit_is_not_completed_by_hand_before_its_licence(world: World):
    case_no = await _a_case(world, "business_licence", "food_operation")
    for action in ("conditional_accept", "approve"):
        world.simulator.act(case_no, "food_operation", action)
    with pytest.raises(ActNotPossible):
        world.simulator.act(case_no, "food_operation", "complete")
    for action in ("accept", "approve", "complete"):
        world.simulator.act(case_no, "business_licence", action)
    world.simulator.act(case_no, "food_operation", "complete")
    assert set(world.states().values()) == {"completed"}


async def test_a_case_or_an_item_that_is_not_there_is_said_so(world: World):
    case_no = await _a_case(world, "business_licence")
    with pytest.raises(NoSuchMatter):
        world.simulator.act(case_no, "seal", "accept")
    with pytest.raises(NoSuchMatter):
        world.simulator.act("0" * 32, "business_licence", "accept")


async def test_ends_come_with_their_certificates_first(world: World):
    await _a_case(world, *SETUP, "food_operation", "some_new_permit")
    await world.pass_days(10)
    by_item = {notice.item_code: notice for notice in world.callbacks.certificates}
    assert set(by_item) == {"business_licence", "food_operation", "some_new_permit"}
    licence, food = by_item["business_licence"], by_item["food_operation"]
    assert uscc.is_valid(licence.certificate_no)
    assert licence.certificate_no.startswith("91370102")
    assert licence.issued_on == "2026-11-23"
    assert licence.face["entName"] == "示例餐饮有限公司"
    assert food.face["socialCode"] == licence.certificate_no
    assert food.name == "食品经营许可证"
    assert food.certificate_no.startswith("JY2370102")
    assert by_item["some_new_permit"].name == "some_new_permit"


async def test_a_changed_business_keeps_its_code_and_a_closed_one_gets_no_certificate(
    world: World,
):
    answers = {"entity_name": "示例餐饮有限公司", "credit_code": "91370102MA3QAAA01U"}
    await _a_case(world, "business_licence", operation="change", answers=answers)
    await _a_case(world, "business_licence", operation="cancel", answers=answers)
    await world.pass_days(2)
    (changed,) = world.callbacks.certificates
    assert changed.certificate_no == "91370102MA3QAAA01U"


async def test_an_individual_business_gets_a_code_of_its_own_kind(world: World):
    await _a_case(world, "business_licence_individual", "seal")
    await world.pass_days(2)
    assert set(world.states().values()) == {"completed"}
    (licence,) = world.callbacks.certificates
    assert licence.certificate_no.startswith("92370102")


@pytest.mark.parametrize("number", [0, 1, 7, 31, 999_999, 1_000_000])
def test_credit_codes_and_food_licence_numbers_have_valid_check_digits(number: int):
    assert uscc.is_valid(credit_code("370102", number))
    food = certificate_number(CERTIFICATES["food_operation"], "370102", 2026, number)
    assert len(food) == 16


def test_every_pace_of_the_default_table_ends():
    assert all(pace.hours > 0 for pace in DEFAULT_PACE.values())


async def test_who_closes_is_not_inspected_and_the_licence_ends_after_the_taxes(world: World):
    await _a_case(world, *SETUP, "food_operation", operation="cancel")
    await world.pass_days(10)
    assert set(world.states().values()) == {"completed"}
    assert "inspection" not in {notice.state for notice in world.callbacks.statuses}
    assert _completed_at(world, "business_licence") >= _completed_at(world, "tax_registration")


async def test_a_permit_that_is_changed_does_not_wait_for_the_licence(world: World):
    case_no = await _a_case(world, "business_licence", "food_operation", operation="change")
    world.simulator.act(case_no, "business_licence", "accept")
    world.simulator.act(case_no, "business_licence", "suspend")
    await world.pass_days(10)
    assert world.states()["food_operation"] == "completed"


async def test_without_the_taxes_nobody_is_struck_off(world: World):
    case_no = await _a_case(world, *SETUP, operation="cancel")
    world.simulator.act(case_no, "tax_registration", "refuse")
    await world.pass_days(10)
    assert world.states()["business_licence"] == "not_accepted"
    assert world.states()["social_insurance"] == "completed"
    (told,) = (n for n in world.callbacks.statuses if n.item_code == "business_licence")
    assert told.reason == TAX_FAILED
