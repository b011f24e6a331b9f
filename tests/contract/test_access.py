"""Who is let in, for every route and every kind of caller, by GET and HEAD too."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from sanic import Sanic

from bff.app import described_routes, mount
from bff.installs import metrics
from bff.mock.routes import bp as mock_blueprint
from bff.mock.world import World
from bff.wiring import PRODUCT_BLUEPRINTS
from kit.ids import new_id
from tests.app import Phone
from tests.contract.access_matrix import (
    CALLERS,
    ENDED,
    EXPIRED,
    IN,
    LATE,
    LINES,
    NOBODY,
    PEER,
    REFUSALS,
    RULES,
    UNCHECKED,
    VERIFIED,
    Line,
    filled,
)

OpenPhone = Callable[..., Awaitable[Phone]]

ABSENT = {
    "uscc": "91370102MA0000000X",
    **dict.fromkeys(("code", "key", "name", "purpose", "token"), "x"),
    **dict.fromkeys(re.findall(r"{(\w+_id)}", " ".join(LINES)), "0" * 32),
}
"""What stands in a path for somebody or something that is not there."""
READING = [route for route in LINES if route.startswith("GET ")]


def the_app() -> Sanic[Any, Any]:
    app: Sanic[Any, Any] = Sanic("access-test")
    mount(app, PRODUCT_BLUEPRINTS, (metrics.bp, mock_blueprint))
    return app


class TestTable:
    def test_it_has_every_route_with_its_rule_and_no_other(self) -> None:
        routes = {
            f"{route.method} {route.path}": route.description.access.name
            for route in described_routes(the_app())
            if not route.path.startswith("/mock/")
        }
        assert {route: line.rule for route, line in LINES.items()} == routes

    def test_it_has_every_rule_and_every_caller(self) -> None:
        assert {line.rule for line in LINES.values()} <= set(RULES)
        assert all(set(told) == set(CALLERS) for told in RULES.values())

    def test_what_may_be_taken_from_somebody_he_does_not_hear_again(self) -> None:
        """Idempotency keys are an account's; what these do is the account's own for good."""
        own = {"addAddress", "grantConsent", "startIdentityCheck", "submitApplication"}
        described = [route.description for route in described_routes(the_app())]
        once = [description for description in described if description.idempotent]
        assert {one.operation_id for one in once if not one.recalls} == own
        assert all(one.access.needs_token for one in once)

    def test_only_the_mock_is_open_as_a_mock(self) -> None:
        rules = {
            route.path.startswith("/mock/"): route.description.access.name
            for route in described_routes(the_app())
        }
        assert rules[True] == "mock"
        assert "mock" not in {line.rule for line in LINES.values()}


@pytest.fixture
async def become(
    phone: OpenPhone, signed_in: OpenPhone, verified: OpenPhone, world: World
) -> Callable[[str], Awaitable[Phone]]:
    """A phone in the hands of such a caller."""

    async def open_phone(caller: str) -> Phone:
        if caller == NOBODY:
            return await phone()
        if caller == PEER:
            peer = await phone()
            secret = world.services.settings.province.callback_token.reveal()
            peer.headers["Authorization"] = f"Bearer {secret}"
            return peer
        if caller == VERIFIED:
            return await verified("zhangsan")
        device = await (verified if caller == LATE else signed_in)("zhangsan")
        if caller == EXPIRED:
            world.clock.advance(timedelta(minutes=15))
        if caller == LATE:
            world.clock.advance(timedelta(minutes=10, seconds=1))
        if caller == ENDED:
            assert (await device.post("/auth/logout")).status_code == 204
        return device

    return open_phone


async def called(device: Phone, method: str, path: str, line: Line) -> httpx.Response:
    how: dict[str, Any] = {"headers": {"Idempotency-Key": new_id()}}
    if line.body is not None:
        how["json"] = filled(line.body, ABSENT)
    return await device.request(method, device.base + filled(path, ABSENT), **how)


def told(answer: httpx.Response) -> str:
    """The code that keeps the caller out, or that he is in."""
    if answer.status_code not in {401, 403} or "problem+json" not in answer.headers["content-type"]:
        return IN
    code = answer.json()["code"]
    return code if code in REFUSALS else IN


@pytest.mark.parametrize("caller", CALLERS)
async def test_each_caller_is_let_in_where_the_table_says_so(
    become: Callable[[str], Awaitable[Phone]], caller: str
) -> None:
    device = await become(caller)
    wrong: dict[str, object] = {}
    for route, line in LINES.items():
        method, path = route.split(" ")
        answer = await called(device, method, path, line)
        if told(answer) != RULES[line.rule][caller] or answer.status_code >= 500:
            wrong[route] = answer.status_code, told(answer)
        if method == "GET":
            head = await called(device, "HEAD", path, line)
            if _shape(head) != _shape(answer) or head.content:
                wrong[f"HEAD {path}"] = _shape(head), _shape(answer)
        elif caller in {UNCHECKED, LATE, VERIFIED} and not await _is_signed_in(device):
            # The call ended the very session that it came with.
            device = await become(caller)
    assert wrong == {}


def _shape(answer: httpx.Response) -> tuple[int, set[str]]:
    return answer.status_code, set(answer.headers)


async def _is_signed_in(device: Phone) -> bool:
    return (await device.get("/me")).status_code == 200


async def test_a_head_brings_no_byte_of_a_body(
    become: Callable[[str], Awaitable[Phone]],
) -> None:
    """Over a bare socket: a client library would hide what should not be there."""
    for caller in (NOBODY, VERIFIED):
        device = await become(caller)
        place = urlsplit(device.base)
        for route in READING:
            reader, writer = await asyncio.open_connection(place.hostname, place.port)
            writer.write(
                f"HEAD {filled(route.split(' ')[1], ABSENT)} HTTP/1.1\r\nHost: x\r\n"
                f"Authorization: {device.headers.get('authorization', '')}\r\n"
                "Connection: close\r\n\r\n".encode()
            )
            answer = await reader.read()
            writer.close()
            await writer.wait_closed()
            assert answer.startswith(b"HTTP/1.1 "), route
            assert answer.index(b"\r\n\r\n") == len(answer) - 4, route


async def test_head_is_refused_where_nothing_can_be_read(
    become: Callable[[str], Awaitable[Phone]],
) -> None:
    device = await become(VERIFIED)
    paths = {route.split(" ")[1] for route in LINES}
    for path in sorted(paths - {route.split(" ")[1] for route in READING}):
        answer = await device.head(device.base + filled(path, ABSENT))
        assert (answer.status_code, answer.content) == (405, b""), path


async def test_to_a_peers_route_nobody_is_anybody_by_his_token(
    become: Callable[[str], Awaitable[Phone]],
) -> None:
    """What counts there is the peer's own proof, which none of these callers has."""
    devices = [await become(caller) for caller in (NOBODY, UNCHECKED, VERIFIED, PEER)]
    for route, line in LINES.items():
        if line.rule != "peers":
            continue
        method, path = route.split(" ")
        answers = [await called(device, method, path, line) for device in devices]
        told_apart = {
            (answer.status_code, answer.text.replace(answer.headers["x-request-id"], "-"))
            for answer in answers
        }
        assert len(told_apart) == 1, route
        assert "success" not in answers[0].text, route


@pytest.mark.parametrize(
    "token", ["nonsense", "a.b.c", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.", "x" * 9000]
)
async def test_a_made_up_token_is_refused(phone: OpenPhone, token: str) -> None:
    stranger = await phone()
    answer = await stranger.get("/me", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code in {401, 413}
    assert token not in answer.text


async def test_whoever_is_kept_out_is_told_what_to_do(
    become: Callable[[str], Awaitable[Phone]],
) -> None:
    nexts = {}
    for caller in (NOBODY, EXPIRED, ENDED, PEER):
        nexts[caller] = (await (await become(caller)).get("/me")).json()["next"]
    assert set(nexts.values()) == {"login"}
