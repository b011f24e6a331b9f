"""Only who may act for a company changes or cancels it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from auth.company_problems import CompanyRoleRequired
from bff.mock.world import World
from kit.problems import TemporarilyUnavailable
from miniprogram_api.applications.frozen import FrozenRole, opened
from miniprogram_api.applications.models import Application
from miniprogram_api.drafts.problems import DraftNotReady, RevisionOutdated
from tests.app import Phone
from tests.miniprogram_api.applications.changing import OTHER_USCC, USCC, Counter

Verified = Callable[..., Awaitable[Phone]]


@pytest.fixture(params=["change", "cancel"])
async def counter(
    world: World, verified: Verified, tmp_path: Path, request: pytest.FixtureRequest
) -> Counter:
    # lisi: no register of the mock names her in any company.
    phone = await verified("lisi")
    return Counter(world, tmp_path, request.param, phone.session["person"]["id"])


@pytest.mark.parametrize("role", ["legal_person", "administrator"])
async def test_the_role_is_confirmed_frozen_and_filed(
    counter: Counter, world: World, role: str
) -> None:
    await counter.has_role(role)
    answer = await counter.submit(*await counter.a_draft())
    assert answer.status == 202
    row = await Application.get(person_id=counter.person_id)
    content = opened(world.services.ring, row)
    assert (content.operation, content.acting_for) == (counter.operation, FrozenRole(USCC, role))
    await world.driver.settle()
    exchanges = world.far_sides["province"].exchanges()
    assert next(each for each in exchanges if each["what"] == "submit")["has_company"] is True


async def test_without_a_role_nothing_is_submitted_and_the_draft_stays_open(
    counter: Counter,
) -> None:
    draft_id, revision = await counter.a_draft()
    with pytest.raises(CompanyRoleRequired):
        await counter.submit(draft_id, revision)
    assert not await Application.exists()
    assert await counter.save(draft_id, revision, entity_name="b") == revision + 1


@pytest.mark.parametrize("acting_for", [None, OTHER_USCC])
async def test_a_role_is_not_enough_without_acting_for_that_company(
    counter: Counter, acting_for: str | None
) -> None:
    await counter.has_role("legal_person")
    with pytest.raises(CompanyRoleRequired):
        await counter.submit(*await counter.a_draft(), acting_for=acting_for)


async def test_a_role_in_another_company_is_none_in_this_one(counter: Counter) -> None:
    await counter.has_role("legal_person", OTHER_USCC)
    with pytest.raises(CompanyRoleRequired):
        await counter.submit(*await counter.a_draft())


async def test_an_agent_without_an_authorisation_submits_nothing(counter: Counter) -> None:
    await counter.has_role("agent")
    with pytest.raises(CompanyRoleRequired):
        await counter.submit(*await counter.a_draft())


async def test_a_draft_that_names_no_company_is_nobodys_to_submit(counter: Counter) -> None:
    await counter.has_role("legal_person")
    with pytest.raises((DraftNotReady, CompanyRoleRequired)):
        await counter.submit(*await counter.a_draft(None))
    assert not await Application.exists()


async def test_another_company_named_while_the_role_was_confirmed_is_not_slipped_in(
    counter: Counter,
) -> None:
    await counter.has_role("legal_person")
    draft_id, revision = await counter.a_draft()

    async def somebody_saves() -> None:
        await counter.save(draft_id, revision, credit_code=OTHER_USCC)

    counter.companies.then = somebody_saves
    with pytest.raises(RevisionOutdated):
        await counter.submit(draft_id, revision + 1)
    assert not await Application.exists()


async def test_an_old_role_that_nobody_confirms_any_more_is_not_relied_on(
    counter: Counter, world: World
) -> None:
    long_ago = world.clock.now() - timedelta(days=31)
    await counter.has_role("legal_person", verified_at=long_ago)
    with pytest.raises((CompanyRoleRequired, TemporarilyUnavailable)):
        await counter.submit(*await counter.a_draft())
