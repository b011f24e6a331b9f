"""Authorisations: who gives them, for whom they count, when they end."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.errors import Unreachable
from auth.authorisations import KEPT, VALID_MAX, is_same_name, read_wish
from auth.company_problems import CompanyRoleRequired, TooManyAuthorisations
from auth.company_roles import FRESH, HOLDS
from auth.models import Audit, CompanyAuthorisation
from bff.mock.personas import PERSONAS
from kit.clock import in_china
from kit.database.unit import unit_of_work
from kit.problems import InvalidRequest, NotFound, TemporarilyUnavailable
from kit.secrets import PersonName
from tests.auth.companies import ACME, OTHER, Office, found

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
LISI = PERSONAS["lisi"]
NAME, NUMBER = LISI.name.reveal(), LISI.id_number.reveal()
MINUTE = timedelta(seconds=61)


@pytest.fixture
def office(session_world, database):
    return Office.opened(session_world.services)


@pytest.fixture
async def boss(office):
    """The legal person of ACME, whose roles are known."""
    caller = await office.someone("wangwu", found())
    await office.companies.companies(caller)
    return caller


def wish(
    name=NAME,
    id_number=NUMBER,
    operations=("change",),
    expires_on=date(2027, 11, 22),
):
    return read_wish(name, id_number, operations, expires_on, NOW)


def faults(**how) -> set[tuple[str, str]]:
    with pytest.raises(InvalidRequest) as refused:
        wish(**how)
    return {(error.pointer, error.code) for error in refused.value.errors}


def test_an_authorisation_ends_with_its_last_day_in_china():
    assert in_china(wish(expires_on=date(2026, 11, 22)).expires_at) == "2026-11-23T00:00:00+08:00"
    assert in_china(wish().expires_at) == "2027-11-23T00:00:00+08:00"


@pytest.mark.parametrize("day", [date(2026, 11, 21), date(2027, 11, 23), date(9999, 12, 31)])
def test_an_authorisation_is_for_a_year_at_most_and_not_for_the_past(day):
    assert faults(expires_on=day) == {("/expires_on", "out_of_range")}


def test_the_day_in_china_counts_for_the_last_day():
    late = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
    with pytest.raises(InvalidRequest):
        read_wish(NAME, NUMBER, ["change"], date(2026, 11, 22), late)


@given(st.dates(date(2024, 1, 1), date(2032, 12, 31)))
def test_a_year_can_always_be_given(day):
    at = datetime(day.year, day.month, day.day, 4, 0, tzinfo=UTC)
    leaps = (day.month, day.day) == (2, 29)
    last = date(day.year + 1, day.month, 28 if leaps else day.day)
    read_wish(NAME, NUMBER, ["change"], last, at)


def test_all_faults_of_a_wish_are_told_at_once():
    assert faults(name="", id_number="1", expires_on=date(2020, 1, 1)) == {
        ("/name", "name_format"),
        ("/id_number", "id_number_format"),
        ("/expires_on", "out_of_range"),
    }


def test_minors_and_holders_of_other_documents_are_no_agents():
    sunqi = PERSONAS["sunqi"]
    assert faults(name=sunqi.name.reveal(), id_number=sunqi.id_number.reveal()) == {
        ("/id_number", "agent_is_a_minor")
    }
    assert faults(id_number="E12345678") == {("/id_number", "document_not_supported")}


def test_operations_are_each_named_once():
    assert wish(operations=["cancel", "change", "cancel"]).operations == ("change", "cancel")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("阿依古丽·买买提", "阿依古丽•买买提", True),
        ("Anna Maria", "ANNAMARIA", True),
        ("李四", "李四", True),
        ("李四", "李肆", False),
    ],
)
def test_names_are_compared_as_registers_write_them(one, other, same):
    assert is_same_name(PersonName(one), PersonName(other)) is same


async def test_an_authorisation_is_sealed_audited_and_shown_masked(office, boss):
    authorisation_id = await office.authorised(boss)
    row = await CompanyAuthorisation.get(id=authorisation_id)
    assert NAME.encode() not in row.agent_name_cipher
    assert row.agent_index == office.people.index_of(LISI.id_number)
    (shown,) = await office.authorisations.of_company(boss.person_id, ACME)
    assert (shown.agent_name.masked(), shown.operations) == ("*四", ("change", "cancel"))
    assert NAME not in repr(shown)
    line = await Audit.get()
    assert (line.who, line.action) == (boss.person_id, "authorisation_granted")
    assert line.target == authorisation_id


async def test_whether_the_agent_uses_the_service_makes_no_difference(office, boss):
    unknown = await office.authorised(boss)
    await office.someone("lisi")
    known = await office.authorised(boss)
    first, second = await office.authorisations.of_company(boss.person_id, ACME)
    assert {first.id, second.id} == {known, unknown}
    assert (first.agent_name, first.operations, first.expires_at) == (
        second.agent_name,
        second.operations,
        second.expires_at,
    )


@pytest.mark.parametrize("role", ["agent", None])
async def test_only_a_legal_person_or_administrator_gives_sees_and_takes(office, boss, role):
    authorisation_id = await office.authorised(boss)
    other = await office.someone("zhangsan", *([found(role=role)] if role else []))
    await office.companies.companies(other)
    for doing in (
        office.authorisations.granting_role(other.person_id, ACME),
        office.authorisations.of_company(other.person_id, ACME),
    ):
        with pytest.raises(CompanyRoleRequired):
            await doing
    for either in (authorisation_id, "0" * 32):
        with pytest.raises(NotFound):
            await office.authorisations.revoke(other.person_id, ACME, either)
    administrator = await office.someone("zhangsan", found(role="administrator"))
    office.clock.advance(FRESH)
    await office.companies.companies(administrator)
    await office.authorisations.revoke(administrator.person_id, ACME, authorisation_id)


async def test_an_authorisation_of_another_company_is_absent(office):
    caller = await office.someone("wangwu", found(), found(OTHER))
    await office.companies.companies(caller)
    authorisation_id = await office.authorised(caller, OTHER)
    for absent in (authorisation_id, "0" * 32):
        with pytest.raises(NotFound):
            await office.authorisations.revoke(caller.person_id, ACME, absent)


async def test_revoking_is_audited_once_however_often_it_is_sent(office, boss):
    authorisation_id = await office.authorised(boss)
    for _ in range(2):
        await office.authorisations.revoke(boss.person_id, ACME, authorisation_id)
    assert await Audit.filter(action="authorisation_revoked").count() == 1
    (shown,) = await office.authorisations.of_company(boss.person_id, ACME)
    assert shown.revoked_at is not None


async def test_it_counts_for_that_person_by_number_and_name_only(office, boss):
    agent, other = await office.someone("lisi"), await office.someone("zhangsan")
    await office.authorised(boss, name="李肆")
    assert await office.authorisations.received(agent.person_id) == []
    await office.authorised(boss)
    assert len(await office.authorisations.received(agent.person_id)) == 1
    assert await office.authorisations.received(agent.person_id, OTHER) == []
    assert await office.authorisations.received(other.person_id) == []


async def test_it_does_not_count_for_somebody_who_only_typed_name_and_number(office, boss):
    await office.authorised(boss)
    typed = await office.someone("lisi", proven=False)
    assert await office.authorisations.received(typed.person_id) == []


async def test_it_ends_with_its_last_day(office, boss):
    await office.authorised(boss, days=1)
    agent = await office.someone("lisi")
    (given,) = await office.authorisations.received(agent.person_id)
    office.clock.advance(given.expires_at - MINUTE - office.clock.now())
    assert await office.authorisations.received(agent.person_id)
    office.clock.advance(MINUTE)
    assert await office.authorisations.received(agent.person_id) == []


async def test_it_ends_when_its_giver_loses_the_role(office, boss):
    await office.authorised(boss)
    agent = await office.acting(await office.someone("lisi"))
    office.register.roles[boss.person_id] = [found(role="agent")]
    office.clock.advance(FRESH)
    await office.companies.companies(boss)
    with pytest.raises(CompanyRoleRequired):
        await office.companies.confirm_role(agent, "change", ACME)


async def test_a_giver_of_whom_nothing_was_heard_for_a_month_is_asked_about(office, boss):
    await office.authorised(boss, days=90)
    agent = await office.acting(await office.someone("lisi"))
    office.clock.advance(HOLDS + MINUTE)
    office.register.failure = Unreachable("register", "timeout")
    with pytest.raises(TemporarilyUnavailable):
        await office.companies.confirm_role(agent, "change", ACME)
    office.register.failure = None
    office.clock.advance(MINUTE)
    await office.companies.confirm_role(agent, "change", ACME)
    office.clock.advance(HOLDS + MINUTE)
    office.register.roles[boss.person_id] = []
    with pytest.raises(CompanyRoleRequired):
        await office.companies.confirm_role(agent, "change", ACME)


async def test_a_company_has_at_most_twenty_at_a_time(office, boss):
    role = await office.authorisations.granting_role(boss.person_id, ACME)

    async def one() -> None:
        async with unit_of_work():
            await office.authorisations.grant(boss, role, office.wish())

    for _ in range(VALID_MAX - 2):
        await one()
    parallel = await asyncio.gather(*(one() for _ in range(5)), return_exceptions=True)
    refused = [outcome for outcome in parallel if outcome is not None]
    assert [type(outcome) for outcome in refused] == [TooManyAuthorisations] * 3
    assert await CompanyAuthorisation.all().count() == VALID_MAX
    first = await CompanyAuthorisation.all().order_by("id").first()
    assert first is not None
    await office.authorisations.revoke(boss.person_id, ACME, first.id)
    await one()
    shown = await office.authorisations.of_company(boss.person_id, ACME)
    assert (len(shown), shown[-1].id) == (VALID_MAX + 1, first.id)


async def test_everything_one_gave_can_be_handed_out_to_him(office, boss):
    kept, revoked = await office.authorised(boss), await office.authorised(boss)
    await office.authorisations.revoke(boss.person_id, ACME, revoked)
    given = await office.authorisations.granted_by(boss.person_id)
    assert [one.id for one in given] == [revoked, kept]
    assert await office.authorisations.granted_by("0" * 32) == []


async def test_agents_names_are_erased_a_while_after_the_end(office, boss):
    revoked = await office.authorised(boss, days=365)
    await office.authorisations.revoke(boss.person_id, ACME, revoked)
    await office.authorised(boss, days=1)
    valid = await office.authorised(boss, days=365)
    office.clock.advance(KEPT)
    assert await office.authorisations.purge() == 1
    office.clock.advance(timedelta(days=3))
    assert await office.authorisations.purge() == 1
    assert [row.id for row in await CompanyAuthorisation.all()] == [valid]
