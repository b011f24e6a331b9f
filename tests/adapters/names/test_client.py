"""Names in the way, and names kept, over the wire."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import date

import pytest
from aiohttp import web

from adapters.errors import Misconfigured, Refused, Unreachable
from adapters.jpaas import GATEWAY_PATH, GatewayFarSide
from adapters.names.client import NameLibraryClient
from adapters.names.port import Reservation, SimilarName
from adapters.names.settings import INTERFACES, NameLibrarySettings
from tests.adapters.gateway import FAR_SIDE
from tests.adapters.names.world import (
    SHOP,
    World,
    a_client,
    name,
    settings,
)
from tests.adapters.wechat.world import serving

OtherLibrary = Callable[[bytes], Awaitable[NameLibraryClient]]
REFERENCE = "draft-0001"


@pytest.fixture
async def other_library(world: World) -> AsyncIterator[OtherLibrary]:
    """A library whose gateway is right and which answers everything with these bytes."""
    gateway = GatewayFarSide(*FAR_SIDE)
    async with AsyncExitStack() as stack:

        async def client(answer: bytes) -> NameLibraryClient:
            async def anything(_: web.Request) -> web.Response:
                return web.json_response(await gateway.answer(answer))

            application = web.Application()
            application.router.add_post(GATEWAY_PATH, anything)
            base_url = await stack.enter_async_context(serving(application))
            return a_client(settings(base_url), world.http, world.clock)

        yield client


class TestChecking:
    async def test_nothing_is_in_the_way_of_a_new_name(self, world: World) -> None:
        assert await world.client.check(name()) == []

    async def test_the_same_come_before_the_similar(self, world: World) -> None:
        world.simulator.register_name("370103", ("济南", "试泉", "快餐", "有限公司"), "6220")
        world.simulator.register_name("370103", SHOP, "6210")
        assert await world.client.check(name()) == [
            SimilarName("济南试泉香餐饮有限公司", "same", "whole_name"),
            SimilarName("济南试泉快餐有限公司", "similar", "contained"),
        ]

    async def test_other_shapes_mean_the_same(self, world: World) -> None:
        world.simulator.register_name("370103", SHOP, "6210")
        plain = await world.client.check(name())
        world.far_side.arm("names_other_shapes", 1)
        assert await world.client.check(name()) == plain

    @pytest.mark.parametrize(
        "answer",
        [
            b" ",
            b"[]",
            b"\xff",
            b'{"retcode":"000000"}',
            b'{"retcode":"000000","data":{}}',
            b'{"retcode":"000000","data":{"list":{}}}',
            b'{"retcode":"000000","data":{"list":[1]}}',
            b'{"retcode":"000000","data":{"list":[{"entName":"x","simType":"9"}]}}',
            b'{"retcode":"000000","data":{"list":[{"entName":" ","simType":"1"}]}}',
            b'{"retcode":"000000","data":{"list":[{"simType":"1"}]}}',
        ],
    )
    async def test_nobody_is_told_that_a_name_is_free_by_an_answer_not_understood(
        self, other_library: OtherLibrary, answer: bytes
    ) -> None:
        client = await other_library(answer)
        with pytest.raises(Unreachable, match="broken_answer"):
            await client.check(name())

    async def test_a_reason_that_is_not_known_is_some_reason(
        self, other_library: OtherLibrary
    ) -> None:
        line = '{"entName":"甲","simType":1,"reason":"77"}'
        client = await other_library(f'{{"retcode":"000000","data":{{"list":[{line}]}}}}'.encode())
        assert await client.check(name()) == [SimilarName("甲", "same", "other")]


class TestKeeping:
    async def test_a_name_is_kept_for_two_months_to_the_day(self, world: World) -> None:
        """From the last day of a year to the last day of a shorter month."""
        kept = await world.client.reserve(name(), REFERENCE)
        assert kept.until == date(2027, 2, 28)
        assert await world.client.reservation(REFERENCE) == kept

    async def test_it_is_kept_for_a_year_where_an_approval_comes_first(self, world: World) -> None:
        kept = await world.client.reserve(name(), REFERENCE, needs_approval=True)
        assert kept.until == date(2027, 12, 31)

    async def test_asked_again_it_is_the_same_and_not_a_second_one(self, world: World) -> None:
        first = await world.client.reserve(name(), REFERENCE)
        world.advance(days=3)
        assert await world.client.reserve(name(), REFERENCE) == first

    async def test_what_is_kept_is_taken_for_all_others(self, world: World) -> None:
        await world.client.reserve(name(), REFERENCE)
        with pytest.raises(Refused, match="name_taken"):
            await world.client.reserve(name(industry="餐饮管理"), "draft-0002")
        assert [one.kind for one in await world.client.check(name())] == ["same"]

    async def test_it_runs_out_after_its_last_day_in_china(self, world: World) -> None:
        await world.client.reserve(name(), REFERENCE)
        # 2027-02-28, 23:30 in China.
        world.advance(days=59, hours=11.5)
        assert await world.client.reservation(REFERENCE) is not None
        world.advance(hours=1)
        assert await world.client.reservation(REFERENCE) is None
        assert await world.client.check(name()) == []
        other = await world.client.reserve(name(), "draft-0002")
        assert other.until == date(2027, 5, 1)

    async def test_a_name_that_is_given_up_is_free(self, world: World) -> None:
        kept = await world.client.reserve(name(), REFERENCE)
        await world.client.release(kept.number, REFERENCE)
        assert await world.client.reservation(REFERENCE) is None
        assert await world.client.check(name()) == []

    async def test_only_its_own_reference_gives_it_up(self, world: World) -> None:
        kept = await world.client.reserve(name(), REFERENCE)
        with pytest.raises(Refused, match="reservation_unknown"):
            await world.client.release(kept.number, "draft-0002")
        assert await world.client.reservation(REFERENCE) == kept

    async def test_a_lost_answer_is_found_by_asking_and_nothing_is_kept_twice(
        self, world: World
    ) -> None:
        world.far_side.arm("names_lost_answer", 1, service="reserve")
        with pytest.raises(Unreachable) as lost:
            await world.client.reserve(name(), REFERENCE)
        assert lost.value.may_have_acted
        kept = await world.client.reservation(REFERENCE)
        assert kept is not None
        assert await world.client.reserve(name(), REFERENCE) == kept
        assert len(world.far_side.all("kept")) == 1

    @pytest.mark.parametrize(
        "data",
        [
            "{}",
            '{"reserveNo":"1"}',
            '{"reserveNo":true,"validTo":"2027-01-01"}',
            '{"reserveNo":"1","validTo":"soon"}',
            '{"reserveNo":"1","validTo":20270101}',
        ],
    )
    async def test_a_reservation_without_number_or_day_is_none(
        self, other_library: OtherLibrary, data: str
    ) -> None:
        client = await other_library(f'{{"retcode":"000000","data":{data}}}'.encode())
        with pytest.raises(Unreachable, match="broken_answer"):
            await client.reserve(name(), REFERENCE)

    async def test_a_number_may_be_a_number(self, other_library: OtherLibrary) -> None:
        client = await other_library(
            b'{"retcode":0,"data":{"reserveNo":7,"validTo":"2027-01-01 00:00:00"}}'.replace(
                b'"retcode":0', b'"retcode":"000000"'
            )
        )
        assert await client.reserve(name(), REFERENCE) == Reservation("7", date(2027, 1, 1))


class TestAccount:
    async def test_a_service_that_the_gateway_does_not_offer_is_the_operators_matter(
        self, world: World
    ) -> None:
        told = NameLibrarySettings(
            settings(world.base_url).gateway, {**INTERFACES, "check": "gone"}
        )
        with pytest.raises(Misconfigured, match="gateway_refused"):
            await a_client(told, world.http, world.clock).check(name())

    @pytest.mark.parametrize(
        "interfaces",
        [{}, {**INTERFACES, "check": ""}, {**INTERFACES, "check": INTERFACES["find"]}],
    )
    def test_interfaces_that_cannot_be_are_refused(self, interfaces: dict[str, str]) -> None:
        with pytest.raises(ValueError, match="interface id"):
            NameLibrarySettings(settings("https://names.example").gateway, interfaces)
