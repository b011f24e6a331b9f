"""Roles: asked for in time, kept over silences, gone when nobody names them."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.errors import Misconfigured, Refused, Unreachable
from auth.company_roles import COMPANIES_MAX, FRESH, HOLDS, RANKS, FoundRole, KeptRole, merged
from auth.models import AccessLog, CompanyRole
from kit.problems import TemporarilyUnavailable
from tests.auth.companies import ACME, OTHER, Office, a_credit_code, found

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
SILENT = Unreachable("register", "timeout")
MINUTE = timedelta(seconds=61)


@pytest.fixture
def office(session_world, database):
    return Office.opened(session_world.services)


async def roles_of(office, caller, **how) -> dict[str, str]:
    standing = await office.roles.current(caller.person_id, **how)
    return {code: role.role for code, role in standing.roles.items()}


async def test_registers_are_asked_once_a_day_and_once_a_minute_on_wish(office):
    caller = await office.someone("wangwu", found())
    for _ in range(3):
        assert await roles_of(office, caller) == {ACME: "legal_person"}
    await roles_of(office, caller, refresh=True)
    assert len(office.register.asked) == 1
    office.clock.advance(MINUTE)
    await roles_of(office, caller)
    assert len(office.register.asked) == 1
    await roles_of(office, caller, refresh=True)
    assert len(office.register.asked) == 2
    office.clock.advance(FRESH)
    await roles_of(office, caller)
    assert len(office.register.asked) == 3


async def test_parallel_looks_ask_once(office):
    caller = await office.someone("wangwu", found())
    looks = await asyncio.gather(*(roles_of(office, caller) for _ in range(8)))
    assert looks == [{ACME: "legal_person"}] * 8
    assert len(office.register.asked) == 1


async def test_roles_of_today_are_believed_when_the_cache_was_lost(office, session_world):
    caller = await office.someone("wangwu", found())
    await roles_of(office, caller)
    await session_world.services.coordination.cache.drop(f"companies:asked:{caller.person_id}")
    await roles_of(office, caller)
    assert len(office.register.asked) == 1


async def test_what_a_register_no_longer_names_is_gone(office):
    caller = await office.someone("wangwu", found(), found(OTHER, "administrator"))
    await roles_of(office, caller)
    office.register.roles[caller.person_id] = [found(OTHER, "agent", "新名称有限公司")]
    office.clock.advance(MINUTE)
    assert await roles_of(office, caller, refresh=True) == {OTHER: "agent"}
    assert (await CompanyRole.get(uscc=OTHER)).company_name == "新名称有限公司"


async def test_the_stronger_of_two_registers_counts(office):
    caller = await office.someone("wangwu", found(role="administrator"))
    office.aishandong.roles[caller.person_id] = [found(role="legal_person"), found(OTHER, "agent")]
    assert await roles_of(office, caller) == {ACME: "legal_person", OTHER: "agent"}
    assert {row.uscc: row.source for row in await CompanyRole.all()} == {
        ACME: "aishandong",
        OTHER: "aishandong",
    }


@pytest.mark.parametrize("failure", [SILENT, Misconfigured("register", "key"), Refused("r", "no")])
async def test_a_silent_register_takes_nothing_away(office, failure):
    caller = await office.someone("wangwu", found())
    await roles_of(office, caller)
    office.register.failure = failure
    office.clock.advance(FRESH)
    standing = await office.roles.current(caller.person_id)
    assert standing.silent == {"register"}
    assert standing.roles[ACME].role == "legal_person"
    assert standing.roles[ACME].verified_at < office.clock.now() - FRESH + MINUTE


async def test_a_register_that_was_silent_is_asked_again_after_a_minute(office):
    caller = await office.someone("wangwu", found())
    office.register.failure = SILENT
    assert await roles_of(office, caller) == {}
    assert await roles_of(office, caller) == {}
    assert len(office.register.asked) == 1
    office.clock.advance(MINUTE)
    office.register.failure = None
    assert await roles_of(office, caller) == {ACME: "legal_person"}


async def test_a_register_that_can_be_asked_only_now_is_asked_now(office):
    """As when somebody signs in on one more platform."""
    office.aishandong.closed = True
    caller = await office.someone("wangwu", found())
    office.aishandong.roles[caller.person_id] = [found(OTHER)]
    assert await roles_of(office, caller) == {ACME: "legal_person"}
    office.aishandong.closed = False
    office.clock.advance(MINUTE)
    assert set(await roles_of(office, caller)) == {ACME, OTHER}


async def test_a_slow_register_does_not_keep_the_other_ones_answer(office):
    caller = await office.someone("wangwu", found())
    office.roles._asking_s_max = 0.05

    async def never(person_id):
        await asyncio.sleep(60)

    office.aishandong.companies = never
    standing = await office.roles.current(caller.person_id)
    assert (set(standing.roles), standing.silent) == ({ACME}, {"aishandong"})


async def test_a_role_is_confirmed_for_thirty_days_and_then_asked_for(office):
    caller = await office.someone("wangwu", found())
    await roles_of(office, caller)
    office.register.failure = SILENT
    office.clock.advance(HOLDS - MINUTE)
    assert await office.roles.confirmed(caller.person_id, ACME)
    assert len(office.register.asked) == 1
    office.clock.advance(2 * MINUTE)
    with pytest.raises(TemporarilyUnavailable):
        await office.roles.confirmed(caller.person_id, ACME)
    office.register.failure = None
    office.clock.advance(MINUTE)
    confirmed = await office.roles.confirmed(caller.person_id, ACME)
    assert confirmed is not None
    assert confirmed.holds(office.clock.now())


async def test_a_role_that_nobody_asked_about_yet_is_asked_for_once(office):
    caller = await office.someone("wangwu", found())
    assert await office.roles.confirmed(caller.person_id, ACME)
    for _ in range(3):
        assert await office.roles.confirmed(caller.person_id, OTHER) is None
    assert len(office.register.asked) == 1


async def test_a_register_that_refuses_vouches_no_longer_than_a_role_holds(office):
    caller = await office.someone("wangwu", found())
    await roles_of(office, caller)
    office.register.failure = Refused("register", "token_invalid")
    office.clock.advance(HOLDS + MINUTE)
    assert await office.roles.confirmed(caller.person_id, ACME) is None
    assert await CompanyRole.all().count() == 0


async def test_every_asking_is_in_the_persons_access_log(office):
    caller = await office.someone("wangwu", found())
    office.aishandong.failure = Unreachable("aishandong", "refused", may_have_acted=False)
    await roles_of(office, caller)
    lines = await AccessLog.filter(person_id=caller.person_id)
    assert [(line.who, line.what, line.why) for line in lines] == [
        ("identity_register", "companies", "acting_for")
    ]
    office.aishandong.failure = Unreachable("aishandong", "timeout")
    office.clock.advance(MINUTE)
    await roles_of(office, caller)
    assert await AccessLog.filter(who="aishandong").count() == 1


async def test_codes_of_an_older_form_are_left_out(office):
    caller = await office.someone("wangwu", found("370102000012345"), found(ACME[:-1] + "*"))
    assert await roles_of(office, caller) == {}


KEPT_ROLES = st.builds(
    KeptRole,
    uscc=st.sampled_from([ACME, OTHER, a_credit_code(3)]),
    company_name=st.just("某某公司"),
    role=st.sampled_from(sorted(RANKS)),
    source=st.sampled_from(["register", "aishandong", "gone"]),
    verified_at=st.timedeltas(timedelta(0), timedelta(days=60)).map(lambda age: NOW - age),
)
FOUND_ROLES = st.builds(
    FoundRole,
    uscc=st.sampled_from([ACME, OTHER, a_credit_code(3), "no code"]),
    company_name=st.just("某某公司"),
    role=st.sampled_from(sorted(RANKS)),
)


@given(
    kept=st.lists(KEPT_ROLES, max_size=6),
    answers=st.dictionaries(st.sampled_from(["register", "aishandong"]), st.lists(FOUND_ROLES)),
)
def test_merging_keeps_to_its_rules(kept, answers):
    silent = {"register", "aishandong"} - set(answers)
    roles = merged(kept, answers, silent, NOW)
    named = {(one.uscc, one.role) for said in answers.values() for one in said}
    for uscc, role in roles.items():
        assert uscc == role.uscc != "no code"
        if role.source in answers:
            # Fresh, and really said; what that source said before counts no more.
            assert role.verified_at == NOW
            assert (uscc, role.role) in named
        else:
            assert role in kept
            assert role.source in silent or role.holds(NOW)
        # Nothing weaker hides something stronger that was said just now.
        assert all(RANKS[r] <= RANKS[role.role] for u, r in named if u == uscc)
    assert {u for u, _ in named} - {"no code"} <= set(roles)


def test_a_fresh_weaker_role_beats_one_too_old_to_act_on():
    old = KeptRole(ACME, "某某公司", "legal_person", "aishandong", NOW - HOLDS - MINUTE)
    roles = merged([old], {"register": [found(role="administrator")]}, {"aishandong"}, NOW)
    assert roles[ACME].role == "administrator"


def test_beyond_the_most_companies_the_weakest_roles_are_left_out():
    many = [found(a_credit_code(n), "agent") for n in range(COMPANIES_MAX)]
    mine = [found(a_credit_code(1000), "legal_person"), found(a_credit_code(1001))]
    roles = merged([], {"register": [*mine, *many]}, (), NOW)
    assert len(roles) == COMPANIES_MAX
    assert {one.uscc for one in mine} <= set(roles)
