"""Joins, deletions and what meets them on its way."""

import asyncio
from datetime import timedelta
from itertools import count

import pytest

from auth.audit import first_broken
from auth.claimed_identity import ClaimedIdentity
from auth.consents import ConsentService
from auth.joining import SETTLE_AFTER, AccountJoining, IdentityConflict
from auth.leaving import AccountErasure
from auth.models import Audit, Consent, Person, PlatformAccount
from auth.problems import RefreshTokenInvalid
from auth.service import PeopleService
from auth.sessions import Place, SessionService
from bff.mock.personas import PERSONAS
from kit.database.unit import unit_of_work
from kit.ids import new_id
from kit.secrets import PhoneNumber

OPEN = {"operation": "open", "region": "370102", "theme": "restaurant", "items": []}
PHONE = PhoneNumber("13800000009")
LATER = max(SETTLE_AFTER) * 2


async def draft_of(device) -> str:
    return (await device.once("POST", "/drafts", json={**OPEN, "mode": "joint"})).json()["id"]


async def shown_face(device) -> str:
    """A check that wants only to be asked about."""
    check_id = (await device.begin_check()).json()["id"]
    if device.platform != "aishandong":
        dialog = {"identity_check": check_id, "persona": device.persona, "outcome": "pass"}
        await device.mock("POST", "/face", json=dialog)
    return check_id


def person_of(device) -> str:
    return device.session["person"]["id"]


@pytest.fixture
def joining(world) -> AccountJoining:
    return world.services.identity._joining


@pytest.fixture
def people(world) -> PeopleService:
    return world.services.provided[PeopleService]


@pytest.fixture
async def stranger(world, phone):
    """``await stranger()``: somebody nobody ever saw, signed in."""
    numbers = count(1)

    async def sign_in():
        key = f"stranger-{next(numbers)}"
        world.wechat.register_person(key, "赵六", "371402199501300029", "13800000004")
        device = await phone("zhaoliu")
        credential = {"code": world.wechat.issue_login_code(key)}
        body = {"platform": "wechat", "credential": credential}
        device.session = (await device.post("/auth/login", json=body)).json()
        device.headers["Authorization"] = f"Bearer {device.session['access_token']}"
        return device

    return sign_in


async def test_a_phone_that_asks_twice_at_once_hears_twice_that_it_passed(verified, signed_in):
    await verified("zhangsan")
    other = await signed_in("zhangsan", platform="alipay")
    check_id = await shown_face(other)
    path = f"/auth/identity-checks/{check_id}"
    answers = await asyncio.gather(*(other.get(path) for _ in range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert answers[0].json()["state"] == "passed"


async def test_a_check_stays_foreign_to_everybody_else(verified, signed_in):
    await verified("zhangsan")
    other = await signed_in("zhangsan", platform="alipay")
    check_id = await shown_face(other)
    stranger = await verified("lisi")
    path = f"/auth/identity-checks/{check_id}"
    assert (await stranger.get(path)).status_code == 404
    await other.get(path)
    assert (await stranger.get(path)).status_code == 404


async def test_a_session_that_a_login_opened_during_the_join_is_brought_along(
    verified, signed_in, world
):
    first = await verified("zhangsan")
    other = await signed_in("zhangsan", platform="alipay")
    account = await PlatformAccount.get(platform="alipay")
    assert (await other.verify()).json()["state"] == "passed"
    # The login had read the account before the join, and wrote its session after it.
    sessions = world.services.provided[SessionService]
    place = Place(account.id, person_of(other), "id:late-device", new_id())
    late = await sessions.open(place, None)
    bearer = {"Authorization": f"Bearer {late.access.text}"}
    lost = await other.once("POST", "/drafts", json={**OPEN, "mode": "joint"}, headers=bearer)
    await world.driver.advance_to(world.clock.now() + min(SETTLE_AFTER) * 2)
    assert (await other.get("/me", headers=bearer)).json()["id"] == person_of(first)
    assert (await first.get(f"/drafts/{lost.json()['id']}")).status_code == 200


async def test_a_session_that_a_login_opened_during_the_deletion_is_ended(verified, world):
    device = await verified("zhangsan")
    account = await PlatformAccount.get(platform="wechat")
    assert (await device.delete("/me")).status_code == 204
    sessions = world.services.provided[SessionService]
    late = await sessions.open(Place(account.id, person_of(device), "id:late", new_id()), None)
    await world.driver.advance_to(world.clock.now() + LATER)
    with pytest.raises(RefreshTokenInvalid):
        await sessions.refresh(late.refresh_token.reveal(), "id:late")


async def test_what_was_taken_back_is_not_given_again_by_what_another_account_gave(
    verified, signed_in, world
):
    first = await verified("zhangsan")
    other = await signed_in("zhangsan", platform="alipay")
    consents = world.services.provided[ConsentService]
    await consents.grant(person_of(other), ["share_with_bank", "share_with_seal_shop"], "alipay")
    world.clock.advance(timedelta(seconds=1))
    await consents.grant(person_of(first), ["share_with_bank"], "wechat")
    world.clock.advance(timedelta(seconds=1))
    await consents.withdraw(person_of(first), "share_with_bank")
    world.clock.advance(timedelta(seconds=1))
    assert (await other.verify()).json()["state"] == "passed"
    assert not await consents.has(person_of(first), "share_with_bank")
    assert await consents.has(person_of(first), "share_with_seal_shop")
    await consents.grant(person_of(first), ["share_with_bank"], "wechat")
    await world.driver.advance_to(world.clock.now() + LATER)
    assert await consents.has(person_of(first), "share_with_bank")


async def test_a_phone_number_learnt_during_a_join_is_the_one_persons(verified, signed_in, people):
    first = await verified("zhangsan")
    other = await signed_in("zhangsan", platform="alipay")
    await other.verify()
    await people.keep_phone(person_of(other), PHONE)
    assert (await Person.get(id=person_of(other))).phone_cipher is None
    assert (await people.profile(person_of(first))).phone_masked == PHONE.masked()


async def test_a_phone_number_learnt_during_the_deletion_is_kept_nowhere(verified, people):
    device = await verified("zhangsan")
    await device.delete("/me")
    await people.keep_phone(person_of(device), PHONE)
    assert (await Person.get(id=person_of(device))).phone_cipher is None


async def test_nobody_is_joined_to_or_proven_as_a_person_who_is_gone(verified, joining):
    device = await verified("zhangsan")
    await device.delete("/me")
    lisi = PERSONAS["lisi"]
    identity = ClaimedIdentity(lisi.name, lisi.id_number)
    for in_person in (True, False):
        with pytest.raises(IdentityConflict):
            async with unit_of_work():
                await joining.prove(person_of(device), identity, in_person=in_person)
    gone = await Person.get(id=person_of(device))
    assert [gone.name_cipher, gone.id_number_index] == [None] * 2
    assert gone.assurance == "ended"


async def test_what_is_proven_under_a_joined_persons_name_is_the_one_persons(
    verified, signed_in, joining
):
    """A process that still believed in the old person finishes a check: by somebody else's face
    nothing comes into the empty row, where a later join would look for its owner."""
    first = await verified("zhangsan")
    other = await signed_in("zhangsan", platform="alipay")
    await other.verify()
    lisi = PERSONAS["lisi"]
    with pytest.raises(IdentityConflict, match="identity_differs"):
        async with unit_of_work():
            await joining.prove(
                person_of(other), ClaimedIdentity(lisi.name, lisi.id_number), in_person=True
            )
    zhangsan = PERSONAS["zhangsan"]
    async with unit_of_work():
        proven = await joining.prove(
            person_of(other), ClaimedIdentity(zhangsan.name, zhangsan.id_number), in_person=True
        )
    assert proven.person_id == person_of(first)


async def test_what_is_late_for_a_person_who_joined_somebody_now_gone_is_erased(
    verified, signed_in, world, joining
):
    first = await verified("zhangsan")
    other = await signed_in("zhangsan", platform="alipay")
    await other.verify()
    await first.delete("/me")
    await world.driver.advance_to(world.clock.now() + LATER)
    # The relay was late, and so was a row.
    late = await PlatformAccount.create(
        id=new_id(), person_id=person_of(other), platform="alipay", app_id="a", open_id="o",
        created_at=world.clock.now(),
    )  # fmt: skip
    await world.services.outbox.put(
        "person.settle", f"person:{person_of(other)}", {"person_id": person_of(other)}
    )
    await world.driver.settle()
    assert not await PlatformAccount.exists(id=late.id)


@pytest.mark.parametrize("head_start_s", [0, 0.005, 0.01, 0.02])
async def test_whoever_is_deleted_while_another_account_joins_stays_deleted(
    verified, signed_in, world, head_start_s
):
    first = await verified("zhangsan")
    other = await signed_in("zhangsan", platform="alipay")
    check_id = await shown_face(other)

    async def join():
        await asyncio.sleep(head_start_s)
        return await other.get(f"/auth/identity-checks/{check_id}")

    deleted, joined = await asyncio.gather(first.delete("/me"), join())
    assert deleted.status_code == 204
    assert joined.status_code in {200, 401, 404}, joined.text
    gone = await Person.get(id=person_of(first))
    assert [gone.id_number_index, gone.name_cipher] == [None] * 2
    assert gone.assurance == "ended"
    await other.login()
    assert (await other.verify()).json()["state"] == "passed"
    mine = await draft_of(other)
    await world.driver.advance_to(world.clock.now() + LATER)
    assert (await other.get(f"/drafts/{mine}")).status_code == 200


async def test_deleting_twice_at_once_deletes_once(verified):
    device = await verified("zhangsan")
    answers = await asyncio.gather(*(device.delete("/me") for _ in range(3)))
    assert {answer.status_code for answer in answers} <= {204, 401, 403}
    assert await Audit.filter(action="account_deleted").count() == 1


async def test_many_who_end_their_sessions_at_one_moment_all_do(stranger):
    """All pass through the audit's one chain, from its very first line on."""
    crowd = [await stranger() for _ in range(12)]
    answers = await asyncio.gather(*(device.delete("/auth/sessions") for device in crowd))
    assert [answer.status_code for answer in answers] == [204] * len(crowd)
    lines = await Audit.all().order_by("seq")
    assert len(lines) == len(crowd)
    assert first_broken(lines) is None


async def test_nothing_that_is_saved_while_its_owner_is_joined_is_lost(verified, signed_in, world):
    first = await verified("zhangsan")
    other = await signed_in("zhangsan", platform="alipay")
    draft_id = await draft_of(other)
    check_id = await shown_face(other)

    async def save(number: int):
        await asyncio.sleep(number * 0.004)
        body = {"base_revision": 1, "answers": {f"field_{number}": str(number)}}
        return await other.put(f"/drafts/{draft_id}/steps/company", json=body)

    _, *saves = await asyncio.gather(
        other.get(f"/auth/identity-checks/{check_id}"), *map(save, range(12))
    )
    kept = {f"field_{n}": str(n) for n, saved in enumerate(saves) if saved.status_code == 200}
    await world.driver.advance_to(world.clock.now() + LATER)
    steps = (await first.get(f"/drafts/{draft_id}")).json()["steps"]
    (company,) = (step for step in steps if step["key"] == "company")
    assert company["answers"] == kept
    assert kept


async def test_idle_accounts_of_people_who_were_joined_meanwhile_are_left_alone(
    verified, signed_in, world
):
    first = await verified("zhangsan")
    other = await signed_in("zhangsan", platform="alipay")
    await other.verify()
    # As if they had been found idle a moment before.
    await world.services.provided[AccountErasure].erase(person_of(other))
    assert (await Person.get(id=person_of(other))).deleted_at is None
    assert await Consent.filter(person_id=person_of(first), withdrawn_at__isnull=False).count() == 0
