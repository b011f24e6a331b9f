"""Answers of platforms that we do not simulate: odd shapes that are right, and broken ones."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from aiohttp import web

from adapters.aishandong.client import AiShandongClient
from adapters.aishandong.port import AiShandongToken, CompanyRole
from adapters.errors import AdapterError, Misconfigured, Unreachable
from adapters.gm import SM2Form, SM2PublicKey
from kit.secrets import Secret
from tests.adapters.aishandong.world import (
    LI,
    PATHS,
    PUBLIC_KEY,
    SIGN_PATH,
    ZHANG,
    World,
    serving,
)

TOKEN = AiShandongToken(Secret("token"), "1")
COMPANY_TOKEN = AiShandongToken(Secret("token"), "2")
PERSON = {"uuid": "u-1", "name": ZHANG[1], "certNo": ZHANG[2], "mobile": ZHANG[3], "authLevel": 2}
Other = Callable[..., Awaitable[AiShandongClient]]


def sealed(result: object) -> dict[str, object]:
    """A gateway's success around ``result``."""
    plain = result if isinstance(result, bytes) else json.dumps(result).encode()
    return {"code": 200, "data": SM2PublicKey(PUBLIC_KEY).encrypt(plain, SM2Form())}


@pytest.fixture
async def other(world: World) -> AsyncIterator[Other]:
    """Dialects A and C of a platform that gives these answers, one after the other."""
    async with AsyncExitStack() as stack:

        async def client(
            dialect: str, *answers: object, status: int = 200, signed: object = None
        ) -> AiShandongClient:
            waiting = list(answers)

            async def sign(_: web.Request) -> web.Response:
                made = {"success": True, "data": {"sign": "s"}} if signed is None else signed
                return _response(made, 403 if signed == b"403" else 200)

            async def answer(_: web.Request) -> web.Response:
                return _response(waiting.pop(0) if len(waiting) > 1 else waiting[0], status)

            application = web.Application()
            application.router.add_post(SIGN_PATH, sign)
            application.router.add_post(PATHS[dialect], answer)
            return world.client(
                dialect, base_url=await stack.enter_async_context(serving(application))
            )

        yield client


def _response(answer: object, status: int) -> web.Response:
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return web.Response(body=body, status=status)


class TestShapes:
    @pytest.mark.parametrize(
        "result",
        [
            {"retcode": "000000", "data": PERSON},
            {"retcode": "000000", "data": json.dumps(PERSON)},
            {"retcode": "000000", "data": json.dumps(json.dumps(PERSON))},
            json.dumps({"retcode": "000000", "data": json.dumps(PERSON)}),
            {"RetCode": "000000", "DATA": {name.upper(): value for name, value in PERSON.items()}},
        ],
    )
    async def test_each_level_may_be_a_text_or_an_object(
        self, other: Other, result: object
    ) -> None:
        person = await (await other("C", sealed(result))).person(TOKEN)
        assert (person.user_id, person.name.reveal(), person.level) == ("u-1", ZHANG[1], "2")

    @pytest.mark.parametrize("data", [{"sign": "s"}, '{"sign": "s"}', {"sign": 17}])
    async def test_so_may_the_sign(self, other: Other, data: object) -> None:
        signed = {"success": True, "data": data}
        client = await other("C", sealed({"retcode": "000000", "data": PERSON}), signed=signed)
        assert (await client.person(TOKEN)).user_id == "u-1"

    async def test_an_empty_or_null_number_is_none(self, other: Other) -> None:
        bare = PERSON | {"certNo": " ", "mobile": None, "authLevel": None}
        person = await (await other("C", sealed({"retcode": "000000", "data": bare}))).person(TOKEN)
        assert (person.id_number, person.phone, person.level) == (None, None, "")

    async def test_a_number_in_lower_case_ends_in_a_capital(self, other: Other) -> None:
        lower = PERSON | {"certNo": LI[2].lower()}
        person = await (await other("C", sealed({"retcode": "000000", "data": lower}))).person(
            TOKEN
        )
        assert person.id_number is not None
        assert person.id_number.reveal() == LI[2]

    async def test_a_role_may_be_a_number(self, other: Other) -> None:
        company = PERSON | {"creditCode": "X", "corporationName": "测试公司", "corUserRole": 1}
        client = await other("C", sealed({"retcode": "000000", "data": company}))
        assert (await client.corporation(COMPANY_TOKEN)).role is CompanyRole.ADMINISTRATOR

    async def test_a_list_without_a_count_ends_with_a_short_page(self, other: Other) -> None:
        lines = [{"cornumber": f"N{number}", "corname": "测试公司"} for number in range(7)]
        pages = [
            sealed({"retcode": "000000", "data": {"list": lines[:5]}}),
            sealed({"retcode": "000000", "data": {"list": json.dumps(lines[4:])}}),
        ]
        companies = await (await other("C", *pages)).corporations(TOKEN)
        # The fifth was shown twice: it was pushed to the second page meanwhile.
        assert [company.uscc for company in companies] == [f"N{number}" for number in range(7)]

    @pytest.mark.parametrize("lines", [None, [], "[]", {}, [1, None], [{"corname": "无代码"}]])
    async def test_lines_that_name_no_company_are_left_out(
        self, other: Other, lines: object
    ) -> None:
        data = {"count": 1, "list": lines}
        client = await other("C", sealed({"retcode": "000000", "data": data}))
        assert await client.corporations(TOKEN) == []


BROKEN: list[tuple[str, object]] = [
    ("C", sealed(b"no json")),
    ("C", sealed(b"\xff\xfe")),
    ("C", sealed([])),
    ("C", sealed({"data": PERSON})),
    ("C", sealed({"retcode": None, "data": PERSON})),
    ("C", sealed({"retcode": "000000"})),
    ("C", sealed({"retcode": "000000", "data": [PERSON]})),
    ("C", sealed({"retcode": "000000", "data": PERSON | {"uuid": ""}})),
    ("C", sealed({"retcode": "000000", "data": PERSON | {"name": None}})),
    ("C", sealed({"retcode": "000000", "data": PERSON | {"uuid": True}})),
    ("C", b"<html>"),
    ("C", []),
    ("A", b"<html>"),
    ("A", {"retcode": "000000"}),
    ("A", {"retcode": "000000", "data": {}}),
]


class TestBroken:
    @pytest.mark.parametrize(("dialect", "answer"), BROKEN)
    async def test_an_answer_that_names_nobody_is_none(
        self, other: Other, dialect: str, answer: object
    ) -> None:
        with pytest.raises(Unreachable) as failed:
            await (await other(dialect, answer)).person(TOKEN)
        assert (failed.value.code, failed.value.may_have_acted) == ("broken_answer", True)

    @pytest.mark.parametrize("data", ["", "zz", "00" * 16, "00" * 200])
    @pytest.mark.parametrize("dialect", ["A", "C"])
    async def test_a_cipher_text_that_is_none_cannot_be_opened(
        self, other: Other, dialect: str, data: str
    ) -> None:
        answer = {"code": "200", "retcode": "000000", "data": data}
        with pytest.raises(Unreachable) as failed:
            await (await other(dialect, answer)).person(TOKEN)
        assert failed.value.code in {"undecipherable", "broken_answer"}

    async def test_an_exchange_without_a_token_is_none(self, other: Other) -> None:
        for data in ({"usertype": "1"}, {"usertype": "1", "token": ""}):
            client = await other("C", sealed({"retcode": "000000", "data": data}))
            with pytest.raises(Unreachable, match="broken_answer"):
                await client.exchange_ticket("T", "1")

    @pytest.mark.parametrize(
        ("signed", "kind", "code"),
        [
            ({"success": False, "msg": "who are you"}, Misconfigured, "sign_refused"),
            ({"success": True, "data": {}}, Unreachable, "sign_broken_answer"),
            ({"success": True, "data": "s"}, Unreachable, "sign_broken_answer"),
            (b"<html>", Unreachable, "sign_broken_answer"),
            (b"403", Misconfigured, "sign_refused"),
        ],
    )
    async def test_a_sign_that_is_none_stops_the_call(
        self, other: Other, signed: object, kind: type[AdapterError], code: str
    ) -> None:
        client = await other("C", b"never asked", signed=signed)
        with pytest.raises(kind) as failed:
            await client.exchange_ticket("T", "1")
        assert failed.value.code == code
        assert getattr(failed.value, "may_have_acted", False) is False

    @pytest.mark.parametrize("dialect", ["A", "C"])
    async def test_a_door_that_stays_shut_is_a_matter_for_the_operator(
        self, other: Other, dialect: str
    ) -> None:
        client = await other(dialect, b"<html>", status=403)
        with pytest.raises(Misconfigured, match="gateway_refused"):
            await client.person(TOKEN)

    async def test_the_platforms_words_are_for_the_operator_and_not_in_the_message(
        self, other: Other
    ) -> None:
        failure: dict[str, Any] = {"retcode": "张三", "msg": "用户张三的令牌无效"}
        with pytest.raises(AdapterError) as failed:
            await (await other("A", failure)).person(TOKEN)
        assert failed.value.reason == "用户张三的令牌无效"
        assert str(failed.value) == "aishandong: token_invalid"
