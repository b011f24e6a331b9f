"""Making, taking up and taking back an invitation."""

import asyncio
from datetime import timedelta

from adapters.outbox.models import OutboxEntry
from miniprogram_api.invitations.models import Invitation
from tests.miniprogram_api.drafts.builders import a_draft
from tests.miniprogram_api.invitations.builders import accept, helping, invite, invited
from tests.miniprogram_api.signatures.signing import a_draft_of_two, asked, own_task


async def test_the_link_is_shown_once_and_kept_as_a_hash(signed_in):
    owner = await signed_in()
    draft = await a_draft(owner)
    made = await invited(owner, draft, label="我的会计")
    assert made["path"].endswith(made["token"])
    assert len(made["token"]) == 43
    (row,) = await Invitation.all()
    assert made["token"] not in str(vars(row))
    assert row.label_cipher
    assert "我的会计".encode() not in bytes(row.label_cipher)
    (shown,) = (await owner.get(f"/drafts/{draft['id']}/invitations")).json()["items"]
    assert "token" not in shown
    assert (shown["state"], shown["label"], shown["helper"]) == ("open", "我的会计", None)


async def test_one_acceptance_binds_it_and_a_repeat_is_the_same(signed_in, verified):
    owner, helper, other = await signed_in(), await verified("lisi"), await verified("wangwu")
    draft = await a_draft(owner)
    made = await invited(owner, draft, scope={"steps": ["company"], "materials": False})
    first = await accept(helper, made)
    assert first.json() == {
        "role": "helper", "draft_id": draft["id"], "expires_at": made["expires_at"],
        "scope": {"steps": ["company"], "materials": False},
    }  # fmt: skip
    assert (await accept(helper, made)).json() == first.json()
    assert (await accept(other, made)).status_code == 404
    (shown,) = (await owner.get(f"/drafts/{draft['id']}/invitations")).json()["items"]
    assert (shown["state"], shown["helper"]) == ("accepted", "*四")


async def test_of_two_who_open_it_at_one_moment_one_is_let_in(signed_in, verified):
    owner, *others = await signed_in(), await verified("lisi"), await verified("wangwu")
    draft = await a_draft(owner)
    made = await invited(owner, draft)
    answers = await asyncio.gather(*(accept(one, made) for one in others))
    assert sorted(answer.status_code for answer in answers) == [200, 404]
    seen = [await one.get(f"/drafts/{draft['id']}") for one in others]
    assert [one.status_code for one in seen] == [answer.status_code for answer in answers]


async def test_a_double_tap_on_accept_is_one_acceptance(signed_in, verified, paused_relay):
    owner, helper = await signed_in(), await verified("lisi")
    made = await invited(owner, await a_draft(owner))
    answers = await asyncio.gather(*(accept(helper, made) for _ in range(3)))
    assert [answer.status_code for answer in answers] == [200] * 3
    assert len({answer.text for answer in answers}) == 1
    assert await OutboxEntry.filter(topic="person.tell").count() == 1


async def test_what_is_over_taken_back_somebody_elses_or_made_up_looks_the_same(
    signed_in, verified, world
):
    owner, helper, other = await signed_in(), await verified("lisi"), await verified("wangwu")
    draft = await a_draft(owner)
    over, back, foreign = [await invited(owner, draft, days=days) for days in (1, 30, 30)]
    assert (await accept(other, foreign)).status_code == 200
    assert (await owner.delete(f"/invitations/{back['id']}")).status_code == 204
    await Invitation.filter(id=over["id"]).update(expires_at=world.clock.now())
    answers = [await accept(helper, each) for each in (over, back, foreign, {"token": "A" * 43})]
    told = {
        answer.text.replace(answer.headers["x-request-id"], "-").replace(
            str(answer.request.url.path), "-"
        )
        for answer in answers
    }
    assert len(told) == 1
    assert {answer.status_code for answer in answers} == {404}


async def test_whoever_only_signed_in_has_to_say_who_he_is_first(signed_in):
    owner, stranger = await signed_in(), await signed_in("lisi")
    made = await invited(owner, await a_draft(owner))
    for token in (made["token"], "A" * 43):
        answer = await accept(stranger, {"token": token})
        assert (answer.status_code, answer.json()["code"]) == (403, "identity_check_required")


async def test_nobody_takes_up_his_own_invitation(verified):
    owner = await verified()
    answer = await accept(owner, await invited(owner, await a_draft(owner)))
    assert (answer.status_code, answer.json()["code"]) == (409, "own_invitation")


async def test_a_signer_who_has_nothing_to_sign_is_told_nothing(signed_in, verified):
    owner, other = await signed_in(), await verified("lisi")
    made = await invited(owner, await a_draft(owner), role="signer")
    assert (await accept(other, made)).status_code == 404
    assert (await Invitation.get(id=made["id"])).person_id is None


async def test_a_signer_is_led_to_his_task_and_sees_no_draft(verified):
    owner, signer, other = (
        await verified("zhangsan"), await verified("lisi"), await verified("wangwu"),
    )  # fmt: skip
    draft = await a_draft_of_two(owner)
    await asked(owner, draft)
    made = await invited(owner, draft, role="signer")
    assert (await accept(other, made)).status_code == 404
    for _ in range(2):
        led = (await accept(signer, made)).json()
        assert set(led) == {"role", "expires_at", "signature_id"}
        assert led["signature_id"] == (await own_task(signer))["id"]
    assert (await signer.get(f"/drafts/{draft['id']}")).status_code == 404
    assert (await signer.get("/drafts", params={"role": "helper"})).json()["items"] == []


async def test_a_helper_is_shown_no_signer(verified):
    owner, helper = await verified("zhangsan"), await verified("wangwu")
    draft = await a_draft_of_two(owner)
    await asked(owner, draft)
    await helping(owner, helper, draft)
    assert (await helper.get(f"/drafts/{draft['id']}")).json()["signatures"] == []
    assert (await helper.post(f"/drafts/{draft['id']}/check")).json()["missing_signatures"] == []
    assert (await owner.get(f"/drafts/{draft['id']}")).json()["signatures"] != []


async def test_five_helpers_at_most_also_in_a_race(signed_in):
    owner = await signed_in()
    draft = await a_draft(owner)
    answers = await asyncio.gather(*(invite(owner, draft) for _ in range(8)))
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [201] * 5 + [409] * 3
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert refused.json()["code"] == "too_many_invitations"
    assert (await invite(owner, draft, role="signer")).status_code == 201
    first = next(answer for answer in answers if answer.status_code == 201).json()
    await owner.delete(f"/invitations/{first['id']}")
    assert (await invite(owner, draft)).status_code == 201


async def test_whatever_may_still_be_taken_back_is_shown_however_many_came_after_it(signed_in):
    owner = await signed_in()
    draft = await a_draft(owner)
    first = await invited(owner, draft, days=30)
    row = await Invitation.get()
    over = [
        Invitation(
            id=f"{int(row.id, 16) + number:032x}",
            draft_id=row.draft_id,
            owner=row.owner,
            role="helper",
            scope=row.scope,
            token_index=f"{number:064x}",
            known_as="",
            created_at=row.created_at,
            expires_at=row.expires_at,
            revoked_at=row.created_at,
        )
        for number in range(1, 101)
    ]
    await Invitation.bulk_create(over)
    shown = (await owner.get(f"/drafts/{draft['id']}/invitations")).json()["items"]
    assert [one["id"] for one in shown] == [*(one.id for one in reversed(over)), first["id"]]


async def test_what_cannot_be_wished_for_is_refused(signed_in):
    owner = await signed_in()
    draft = await a_draft(owner)
    for wrong in (
        {"days": 0}, {"days": 31}, {"role": "owner"}, {"label": "x" * 41}, {"label": ""},
        {"label": "  "}, {"label": "a\u202eb"},
        {"scope": {"steps": [], "materials": True}}, {"scope": {"steps": ["no_such_step"]}},
        {"scope": {"submit": True}},
    ):  # fmt: skip
        assert (await invite(owner, draft, **wrong)).status_code == 422, wrong


async def test_only_the_owner_invites_looks_and_takes_back(signed_in, verified):
    owner, helper = await signed_in(), await verified("lisi")
    draft = await a_draft(owner)
    made = await helping(owner, helper, draft)
    assert (await invite(helper, draft)).status_code == 404
    assert (await helper.get(f"/drafts/{draft['id']}/invitations")).status_code == 404
    assert (await helper.delete(f"/invitations/{made['id']}")).status_code == 404
    for _ in range(2):
        assert (await owner.delete(f"/invitations/{made['id']}")).status_code == 204


async def test_what_was_taken_back_is_over_with_the_next_request_and_never_comes_back(
    signed_in, verified
):
    owner, helper = await signed_in(), await verified("lisi")
    draft = await a_draft(owner)
    made = await helping(owner, helper, draft)
    answer = await helper.get(f"/drafts/{draft['id']}")
    assert answer.status_code == 200
    await owner.delete(f"/invitations/{made['id']}")
    again = {"If-None-Match": answer.headers["ETag"]}
    assert (await helper.get(f"/drafts/{draft['id']}", headers=again)).status_code == 404
    assert (await accept(helper, made)).status_code == 404


async def test_its_days_end_by_the_clock(signed_in, verified, world):
    owner, helper = await signed_in(), await verified("lisi")
    draft = await a_draft(owner)
    await helping(owner, helper, draft, days=1)
    world.clock.advance(timedelta(hours=23))
    await helper.renew()
    assert (await helper.get(f"/drafts/{draft['id']}")).status_code == 200
    world.clock.advance(timedelta(hours=1))
    await helper.renew()
    assert (await helper.get(f"/drafts/{draft['id']}")).status_code == 404


async def test_the_owner_is_told_of_an_acceptance_once(signed_in, verified, paused_relay):
    owner, helper = await signed_in(), await verified("lisi")
    draft = await a_draft(owner)
    made = await helping(owner, helper, draft)
    await accept(helper, made)
    rows = await OutboxEntry.filter(topic="person.tell")
    assert [row.key for row in rows] == [f"tell:{owner.session['person']['id']}"]
    assert '"kind":"invitation_accepted"' in rows[0].body
    assert draft["id"] in rows[0].body


class TestTheEndIsTold:
    async def test_whoever_had_accepted_is_told_once_that_it_was_taken_back(
        self, signed_in, verified, world
    ):
        owner, helper = await signed_in(), await verified("lisi")
        made = await helping(owner, helper, await a_draft(owner))
        for _ in range(2):
            assert (await owner.delete(f"/invitations/{made['id']}")).status_code == 204
        await world.driver.settle()
        items = (await helper.get("/messages")).json()["items"]
        assert [item["title"] for item in items] == ["帮办已结束"]
        assert items[0]["link"] == "/pages/draft/list"
        assert items[0]["application_id"] is None

    async def test_an_invitation_that_nobody_took_up_or_that_was_over_ends_in_silence(
        self, signed_in, verified, world, paused_relay
    ):
        owner, helper = await signed_in(), await verified("lisi")
        draft = await a_draft(owner)
        await owner.delete(f"/invitations/{(await invited(owner, draft))['id']}")
        assert not await OutboxEntry.filter(topic="person.tell").exists()
        made = await helping(owner, helper, draft, days=1)
        world.clock.advance(timedelta(days=1))
        await owner.renew()
        assert (await owner.delete(f"/invitations/{made['id']}")).status_code == 204
        (row,) = await OutboxEntry.filter(topic="person.tell")
        assert '"kind":"invitation_accepted"' in row.body

    async def test_somebody_elses_is_not_taken_back_and_nobody_is_told(
        self, signed_in, verified, paused_relay
    ):
        owner, helper = await signed_in(), await verified("lisi")
        made = await helping(owner, helper, await a_draft(owner))
        assert (await helper.delete(f"/invitations/{made['id']}")).status_code == 404
        assert await OutboxEntry.filter(topic="person.tell").count() == 1
