"""One real person behind several accounts."""

import asyncio

import pytest

from auth.audit import first_broken
from auth.joining import SETTLE_AFTER
from auth.models import Audit, CompanyRole, Person, PlatformAccount
from kit.clock import SystemClock
from kit.ids import new_id

OPEN = {"operation": "open", "region": "370102", "theme": "restaurant", "items": []}


async def draft_of(device) -> str:
    return (await device.once("POST", "/drafts", json={**OPEN, "mode": "joint"})).json()["id"]


async def drafts_seen_by(device) -> set[str]:
    return {draft["id"] for draft in (await device.get("/drafts")).json()["items"]}


@pytest.mark.parametrize("second", ["alipay", "aishandong"])
async def test_whoever_proves_to_be_the_same_finds_his_things_again(verified, signed_in, second):
    first = await verified("zhangsan")
    before = await draft_of(first)
    other = await signed_in("zhangsan", platform=second)
    own = await draft_of(other)
    assert await drafts_seen_by(other) == {own}
    assert (await other.verify()).json()["state"] == "passed"
    assert await drafts_seen_by(other) == await drafts_seen_by(first) == {before, own}
    accounts = await PlatformAccount.all()
    assert len(accounts) == 2
    assert {account.person_id for account in accounts} == {first.session["person"]["id"]}


async def test_an_access_token_from_before_goes_on_working(verified, signed_in):
    first = await verified("zhangsan")
    other = await signed_in("zhangsan", platform="alipay")
    await other.verify()
    assert (await other.get("/me")).json()["id"] == first.session["person"]["id"]
    await other.renew()
    assert other.session["person"]["id"] == first.session["person"]["id"]
    assert len((await first.get("/auth/sessions")).json()["items"]) == 2


async def test_the_next_login_is_the_one_persons(verified, phone):
    first = await verified("zhangsan")
    second = await phone("zhangsan", platform="alipay")
    await second.login()
    await second.verify()
    third = await phone("zhangsan", platform="alipay")
    await third.login()
    assert third.session["person"]["id"] == first.session["person"]["id"]
    assert third.session["person"]["assurance"] == "real_person"


async def test_two_people_never_become_one(verified):
    zhangsan, lisi = await verified("zhangsan"), await verified("lisi", platform="alipay")
    assert zhangsan.session["person"]["id"] != (await lisi.get("/me")).json()["id"]
    assert await drafts_seen_by(lisi) == set()


async def test_taking_over_somebody_elses_account_is_refused_and_audited(verified):
    zhangsan = await verified("zhangsan")
    lisi = await verified("lisi", platform="alipay")
    mine, theirs = await draft_of(zhangsan), await draft_of(lisi)
    # Lisi's phone, with Zhangsan's name and face.
    check = (await lisi.begin_check("zhangsan")).json()
    dialog = {"identity_check": check["id"], "persona": "zhangsan", "outcome": "pass"}
    assert (await lisi.mock("POST", "/face", json=dialog)).status_code == 200
    ended = (await lisi.get(f"/auth/identity-checks/{check['id']}")).json()
    assert (ended["state"], ended["reason"]) == ("failed", "identity_differs")
    assert await drafts_seen_by(zhangsan) == {mine}
    assert await drafts_seen_by(lisi) == {theirs}
    (line,) = await Audit.filter(action="account_join_refused")
    assert (line.who, line.target) == ((await lisi.get("/me")).json()["id"], check["id"])


async def test_name_and_number_alone_join_nobody(verified, signed_in):
    """Whoever once saw an ID card knows both."""
    owner = await verified("zhangsan")
    await draft_of(owner)
    thief = await signed_in("lisi")
    check = (await thief.begin_check("zhangsan", method="id_match")).json()
    assert check["client_action"] == {"type": "none"}
    ended = (await thief.get(f"/auth/identity-checks/{check['id']}")).json()
    assert ended["state"] == "passed"
    me = (await thief.get("/me")).json()
    assert me["assurance"] == "real_name"
    assert me["id"] != owner.session["person"]["id"]
    assert await drafts_seen_by(thief) == set()
    assert (await thief.delete("/me")).json()["code"] == "identity_check_required"


async def test_a_claimed_number_does_not_keep_its_owner_out(signed_in, verified):
    thief = await signed_in("lisi")
    check = (await thief.begin_check("zhangsan", method="id_match")).json()
    await thief.get(f"/auth/identity-checks/{check['id']}")
    owner = await verified("zhangsan")
    assert (await owner.get("/me")).json()["id"] != (await thief.get("/me")).json()["id"]
    assert (await owner.get("/me")).json()["assurance"] == "real_person"


async def test_a_wrong_name_and_an_unknown_number_look_the_same(signed_in):
    device = await signed_in("zhangsan")
    consents = (await device.get("/consents")).json()["items"]
    version = consents[0]["text_version"]
    answers = []
    for name, number in (("李四", "370102199003071238"), ("张三", "110101199003078793")):
        body = {
            "method": "id_match",
            "name": name,
            "id_number": number,
            "consent": {"text_version": version},
        }
        check = (await device.once("POST", "/auth/identity-checks", json=body)).json()
        ended = (await device.get(f"/auth/identity-checks/{check['id']}")).json()
        answers.append({key: ended[key] for key in ("state", "reason", "message")})
    assert answers[0] == answers[1]
    assert answers[0]["reason"] == "identity_mismatch"


async def test_guessing_at_one_number_is_limited_over_all_accounts(phone, world):
    refused = 0
    for turn in range(12):
        key = f"guesser-{turn}"
        world.wechat.register_person(key, "赵六", "371402199501300029", "13800000004")
        device = await phone("lisi")
        code = world.wechat.issue_login_code(key)
        body = {"platform": "wechat", "credential": {"code": code}}
        session = (await device.post("/auth/login", json=body)).json()
        device.headers["Authorization"] = f"Bearer {session['access_token']}"
        version = (await device.get("/consents")).json()["items"][0]["text_version"]
        wish = {
            "method": "id_match",
            "name": "张三丰",
            "id_number": "370102199003071238",
            "consent": {"text_version": version},
        }
        answer = await device.once("POST", "/auth/identity-checks", json=wish)
        if answer.status_code == 429:
            refused += 1
            assert answer.json()["code"] == "identity_attempts_exhausted"
            continue
        await device.get(f"/auth/identity-checks/{answer.json()['id']}")
    assert refused == 2


async def test_what_was_on_its_way_during_a_join_is_brought_along(verified, signed_in, world):
    first = await verified("zhangsan")
    other = await signed_in("zhangsan", platform="alipay")
    old_id = other.session["person"]["id"]
    await other.verify()
    # Another process that still believed in the old person.
    account = await PlatformAccount.get(platform="wechat")
    await PlatformAccount.filter(id=account.id).update(person_id=old_id)
    await world.driver.advance_to(world.clock.now() + max(SETTLE_AFTER) * 2)
    assert (await PlatformAccount.get(id=account.id)).person_id == first.session["person"]["id"]


async def test_joins_are_audited_in_one_chain(verified, signed_in):
    await verified("zhangsan")
    await (await signed_in("zhangsan", platform="alipay")).verify()
    await (await signed_in("zhangsan", platform="aishandong")).verify()
    lines = await Audit.all().order_by("seq")
    assert [line.action for line in lines] == ["account_joined", "account_joined"]
    assert first_broken(lines) is None


async def test_the_joined_persons_row_says_nothing_any_more(verified, signed_in):
    first = await verified("zhangsan")
    other = await signed_in("zhangsan", platform="alipay")
    await CompanyRole.create(
        id=new_id(),
        person_id=other.session["person"]["id"],
        uscc="91370102MA3QAAA01U",
        company_name="某公司",
        role="agent",
        source="aishandong",
        verified_at=SystemClock().now(),
    )
    await other.verify()
    left = await Person.get(id=other.session["person"]["id"])
    assert left.merged_into == first.session["person"]["id"]
    assert (left.name_cipher, left.id_number_cipher, left.phone_cipher) == (None, None, None)
    assert await CompanyRole.filter(person_id=left.id).count() == 0


async def test_a_persons_phone_comes_along_where_none_is_known(verified, signed_in):
    first = await verified("zhangsan")
    other = await signed_in("zhangsan", platform="alipay")
    wanted = {"platform": "alipay", "persona": "zhangsan", "kind": "phone"}
    proof = (await other.mock("POST", "/codes", json=wanted)).json()["credential"]
    assert (await other.post("/auth/phone", json=proof)).json()["phone_masked"] == "138****0001"
    await other.verify()
    assert (await first.get("/me")).json()["phone_masked"] == "138****0001"


async def test_three_platforms_joining_at_the_same_moment_make_one_person(signed_in):
    devices = [
        await signed_in("zhangsan", platform=platform)
        for platform in ("wechat", "alipay", "aishandong")
    ]
    drafts = {await draft_of(device) for device in devices}
    answers = await asyncio.gather(*(device.verify() for device in devices))
    assert [answer.json()["state"] for answer in answers] == ["passed"] * 3
    assert len({(await device.get("/me")).json()["id"] for device in devices}) == 1
    for device in devices:
        assert await drafts_seen_by(device) == drafts


async def test_a_request_repeated_after_the_join_is_the_same_request(verified, signed_in):
    first = await verified("zhangsan")
    other = await signed_in("zhangsan", platform="alipay")
    headers = {"Idempotency-Key": "a-draft-before-the-join"}
    wanted = {**OPEN, "mode": "joint"}
    before = await other.post("/drafts", json=wanted, headers=headers)
    await other.verify()
    again = await other.post("/drafts", json=wanted, headers=headers)
    assert again.headers["Idempotent-Replay"] == "true"
    assert again.json()["id"] == before.json()["id"]
    assert await drafts_seen_by(first) == {before.json()["id"]}
