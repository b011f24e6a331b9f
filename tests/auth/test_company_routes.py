"""Companies over HTTP: the list, the session's company, authorisations, other platforms."""

from datetime import timedelta

import pytest

from auth.models import AccessLog, Audit, CompanyAuthorisation, CompanyRole
from bff.mock.personas import COMPANIES, PERSONAS
from kit.clock import CHINA
from tests.auth.companies import a_credit_code

RESTAURANT, STORE = COMPANIES
"""Wangwu is the legal person of the first (Lisi its agent) and an administrator of the second."""
MINUTE = timedelta(seconds=61)


def by_code(answer) -> dict[str, dict]:
    assert answer.status_code == 200, answer.text
    return {item["uscc"]: item for item in answer.json()["items"]}


async def acts_for(device, uscc):
    return await device.put("/me/acting-for", json={"uscc": uscc})


def authorisations(company=RESTAURANT) -> str:
    return f"/me/companies/{company.uscc}/authorisations"


@pytest.fixture
def wish(world):
    """What authorises a persona for the coming month."""

    def made(agent="lisi", **changes):
        person = PERSONAS[agent]
        last = world.clock.now().astimezone(CHINA).date() + timedelta(days=30)
        return {
            "name": person.name.reveal(),
            "id_number": person.id_number.reveal(),
            "operations": ["change", "cancel"],
            "expires_on": last.isoformat(),
            **changes,
        }

    return made


async def test_my_companies_with_roles_and_times(verified):
    device = await verified("wangwu")
    shown = by_code(await device.get("/me/companies"))
    assert {code: (c["name"], c["role"], c["role_text"]) for code, c in shown.items()} == {
        RESTAURANT.uscc: (RESTAURANT.name, "legal_person", "法人"),
        STORE.uscc: (STORE.name, "administrator", "管理员"),
    }
    one = shown[RESTAURANT.uscc]
    assert one["verified_at"].endswith("+08:00")
    assert (one["operations"], one["stale"], one["acting"]) == (["change", "cancel"], False, False)


async def test_who_has_proved_nothing_gets_an_empty_list_and_a_hint(signed_in):
    device = await signed_in("wangwu", language="en")
    body = (await device.get("/me/companies")).json()
    assert (body["items"], body["next_cursor"], body["stale"]) == ([], None, False)
    assert body["hint"]["next"] == "verify_identity"
    assert body["hint"]["text"].startswith("Prove")
    answer = await acts_for(device, RESTAURANT.uscc)
    assert (answer.status_code, answer.json()["next"]) == (403, "verify_identity")


async def test_the_sessions_company_is_shown_until_it_is_put_back(verified):
    device = await verified("wangwu")
    company = {"uscc": RESTAURANT.uscc, "name": RESTAURANT.name, "role": "legal_person"}
    assert (await acts_for(device, RESTAURANT.uscc)).json() == {"acting_for": company}
    assert (await device.get("/me")).json()["acting_for"] == company
    assert by_code(await device.get("/me/companies"))[RESTAURANT.uscc]["acting"]
    await device.renew()
    assert device.session["acting_for"] == company
    assert (await acts_for(device, None)).json() == {"acting_for": None}
    assert (await device.get("/me")).json()["acting_for"] is None


async def test_roles_follow_the_person_to_another_platform(verified):
    there = await verified("wangwu", platform="aishandong")
    assert (await acts_for(there, STORE.uscc)).status_code == 200
    here = await verified("wangwu")
    assert here.session["person"]["id"] != there.session["person"]["id"]
    me = (await here.get("/me")).json()
    assert me["id"] == there.session["person"]["id"]
    assert me["acting_for"] is None
    assert set(by_code(await here.get("/me/companies"))) == {RESTAURANT.uscc, STORE.uscc}
    assert (await acts_for(here, RESTAURANT.uscc)).json()["acting_for"]["role"] == "legal_person"
    readers = {line.who for line in await AccessLog.filter(what="companies")}
    assert readers == {"aishandong", "identity_register"}


async def test_unknown_and_foreign_codes_are_answered_to_the_byte_alike(verified):
    device = await verified("zhangsan")
    answers = [await acts_for(device, code) for code in (RESTAURANT.uscc, a_credit_code(404))]
    texts = {
        answer.text.replace(answer.headers["x-request-id"], "-").replace(str(answer.url), "-")
        for answer in answers
    }
    assert {answer.status_code for answer in answers} == {403}
    assert len(texts) == 1
    assert answers[0].json()["code"] == "company_role_required"


@pytest.mark.parametrize("body", [{}, {"uscc": "91"}, {"uscc": 1}, {"uscc": None, "role": "x"}])
async def test_what_is_no_wish_to_act_for_somebody_is_refused(verified, body):
    device = await verified("wangwu")
    answer = await device.put("/me/acting-for", json=body)
    assert answer.status_code == 422
    assert (await device.get("/me")).json()["acting_for"] is None


async def test_a_listed_agent_is_told_to_get_an_authorisation(verified):
    device = await verified("lisi")
    assert by_code(await device.get("/me/companies"))[RESTAURANT.uscc]["operations"] == []
    answer = await acts_for(device, RESTAURANT.uscc)
    assert (answer.status_code, answer.json()["code"]) == (403, "authorisation_required")


async def test_an_agent_acts_once_authorised_and_no_longer_once_revoked(verified, wish):
    boss, agent = await verified("wangwu"), await verified("lisi")
    answer = await boss.once("POST", authorisations(), json=wish())
    assert answer.status_code == 201, answer.text
    given = answer.json()
    assert (given["agent_name"], given["operations"]) == ("*四", ["change", "cancel"])
    assert given["expires_at"].endswith("T00:00:00+08:00")
    assert (given["uscc"], given["revoked_at"]) == (RESTAURANT.uscc, None)

    company = by_code(await agent.get("/me/companies"))[RESTAURANT.uscc]
    assert (company["operations"], company["authorised_until"]) == (
        ["change", "cancel"],
        given["expires_at"],
    )
    assert (await acts_for(agent, RESTAURANT.uscc)).json()["acting_for"]["role"] == "agent"

    gone = await boss.delete(f"{authorisations()}/{given['id']}")
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await agent.get("/me")).json()["acting_for"] is None
    assert (await acts_for(agent, RESTAURANT.uscc)).json()["code"] == "authorisation_required"
    (shown,) = (await boss.get(authorisations())).json()["items"]
    assert shown["revoked_at"] is not None
    actions = [line.action for line in await Audit.all().order_by("seq")]
    assert actions == ["authorisation_granted", "authorisation_revoked"]


async def test_a_repeated_wish_gives_one_authorisation(verified, wish):
    boss = await verified("wangwu")
    headers, body = {"Idempotency-Key": "one-wish"}, wish()
    answers = [await boss.post(authorisations(), json=body, headers=headers) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert answers[1].headers["Idempotent-Replay"] == "true"
    assert await CompanyAuthorisation.all().count() == 1


async def test_whoever_lost_the_role_hears_no_more_whom_he_authorised(verified, wish):
    boss = await verified("wangwu")
    headers, body = {"Idempotency-Key": "one-wish"}, wish()
    assert (await boss.post(authorisations(), json=body, headers=headers)).status_code == 201
    await CompanyRole.filter(uscc=RESTAURANT.uscc).delete()
    answer = await boss.post(authorisations(), json=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "company_role_required")
    assert await CompanyAuthorisation.all().count() == 1


async def test_giving_needs_a_fresh_check_and_taking_back_does_not(verified, wish, world):
    boss = await verified("wangwu")
    given = (await boss.once("POST", authorisations(), json=wish())).json()
    world.clock.advance(timedelta(minutes=11))
    again = await boss.once("POST", authorisations(), json=wish())
    assert (again.status_code, again.json()["next"]) == (403, "verify_identity")
    assert (await boss.delete(f"{authorisations()}/{given['id']}")).status_code == 204


async def test_strangers_and_agents_neither_give_nor_see_authorisations(verified, wish):
    boss = await verified("wangwu")
    given = (await boss.once("POST", authorisations(), json=wish())).json()
    for persona in ("lisi", "zhangsan"):
        device = await verified(persona)
        for answer in (
            await device.once("POST", authorisations(), json=wish()),
            await device.get(authorisations()),
        ):
            assert (answer.status_code, answer.json()["code"]) == (403, "company_role_required")
        answer = await device.delete(f"{authorisations()}/{given['id']}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_wrong_fields_of_a_wish_are_named_and_never_repeated(verified, wish):
    boss = await verified("wangwu")
    body = wish(id_number="37010219900307123X", operations=["change"], expires_on="2020-01-01")
    answer = await boss.once("POST", authorisations(), json=body)
    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json()["errors"]} == {"/id_number", "/expires_on"}
    assert body["id_number"] not in answer.text
    wrong: list[dict[str, object]] = [
        {"operations": ["open"]},
        {"operations": []},
        {"expires_on": "soon"},
    ]
    for changes in wrong:
        answer = await boss.once("POST", authorisations(), json=wish(**changes))
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


async def test_a_silent_register_is_no_error(verified, world):
    device = await verified("wangwu")
    await device.get("/me/companies")
    scenario = "register_down"
    world.clock.advance(MINUTE)
    armed = await device.mock("PUT", f"/scenarios/{scenario}", json={"times": 5})
    assert armed.status_code < 300, armed.text
    answer = await device.get("/me/companies?refresh=true")
    shown = by_code(answer)
    assert answer.json()["stale"]
    assert shown[RESTAURANT.uscc]["stale"]
    assert shown[RESTAURANT.uscc]["role"] == "legal_person"
