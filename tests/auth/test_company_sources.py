"""Who is what in which company, as the simulated registers tell it over the wire."""

from dataclasses import replace

import pytest

from adapters.errors import Refused
from auth.aishandong_login import kept
from auth.company_roles import FoundRole
from auth.company_sources import AiShandongCompanies, RegisterCompanies
from auth.models import PlatformAccount
from bff.mock.personas import PERSONAS
from kit.ids import new_id
from tests.adapters.aishandong.world import PERSONAL as AISHANDONG_PERSONAL
from tests.adapters.aishandong.world import a_world as an_aishandong
from tests.adapters.identity.world import PERSONAL as REGISTER_PERSONAL
from tests.adapters.identity.world import a_world as a_register
from tests.auth.companies import ACME, OTHER, Office, a_credit_code

WANGWU, LISI = PERSONAS["wangwu"], PERSONAS["lisi"]


@pytest.fixture
def office(session_world, database, sensitive_values):
    sensitive_values |= AISHANDONG_PERSONAL | REGISTER_PERSONAL
    return Office.opened(session_world.services)


@pytest.fixture
async def aishandong(tmp_path):
    async with an_aishandong(tmp_path) as far:
        for persona in (WANGWU, LISI):
            far.simulator.register_person(
                persona.key,
                persona.name.reveal(),
                persona.id_number.reveal(),
                persona.phone.reveal(),
            )
        far.simulator.register_company(ACME, "甲有限公司", {"wangwu": "2", "lisi": "0"})
        far.simulator.register_company(OTHER, "乙有限公司", {"wangwu": "1"})
        yield far


async def signs_in_there(office, far, client, caller, persona="wangwu", user_type="1", uscc=None):
    ticket = far.simulator.issue_ticket(persona, user_type, uscc)
    token = await client.exchange_ticket(ticket, user_type)
    account = await PlatformAccount.create(
        id=new_id(),
        person_id=caller.person_id,
        platform="aishandong",
        app_id="app",
        open_id=new_id(),
        created_at=office.clock.now(),
    )
    await office.people.keep_platform_token(account.id, kept(token))


async def test_aishandongs_list_is_read_with_the_kept_token(office, aishandong):
    client = aishandong.client("C")
    source = AiShandongCompanies(client, office.people)
    caller = await office.someone("wangwu")
    assert not await source.can_be_asked(caller.person_id)
    await signs_in_there(office, aishandong, client, caller)
    assert await source.can_be_asked(caller.person_id)
    found = await source.companies(caller.person_id)
    assert sorted(found, key=lambda one: one.uscc) == [
        FoundRole(ACME, "甲有限公司", "legal_person"),
        FoundRole(OTHER, "乙有限公司", "administrator"),
    ]


async def test_a_companys_own_sign_in_tells_of_that_company(office, aishandong):
    client = aishandong.client("D")
    caller = await office.someone("lisi")
    await signs_in_there(office, aishandong, client, caller, "lisi", "2", ACME)
    source = AiShandongCompanies(client, office.people)
    assert await source.companies(caller.person_id) == [FoundRole(ACME, "甲有限公司", "agent")]


@pytest.mark.parametrize("how", [("wangwu", "1", None), ("wangwu", "2", ACME)])
async def test_an_account_of_somebody_else_tells_nothing(office, aishandong, how):
    """Lisi showed his face on a phone on which Wangwu is signed in at 爱山东."""
    client = aishandong.client("C")
    caller = await office.someone("lisi")
    await signs_in_there(office, aishandong, client, caller, *how)
    assert await AiShandongCompanies(client, office.people).companies(caller.person_id) == []


async def test_the_old_interface_has_no_list_and_alarms_nobody(office, aishandong):
    client = aishandong.client("A")
    caller = await office.someone("wangwu")
    await signs_in_there(office, aishandong, client, caller)
    assert await AiShandongCompanies(client, office.people).companies(caller.person_id) == []


async def test_a_token_that_is_over_is_refused(office, aishandong):
    client = aishandong.client("C")
    caller = await office.someone("wangwu")
    await signs_in_there(office, aishandong, client, caller)
    aishandong.advance(days=31)
    with pytest.raises(Refused, match="token_invalid"):
        await AiShandongCompanies(client, office.people).companies(caller.person_id)


async def test_the_register_is_asked_by_proven_name_and_number(office, tmp_path):
    async with a_register(tmp_path) as far:
        far.simulator.register_person("w", WANGWU.name.reveal(), WANGWU.id_number.reveal())
        far.simulator.register_company(ACME, "甲有限公司", {"w": "2"})
        source = RegisterCompanies(far.client, office.people)
        caller = await office.someone("wangwu")
        assert await source.can_be_asked(caller.person_id)
        assert await source.companies(caller.person_id) == [
            FoundRole(ACME, "甲有限公司", "legal_person")
        ]
        assert await source.companies((await office.someone("lisi")).person_id) == []
        typed = await office.someone("wangwu", proven=False)
        assert not await source.can_be_asked(typed.person_id)


async def test_who_took_his_consent_back_is_named_to_no_register_any_more(office, tmp_path):
    async with a_register(tmp_path) as far:
        source = RegisterCompanies(far.client, office.people)
        caller = await office.someone("wangwu")
        assert await source.can_be_asked(caller.person_id)
        await office.consents.withdraw(caller.person_id, "identity_check")
        assert not await source.can_be_asked(caller.person_id)


async def test_nobody_is_asked_about_who_only_typed_his_name_and_number(office, aishandong):
    client = aishandong.client("C")
    caller = await office.someone("wangwu", proven=False)
    await signs_in_there(office, aishandong, client, caller)
    assert not await AiShandongCompanies(client, office.people).can_be_asked(caller.person_id)


async def test_both_registers_together_make_the_list(office, aishandong, tmp_path):
    client = aishandong.client("C")
    caller = await office.someone("wangwu")
    await signs_in_there(office, aishandong, client, caller)
    third = a_credit_code(3)
    folder = tmp_path / "register"
    folder.mkdir()
    async with a_register(folder) as far:
        far.simulator.register_person("w", WANGWU.name.reveal(), WANGWU.id_number.reveal())
        far.simulator.register_company(ACME, "甲有限公司", {"w": "1"})
        far.simulator.register_company(third, "丙有限公司", {"w": "2"})
        office.roles._sources = (
            AiShandongCompanies(client, office.people),
            RegisterCompanies(far.client, office.people),
        )
        shown = await office.companies.companies(caller)
    assert {one.uscc: one.role for one in shown.items} == {
        ACME: "legal_person",
        OTHER: "administrator",
        third: "legal_person",
    }
    on_another_platform = replace(caller, platform="wechat")
    assert (await office.companies.act_for(on_another_platform, third)) is not None
