"""What is counted of a draft holds also for units that begin together, each on its own
connection."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from kit.database.unit import unit_of_work
from miniprogram_api.invitations.handovers import HandoverService
from miniprogram_api.invitations.models import Handover, Invitation
from miniprogram_api.invitations.problems import TooManyInvitations
from miniprogram_api.invitations.schemas import NewInvitation
from miniprogram_api.invitations.service import LIVE_MAX, InvitationService
from tests.miniprogram_api.drafts.builders import a_draft

T = TypeVar("T")


async def together(
    count: int, stack: str, deed: Callable[[], Awaitable[T]]
) -> list[T | BaseException]:
    """Each in a unit that has begun before any goes on; SQLite has them one after the other."""
    begun = asyncio.Barrier(1 if stack == "embedded" else count)

    async def one() -> T:
        async with unit_of_work():
            await begun.wait()
            return await deed()

    async with asyncio.timeout(20):
        return await asyncio.gather(*(one() for _ in range(count)), return_exceptions=True)


async def test_never_more_helpers_than_allowed_are_invited(signed_in, world, stack):
    owner = await signed_in()
    draft, person_id = await a_draft(owner), owner.session["person"]["id"]
    service = world.services.provided[InvitationService]
    wish = NewInvitation(role="helper")
    outcomes = await together(8, stack, lambda: service.invite(person_id, draft["id"], wish))
    refused = [one for one in outcomes if isinstance(one, BaseException)]
    assert [type(one) for one in refused] == [TooManyInvitations] * 3
    assert await Invitation.filter(draft_id=draft["id"]).count() == LIVE_MAX["helper"]


async def test_of_all_codes_only_the_newest_is_worth_anything(signed_in, world, stack):
    owner = await signed_in()
    draft, person_id = await a_draft(owner), owner.session["person"]["id"]
    service = world.services.provided[HandoverService]
    codes = await together(6, stack, lambda: service.make_code(person_id, draft["id"], "counter"))
    made = {code.id for code in codes if not isinstance(code, BaseException)}
    assert len(made) == len(codes), codes
    (left,) = await Handover.filter(draft_id=draft["id"])
    assert left.id in made
