"""Any sequence of selections, joint and single, keeps every answer."""

from datetime import UTC, datetime
from functools import lru_cache
from random import Random
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from miniprogram_api.catalogue.service import CatalogueService, CompiledPlan, Selection
from miniprogram_api.drafts import steps
from miniprogram_api.drafts.log import Entry, Head
from miniprogram_api.drafts.partly_read import PartlyReadState
from miniprogram_api.drafts.state import DecodedState, FileRef, decode_state, encode
from tests.builders.catalogues import shipped
from tests.miniprogram_api.drafts.builders import a_draft, filled, sample_steps

AT = datetime(2026, 11, 23, 4, tzinfo=UTC)
JOINT = Selection(operation="open", region="370102", theme="restaurant")


class Stopped:
    def now(self) -> datetime:
        return AT


@lru_cache(maxsize=1)
def plans() -> tuple[CompiledPlan, ...]:
    """The joint form first; then each item for itself, some together, another theme and county."""
    service = CatalogueService(shipped(), Stopped())
    items = service.compile(JOINT).items
    wanted = [msgspec.structs.replace(JOINT, items=items)]
    wanted += [msgspec.structs.replace(JOINT, items=(it,), mode="single") for it in items[:6]]
    wanted.append(msgspec.structs.replace(JOINT, items=items[:2], mode="single"))
    wanted.append(msgspec.structs.replace(JOINT, items=items[3:7], region="370103"))
    theme = next(key for key in shipped().themes if key != JOINT.theme)
    wanted.append(msgspec.structs.replace(JOINT, theme=theme, items=items[:3]))
    return tuple(service.compile(selection) for selection in wanted)


def following(entry: Entry, revision: int) -> Head:
    return Head("0" * 32, "1" * 32, revision, entry.kind, AT, entry.summary, b"")


def read(entry: Entry) -> DecodedState:
    """As the next reader of its row finds it."""
    return decode_state(encode(entry.state))


@given(st.integers(0, 2**32))
@settings(max_examples=40)
def test_nothing_is_lost_on_the_way_out_of_the_joint_procedure_and_back(seed: int) -> None:
    chance = Random(seed)
    joint = plans()[0]
    entry, revision, compiled = steps.first_entry(joint, joint.selection), 1, joint
    file = FileRef("2" * 32, "a.pdf", "application/pdf", 1, "3" * 64, AT)
    said: dict[str, Any] = {}
    files: set[str] = set()
    for turn in range(25):
        state = read(entry)
        if chance.random() < 0.4:
            compiled = chance.choice(plans())
            entry = steps.after_selection(
                compiled, entry.summary, state, compiled.selection, revision + 1
            )
        elif chance.random() < 0.2:
            files.add(f"material_{turn}")
            entry = steps.after_material(entry.summary, state, f"material_{turn}", (file,))
        else:
            key = chance.choice(compiled.step_keys)
            codes = compiled.codes_by_step()[key]
            patch = dict.fromkeys(chance.sample(codes, min(2, len(codes))), f"word {turn}")
            said |= patch
            head = following(entry, revision)
            kept = PartlyReadState(encode(state))
            saved = steps.after_step(compiled, head, kept, None, key, patch, AT)
            assert saved.entry is not None
            entry = saved.entry
        revision += 1
        now = read(entry)
        known = steps.all_answers(now)
        assert {code: it for answers in known.values() for code, it in answers.items()} == said
        assert now.materials.keys() == files
    asked = {code for codes in joint.codes_by_step().values() for code in codes}
    kept_aside = read(entry)
    back = read(
        steps.after_selection(joint, entry.summary, kept_aside, joint.selection, revision + 1)
    )
    shown = {code: it for answers in back.steps.values() for code, it in answers.items()}
    assert shown == {code: answer for code, answer in said.items() if code in asked}
    assert back.selection.mode == "joint"


def step_codes(draft: dict[str, Any], key: str) -> set[str]:
    (step,) = (it for it in draft["plan"]["steps"] if it["key"] == key)
    return set(step["schema"]["properties"])


async def test_single_applications_hold_what_the_joint_form_was_told(signed_in) -> None:
    phone = await signed_in()
    draft = await a_draft(phone)
    told = await sample_steps(phone, draft)
    base = await filled(phone, draft)
    path = f"/drafts/{draft['id']}/selection"
    whole = [item["code"] for item in draft["plan"]["items"]]
    for item in whole[:4]:
        body = {"base_revision": base, "items": [item], "mode": "single"}
        alone = (await phone.put(path, json=body)).json()
        base = alone["revision"]
        assert alone["mode"] == alone["plan"]["mode"] == "single"
        for step in alone["steps"]:
            answers = told.get(step["key"], {})
            assert step["answers"] == {code: answers[code] for code in step["answers"]}
            assert step["answers"].keys() == answers.keys() & step_codes(alone, step["key"])
    body = {"base_revision": base, "items": whole, "mode": "joint"}
    again = (await phone.put(path, json=body)).json()
    assert {step["key"]: step["answers"] for step in again["steps"]} == told
