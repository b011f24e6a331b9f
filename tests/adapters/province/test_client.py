"""The client against the simulated province and against peers that behave worse than it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from adapters.errors import Misconfigured, Refused, Unreachable
from adapters.http import HTTPClients, PeerLimits
from adapters.province import wire
from adapters.province.client import ProvinceClient
from adapters.province.port import OneWindow
from kit.secrets import Secret
from tests.adapters.province.world import (
    MONDAY_MORNING,
    StoppedClock,
    World,
    a_filing,
    a_world,
    served,
    settings,
)

SERIAL = a_filing().serial_no


@asynccontextmanager
async def _client_of(answer: Callable[[], web.Response]) -> AsyncIterator[ProvinceClient]:
    """A client whose peer gives tokens and otherwise answers as told."""

    async def give_token(_: web.Request) -> web.Response:
        return web.json_response({"token": "t"})

    async def reply(_: web.Request) -> web.Response:
        return answer()

    app = web.Application()
    app.router.add_post("/rest/aep/token", give_token)
    app.router.add_post(wire.SUBMIT_PATH, reply)
    app.router.add_post(wire.QUERY_PATH, reply)
    async with served(app) as base_url, HTTPClients() as http:
        peer = http.peer("province", base_url, PeerLimits(total_s=1))
        yield ProvinceClient(peer, settings(base_url), StoppedClock(MONDAY_MORNING))


async def test_a_filing_gets_a_case_number_and_is_found_by_its_serial_number(world: World):
    port: OneWindow = world.client
    receipt = await port.submit(a_filing())
    (case,) = world.simulator.cases()
    assert receipt.upstream_no == case["upstream_no"]
    assert case["serial_no"] == SERIAL
    assert case["reference_no"] == "SD20261123ABCDEFGH"
    assert case["region"] == "370102"
    assert await port.look_up(SERIAL) == receipt
    assert await port.look_up("f" * 32) is None


async def test_a_check_reaches_the_peer_and_changes_nothing(world: World):
    await world.client.check()
    assert world.simulator.cases() == []


async def test_many_calls_at_once_fetch_one_token(world: World):
    await asyncio.gather(*(world.client.look_up(SERIAL) for _ in range(30)))
    assert len(world.exchanges("token")) == 1


async def test_a_token_is_renewed_before_its_two_hours_end(world: World):
    await world.client.check()
    world.clock.at += timedelta(hours=1, minutes=54)
    await world.client.check()
    assert len(world.exchanges("token")) == 1
    world.clock.at += timedelta(minutes=1)
    await world.client.check()
    assert len(world.exchanges("token")) == 2


async def test_a_token_that_the_peer_forgot_is_replaced_once(world: World):
    await world.client.check()
    world.arm("province.token_expired")
    await world.client.submit(a_filing())
    assert len(world.exchanges("token")) == 2
    assert len(world.simulator.cases()) == 1


async def test_calls_that_lose_the_same_token_together_fetch_one_new_one(world: World):
    await world.client.check()
    for token, _ in world.far_side.all("token"):
        world.far_side.drop("token", token)
    await asyncio.gather(*(world.client.look_up(SERIAL) for _ in range(20)))
    assert len(world.exchanges("token")) == 2


async def test_a_token_refused_twice_is_our_mistake(world: World):
    world.arm("province.token_expired", times=2)
    with pytest.raises(Misconfigured) as caught:
        await world.client.submit(a_filing())
    assert caught.value.code == "token_refused_twice"
    assert world.simulator.cases() == []


async def test_a_wrong_app_key_is_our_mistake_after_two_tries(world: World):
    async with HTTPClients() as http:
        stranger = settings(world.base_url, app_key=Secret("somebody-else"))
        client = ProvinceClient(http.peer("province", world.base_url), stranger, world.clock)
        with pytest.raises(Misconfigured) as caught:
            await client.check()
    assert caught.value.code == "token_denied"
    assert [e["refused"] for e in world.exchanges("token")] == ["wrong_app_key"] * 2


async def test_a_refusal_carries_the_peers_words_and_shows_them_to_nobody_else(world: World):
    world.arm("province.refuse", text="法定代表人信息不一致")
    with pytest.raises(Refused) as caught:
        await world.client.submit(a_filing())
    assert (caught.value.code, caught.value.reason) == ("refused", "法定代表人信息不一致")
    assert "法定代表人" not in str(caught.value)


async def test_a_region_without_a_package_is_refused(tmp_path: Any):
    async with a_world(tmp_path, regions=frozenset({"370102"})) as world:
        with pytest.raises(Refused) as caught:
            await world.client.submit(a_filing(region="371402"))
        assert caught.value.code == "package_missing"
        await world.client.submit(a_filing())


async def test_the_exception_envelope_leaves_open_whether_the_peer_acted(world: World):
    world.arm("province.exception_envelope")
    with pytest.raises(Unreachable) as caught:
        await world.client.submit(a_filing())
    assert (caught.value.code, caught.value.may_have_acted) == ("exception_envelope", True)
    assert await world.client.look_up(SERIAL) is None


@pytest.mark.parametrize("scenario", ["province.http_500", "province.reset_connection"])
async def test_a_broken_answer_leaves_open_whether_the_peer_acted(world: World, scenario: str):
    await world.client.check()
    world.arm(scenario)
    with pytest.raises(Unreachable) as caught:
        await world.client.submit(a_filing())
    assert caught.value.may_have_acted
    assert await world.client.look_up(SERIAL) is None


async def test_an_answer_after_our_timeout_still_made_the_case(tmp_path: Any):
    async with a_world(tmp_path, total_s=0.3) as world:
        world.arm("province.answer_after_timeout", delay_s=5)
        with pytest.raises(Unreachable) as caught:
            await world.client.submit(a_filing())
        assert (caught.value.code, caught.value.may_have_acted) == ("timeout", True)
        receipt = await world.client.look_up(SERIAL)
        (case,) = world.simulator.cases()
        assert receipt is not None
        assert receipt.upstream_no == case["upstream_no"]


async def test_the_peer_takes_the_same_filing_twice_and_look_up_names_the_first(world: World):
    first = await world.client.submit(a_filing())
    second = await world.client.submit(a_filing())
    assert first != second
    assert len(world.simulator.cases()) == 2
    assert await world.client.look_up(SERIAL) == first


async def test_a_peer_that_is_not_there_has_surely_not_acted():
    async with HTTPClients() as http:
        peer = http.peer("province", "http://127.0.0.1:9")
        client = ProvinceClient(peer, settings(), StoppedClock(MONDAY_MORNING))
        with pytest.raises(Unreachable) as caught:
            await client.submit(a_filing())
    assert not caught.value.may_have_acted


@pytest.mark.parametrize("body", [b"", b"<html>login</html>", b'{"token":""}', b"[]"])
async def test_without_a_token_nothing_was_filed(body: bytes):
    async def odd(_: web.Request) -> web.Response:
        return web.Response(body=body)

    app = web.Application()
    app.router.add_post("/rest/aep/token", odd)
    async with served(app) as base_url, HTTPClients() as http:
        peer = http.peer("province", base_url)
        client = ProvinceClient(peer, settings(base_url), StoppedClock(MONDAY_MORNING))
        with pytest.raises(Unreachable) as caught:
            await client.submit(a_filing())
    assert not caught.value.may_have_acted


async def test_a_time_out_of_the_token_call_means_that_nothing_was_filed():
    async def slow(_: web.Request) -> web.Response:
        await asyncio.sleep(1)
        return web.Response()

    app = web.Application()
    app.router.add_post("/rest/aep/token", slow)
    async with served(app) as base_url, HTTPClients() as http:
        peer = http.peer("province", base_url, PeerLimits(total_s=0.1))
        client = ProvinceClient(peer, settings(base_url), StoppedClock(MONDAY_MORNING))
        with pytest.raises(Unreachable) as caught:
            await client.submit(a_filing())
    assert (caught.value.code, caught.value.may_have_acted) == ("timeout", False)


@pytest.mark.parametrize("status", [302, 401, 403, 404, 405])
async def test_a_wrong_address_or_a_closed_door_is_our_mistake(status: int):
    async with _client_of(lambda: web.Response(status=status)) as client:
        with pytest.raises(Misconfigured) as caught:
            await client.submit(a_filing())
    assert caught.value.code == f"status_{status}"


async def test_too_many_calls_are_repeated_later():
    async with _client_of(lambda: web.Response(status=429)) as client:
        with pytest.raises(Unreachable) as caught:
            await client.submit(a_filing())
    assert (caught.value.may_have_acted, caught.value.retry_after_s) == (False, 60)


async def test_success_without_a_case_number_is_asked_about_before_it_is_repeated():
    def nothing() -> web.Response:
        return web.json_response({"state": "200", "error": "", "bizId": ""})

    async with _client_of(nothing) as client:
        with pytest.raises(Unreachable) as caught:
            await client.submit(a_filing())
    assert (caught.value.code, caught.value.may_have_acted) == ("no_case_number", True)


async def test_a_refused_query_does_not_pass_for_an_absent_filing():
    def no() -> web.Response:
        return web.json_response({"state": "300", "error": "查询失败", "bizId": ""})

    async with _client_of(no) as client:
        with pytest.raises(Refused):
            await client.look_up(SERIAL)
