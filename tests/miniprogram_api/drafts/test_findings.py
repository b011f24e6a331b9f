"""What is remembered of a draft's errors is what looking again would find."""

from datetime import UTC, datetime
from functools import lru_cache
from random import Random
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.outbox.put import Outbox
from kit.text import Text
from miniprogram_api.catalogue.service import (
    CatalogueService,
    CompiledPlan,
    SamplePerson,
    Selection,
    StepError,
    sample_answers,
)
from miniprogram_api.drafts import steps
from miniprogram_api.drafts.findings import DRAFTS_MAX, ERRORS_MAX, NOTHING, Findings, Found
from miniprogram_api.drafts.log import Entry, Head
from miniprogram_api.drafts.models import Draft
from miniprogram_api.drafts.partly_read import PartlyReadState
from miniprogram_api.drafts.service import DraftDesk, DraftService
from miniprogram_api.drafts.state import decode_state, encode
from miniprogram_api.drafts.views import steps_to_check
from tests.builders.catalogues import shipped
from tests.miniprogram_api.drafts.builders import a_draft, resumed, saved

AT = datetime(2026, 11, 23, 4, tzinfo=UTC)
SEALED = b"sealed" * 8


class Day:
    """A clock that stands on one day."""

    def __init__(self, day: int = 23) -> None:
        self._day = day

    def now(self) -> datetime:
        return AT.replace(day=self._day)


def restaurant(clock: Day) -> CompiledPlan:
    service = CatalogueService(shipped(), clock)
    return service.compile(Selection(operation="open", region="370102", theme="restaurant"))


@lru_cache(maxsize=1)
def plan() -> CompiledPlan:
    return restaurant(Day())


@lru_cache(maxsize=1)
def answers() -> dict[str, dict[str, Any]]:
    person = SamplePerson("王子丑", "370102198001010011", "13800000001")
    right: dict[str, dict[str, Any]] = sample_answers(plan(), person)["steps"]
    return right


def head_of(entry: Entry, revision: int) -> Head:
    return Head("0" * 32, "1" * 32, revision, entry.kind, AT, entry.summary, SEALED)


@given(st.integers(0, 2**32))
@settings(max_examples=15)
def test_saving_leaves_no_error_out_and_none_that_is_mended(seed: int) -> None:
    chance, compiled = Random(seed), plan()
    entry = steps.first_entry(compiled, compiled.selection)
    known = NOTHING
    for revision in range(1, 30):
        key = chance.choice(compiled.step_keys)
        right = answers()[key]
        patch = {code: right[code] for code in chance.sample(sorted(right), min(6, len(right)))}
        if patch and chance.random() < 0.5:
            patch[chance.choice(sorted(patch))] = chance.choice([None, "", 7, "错", [], True])
        head, state = head_of(entry, revision), PartlyReadState(encode(entry.state))
        done = steps.after_step(compiled, head, state, None, key, patch, AT, known)
        if done.entry is None:
            continue
        entry = done.entry
        assert entry.found is not None
        known = entry.found.errors
        after = decode_state(encode(entry.state))
        assert steps_to_check(head_of(entry, revision), compiled, known, AT) == []
        for step, errors in known.items():
            check = compiled.check_step(step, after.steps.get(step, {}), after.steps)
            assert (errors, entry.summary.steps[step].state) == (check.errors, check.state)


@given(st.integers(0, 2**32))
@settings(max_examples=15)
def test_what_a_save_does_not_read_goes_on_byte_for_byte(seed: int) -> None:
    chance = Random(seed)
    some = chance.sample(sorted(answers()), 6)
    kept = {
        "selection": plan().selection,
        "steps": {key: answers()[key] for key in some},
        "aside": {"company": {"an_answer": "  aside "}},
        "materials": {},
        "of_a_later_release": {"it": ["keeps"]},
    }
    key = chance.choice(plan().step_keys)
    state = PartlyReadState(encode(kept))
    after = msgspec.json.decode(encode(state.with_step(key, {"said": 1})))
    before = msgspec.json.decode(encode(kept))
    assert after == {**before, "steps": {**before["steps"], key: {"said": 1}}}
    assert state.all_answers() == kept["steps"]
    assert state.selection == plan().selection


class TestRemembering:
    def test_another_row_another_day_or_too_much_is_not_known(self) -> None:
        findings, errors = Findings(), {"company": (StepError("/a", "wrong", Text("错", "wrong")),)}
        findings.remember(SEALED, Found.by(plan(), errors))
        assert findings.of(SEALED, plan()) == errors
        assert findings.of(SEALED + b"altered", plan()) == NOTHING
        assert findings.of(SEALED, restaurant(Day(24))) == NOTHING
        many = {"company": errors["company"] * (ERRORS_MAX + 1)}
        findings.remember(b"another" * 8, Found.by(plan(), many))
        assert findings.of(b"another" * 8, plan()) == NOTHING

    def test_the_oldest_make_room(self) -> None:
        findings = Findings()
        for number in range(DRAFTS_MAX + 1):
            findings.remember(number.to_bytes(16), Found.by(plan(), {"company": ()}))
        assert findings.of((0).to_bytes(16), plan()) == NOTHING
        assert findings.of((1).to_bytes(16), plan()) == {"company": ()}


async def test_a_draft_shows_the_same_errors_to_whoever_does_not_remember_them(
    world, signed_in
) -> None:
    phone = await signed_in()
    draft = await a_draft(phone)
    wrong = {"entity_name": "", "licence_copies": -1, "unheard_of": 1}
    revision = (await saved(phone, draft, "company", 1, wrong))["revision"]
    await saved(phone, draft, "contacts", revision, {"contact_phone": "12"})
    told = (await resumed(phone, draft))["steps"]
    assert [step["key"] for step in told if step["errors"]] == ["company", "contacts"]
    catalogue = world.services.provided[CatalogueService]
    desk = DraftDesk(catalogue, world.services.ring, world.services.clock)
    fresh = DraftService(desk, catalogue, Outbox(world.services.clock))
    person_id = (await Draft.get(id=draft["id"])).person_id
    for _ in range(2):
        opened = await fresh.open(person_id, draft["id"])
        shown = msgspec.json.decode(msgspec.json.encode(fresh.view(opened, "zh")))
        assert shown["steps"] == told
