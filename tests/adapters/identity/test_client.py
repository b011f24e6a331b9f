"""Name and number, and a person's companies, over the wire."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import web

from adapters.errors import AdapterError, Misconfigured, Refused, Unreachable
from adapters.gm import SM2Form, new_key_pair
from adapters.identity.client import IdentityRegisterClient
from adapters.identity.port import RegisteredRole
from adapters.identity.settings import IdentityRegisterSettings
from adapters.jpaas import GATEWAY_PATH, GatewayFarSide, GatewaySettings
from kit.secrets import IdNumber, PersonName, Secret
from tests.adapters.gateway import (
    APP_ID,
    APP_PRIVATE_KEY,
    FAR_SIDE,
    PLATFORM_PUBLIC_KEY,
)
from tests.adapters.identity.world import (
    NOBODYS_NUMBER,
    QIAN,
    SHOP,
    STORE,
    WU,
    World,
    a_client,
    a_world,
    name_of,
    number_of,
    settings,
)
from tests.adapters.wechat.world import serving

OtherRegister = Callable[[bytes], Awaitable[IdentityRegisterClient]]


@pytest.fixture
async def other_register(world: World) -> AsyncIterator[OtherRegister]:
    """A register whose gateway is right and which answers everything with these bytes."""
    gateway = GatewayFarSide(*FAR_SIDE)
    async with AsyncExitStack() as stack:

        async def client(answer: bytes) -> IdentityRegisterClient:
            async def anything(_: web.Request) -> web.Response:
                return web.json_response(await gateway.answer(answer))

            application = web.Application()
            application.router.add_post(GATEWAY_PATH, anything)
            base_url = await stack.enter_async_context(serving(application))
            return a_client(settings(base_url), world.http, world.clock)

        yield client


class TestMatching:
    async def test_a_name_and_its_number_match(self, world: World) -> None:
        assert await world.client.matches(name_of(QIAN), number_of(QIAN)) is True

    async def test_a_wrong_name_and_an_unknown_number_look_the_same(self, world: World) -> None:
        wrong_name = await world.client.matches(name_of(WU), number_of(QIAN))
        unknown_number = await world.client.matches(name_of(QIAN), IdNumber(NOBODYS_NUMBER))
        assert (wrong_name, unknown_number) == (False, False)

    @pytest.mark.parametrize("number", ["370102", "370102199003071239", "A" * 18, "测" * 18])
    async def test_what_cannot_be_a_number_is_refused(self, world: World, number: str) -> None:
        with pytest.raises(Refused) as refused:
            await world.client.matches(name_of(QIAN), IdNumber(number))
        assert refused.value.code == "number_invalid"

    async def test_a_number_with_a_small_x_is_the_same_number(self, world: World) -> None:
        world.simulator.register_person("x", "测试小写", NOBODYS_NUMBER.lower())
        number = IdNumber(NOBODYS_NUMBER.lower())
        assert await world.client.matches(PersonName("测试小写"), number)

    async def test_a_person_who_is_registered_anew_has_only_the_new_number(
        self, world: World
    ) -> None:
        world.simulator.register_person(QIAN[0], QIAN[1], NOBODYS_NUMBER)
        assert not await world.client.matches(name_of(QIAN), number_of(QIAN))
        assert await world.client.matches(name_of(QIAN), IdNumber(NOBODYS_NUMBER))

    @pytest.mark.parametrize(
        "answer",
        [
            b" ",
            b"[]",
            b"{}",
            b"\xff",
            b'{"retcode":"000000"}',
            b'{"retcode":"000000","data":"{"}',
            b'{"retcode":"000000","data":[1]}',
            b'{"retcode":"000000","data":{}}',
            b'{"retcode":"000000","data":{"result":"true"}}',
            b'{"retcode":"000000","data":{"result":true}}',
        ],
    )
    async def test_nothing_but_a_clear_match_matches(
        self, other_register: OtherRegister, answer: bytes
    ) -> None:
        client = await other_register(answer)
        with pytest.raises(Unreachable) as failed:
            await client.matches(name_of(QIAN), number_of(QIAN))
        assert failed.value.code == "broken_answer"


class TestCompanies:
    async def test_each_company_comes_with_what_the_person_is_in_it(self, world: World) -> None:
        world.simulator.register_company(*SHOP, {QIAN[0]: "2", WU[0]: "0"})
        world.simulator.register_company(*STORE, {QIAN[0]: "1"})
        assert await world.client.companies(name_of(QIAN), number_of(QIAN)) == [
            RegisteredRole(*SHOP, "legal_person"),
            RegisteredRole(*STORE, "administrator"),
        ]
        assert await world.client.companies(name_of(WU), number_of(WU)) == [
            RegisteredRole(*SHOP, "agent")
        ]

    async def test_a_wrong_name_has_no_companies(self, world: World) -> None:
        world.simulator.register_company(*SHOP, {QIAN[0]: "2"})
        assert await world.client.companies(name_of(WU), number_of(QIAN)) == []
        assert await world.client.companies(name_of(QIAN), IdNumber(NOBODYS_NUMBER)) == []

    @pytest.mark.parametrize(("companies", "calls"), [(0, 1), (5, 1), (6, 2), (12, 3)])
    async def test_all_pages_are_read(self, world: World, companies: int, calls: int) -> None:
        for number in range(companies):
            world.simulator.register_company(f"91370102MA{number:08}", "测试", {QIAN[0]: "2"})
        found = await world.client.companies(name_of(QIAN), number_of(QIAN))
        assert len({one.uscc for one in found}) == companies
        assert len(world.calls()) == calls

    async def test_a_count_that_never_ends_is_not_followed_for_ever(
        self, world: World, other_register: OtherRegister
    ) -> None:
        line = b'{"corname":"A","cornumber":"91370102MA3QAAA01U","corrole":"2"}'
        client = await other_register(
            b'{"retcode":"000000","data":{"count":100000,"list":[' + line + b"]}}"
        )
        found = await client.companies(name_of(QIAN), number_of(QIAN))
        assert found == [RegisteredRole("91370102MA3QAAA01U", "A", "legal_person")]

    @pytest.mark.parametrize("roles", [("0", "2", "1"), ("2", "0"), ("1", "2")])
    async def test_of_several_roles_in_one_company_the_strongest_counts(
        self, other_register: OtherRegister, roles: tuple[str, ...]
    ) -> None:
        lines = ",".join(
            f'{{"corname":"A","cornumber":"91370102ma3qaaa01u","corrole":{role}}}' for role in roles
        )
        answer = f'{{"retcode":"000000","data":{{"count":{len(roles)},"list":[{lines}]}}}}'
        client = await other_register(answer.encode())
        found = await client.companies(name_of(QIAN), number_of(QIAN))
        assert [(one.uscc, one.role) for one in found] == [("91370102MA3QAAA01U", "legal_person")]

    @pytest.mark.parametrize(
        "line",
        [
            b"1",
            b'{"corname":"A","cornumber":"91370102MA3QAAA01U","corrole":"9"}',
            b'{"corname":"A","cornumber":"91370102MA3QAAA01U"}',
            b'{"corname":"A","cornumber":"91370102","corrole":"2"}',
            b'{"corname":" ","cornumber":"91370102MA3QAAA01U","corrole":"2"}',
            b'{"corname":"A","cornumber":null,"corrole":"2"}',
            b'{"corname":"A","cornumber":"91370102MA3QAAA01U","corrole":true}',
        ],
    )
    async def test_a_line_that_is_not_understood_gives_nobody_a_role(
        self, other_register: OtherRegister, line: bytes
    ) -> None:
        client = await other_register(
            b'{"retcode":"000000","data":{"count":1,"list":[' + line + b"]}}"
        )
        assert await client.companies(name_of(QIAN), number_of(QIAN)) == []

    @pytest.mark.parametrize(
        "data", [b"{}", b'{"count":1}', b'{"list":[]}', b'{"count":"many","list":[]}']
    )
    async def test_a_list_that_is_none_is_unreachable(
        self, other_register: OtherRegister, data: bytes
    ) -> None:
        client = await other_register(b'{"retcode":"000000","data":' + data + b"}")
        with pytest.raises(Unreachable, match="broken_answer"):
            await client.companies(name_of(QIAN), number_of(QIAN))


class TestAccount:
    @pytest.mark.parametrize(
        ("wrong", "error", "code"),
        [
            ({"app_id": "sd_another"}, Misconfigured, "gateway_refused"),
            ({"platform_public_key": new_key_pair()[1]}, Misconfigured, "gateway_refused"),
            ({"private_key": new_key_pair()[0]}, Unreachable, "undecipherable"),
            ({"form": SM2Form(order="C1C2C3")}, Misconfigured, "gateway_refused"),
            ({"escape_quotes": True}, None, ""),
        ],
    )
    async def test_wrong_keys_and_forms_are_noticed(
        self, world: World, wrong: dict[str, object], error: type[AdapterError] | None, code: str
    ) -> None:
        client = world.another_client(**wrong)
        if error is None:
            # The sealed document has no quotes, so the sign is the same.
            assert await client.matches(name_of(QIAN), number_of(QIAN))
            return
        with pytest.raises(error) as failed:
            await client.matches(name_of(QIAN), number_of(QIAN))
        assert failed.value.code == code

    async def test_another_form_on_both_sides_works(self, tmp_path: Path) -> None:
        form = SM2Form(order="C1C2C3", encoding="base64")
        async with a_world(tmp_path, cipher_form=form) as world:
            client = world.another_client(form=form)
            assert await client.matches(name_of(QIAN), number_of(QIAN))

    async def test_a_service_that_the_gateway_does_not_offer_is_the_operators_matter(
        self, world: World
    ) -> None:
        told = IdentityRegisterSettings(settings(world.base_url).gateway, match_interface="gone")
        client = a_client(told, world.http, world.clock)
        with pytest.raises(Misconfigured, match="gateway_refused"):
            await client.matches(name_of(QIAN), number_of(QIAN))

    def test_settings_that_cannot_be_are_refused_and_show_no_key(self) -> None:
        gateway = settings("https://register.example").gateway
        with pytest.raises(ValueError, match="interface id"):
            IdentityRegisterSettings(gateway, match_interface="")
        with pytest.raises(ValueError, match="one interface id"):
            IdentityRegisterSettings(gateway, match_interface="a", companies_interface="a")
        with pytest.raises(ValueError, match="origin"):
            GatewaySettings("https://x.example", APP_ID, PLATFORM_PUBLIC_KEY, APP_PRIVATE_KEY, "9")
        with pytest.raises(ValueError, match="key"):
            GatewaySettings("https://x.example", APP_ID, PLATFORM_PUBLIC_KEY, Secret("no"), "3")
        assert APP_PRIVATE_KEY.reveal() not in repr(IdentityRegisterSettings(gateway))
