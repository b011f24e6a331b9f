"""Changes and cancellations begin with what is registered; a silent register only costs typing."""

from datetime import timedelta

import pytest

from adapters.outbox.models import OutboxEntry
from auth.models import CompanyRole
from bff.mock.personas import COMPANIES, PERSONAS
from kit.clock import CHINA
from miniprogram_api.drafts.models import Draft, DraftSave
from tests.miniprogram_api.drafts.builders import a_draft, answers_of, resumed, save, saved

EATERY, STORE = COMPANIES
"""Wangwu is the legal person of the first (Lisi its agent) and an administrator of the second."""
SILENT = "licences_failure"
"""No answer at each try, over a connection that works: the circuit breaker keeps its own time."""
CHANGE = {"operation": "change", "items": ["business_licence"]}
CANCEL = {"operation": "cancel", "items": ["business_licence"]}


@pytest.fixture
def acting(verified):
    async def act(persona="wangwu", company=EATERY):
        device = await verified(persona)
        answer = await device.put("/me/acting-for", json={"uscc": company.uscc})
        assert answer.status_code == 200, answer.text
        return device

    return act


@pytest.fixture
def arm(world):
    def armed(scenario, times=100, **how):
        world.far_sides["licences"].arm(scenario, times, **how)

    return armed


def questions(world) -> int:
    """How often the register was asked about a company, with a token that it knew."""
    seen = world.far_sides["licences"].exchanges(limit=1000)
    return sum(str(one["what"]).startswith("POST") and one["status"] != 401 for one in seen)


def step(draft, key):
    return next(one for one in draft["steps"] if one["key"] == key)


def codes(draft) -> set[tuple[str, str]]:
    """Pointers and codes of all errors but missing answers."""
    return {
        (error["pointer"], error["code"])
        for one in draft["steps"]
        for error in one["errors"]
        if error["code"] != "required"
    }


async def later(world, device) -> None:
    """The register is back; the next try comes."""
    world.far_sides["licences"].drop("scenario", SILENT)
    await world.driver.advance_to(world.clock.now() + timedelta(hours=3))
    await device.renew()


async def test_a_change_begins_with_what_is_registered(acting):
    device = await acting()
    draft = await a_draft(device, **CHANGE)
    assert draft["register"]["uscc"] == EATERY.uscc
    assert draft["register"]["state"] == "answered"
    company = step(draft, "company")
    assert company["answers"]["entity_name"] == EATERY.name
    assert company["answers"]["credit_code"] == EATERY.uscc
    assert company["origins"]["entity_name"] == "register"
    assert company["saved_at"] is None
    head = answers_of(draft, "legal_representative")
    assert head["legal_representative_id_number"] == PERSONAS["wangwu"].id_number.reveal()
    assert answers_of(draft, "premises")["domicile"]["region"] == "370102"
    assert codes(draft) == set()
    assert await resumed(device, draft) == draft


async def test_what_is_filled_in_is_right_wherever_it_is_asked(acting):
    device = await acting()
    draft = await a_draft(device, **CHANGE)
    for one in draft["steps"]:
        # Saved unchanged: whatever is wrong with it would be told now.
        told = await saved(device, draft, one["key"], 1, {"change_items": None})
        assert {error["code"] for error in told["step"]["errors"]} <= {
            "required", "unknown_field", "capital_sum",
        }, one["key"]  # fmt: skip


async def test_an_opening_and_a_session_of_no_company_ask_nobody(acting, verified, world):
    device = await acting()
    assert "register" not in await a_draft(device)
    nobodys = await verified("wangwu")
    draft = await a_draft(nobodys, **CHANGE)
    assert "register" not in draft
    assert "origins" not in draft["steps"][0]
    assert questions(world) == 0


async def test_an_agent_without_an_authorisation_is_told_nothing(acting, verified, world):
    device = await verified("lisi")
    assert (await device.put("/me/acting-for", json={"uscc": EATERY.uscc})).status_code == 403
    assert "register" not in await a_draft(device, **CHANGE)
    assert questions(world) == 0


async def test_an_agent_is_shown_the_company_and_no_numbers_of_its_people(verified, world):
    boss, agent = await verified("wangwu"), await verified("lisi")
    lisi = PERSONAS["lisi"]
    ends = world.clock.now().astimezone(CHINA).date() + timedelta(days=30)
    wish = {
        "name": lisi.name.reveal(),
        "id_number": lisi.id_number.reveal(),
        "operations": ["change"],
        "expires_on": ends.isoformat(),
    }
    given = await boss.once("POST", f"/me/companies/{EATERY.uscc}/authorisations", json=wish)
    assert given.status_code == 201, given.text
    assert (await agent.put("/me/acting-for", json={"uscc": EATERY.uscc})).status_code == 200
    draft = await a_draft(agent, **CHANGE)
    head = answers_of(draft, "legal_representative")
    assert head["legal_representative_name"] == PERSONAS["wangwu"].name.reveal()
    assert "legal_representative_id_number" not in head
    assert not any(who.id_number.reveal() in str(draft["steps"]) for who in PERSONAS.values())
    # Not authorised for this one: nothing is told at all.
    assert "register" not in await a_draft(agent, **CANCEL)


async def test_who_lost_the_role_meanwhile_is_told_nothing(acting, arm, world):
    arm(SILENT, 1000)
    device = await acting()
    draft = await a_draft(device, **CHANGE)
    await CompanyRole.all().delete()
    await later(world, device)
    now = await resumed(device, draft)
    assert (now["register"]["state"], now["revision"]) == ("waiting", 1)
    assert await OutboxEntry.filter(topic="draft.register", settled_at=None).count() == 0


async def test_a_typed_answer_is_told_from_a_registered_one(acting):
    device = await acting()
    draft = await a_draft(device, **CANCEL)
    told = await saved(device, draft, "company", 1, {"entity_name": "济南另一名称有限公司"})
    (warning,) = [e for e in told["step"]["errors"] if e["code"] == "register_differs"]
    assert warning["pointer"] == "/entity_name"
    now = await resumed(device, draft)
    assert step(now, "company")["origins"]["entity_name"] == "typed"
    assert step(now, "company")["origins"]["credit_code"] == "register"
    check = (await device.post(f"/drafts/{draft['id']}/check")).json()
    assert [(one["step"], one["code"]) for one in check["warnings"]] == [
        ("company", "register_differs")
    ]
    again = await saved(device, draft, "company", 2, {"entity_name": EATERY.name})
    assert not [e for e in again["step"]["errors"] if e["code"] == "register_differs"]


async def test_a_warning_makes_no_step_incomplete(acting):
    device = await acting()
    draft = await a_draft(device, **CANCEL)
    before = step(draft, "company")["state"]
    told = await saved(device, draft, "company", 1, {"entity_name": "济南另一名称有限公司"})
    assert told["step"]["state"] == before


async def test_a_silent_register_only_costs_typing(acting, arm):
    arm(SILENT)
    device = await acting()
    draft = await a_draft(device, **CHANGE)
    assert draft["register"] == {"uscc": EATERY.uscc, "state": "waiting", "at": None}
    assert all(one["answers"] == {} for one in draft["steps"])
    await saved(device, draft, "company", 1, {"entity_name": "x", "change_items": ["01"]})
    now = await resumed(device, draft)
    assert step(now, "company")["origins"]["entity_name"] == "unverified"
    assert ("/entity_name", "register_differs") not in codes(now)


@pytest.mark.parametrize("scenario", ["licences_down", "licences_not_admitted", "licences_garbled"])
async def test_every_failure_of_the_register_makes_a_draft(acting, arm, scenario):
    arm(scenario, 2)
    draft = await a_draft(await acting(), **CHANGE)
    assert draft["register"]["state"] in {"waiting", "answered"}
    assert await OutboxEntry.filter(topic="draft.register").count() == 1


async def test_what_was_typed_meanwhile_is_compared_and_never_overwritten(acting, arm, world):
    arm(SILENT)
    device = await acting()
    draft = await a_draft(device, **CANCEL)
    typed = {"entity_name": "济南手填名称有限公司", "credit_code": EATERY.uscc}
    await saved(device, draft, "company", 1, typed)
    await later(world, device)
    now = await resumed(device, draft)
    assert now["register"]["state"] == "answered"
    assert answers_of(now, "company").items() >= typed.items()
    assert step(now, "company")["origins"] == {"entity_name": "typed", "credit_code": "register"}
    assert codes(now) >= {("/entity_name", "register_differs")}
    # A step that nobody had saved is filled in as at the start.
    head = step(now, "legal_representative")
    assert head["answers"]["legal_representative_name"] == PERSONAS["wangwu"].name.reveal()
    assert head["saved_at"] is None
    assert await OutboxEntry.filter(topic="draft.register", settled_at=None).count() == 0


async def test_words_that_came_late_are_seen_before_they_are_submitted(acting, arm, world):
    arm(SILENT)
    device = await acting()
    draft = await a_draft(device, **CANCEL)
    before = (await device.get(f"/drafts/{draft['id']}")).headers["ETag"]
    await later(world, device)
    answer = await device.get(f"/drafts/{draft['id']}", headers={"If-None-Match": before})
    assert answer.status_code == 200
    assert answer.json()["revision"] == 2
    row = await DraftSave.get(draft_id=draft["id"], revision=2)
    assert row.kind == "register"
    await device.verify()
    submit = {"draft_id": draft["id"], "revision": 1, "declaration": True}
    refused = await device.once(
        "POST", "/applications", json={**submit, "delivery": {"method": "window"}}
    )
    assert refused.json()["code"] == "revision_outdated"


async def test_who_saves_from_an_older_revision_keeps_both(acting, arm, world):
    arm(SILENT)
    device = await acting()
    draft = await a_draft(device, **CANCEL)
    await later(world, device)
    own = {"legal_representative_phone": "13800000003"}
    told = await saved(device, draft, "legal_representative", 1, own)
    assert told["merged"]
    assert told["answers"].keys() > own.keys()
    other = {"legal_representative_name": "别人"}
    assert (await save(device, draft, "legal_representative", 1, other)).status_code == 409


async def test_the_register_is_asked_until_it_answers(acting, arm, world):
    arm(SILENT, 1000)
    device = await acting()
    draft = await a_draft(device, **CHANGE)
    await world.driver.advance_to(world.clock.now() + timedelta(hours=12))
    waiting = await OutboxEntry.filter(topic="draft.register", settled_at=None)
    assert len(waiting) == 1
    assert await OutboxEntry.filter(topic="draft.register", outcome="parked").count() == 0
    assert questions(world) < 60
    await later(world, device)
    assert (await resumed(device, draft))["register"]["state"] == "answered"


async def test_an_answer_for_a_draft_that_is_gone_is_let_go(acting, arm, world):
    arm(SILENT, 1000)
    device = await acting()
    draft = await a_draft(device, **CHANGE)
    assert (await device.delete(f"/drafts/{draft['id']}")).status_code == 204
    await later(world, device)
    assert await OutboxEntry.filter(topic="draft.register", settled_at=None).count() == 0
    assert await Draft.filter(id=draft["id"]).count() == 0
    assert await DraftSave.filter(draft_id=draft["id"], kind="register").count() == 0


async def test_a_repeated_creation_asks_and_fills_once(acting, world):
    device = await acting()
    body = {"region": "370102", "theme": "restaurant", **CHANGE}
    headers = {"Idempotency-Key": "a-double-tap-of-a-change"}
    first = await device.post("/drafts", json=body, headers=headers)
    second = await device.post("/drafts", json=body, headers=headers)
    assert second.json() == first.json()
    assert await Draft.all().count() == 1
    assert questions(world) == 1


async def test_an_unknown_company_is_said_so(acting, arm):
    arm("licences_not_found")
    draft = await a_draft(await acting(), **CHANGE)
    assert draft["register"]["state"] == "unknown"
    assert codes(draft) == {("/credit_code", "register_unknown")}


@pytest.mark.parametrize(
    ("scenario", "selection", "told"),
    [
        ("licences_revoked", CHANGE, {("/credit_code", "register_not_active")}),
        ("licences_cancelled", CANCEL, {("/credit_code", "register_not_active")}),
        ("licences_revoked", CANCEL, set()),
    ],
)
async def test_a_company_that_is_no_more_is_told_at_its_code(
    acting, arm, scenario, selection, told
):
    arm(scenario)
    assert codes(await a_draft(await acting(), **selection)) == told


async def test_the_simple_cancellation_is_not_offered_to_a_revoked_company(acting, arm):
    arm("licences_revoked")
    device = await acting()
    draft = await a_draft(device, **CANCEL)
    key = next(
        one["key"] for one in draft["plan"]["steps"]
        if "deregistration_mode" in one["schema"]["properties"]
    )  # fmt: skip
    told = await saved(device, draft, key, 1, {"deregistration_mode": "simple"})
    assert "simple_not_open" in {error["code"] for error in told["step"]["errors"]}
    told = await saved(device, draft, key, 2, {"deregistration_mode": "ordinary"})
    assert "simple_not_open" not in {error["code"] for error in told["step"]["errors"]}


async def test_what_is_registered_and_not_asked_is_there_for_another_selection(acting):
    device = await acting()
    draft = await a_draft(device, operation="cancel", items=["seal"])
    asked = {code for one in draft["steps"] for code in one["answers"]}
    wider = await device.put(
        f"/drafts/{draft['id']}/selection",
        json={"base_revision": 1, "items": ["seal", "business_licence"]},
    )
    now = {code for one in wider.json()["steps"] for code in one["answers"]}
    assert "legal_representative_id_number" in now - asked
    assert wider.json()["register"]["state"] == "answered"


async def test_no_number_of_a_document_lies_readable_in_the_database(acting):
    draft = await a_draft(await acting(), **CHANGE)
    row = await DraftSave.get(draft_id=draft["id"], revision=1)
    number = PERSONAS["wangwu"].id_number.reveal()
    assert number.encode() not in bytes(row.answers_cipher)
    assert number not in row.summary
