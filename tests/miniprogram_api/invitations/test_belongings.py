"""Invitations and hand-overs follow the draft's owner, what a helper was given the helper."""

from kit.ids import new_id
from miniprogram_api.invitations.belongings import InvitationBelongings
from miniprogram_api.invitations.handovers import CODE_LIFE, HandoverService
from miniprogram_api.invitations.models import Handover, Invitation
from miniprogram_api.invitations.service import InvitationService
from tests.miniprogram_api.drafts.builders import a_draft, resumed
from tests.miniprogram_api.invitations.builders import (
    claim,
    code_for,
    grants_of,
    handed_over,
    helping,
    invited,
)


def belongings_of(world) -> InvitationBelongings:
    provided = world.services.provided
    return InvitationBelongings(provided[InvitationService], provided[HandoverService], world.clock)


async def test_a_copy_of_everything_has_what_was_given_and_received(signed_in, verified, world):
    owner, helper = await signed_in(), await verified("lisi")
    draft = await a_draft(owner)
    await helping(owner, helper, draft, label="我的会计")
    await code_for(owner, draft)
    given = (await owner.get("/me/export")).json()["belongings"]["invitations"]
    assert [set(one) for one in given] == [{"draft_id", "invitation"}, {"draft_id", "handover"}]
    assert given[0]["invitation"]["label"] == "我的会计"
    (received,) = (await helper.get("/me/export")).json()["belongings"]["invitations"]
    assert received["draft_id"] == draft["id"]
    assert "我的会计" not in str(received)


async def test_whoever_joined_another_person_goes_on_helping_and_is_named(
    signed_in, verified, world
):
    owner, helper = await signed_in(), await verified("lisi")
    draft, to = await a_draft(owner), new_id()
    await helping(owner, helper, draft)
    before = (await helper.get("/me")).json()["id"]
    for _ in range(2):
        await belongings_of(world).hand_over(before, to)
    book = grants_of(world)
    await Invitation.all().update(looked_at=world.clock.now())
    assert await book.grant(draft["id"], before) is None
    assert await book.grant(draft["id"], to) is not None
    assert set(await book.authors(draft["id"])) == {before, to}


async def test_an_owner_who_joined_another_person_still_takes_back(signed_in, verified, world):
    first, helper = await signed_in(), await verified("lisi")
    draft = await a_draft(first)
    made = await helping(first, helper, draft)
    second = await signed_in("zhangsan", platform="alipay")
    for device in (first, second):
        assert (await device.verify()).json()["state"] == "passed"
    assert (await second.get("/me")).json()["id"] == (await first.get("/me")).json()["id"]
    assert (await resumed(helper, draft))["id"] == draft["id"]
    assert (await second.delete(f"/invitations/{made['id']}")).status_code == 204
    assert (await helper.get(f"/drafts/{draft['id']}")).status_code == 404


async def test_a_deleted_helper_is_let_in_no_more_and_named_by_nobodys_name(
    signed_in, verified, world
):
    owner, helper = await signed_in(), await verified("lisi")
    draft = await a_draft(owner)
    await helping(owner, helper, draft, label="我的会计")
    person_id = (await helper.get("/me")).json()["id"]
    assert (await helper.delete("/me")).status_code == 204
    book = grants_of(world)
    assert await book.grant(draft["id"], person_id) is None
    named = (await book.authors(draft["id"]))[person_id]
    assert (named.name, named.label) == (None, "我的会计")


async def test_what_was_given_goes_with_the_draft_and_with_its_owner(verified, phone, world):
    owner, helper, counter = await verified(), await verified("lisi"), await phone()
    for way in ("draft", "account"):
        draft = await a_draft(owner)
        await helping(owner, helper, draft)
        await handed_over(owner, counter, world, draft)
        code = (await code_for(owner, draft))["code"]
        gone = f"/drafts/{draft['id']}" if way == "draft" else "/me"
        assert (await owner.delete(gone)).status_code == 204
        assert await Invitation.all().count() == await Handover.all().count() == 0
        assert (await helper.get(f"/drafts/{draft['id']}")).status_code == 404
        assert (await counter.get(f"/drafts/{draft['id']}")).status_code == 401
        assert (await claim(counter, world, code)).status_code == 404


async def test_codes_that_nobody_used_are_swept_and_what_was_used_stays(signed_in, phone, world):
    owner, counter = await signed_in(), await phone()
    draft = await a_draft(owner)
    await invited(owner, draft)
    await handed_over(owner, counter, world, draft)
    await code_for(owner, draft)
    handovers = world.services.provided[HandoverService]
    world.clock.advance(CODE_LIFE)
    assert await handovers.purge() == 1
    assert (await Handover.get()).terminal is not None
