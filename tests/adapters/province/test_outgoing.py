"""News reach us in order, by both callers, until we said that we have them."""

from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from adapters.province.outgoing import DOCUMENT_RETRIES
from kit.retry import RetrySchedule
from tests.adapters.province.world import World, a_filing, a_material, a_world

FORM, JSON = "application/x-www-form-urlencoded", "application/json"


async def _a_case_by_hand(world: World, *actions: str) -> str:
    case_no = (await world.client.submit(a_filing("business_licence"))).upstream_no
    for action in actions:
        world.simulator.act(case_no, "business_licence", action)
    return case_no


async def test_both_callers_of_the_known_peer_are_used_in_turn(world: World):
    await _a_case_by_hand(world, "accept", "inspect", "approve")
    await world.simulator.run_due()
    assert world.callbacks.content_types == [FORM, JSON, FORM]
    assert world.callbacks.refused == 0
    assert [entry["caller"] for entry in world.exchanges("status")] == ["data", "json", "data"]


async def test_what_we_did_not_take_is_sent_again_and_holds_back_what_is_behind_it(world: World):
    await _a_case_by_hand(world, "accept", "inspect")
    world.callbacks.fail_next = 3
    await world.simulator.run_due()
    assert world.callbacks.statuses == []
    await world.pass_time(world.clock.at + timedelta(seconds=6))
    assert world.callbacks.statuses == []
    await world.pass_time(world.clock.at + timedelta(seconds=1))
    assert world.callbacks.states_of("business_licence") == ["accepted", "inspection"]
    refused = [entry["refused"] for entry in reversed(world.exchanges("status"))]
    assert refused == ["not_acknowledged"] * 3 + ["", ""]


async def test_a_case_whose_news_are_stuck_does_not_hold_back_another_case(world: World):
    await _a_case_by_hand(world, "accept")
    world.callbacks.fail_next = 1
    await world.simulator.run_due()
    other = (await world.client.submit(a_filing("seal", serial_no="f" * 32))).upstream_no
    world.simulator.act(other, "seal", "accept")
    await world.simulator.run_due()
    assert [notice.item_code for notice in world.callbacks.statuses] == ["seal"]


async def test_news_that_nobody_ever_takes_are_given_up_and_the_next_ones_go_on(tmp_path: Path):
    retries = RetrySchedule(first_s=1, cap_s=60, attempts_max=3, jitter=0)
    async with a_world(tmp_path, push_retries=retries) as world:
        await _a_case_by_hand(world, "accept", "inspect")
        world.callbacks.fail_next = 3
        await world.pass_time(world.clock.at + timedelta(minutes=5))
        assert world.callbacks.states_of("business_licence") == ["inspection"]
        assert "given_up" in [entry["refused"] for entry in world.exchanges("status")]


async def test_a_receiver_that_is_away_gets_the_news_when_it_is_back(tmp_path: Path):
    filed = a_material(("d1", b"lease"))
    async with a_world(tmp_path, callback_base_url="http://127.0.0.1:9") as world:
        case_no = (await world.client.submit(a_filing("seal", materials=[filed]))).upstream_no
        world.simulator.act(case_no, "seal", "accept")
        await world.simulator.run_due()
        assert world.exchanges("status")[0]["refused"] == "no_answer"
        at = world.clock.at
    async with a_world(tmp_path, at=at) as world:
        world.callbacks.documents["d1"] = b"lease"
        await world.pass_time(at + timedelta(minutes=1))
        assert world.callbacks.states_of("seal") == ["accepted"]
        assert world.simulator.cases()[0]["documents"][0]["state"] == "held"


async def test_duplicate_status_sends_the_same_news_twice(world: World):
    world.arm("province.duplicate_status")
    await _a_case_by_hand(world, "accept", "approve")
    await world.simulator.run_due()
    states = world.callbacks.states_of("business_licence")
    assert states == ["accepted", "accepted", "approved"]
    first, second, third = world.callbacks.statuses
    assert first == second
    assert first.event_id != third.event_id


async def test_reorder_status_sends_a_news_after_the_next_one_of_its_matter(world: World):
    world.arm("province.reorder_status")
    await _a_case_by_hand(world, "accept", "inspect", "approve")
    await world.simulator.run_due()
    assert [notice.peer_sequence for notice in world.callbacks.statuses] == [2, 1, 3]


async def test_a_reordered_news_without_a_successor_is_sent_in_the_end(world: World):
    case_no = await _a_case_by_hand(world, "accept")
    await world.simulator.run_due()
    world.arm("province.reorder_status", hold_s=120)
    world.simulator.act(case_no, "business_licence", "reject")
    await world.simulator.run_due()
    assert world.callbacks.states_of("business_licence") == ["accepted"]
    await world.pass_time(world.clock.at + timedelta(seconds=120))
    assert world.callbacks.states_of("business_licence") == ["accepted", "rejected"]


async def test_late_status_lets_others_overtake_and_arrives_once(world: World):
    world.arm("province.late_status", delay_s=900)
    await _a_case_by_hand(world, "accept", "inspect", "approve")
    await world.simulator.run_due()
    assert [notice.peer_sequence for notice in world.callbacks.statuses] == [2, 3]
    await world.pass_time(world.clock.at + timedelta(seconds=900))
    assert [notice.peer_sequence for notice in world.callbacks.statuses] == [2, 3, 1]


async def test_filed_documents_are_fetched_and_checked(world: World):
    world.callbacks.documents.update({"d1": b"lease", "d2": b"", "d3": b"altered"})
    filed = a_material(("d1", b"lease"), ("d2", b"x"), ("d3", b"original"), ("d4", b"gone"))
    await world.client.submit(a_filing("business_licence", materials=[filed]))
    await world.simulator.run_due()
    (case,) = world.simulator.cases()
    assert {d["document_id"]: d["state"] for d in case["documents"]} == {
        "d1": "held",
        "d2": "empty_or_too_large",
        "d3": "damaged",
        "d4": "missing",
    }
    assert len(world.exchanges("document")) == 4


async def test_documents_that_are_missing_are_asked_for_again(world: World):
    world.callbacks.documents["d1"] = b"one"
    filed = a_material(("d1", b"one"), ("d2", b"two"))
    await world.client.submit(a_filing("business_licence", materials=[filed]))
    await world.simulator.run_due()
    world.callbacks.documents["d2"] = b"two"
    await world.pass_time(world.clock.at + timedelta(minutes=1))
    (case,) = world.simulator.cases()
    assert [document["state"] for document in case["documents"]] == ["held", "held"]
    assert len(world.exchanges("document")) == 3


async def test_documents_that_never_come_are_not_asked_for_for_ever(world: World):
    filed = a_material(("d1", b"one"))
    await world.client.submit(a_filing("business_licence", materials=[filed]))
    await world.pass_days(30)
    assert DOCUMENT_RETRIES.attempts_max is not None
    assert len(world.exchanges("document")) <= DOCUMENT_RETRIES.attempts_max + 1
    assert world.simulator.next_due() is None


@pytest.mark.parametrize("times", [1, 5])
async def test_a_scenario_is_used_up(world: World, times: int):
    world.arm("province.duplicate_status", times=times)
    await world.client.submit(a_filing("business_licence"))
    await world.pass_days(2)
    assert len(world.callbacks.statuses) == 3 + min(times, 3)
    armed = world.far_side.get("scenario", "province.duplicate_status")
    assert (armed is None) == (times <= 3)


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_happens_on_the_way_every_news_arrives(world: World, seed: int):
    random = Random(seed)
    for name in ("duplicate_status", "reorder_status", "late_status"):
        world.arm(f"province.{name}", times=random.randint(1, 6), delay_s=random.randint(1, 90_000))
    items = ("business_licence", "seal", "food_operation", "social_insurance")
    await world.client.submit(a_filing(*items))
    for _ in range(12):
        world.callbacks.fail_next = random.randint(0, 3)
        await world.pass_time(world.clock.at + timedelta(hours=random.randint(1, 20)))
    await world.pass_days(10)
    assert set(world.states().values()) == {"completed"}
    for item in items:
        told = {
            notice.peer_sequence or 0: notice.state
            for notice in world.callbacks.statuses
            if notice.item_code == item
        }
        assert sorted(told) == list(range(1, len(told) + 1))
        assert told[len(told)] == "completed"
    assert len(world.callbacks.certificates) == 2
    assert world.simulator.next_due() is None
