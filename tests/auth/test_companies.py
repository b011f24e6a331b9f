"""Acting for a company: who may, in which session, for which operation."""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.errors import Unreachable
from auth.company_problems import AuthorisationRequired, CompanyRoleRequired
from auth.company_roles import FRESH, HOLDS
from auth.models import CompanyAuthorisation, CompanyRole, Session
from auth.problems import IdentityCheckRequired, SessionEnded
from kit.problems import InvalidRequest, Problem, TemporarilyUnavailable
from tests.auth.companies import ACME, OTHER, Office, a_credit_code, found

SILENT = Unreachable("register", "timeout")
MINUTE = timedelta(seconds=61)


@pytest.fixture
def office(session_world, database):
    return Office.opened(session_world.services)


async def refusal(doing) -> str:
    with pytest.raises(Problem) as refused:
        await doing
    return refused.value.code


async def test_companies_are_shown_with_role_and_what_one_may_submit(office):
    caller = await office.someone("wangwu", found(), found(OTHER, "agent"))
    shown = await office.companies.companies(caller)
    assert (shown.is_proven, shown.stale) == (True, False)
    assert {c.uscc: (c.role, c.operations, c.stale) for c in shown.items} == {
        ACME: ("legal_person", ("change", "cancel"), False),
        OTHER: ("agent", (), False),
    }


async def test_somebody_who_never_showed_himself_learns_nothing(office):
    """A name and a number that were merely typed may be anybody's."""
    caller = await office.someone("wangwu", found(), proven=False)
    shown = await office.companies.companies(caller)
    assert (list(shown.items), shown.is_proven) == ([], False)
    assert office.register.asked == []
    with pytest.raises(IdentityCheckRequired):
        await office.companies.act_for(caller, ACME)


async def test_old_answers_are_shown_with_their_time_when_a_register_is_silent(office):
    caller = await office.someone("wangwu", found())
    before = (await office.companies.companies(caller)).items[0]
    office.register.failure = SILENT
    office.clock.advance(FRESH)
    shown = await office.companies.companies(caller)
    assert shown.stale
    assert shown.items[0] == replace(before, stale=True)


async def test_silence_from_the_start_is_told_too(office):
    office.register.failure = SILENT
    shown = await office.companies.companies(await office.someone("wangwu", found()))
    assert (list(shown.items), shown.stale) == ([], True)


async def test_a_session_acts_for_a_company_until_it_is_told_otherwise(office):
    caller = await office.someone("wangwu", found())
    acting = await office.companies.act_for(caller, f" {ACME.lower()} ")
    assert acting is not None
    assert (acting.uscc, acting.name, acting.role) == (ACME, "济南某某有限公司", "legal_person")
    assert (await Session.get(id=caller.session_id)).acting_for == ACME
    assert await office.companies.acting_for(caller.person_id, ACME) == acting
    assert await office.companies.act_for(caller, None) is None
    assert (await Session.get(id=caller.session_id)).acting_for is None
    assert await office.companies.acting_for(caller.person_id, None) is None


async def test_roles_are_the_persons_and_choosing_one_is_the_sessions(office):
    on_wechat = await office.someone("wangwu", found())
    on_alipay = await office.someone("wangwu", found())
    assert on_wechat.person_id == on_alipay.person_id
    await office.companies.act_for(on_alipay, ACME)
    assert (await Session.get(id=on_wechat.session_id)).acting_for is None
    assert (await Session.get(id=on_alipay.session_id)).acting_for == ACME


async def test_unknown_and_foreign_companies_are_refused_alike(office):
    await office.someone("lisi", found(OTHER))
    caller = await office.someone("wangwu", found())
    documents = []
    for code in (OTHER, a_credit_code(404)):
        with pytest.raises(CompanyRoleRequired) as refused:
            await office.companies.act_for(caller, code)
        documents.append(refused.value.document("zh", instance="", trace_id=""))
    assert documents[0] == documents[1]
    assert documents[0]["code"] == "company_role_required"
    assert documents[0]["next"] == "contact"


@pytest.mark.parametrize("code", ["", "370102000012345", ACME[:-1], "x" * 64, ACME[:-1] + "I"])
async def test_what_is_no_credit_code_is_a_wrong_field(office, code):
    caller = await office.someone("wangwu", found())
    with pytest.raises(InvalidRequest) as refused:
        await office.companies.act_for(caller, code)
    assert refused.value.errors[0].pointer == "/uscc"


async def test_only_a_listed_agent_learns_that_an_authorisation_is_missing(office):
    caller = await office.someone("lisi", found(role="agent"))
    assert await refusal(office.companies.act_for(caller, ACME)) == "authorisation_required"
    assert await refusal(office.companies.act_for(caller, OTHER)) == "company_role_required"


async def test_an_ended_session_acts_for_nobody(office):
    caller = await office.someone("wangwu", found())
    await Session.filter(id=caller.session_id).update(revoked_at=office.clock.now())
    with pytest.raises(SessionEnded):
        await office.companies.act_for(caller, ACME)


async def test_a_lost_role_is_not_shown_and_not_acted_on(office):
    caller = await office.acting(await office.someone("wangwu", found()))
    office.register.roles.clear()
    office.clock.advance(FRESH)
    assert list((await office.companies.companies(caller)).items) == []
    assert await office.companies.acting_for(caller.person_id, ACME) is None
    confirming = office.companies.confirm_role(caller, "change", ACME)
    assert await refusal(confirming) == "company_role_required"


async def test_an_old_role_is_asked_for_again_before_it_is_acted_on(office):
    caller = await office.acting(await office.someone("wangwu", found()))
    office.clock.advance(HOLDS + MINUTE)
    office.register.failure = SILENT
    with pytest.raises(TemporarilyUnavailable):
        await office.companies.confirm_role(caller, "change", ACME)
    office.register.failure = None
    office.clock.advance(MINUTE)
    assert (await office.companies.confirm_role(caller, "change", ACME)).role == "legal_person"
    assert (await CompanyRole.get()).verified_at > office.clock.now() - MINUTE


MATRIX = [
    # role by the register, authorised for, operation, acting for -> refusal
    ("legal_person", (), "change", ACME, None),
    ("legal_person", (), "cancel", ACME, None),
    ("legal_person", (), "change", OTHER, "company_role_required"),
    ("legal_person", (), "change", None, "company_role_required"),
    ("administrator", (), "change", ACME, None),
    ("administrator", (), "cancel", ACME, None),
    ("administrator", (), "cancel", None, "company_role_required"),
    ("agent", (), "change", ACME, "authorisation_required"),
    ("agent", ("change",), "change", ACME, None),
    ("agent", ("change",), "cancel", ACME, "authorisation_required"),
    ("agent", ("change", "cancel"), "cancel", ACME, None),
    ("agent", ("change",), "change", None, "company_role_required"),
    ("agent", ("change",), "change", OTHER, "company_role_required"),
    (None, (), "change", ACME, "company_role_required"),
    (None, (), "change", None, "company_role_required"),
    (None, ("change",), "change", ACME, None),
    (None, ("cancel",), "change", ACME, "authorisation_required"),
    (None, ("change",), "change", None, "company_role_required"),
]


@pytest.mark.parametrize(("role", "authorised", "operation", "acting", "refused"), MATRIX, ids=str)
async def test_who_may_submit_what_for_a_company(
    office, role, authorised, operation, acting, refused
):
    boss = await office.someone("wangwu", found())
    roles = [found(role=role)] if role else []
    caller = replace(await office.someone("lisi", *roles), acting_for=acting)
    await office.companies.companies(caller)
    if authorised:
        await office.authorised(await _known(office, boss), operations=authorised)
    confirming = office.companies.confirm_role(caller, operation, ACME)
    if refused is not None:
        assert await refusal(confirming) == refused
        return
    confirmed = await confirming
    assert (confirmed.uscc, confirmed.role) == (ACME, role or "agent")


async def test_an_authorised_agent_acts_although_no_register_names_him(office):
    await office.authorised(await _known(office, await office.someone("wangwu", found())))
    agent = await office.someone("lisi")
    (company,) = (await office.companies.companies(agent)).items
    assert (company.uscc, company.role, company.operations) == (ACME, "agent", ("change", "cancel"))
    assert company.verified_at is None
    assert company.authorised_until is not None
    agent = await office.acting(agent)
    assert (await office.companies.confirm_role(agent, "change", ACME)).role == "agent"


async def test_a_stronger_role_than_the_authorisation_is_shown(office):
    await office.authorised(await _known(office, await office.someone("wangwu", found())))
    other = await office.someone("lisi", found(role="administrator"))
    (company,) = (await office.companies.companies(other)).items
    assert (company.role, company.authorised_until) == ("administrator", None)


async def test_what_is_refused_for_want_of_an_authorisation_is_a_want_of_a_role_too(office):
    assert issubclass(AuthorisationRequired, CompanyRoleRequired)


async def test_a_revoked_authorisation_ends_acting_at_the_next_call(office):
    boss = await _known(office, await office.someone("wangwu", found()))
    authorisation_id = await office.authorised(boss)
    agent = await office.acting(await office.someone("lisi"))
    await office.authorisations.revoke(boss.person_id, ACME, authorisation_id)
    assert await office.companies.acting_for(agent.person_id, ACME) is None
    confirming = office.companies.confirm_role(agent, "change", ACME)
    assert await refusal(confirming) == "company_role_required"
    assert await CompanyAuthorisation.all().count() == 1


async def _known(office, caller):
    """The caller, with his roles asked for."""
    await office.companies.companies(caller)
    return caller
