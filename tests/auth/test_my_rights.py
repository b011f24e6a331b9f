"""What a person may know and decide about what is kept of him."""

import asyncio
from datetime import timedelta

import pytest

from auth.audit import first_broken
from auth.leaving import IDLE_KEPT, AccountErasure
from auth.models import AccessLog, Audit, Consent, Person, PlatformAccount, Session
from bff.mock.personas import PERSONAS
from kit.ids import new_id
from tests.builders.applications import an_application

OPEN = {"operation": "open", "region": "370102", "theme": "restaurant", "items": []}


async def draft_of(device) -> str:
    return (await device.once("POST", "/drafts", json={**OPEN, "mode": "joint"})).json()["id"]


async def test_the_export_has_everything_that_was_given(verified):
    device = await verified("zhangsan")
    draft_id = await draft_of(device)
    answer = await device.get("/me/export")
    export = answer.json()
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    zhangsan = PERSONAS["zhangsan"]
    assert export["person"]["name"] == zhangsan.name.reveal()
    assert export["person"]["id_number"] == zhangsan.id_number.reveal()
    assert [account["platform"] for account in export["accounts"]] == ["wechat"]
    assert {one["purpose"] for one in export["consents"]} == {"identity_check", "face"}
    assert [one["id"] for one in export["belongings"]["drafts"]] == [draft_id]
    assert [one["state"] for one in export["identity_checks"]] == ["passed"]


async def test_the_export_shows_nothing_of_anybody_else(verified):
    mine, theirs = await verified("zhangsan"), await verified("lisi")
    draft_id = await draft_of(theirs)
    text = (await mine.get("/me/export")).text
    assert draft_id not in text
    assert PERSONAS["lisi"].id_number.reveal() not in text


async def test_whoever_once_proved_who_he_is_proves_it_again_for_an_export(verified, world):
    device = await verified("zhangsan")
    world.clock.advance(timedelta(minutes=11))
    refused = await device.get("/me/export")
    assert (refused.status_code, refused.json()["code"]) == (403, "identity_check_required")


async def test_a_stranger_may_export_what_little_there_is(signed_in):
    answer = await (await signed_in("zhangsan")).get("/me/export")
    assert answer.status_code == 200
    assert answer.json()["person"]["name"] is None


async def test_deleting_an_account_needs_a_fresh_check(signed_in, verified, world):
    stranger = await signed_in("lisi")
    assert (await stranger.delete("/me")).json()["code"] == "identity_check_required"
    device = await verified("zhangsan")
    world.clock.advance(timedelta(minutes=11))
    assert (await device.delete("/me")).json()["code"] == "identity_check_required"


async def test_a_deleted_account_leaves_nothing_that_says_who_it_was(verified, world):
    device = await verified("zhangsan")
    person_id, draft_id = device.session["person"]["id"], await draft_of(device)
    assert (await device.delete("/me")).status_code == 204
    assert (await device.get("/me")).json()["code"] == "session_ended"
    person = await Person.get(id=person_id)
    assert person.deleted_at is not None
    assert [
        person.name_cipher, person.id_number_cipher, person.id_number_index, person.phone_cipher
    ] == [None] * 4  # fmt: skip
    assert await PlatformAccount.filter(person_id=person_id).count() == 0
    assert await Session.filter(person_id=person_id, revoked_at__isnull=True).count() == 0
    assert await Consent.filter(person_id=person_id, withdrawn_at__isnull=True).count() == 0
    (line,) = await Audit.filter(action="account_deleted")
    assert line.who == person_id
    assert first_broken(await Audit.all().order_by("seq")) is None
    await device.login()
    assert device.session["person"]["id"] != person_id
    assert (await device.get(f"/drafts/{draft_id}")).status_code == 404
    # The number is free again for whoever proves to have it.
    assert (await device.verify()).json()["state"] == "passed"


async def test_a_deleted_accounts_applications_are_kept_from_view_and_go_on(verified, world):
    device = await verified("zhangsan")
    application = await an_application(device)
    await world.driver.settle()
    assert (await device.delete("/me")).status_code == 204
    await device.login()
    await device.verify()
    assert (await device.get("/applications")).json()["items"] == []
    assert (await device.get(f"/applications/{application['id']}")).status_code == 404
    cases = world.province.cases()
    assert [case["reference_no"] for case in cases] == [application["reference_no"]]
    await world.driver.advance_to(world.clock.now() + timedelta(days=40))
    await device.login()
    assert (await device.get("/messages")).json()["items"] == []


async def test_a_wait_for_news_ends_with_the_account(verified, signed_in, world):
    device = await verified("zhangsan")
    application = await an_application(device)
    await world.driver.settle()
    seq = (await device.get(f"/applications/{application['id']}")).json()["last_seq"]
    path = f"/applications/{application['id']}/wait?after={seq}&timeout_s=25"
    waiting = asyncio.create_task(device.get(path))
    await asyncio.sleep(0.3)
    other = await signed_in("zhangsan")
    assert (await other.delete("/me")).status_code == 204
    (case,) = world.province.cases()
    act = {"item": case["items"][0]["item"], "action": "accept"}
    await device.mock("POST", f"/cases/{case['upstream_no']}/act", json=act)
    assert (await waiting).status_code in {401, 404}


async def test_deleting_on_one_platform_deletes_the_person_on_all(verified, signed_in):
    first = await verified("zhangsan")
    other = await signed_in("zhangsan", platform="alipay")
    await other.verify()
    assert (await other.delete("/me")).status_code == 204
    assert (await first.get("/me")).json()["code"] == "session_ended"
    assert await PlatformAccount.all().count() == 0


async def test_the_log_says_who_read_what_and_why(verified, world):
    device = await verified("zhangsan")
    await an_application(device)
    await world.driver.settle()
    page = (await device.get("/me/access-log")).json()
    seen = {(line["who"], line["what"], line["why"]) for line in page["items"]}
    assert {
        ("wechat", "name_and_id_number", "identity_check"),
        ("province", "application", "application"),
    } <= seen
    assert all(line["text"] for line in page["items"])


async def test_the_log_comes_in_pages_the_newest_first(verified):
    device = await verified("zhangsan")
    for _ in range(3):
        check = (await device.begin_check()).json()
        assert check["state"] == "pending"
    first = (await device.get("/me/access-log?limit=3")).json()
    rest = (await device.get(f"/me/access-log?limit=3&cursor={first['next_cursor']}")).json()
    ids = [line["id"] for line in [*first["items"], *rest["items"]]]
    assert ids == sorted(ids, reverse=True)
    assert (len(ids), rest["next_cursor"]) == (4, None)


async def test_everybody_sees_only_his_own_log(verified):
    await verified("zhangsan")
    other = await verified("lisi", platform="alipay")
    whos = {line["who"] for line in (await other.get("/me/access-log")).json()["items"]}
    assert whos == {"alipay"}


async def test_the_log_holds_words_only(verified):
    await verified("zhangsan")
    (line,) = await AccessLog.all()
    assert PERSONAS["zhangsan"].name.reveal() not in repr(vars(line))


@pytest.mark.parametrize(("days", "left"), [(-1, 1), (1, 0)])
async def test_a_stranger_who_never_came_back_is_forgotten_after_a_year(world, days, left):
    now = world.clock.now()
    person_id = new_id()
    await Person.create(id=person_id, created_at=now - IDLE_KEPT - timedelta(days=days))
    await PlatformAccount.create(
        id=new_id(), person_id=person_id, platform="wechat", app_id="wx", open_id="o",
        created_at=now,
    )  # fmt: skip
    await world.services.provided[AccountErasure].erase_idle()
    assert await PlatformAccount.filter(person_id=person_id).count() == left


async def test_somebody_proven_is_not_forgotten_for_staying_away(verified, world):
    device = await verified("zhangsan")
    person_id = device.session["person"]["id"]
    await Session.all().delete()
    long_ago = world.clock.now() - IDLE_KEPT * 2
    await Person.filter(id=person_id).update(created_at=long_ago)
    assert await world.services.provided[AccountErasure].erase_idle() == 0
