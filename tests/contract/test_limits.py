"""Which routes are limited, and that the product keeps to it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx

from bff.app import described_routes
from bff.contract import contract
from bff.mock.world import World
from kit.ids import new_id
from kit.limits import Limit
from tests.app import Phone
from tests.builders.applications import a_draft
from tests.contract.test_contract import the_app

OpenPhone = Callable[..., Awaitable[Phone]]

UNLIMITED = {
    "logout",  # ends what it needs
    "makePlan", "checkDraft",  # store nothing
    "takeProvinceStatus", "takeProvinceCertificate", "takeWeChatPush", "takeAlipayNotice",
    "revokeInvitation", "endHandover",  # end what is there
    "giveBackHandover",  # as these; each call of a terminal is a row for 20 minutes
    "readMessage",  # a mark on a row that is there
    "withdrawConsent", "deleteDraft", "removeMaterial", "endSession", "endSessions", "deleteMe",
    "giveUpName", "removeAddress",
}  # fmt: skip
"""Whoever adds a writing route that may be called without end adds it here, and is asked why."""


def limits() -> list[tuple[str, tuple[Limit, ...]]]:
    return [
        (route.description.operation_id, route.description.limits)
        for route in described_routes(the_app())
    ]


def test_every_writing_route_is_limited_or_says_why_not() -> None:
    writing = {
        route.description.operation_id
        for route in described_routes(the_app())
        if route.method != "GET" and not route.path.startswith("/mock/")
    }
    assert {name for name, limited in limits() if not limited} & writing <= UNLIMITED


def test_one_name_has_one_meaning() -> None:
    """Equal names are counted together, so they must not allow different things."""
    every = {limit for _, limited in limits() for limit in limited}
    assert len({limit.name for limit in every}) == len(every)


def test_a_device_is_never_the_only_thing_that_is_counted() -> None:
    """It costs nothing to invent one."""
    for operation, limited in limits():
        counted = {limit.by for limit in limited}
        assert counted != {"device"}, operation
        assert "device" not in counted or "address" in counted, operation


def test_the_contract_tells_of_each_limit_and_its_refusal() -> None:
    told = {
        operation["operationId"]: operation
        for methods in contract()["paths"].values()
        for operation in methods.values()
    }
    for name, limited in limits():
        if name not in told:
            continue
        assert len(told[name].get("x-limits", [])) == len(limited)
        if limited:
            refusal = told[name]["responses"]["429"]
            assert set(refusal["headers"]) == {"RateLimit-Policy", "RateLimit", "Retry-After"}
            assert "too_many_requests" in refusal["description"]


async def until_refused(call: Callable[[int], Awaitable[httpx.Response]]) -> httpx.Response:
    """The first 429. A slow machine gets some calls back meanwhile, so more than the burst are let
    in; each of them is answered by its route."""
    for turn in range(600):
        answer = await call(turn)
        if answer.status_code == 429:
            assert turn >= 60
            return answer
        assert answer.status_code in {200, 401, 422}, answer.text
    raise AssertionError("nobody was refused")


async def test_one_device_cannot_try_codes_without_end(phone: OpenPhone) -> None:
    device, other = await phone(), await phone()
    body = {"platform": "wechat", "credential": {"code": "made-up"}}
    refused = await until_refused(lambda _: device.post("/auth/login", json=body))
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert refused.headers["ratelimit"] == '"login-device";r=0;t=1'
    assert refused.headers["retry-after"] == "1"
    assert (await other.login()).status_code == 200


async def test_one_person_cannot_fill_the_disk_from_many_devices(
    signed_in: OpenPhone,
) -> None:
    devices = [await signed_in("zhangsan") for _ in range(2)]
    draft = await a_draft(devices[0])
    body = {"base_revision": draft["revision"], "answers": {}}
    path = f"/drafts/{draft['id']}/steps/{draft['steps'][0]['key']}"
    refused = await until_refused(lambda turn: devices[turn % 2].put(path, json=body))
    assert refused.headers["ratelimit"] == '"draft-save";r=0;t=1'
    assert (await devices[0].get(f"/drafts/{draft['id']}")).status_code == 200
    neighbour = await signed_in("lisi")
    theirs = await a_draft(neighbour)
    saved = await neighbour.put(
        f"/drafts/{theirs['id']}/steps/{theirs['steps'][0]['key']}",
        json={**body, "base_revision": theirs["revision"]},
    )
    assert saved.status_code == 200


async def test_a_repeated_request_is_a_call_like_any_other(signed_in: OpenPhone) -> None:
    device = await signed_in()
    key = {"Idempotency-Key": new_id()}
    wanted = {"operation": "open", "region": "370102", "theme": "restaurant"}
    for left in (59, 58):
        answer = await device.post("/drafts", json=wanted, headers=key)
        assert answer.headers["ratelimit"].startswith(f'"draft-create";r={left};t=')


async def test_a_limit_moves_with_the_mocks_clock(signed_in: OpenPhone, world: World) -> None:
    """Ten calls for a phone number, then one a minute."""
    device = await signed_in()

    async def call() -> int:
        return (await device.post("/auth/phone", json={})).status_code

    assert [await call() for _ in range(11)] == [422] * 10 + [429]
    world.clock.advance(timedelta(minutes=1))
    assert [await call() for _ in range(2)] == [422, 429]
