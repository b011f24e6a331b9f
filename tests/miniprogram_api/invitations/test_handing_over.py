"""A draft handed over to a counter or kiosk with eight digits."""

import asyncio
import json
from datetime import timedelta

import pytest

from auth import terminals
from auth.models import TerminalCall
from bff.app import described_routes
from bff.mock.terminals import signed
from kit.ids import new_id
from miniprogram_api.drafts.models import DraftSave
from miniprogram_api.drafts.service import NamedAuthor
from miniprogram_api.invitations.models import Handover
from tests.contract.access_matrix import LINES, filled
from tests.contract.test_contract import the_app
from tests.miniprogram_api.drafts.builders import a_draft, resumed, saved, uploaded
from tests.miniprogram_api.invitations.builders import (
    CLAIM,
    COUNTER,
    KIOSK,
    claim,
    code_for,
    grants_of,
    handed_over,
    headers_of,
)
from tests.miniprogram_api.materials.builders import a_png

COUNTER_NAME = "济南市历下区政务服务中心3号窗口"


async def test_the_counter_fills_the_draft_in_and_the_owner_is_told(signed_in, phone, world):
    owner, counter = await signed_in(), await phone()
    draft = await a_draft(owner)
    claimed = await handed_over(owner, counter, world, draft)
    assert (claimed["draft_id"], claimed["expires_in"]) == (draft["id"], 1800)
    assert len((await resumed(counter, draft))["steps"]) == len(draft["steps"])
    await saved(counter, draft, "premises", 1, {"premises_area_m2": 80})
    assert (await uploaded(counter, draft, "premises_use_proof", a_png())).status_code == 201
    assert (await counter.post(f"/drafts/{draft['id']}/check")).status_code == 200
    row = await DraftSave.get(draft_id=draft["id"], revision=2)
    named = await grants_of(world).authors(draft["id"])
    assert named == {row.author: NamedAuthor("counter", COUNTER_NAME, None)}
    (line,) = [
        line
        for line in (await owner.get("/me/access-log")).json()["items"]
        if line["who"] == "counter"
    ]
    assert (line["what"], line["why"]) == ("draft", "helping")
    (shown,) = (await owner.get(f"/drafts/{draft['id']}/handovers")).json()["items"]
    assert (shown["state"], shown["terminal"]) == ("claimed", COUNTER_NAME)


async def test_the_owner_is_told_which_terminal_took_the_draft(signed_in, phone, world):
    owner, counter = await signed_in(), await phone()
    draft = await a_draft(owner)
    await handed_over(owner, counter, world, draft)
    await world.driver.settle()
    (message,) = (await owner.get("/messages")).json()["items"]
    assert message["title"] == "草稿已交接"
    assert message["body"].startswith(COUNTER_NAME)
    assert message["link"].endswith(draft["id"])


async def test_code_and_token_are_kept_as_hashes(signed_in, phone, world):
    owner, counter = await signed_in(), await phone()
    draft = await a_draft(owner)
    code = await code_for(owner, draft)
    assert code["code"] not in str(vars(await Handover.get()))
    claimed = (await claim(counter, world, code["code"])).json()
    row = await Handover.get()
    assert claimed["access_token"] not in str(vars(row))
    assert row.code_index is None


async def test_a_code_is_good_once_for_its_kind_of_terminal_and_ten_minutes(
    signed_in, phone, world
):
    owner, counter = await signed_in(), await phone()
    draft = await a_draft(owner)
    older = await code_for(owner, draft)
    code = (await code_for(owner, draft))["code"]
    wrong = [
        await claim(counter, world, older["code"]),
        await claim(counter, world, code, KIOSK),
        await claim(counter, world, f"{(int(code) + 1) % 10**8:08d}"),
    ]
    first = await claim(counter, world, code)
    wrong.append(await claim(counter, world, code))
    late = await code_for(owner, draft)
    world.clock.advance(timedelta(minutes=10))
    wrong.append(await claim(counter, world, late["code"]))
    assert first.status_code == 201
    assert {(one.status_code, one.json()["code"]) for one in wrong} == {
        (404, "handover_code_invalid")
    }


async def test_of_two_terminals_that_type_it_at_one_moment_one_gets_it(signed_in, phone, world):
    owner, counter = await signed_in(), await phone()
    code = (await code_for(owner, await a_draft(owner)))["code"]
    answers = await asyncio.gather(*(claim(counter, world, code) for _ in range(4)))
    assert sorted(one.status_code for one in answers) == [201, 404, 404, 404]


async def test_a_terminal_that_guesses_is_kept_out_by_the_database(signed_in, phone, world):
    """Ten wrong ones in ten minutes, also all at one moment; a right one is no guess."""
    owner, counter = await signed_in(), await phone()
    right = (await code_for(owner, await a_draft(owner)))["code"]
    guesses = [f"{(int(right) + n) % 10**8:08d}" for n in range(1, 25)]
    answers = await asyncio.gather(*(claim(counter, world, guess) for guess in guesses[:14]))
    codes = [one.status_code for one in answers]
    assert codes.count(404) <= terminals.GUESSES_MAX
    assert codes.count(404) + codes.count(429) == 14
    for guess in guesses[14 + codes.count(404) :]:
        assert (await claim(counter, world, guess)).status_code == 404
    refused = await claim(counter, world, right)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "600")
    assert await TerminalCall.filter(guess=True).count() == terminals.GUESSES_MAX
    # Another terminal is not kept out, and after ten minutes neither is this one.
    other = (await code_for(owner, await a_draft(owner), "kiosk"))["code"]
    assert (await claim(counter, world, other, KIOSK)).status_code == 201
    world.clock.advance(timedelta(minutes=10))
    fresh = (await code_for(owner, await a_draft(owner)))["code"]
    assert (await claim(counter, world, fresh)).status_code == 201


async def test_all_terminals_together_guess_no_more_than_so_often(signed_in, phone, world):
    owner, counter = await signed_in(), await phone()
    code = (await code_for(owner, await a_draft(owner)))["code"]
    guesses = [
        TerminalCall(id=f"{n:064d}", terminal=f"hall-{n}", guess=True, at=world.clock.now())
        for n in range(terminals.GUESSES_OF_ALL_MAX)
    ]
    await TerminalCall.bulk_create(guesses)
    assert (await claim(counter, world, code)).status_code == 429


SPOILT = {
    "a terminal that nobody knows": {"x-terminal-id": "no-such-terminal"},
    "another terminal's name": {"x-terminal-id": KIOSK},
    "another nonce": {"x-terminal-nonce": "A" * 24},
    "a nonce that is none": {"x-terminal-nonce": "A"},
    "another second": {"x-terminal-timestamp": "1700000000"},
    "a time that is none": {"x-terminal-timestamp": "now"},
    "no signature": {"x-terminal-signature": ""},
    "another signature": {"x-terminal-signature": "0" * 64},
}
BODY = b'{"code":"12345678"}'


@pytest.mark.parametrize("how", SPOILT)
async def test_a_request_with_something_of_anothers_is_refused(phone, world, how):
    device = await phone()
    headers = {**headers_of(world, "POST", CLAIM, BODY), **SPOILT[how]}
    refused = await device.post(device.base + CLAIM, content=BODY, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (401, "terminal_not_authentic")


async def test_what_a_terminal_signed_for_something_else_or_another_time_is_refused(phone, world):
    device, terminal = await phone(), world.services.settings.terminals[0]
    now = int(world.clock.now().timestamp())
    refused = [
        signed(terminal, now, "DELETE", CLAIM, BODY),
        signed(terminal, now, "POST", f"{CLAIM}/{new_id()}", BODY),
        signed(terminal, now, "POST", f"{CLAIM}?a=b", BODY),
        signed(terminal, now, "POST", CLAIM, b'{"code":"87654321"}'),
        signed(terminal, now - 302, "POST", CLAIM, BODY),
        signed(terminal, now + 302, "POST", CLAIM, BODY),
    ]
    for headers in refused:
        answer = await device.post(device.base + CLAIM, content=BODY, headers=headers)
        assert answer.json()["code"] == "terminal_not_authentic"


async def test_the_same_request_once_more_is_a_replay(signed_in, phone, world):
    owner, device = await signed_in(), await phone()
    code = (await code_for(owner, await a_draft(owner)))["code"]
    body = json.dumps({"code": code}).encode()
    headers = headers_of(world, "POST", CLAIM, body)
    answers = await asyncio.gather(
        *(device.post(device.base + CLAIM, content=body, headers=headers) for _ in range(3))
    )
    assert sorted(one.status_code for one in answers) == [201, 401, 401]


async def test_it_ends_by_the_owner_by_the_terminal_and_by_time(signed_in, phone, world):
    owner, stranger = await signed_in(), await signed_in("lisi")
    draft = await a_draft(owner)
    codes = []
    for how in ("owner", "terminal", "time"):
        counter = await phone()
        claimed = await handed_over(owner, counter, world, draft)
        path = f"/handovers/{claimed['id']}"
        assert (await counter.get(f"/drafts/{draft['id']}")).status_code == 200
        assert (await stranger.delete(path)).status_code == 404
        target = f"/api/v1/counter{path}"
        foreign = headers_of(world, "DELETE", target, b"", KIOSK)
        assert (await stranger.delete(owner.base + target, headers=foreign)).status_code == 404
        if how == "owner":
            assert (await owner.delete(path)).status_code == 204
        elif how == "terminal":
            own = headers_of(world, "DELETE", target, b"")
            assert (await stranger.delete(owner.base + target, headers=own)).status_code == 204
        else:
            world.clock.advance(timedelta(minutes=30))
        answer = await counter.get(f"/drafts/{draft['id']}")
        codes.append((answer.status_code, answer.json()["code"]))
    assert codes == [(401, "session_ended")] * 3


async def test_the_code_of_a_draft_that_was_submitted_meanwhile_is_worth_nothing(
    signed_in, phone, world
):
    owner, counter = await signed_in(), await phone()
    draft = await a_draft(owner)
    code = await code_for(owner, draft)
    await DraftSave.filter(draft_id=draft["id"]).update(kind="submitted")
    for _ in range(2):
        assert (await claim(counter, world, code["code"])).status_code == 404
    (shown,) = (await owner.get(f"/drafts/{draft['id']}/handovers")).json()["items"]
    assert shown["state"] == "ended"


async def test_a_code_that_the_owner_took_back_is_worth_nothing(signed_in, phone, world):
    owner, counter = await signed_in(), await phone()
    code = await code_for(owner, await a_draft(owner))
    assert (await owner.delete(f"/handovers/{code['id']}")).status_code == 204
    assert (await claim(counter, world, code["code"])).status_code == 404


async def test_the_token_opens_this_draft_and_no_other_route(signed_in, phone, world):
    """Every route of the product that wants a token and is not open to those who fill in refuses
    it as nonsense."""
    owner, counter = await signed_in(), await phone()
    draft, other = await a_draft(owner), await a_draft(owner)
    claimed = await handed_over(owner, counter, world, draft)
    ids = {
        "draft_id": draft["id"], "handover_id": claimed["id"], "uscc": "91370102MA0000000X",
        **dict.fromkeys(("code", "key", "name", "purpose", "token"), "x"),
    }  # fmt: skip
    fillers, let_in = set(), {}
    for route in described_routes(the_app()):
        rule = route.description.access
        if route.path.startswith("/mock/") or not rule.needs_token:
            continue
        name = f"{route.method} {route.path}"
        if rule.name == "fillers":
            fillers.add(name)
            continue
        path = filled(route.path, ids)
        for place in [part.partition("}")[0] for part in path.split("{")[1:]]:
            path = path.replace(f"{{{place}}}", new_id())
        body = LINES[name].body if name in LINES else None
        answer = await counter.request(
            route.method, counter.base + path, json=filled(body, ids) if body else None,
            headers={"Idempotency-Key": new_id()},
        )  # fmt: skip
        if (answer.status_code, answer.json()["code"]) != (401, "access_token_invalid"):
            let_in[name] = answer.status_code
    assert let_in == {}
    assert "GET /api/v1/drafts/{draft_id}" in fillers
    assert not [name for name in fillers if "{draft_id}" not in name and "/uploads/" not in name]
    assert (await counter.get(f"/drafts/{other['id']}")).status_code == 404


async def test_the_mock_plays_a_terminal(signed_in):
    owner = await signed_in()
    draft = await a_draft(owner)
    known = (await owner.mock("GET", "/terminals")).json()
    assert {one["kind"] for one in known} == {"counter", "kiosk"}
    code = (await code_for(owner, draft))["code"]
    path = f"/terminals/{COUNTER}/handovers"
    claimed = (await owner.mock("POST", path, json={"code": code})).json()
    assert claimed["draft_id"] == draft["id"]
    wrong = await owner.mock("POST", path, json={"code": code})
    assert wrong.json()["code"] == "handover_code_invalid"
    unknown = await owner.mock("POST", "/terminals/none/handovers", json={"code": code})
    assert unknown.json()["code"] == "unknown_terminal"
