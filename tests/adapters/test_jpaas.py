"""The generic gateway's envelope, both halves over real HTTP."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from adapters.errors import AdapterError, Misconfigured, Unreachable
from adapters.gm import SM2Form, new_key_pair
from adapters.http import HTTPClients, Reply
from adapters.jpaas import (
    GATEWAY_PATH,
    ORIGINS,
    Gateway,
    GatewayCall,
    GatewayFarSide,
    GatewayRefusal,
    GatewaySettings,
    check_fields,
    fields_of,
    read_document,
    read_envelope,
    refusal_envelope,
    sign_of,
)
from kit.clock import ShiftableClock
from kit.secrets import Secret
from tests.adapters.aishandong.world import serving

# Domain facts, dialect D: the SM3 sign of a call whose document is in the clear.
SIGNED = {
    "app_id": "app0001",
    "interface_id": "ticketValidate",
    "version": "1.0",
    "biz_content": '{"appMark":"app0001","params":"{\\"ticket\\":\\"T-1\\"}"}',
    "charset": "UTF-8",
    "timestamp": "1714036504000",
    "origin": "3",
}
SIGN = "942d5462d160a0f031127640fa5bd57bd4879d2829022bb661f6e844b30a8f32"

OUR_PRIVATE, OUR_PUBLIC = new_key_pair()
PLATFORM_PRIVATE, PLATFORM_PUBLIC = new_key_pair()
DOCUMENT = {"name": "测试文档", "quoted": '"'}


def settings(**other: Any) -> GatewaySettings:
    given: dict[str, Any] = {
        "base_url": "http://127.0.0.1:9",
        "app_id": "app0001",
        "platform_public_key": PLATFORM_PUBLIC,
        "private_key": OUR_PRIVATE,
        "origin": "1",
    }
    return GatewaySettings(**{**given, **other})


@dataclass
class FarGateway:
    """A platform that answers with what it was asked, and keeps the forms."""

    side: GatewayFarSide
    forms: list[dict[str, str]] = field(default_factory=list)
    calls: list[GatewayCall] = field(default_factory=list)
    instead: Callable[[], web.Response] | None = None

    async def take(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.forms.append(form)
        if self.instead is not None:
            return self.instead()
        try:
            call = await self.side.read(form)
        except GatewayRefusal as refusal:
            return web.json_response(refusal_envelope(refusal))
        self.calls.append(call)
        return web.json_response(await self.side.answer(json.dumps(call.document).encode()))


@pytest.fixture
async def world() -> AsyncIterator["World"]:
    async with AsyncExitStack() as stack:
        yield World(await stack.enter_async_context(HTTPClients()), stack)


@dataclass
class World:
    http: HTTPClients
    stack: AsyncExitStack
    clock: ShiftableClock = field(default_factory=ShiftableClock)

    async def far(self, form: SM2Form | None = None, *, escape_quotes: bool = False) -> FarGateway:
        return FarGateway(
            GatewayFarSide(
                "app0001", OUR_PUBLIC, PLATFORM_PRIVATE, form, escape_quotes=escape_quotes
            )
        )

    async def gateway(self, far: FarGateway, **other: Any) -> Gateway:
        application = web.Application()
        application.router.add_post(other.get("path", GATEWAY_PATH), far.take)
        base_url = await self.stack.enter_async_context(serving(application))
        ours = settings(base_url=base_url, **other)
        return Gateway(ours, self.http.peer("province_id", ours.base_url), self.clock)


def reply(body: object, status: int = 200) -> Reply:
    return Reply(status, body if isinstance(body, bytes) else json.dumps(body).encode(), {})


class TestSign:
    def test_the_known_vector(self) -> None:
        assert sign_of(SIGNED) == SIGN

    def test_empty_values_and_the_sign_itself_are_left_out(self) -> None:
        assert sign_of({**SIGNED, "sign": "x", "other": "y"}) == SIGN
        without = {name: value for name, value in SIGNED.items() if name != "origin"}
        assert sign_of({**SIGNED, "origin": ""}) == sign_of(without) != SIGN

    @pytest.mark.parametrize("name", sorted(SIGNED))
    def test_every_field_is_bound(self, name: str) -> None:
        assert sign_of({**SIGNED, name: SIGNED[name] + "1"}) != SIGN

    def test_quotes_are_escaped_where_the_deployment_wants_it(self) -> None:
        escaped = {**SIGNED, "biz_content": SIGNED["biz_content"].replace('"', "&quot;")}
        assert sign_of(SIGNED, escape_quotes=True) == sign_of(escaped) != SIGN

    def test_the_form_carries_the_clocks_milliseconds(self) -> None:
        class Fixed:
            def now(self) -> datetime:
                return datetime(2024, 4, 25, 9, 15, 4, 7000, tzinfo=UTC)

        fields = fields_of("app0001", "ticketValidate", SIGNED["biz_content"], "3", Fixed())
        assert fields == SIGNED | {"timestamp": "1714036504007"}


class TestCall:
    @pytest.mark.parametrize(
        ("form", "escape_quotes"),
        [(SM2Form(), False), (SM2Form("C1C2C3", prefixed=False, encoding="base64"), True)],
    )
    async def test_both_halves_understand_each_other(
        self, world: World, form: SM2Form, escape_quotes: bool
    ) -> None:
        far = await world.far(form, escape_quotes=escape_quotes)
        gateway = await world.gateway(far, form=form, escape_quotes=escape_quotes, path="/g.do")
        world.clock.advance(timedelta(days=3))
        assert json.loads(await gateway.call("findX", DOCUMENT)) == DOCUMENT
        [call] = far.calls
        assert (call.interface_id, call.document, call.origin) == ("findX", DOCUMENT, "1")
        assert abs(call.timestamp_ms - world.clock.now().timestamp() * 1000) < 5000
        assert "测试文档" not in json.dumps(far.forms, ensure_ascii=False)

    async def test_the_platform_refuses_a_foreign_app_and_a_wrong_sign(self, world: World) -> None:
        far = await world.far()
        stranger = await world.gateway(far, app_id="app0002")
        with pytest.raises(Misconfigured) as refused:
            await stranger.call("findX", DOCUMENT)
        assert (refused.value.peer, refused.value.code) == ("province_id", "gateway_refused")
        assert refused.value.reason == "app_id is unknown"
        # Only what has quotes in it shows whether they were escaped.
        escaping = await world.far(escape_quotes=True)
        for sign in (SIGN, "", "签"):
            with pytest.raises(GatewayRefusal, match="401 sign is wrong"):
                await escaping.side.read({**SIGNED, "sign": sign})
        with pytest.raises(GatewayRefusal, match="400 biz_content cannot be decrypted"):
            await far.side.read({**SIGNED, "sign": SIGN})

    async def test_a_foreign_key_of_ours_is_seen_as_an_answer_that_nobody_can_read(
        self, world: World
    ) -> None:
        gateway = await world.gateway(await world.far(), private_key=new_key_pair()[0])
        with pytest.raises(Unreachable) as failed:
            await gateway.call("findX", DOCUMENT)
        assert (failed.value.code, failed.value.may_have_acted) == ("undecipherable", True)

    async def test_a_call_is_made_once_whatever_comes_of_it(self, world: World) -> None:
        far = await world.far()
        gateway = await world.gateway(far)
        far.instead = lambda: web.Response(status=502, text="<html>")
        with pytest.raises(Unreachable, match="status_502"):
            await gateway.call("findX", DOCUMENT)
        assert len(far.forms) == 1


class TestEnvelope:
    @pytest.mark.parametrize("code", ["200", 200])
    def test_the_code_is_a_text_or_a_number(self, code: object) -> None:
        assert read_envelope("p", reply({"code": code, "success": True, "data": "04ab"})) == "04ab"

    @pytest.mark.parametrize(
        ("body", "status", "kind", "code"),
        [
            ({"code": "401", "msg": "no"}, 200, Misconfigured, "gateway_refused"),
            ({"code": 403}, 200, Misconfigured, "gateway_refused"),
            (b"<html>", 404, Misconfigured, "gateway_refused"),
            ({"code": "429"}, 200, Unreachable, "too_many_requests"),
            (b"slow down", 429, Unreachable, "too_many_requests"),
            ({"code": "500"}, 200, Unreachable, "gateway_error"),
            ({"code": "JAGS-17"}, 200, Unreachable, "gateway_error"),
            ({"code": "200", "success": False}, 200, Unreachable, "gateway_error"),
            ({"code": "200", "success": True}, 200, Unreachable, "broken_answer"),
            ({"code": "200", "data": {"a": 1}}, 200, Unreachable, "broken_answer"),
            (b"<html>", 200, Unreachable, "broken_answer"),
            (b"\xff\xfe", 200, Unreachable, "broken_answer"),
            ([], 200, Unreachable, "broken_answer"),
        ],
    )
    def test_what_is_no_success_is_one_of_our_errors(
        self, body: object, status: int, kind: type[AdapterError], code: str
    ) -> None:
        with pytest.raises(kind) as failed:
            read_envelope("p", reply(body, status))
        assert failed.value.code == code

    def test_the_platforms_words_and_code_do_not_reach_a_log(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        with pytest.raises(Unreachable) as failed:
            read_envelope("p", reply({"code": "张三", "msg": "ticket T-123"}))
        assert failed.value.reason == "ticket T-123"
        assert "T-123" not in caplog.text + str(failed.value)
        assert "张三" not in caplog.text + str(failed.value)


class TestFarSide:
    @pytest.mark.parametrize(
        ("changed", "words"),
        [
            ({"interface_id": ""}, "400 interface_id is missing"),
            ({"app_id": "other"}, "401 app_id is unknown"),
            ({"origin": "7"}, "400 origin is unknown"),
            ({"timestamp": "now"}, "400 timestamp is no number"),
        ],
    )
    def test_fields_are_checked(self, changed: dict[str, str], words: str) -> None:
        with pytest.raises(GatewayRefusal) as refused:
            check_fields(SIGNED | changed, "app0001")
        assert str(refused.value) == words

    @pytest.mark.parametrize("content", ["", "[]", "no", b"\xff"])
    def test_a_document_is_a_json_object(self, content: str | bytes) -> None:
        with pytest.raises(GatewayRefusal):
            read_document(content)


class TestSettings:
    @pytest.mark.parametrize(
        "wrong",
        [
            {"base_url": "gateway.example"},
            {"app_id": ""},
            {"origin": "4"},
            {"platform_public_key": OUR_PUBLIC[:-2]},
            {"private_key": Secret("")},
        ],
    )
    def test_what_cannot_be_right_is_refused_at_once(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match=r"gateway|origin|SM2"):
            settings(**wrong)

    def test_every_origin_will_do_and_no_key_is_shown(self) -> None:
        for origin in ORIGINS:
            assert OUR_PRIVATE.reveal() not in repr(settings(origin=origin))
