"""The far side as anybody on the wire sees it: it checks what the real one checks."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from adapters.errors import Refused
from adapters.far_side import FarSide
from adapters.wechat.simulator import SCENARIOS, UnknownPerson, WeChatSimulator
from adapters.wechat.templates import registered_templates
from tests.adapters.wechat.world import (
    APP_ID,
    APP_SECRET,
    SEND,
    STABLE_TOKEN,
    TEMPLATES,
    ZHANG,
    World,
    a_side,
    message,
    serving,
)

ACCOUNT = {"grant_type": "client_credential", "appid": APP_ID, "secret": APP_SECRET}
RID = re.compile(r" rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$")


class Wire:
    """Requests as bytes, without any of our adapter."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def ask(
        self, method: str, path: str, body: object = None, **query: str
    ) -> dict[str, Any]:
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        async with self.world.http.session.request(
            method, self.world.base_url + path, params=query, data=data
        ) as answer:
            assert answer.status == 200
            parsed: dict[str, Any] = json.loads(await answer.read())
            return parsed

    async def token(self, **more: object) -> dict[str, Any]:
        return await self.ask("POST", STABLE_TOKEN, {**ACCOUNT, **more})

    async def send(self, **changed: object) -> dict[str, Any]:
        made = message(self.world.open_id())
        body: dict[str, object] = {
            "touser": made.open_id,
            "template_id": made.template_id,
            "page": made.page,
            "data": {key: {"value": value} for key, value in made.data.items()},
        }
        token = (await self.token())["access_token"]
        return await self.ask("POST", SEND, {**body, **changed}, access_token=token)


@pytest.fixture
def wire(world: World) -> Wire:
    return Wire(world)


class TestTokens:
    async def test_the_stable_token_stays_until_five_minutes_before_its_end(
        self, world: World, wire: Wire
    ) -> None:
        first = await wire.token()
        assert first["expires_in"] == 7200
        world.advance(seconds=6880)
        same = await wire.token()
        assert same["access_token"] == first["access_token"]
        assert 300 <= same["expires_in"] <= 320
        world.advance(seconds=30)
        second = await wire.token()
        assert second["access_token"] != first["access_token"]
        for token in (first, second):
            answer = await wire.ask("POST", SEND, {"a": 1}, access_token=token["access_token"])
            assert answer["errcode"] == 40003
        world.advance(seconds=300)
        answer = await wire.ask("POST", SEND, {"a": 1}, access_token=first["access_token"])
        assert answer["errcode"] == 42001

    async def test_a_forced_refresh_kills_the_old_token_and_is_rationed(
        self, world: World, wire: Wire
    ) -> None:
        first = (await wire.token())["access_token"]
        assert (await wire.token(force_refresh=True))["access_token"] != first
        answer = await wire.ask("POST", SEND, {"a": 1}, access_token=first)
        assert answer["errcode"] == 40001
        assert (await wire.token(force_refresh=True))["errcode"] == 45011
        outcomes = []
        for _ in range(20):
            world.advance(seconds=31)
            outcomes.append((await wire.token(force_refresh=True)).get("errcode", 0))
        assert outcomes.count(0) in {19, 20}  # 20 when midnight passes meanwhile
        world.advance(days=1)
        assert (await wire.token(force_refresh=True))["access_token"]

    async def test_old_and_stable_tokens_do_not_touch_each_other(
        self, world: World, wire: Wire
    ) -> None:
        stable = (await wire.token())["access_token"]
        olds = [(await wire.ask("GET", "/cgi-bin/token", **ACCOUNT))["access_token"] for _ in "12"]
        assert len({stable, *olds}) == 3
        world.advance(seconds=301)
        codes = [
            (await wire.ask("POST", SEND, {"a": 1}, access_token=token))["errcode"]
            for token in (stable, *olds)
        ]
        assert codes == [40003, 42001, 40003]

    @pytest.mark.parametrize(
        ("changed", "errcode"),
        [
            ({"appid": "wx_other"}, 40013),
            ({"appid": ""}, 41002),
            ({"secret": "wrong"}, 40125),
            ({"secret": None}, 41004),
            ({"grant_type": "password"}, 40002),
        ],
    )
    async def test_the_account_is_really_checked(
        self, wire: Wire, changed: dict[str, object], errcode: int
    ) -> None:
        assert (await wire.token(**changed))["errcode"] == errcode

    async def test_normal_mode_is_bounded_by_the_minute(self, world: World, wire: Wire) -> None:
        minute = int(world.clock.now().timestamp() // 60)
        world.far_side.put("bucket", "stable_token", {"minute": minute, "calls": 10_000})
        assert (await wire.token())["errcode"] == 45011
        world.advance(minutes=1)
        assert (await wire.token())["access_token"]

    async def test_every_call_needs_a_token(self, wire: Wire) -> None:
        assert (await wire.ask("POST", SEND, {"a": 1}))["errcode"] == 41001
        answer = await wire.ask("POST", SEND, {"a": 1}, access_token="made-up")
        assert answer["errcode"] == 40001
        assert RID.search(answer["errmsg"])


class TestForms:
    async def test_the_wrong_method_is_named(self, wire: Wire) -> None:
        assert (await wire.ask("GET", STABLE_TOKEN))["errcode"] == 43002
        answer = await wire.ask("POST", "/sns/jscode2session", {})
        assert answer["errcode"] == 43001

    @pytest.mark.parametrize(
        ("body", "errcode"), [(b"", 44002), (b"{", 47001), (b"[1]", 47001), (b"\xff", 47001)]
    )
    async def test_a_body_that_is_none_is_refused(
        self, wire: Wire, body: bytes, errcode: int
    ) -> None:
        assert (await wire.ask("POST", STABLE_TOKEN, body))["errcode"] == errcode

    @pytest.mark.parametrize(
        ("query", "errcode"),
        [
            ({}, 41002),
            ({"appid": APP_ID}, 40125),
            ({"appid": APP_ID, "secret": APP_SECRET}, 40002),
            (
                {"appid": APP_ID, "secret": APP_SECRET, "grant_type": "authorization_code"},
                41008,
            ),
        ],
    )
    async def test_a_login_needs_all_its_parameters(
        self, wire: Wire, query: dict[str, str], errcode: int
    ) -> None:
        assert (await wire.ask("GET", "/sns/jscode2session", **query))["errcode"] == errcode

    @pytest.mark.parametrize(
        ("changed", "errcode"),
        [
            ({"out_seq_no": ""}, 84010),
            ({"out_seq_no": "1234"}, 84011),
            ({"out_seq_no": "a" * 33}, 84011),
            ({"cert_info": "IDENTITY_CARD"}, 84012),
            ({"cert_info": {"cert_type": "PASSPORT"}}, 84013),
            ({"cert_info": {"cert_type": "IDENTITY_CARD", "cert_name": ""}}, 84014),
            ({"openid": ""}, 84016),
            ({"openid": "oOther"}, 40003),
        ],
    )
    async def test_a_face_check_needs_all_its_parameters(
        self, world: World, wire: Wire, changed: dict[str, object], errcode: int
    ) -> None:
        body = {
            "out_seq_no": "seq-12345",
            "openid": world.open_id(),
            "cert_info": {
                "cert_type": "IDENTITY_CARD",
                "cert_name": ZHANG[1],
                "cert_no": ZHANG[2],
            },
        }
        token = (await wire.token())["access_token"]
        path = "/cityservice/face/identify/getverifyid"
        answer = await wire.ask("POST", path, {**body, **changed}, access_token=token)
        assert answer["errcode"] == errcode

    @pytest.mark.parametrize(
        ("body", "errcode"),
        [({}, 84021), ({"verify_id": "v"}, 84010), ({"verify_id": "v", "out_seq_no": "s"}, 84016)],
    )
    async def test_a_face_result_needs_all_its_parameters(
        self, wire: Wire, body: dict[str, str], errcode: int
    ) -> None:
        token = (await wire.token())["access_token"]
        path = "/cityservice/face/identify/queryverifyinfo"
        assert (await wire.ask("POST", path, body, access_token=token))["errcode"] == errcode


class TestSending:
    @pytest.fixture(autouse=True)
    def _consent(self, world: World) -> None:
        world.consent("progress")

    async def test_what_is_right_gets_a_message_id(self, wire: Wire) -> None:
        answer = await wire.send()
        assert (answer["errcode"], answer["errmsg"]) == (0, "ok")
        assert isinstance(answer["msgid"], int)

    @pytest.mark.parametrize(
        ("keyword", "value"),
        [
            ("thing2", "食" * 21),
            ("thing2", "两\n行"),
            ("phrase1", "已经受理完毕"),
            ("phrase1", "OK"),
            ("character_string3", "编号"),
            ("time4", "2026-11-22 15:01"),
            ("time4", "2026年11月22日"),
            ("thing2", 5),
        ],
    )
    async def test_a_value_that_breaks_its_type_is_named(
        self, wire: Wire, keyword: str, value: object
    ) -> None:
        data = {key: {"value": text} for key, text in message("o").data.items()}
        answer = await wire.send(data={**data, keyword: {"value": value}})
        assert answer["errcode"] == 47003
        words = rf"argument invalid! data\.{keyword}\.value invalid{RID.pattern}"
        assert re.fullmatch(words, answer["errmsg"])

    @pytest.mark.parametrize("entry", [None, {}, {"value": " "}, "已受理"])
    async def test_an_empty_value_is_named(self, wire: Wire, entry: object) -> None:
        data = {key: {"value": text} for key, text in message("o").data.items()}
        answer = await wire.send(data={**data, "phrase1": entry})
        assert answer["errcode"] == 47003
        assert "data.phrase1.value is empty" in answer["errmsg"]

    @pytest.mark.parametrize(
        ("changed", "errcode"),
        [
            ({"data": json.dumps({"thing1": {"value": "x"}})}, 47001),
            ({"template_id": "TPL_GONE"}, 40037),
            ({"touser": "oOther"}, 40003),
            ({"touser": 5}, 40003),
            ({"page": "https://example.com"}, 41030),
            ({"miniprogram_state": "beta"}, 47003),
            ({"lang": "fr_FR"}, 47003),
        ],
    )
    async def test_what_is_wrong_is_refused_by_its_number(
        self, wire: Wire, changed: dict[str, object], errcode: int
    ) -> None:
        assert (await wire.send(**changed))["errcode"] == errcode

    async def test_a_refused_message_costs_no_quota_and_shows_nowhere(
        self, world: World, wire: Wire
    ) -> None:
        await wire.send(page="https://example.com")
        assert not world.simulator.sent_messages()


async def test_everything_survives_closing_and_opening_again(world: World, tmp_path: Path) -> None:
    await world.client.exchange_code(spent := world.simulator.issue_login_code(ZHANG[0]))
    fresh = world.simulator.issue_login_code(ZHANG[0])
    world.consent("progress")
    await world.client.send_subscribe_message(message(world.open_id()))
    world.far_side.close()
    again = FarSide(tmp_path / "wechat.sqlite3", "wechat", world.clock)
    simulator = WeChatSimulator(again, world.side)
    async with serving(simulator.application()) as base_url:
        # The same cache, so the token that was issued before is shown to the new process.
        client = world.another_client(base_url=base_url)
        assert await client.send_subscribe_message(message(world.open_id()))
        assert (await client.exchange_code(fresh)).open_id == world.open_id()
        with pytest.raises(Refused, match="code_invalid"):
            await client.exchange_code(spent)
    assert len(simulator.sent_messages(ZHANG[0])) == 2
    # The popup's push is due, those of the two messages a second later.
    assert await simulator.run_due() == 1
    assert simulator.next_due() is not None
    assert len(again.all("token")) == 1
    again.close()


async def test_codes_past_their_time_are_forgotten(world: World) -> None:
    for _ in range(499):
        world.simulator.issue_login_code(ZHANG[0])
    world.advance(minutes=20)
    world.simulator.issue_login_code(ZHANG[0])
    assert len(world.far_side.all("login_code")) == 1


async def test_a_person_has_to_be_registered(world: World) -> None:
    for ask in (world.simulator.issue_login_code, world.simulator.issue_phone_code):
        with pytest.raises(UnknownPerson):
            ask("nobody")
    with pytest.raises(UnknownPerson):
        world.simulator.answer_subscribe_dialog("nobody", {TEMPLATES["progress"]: "accept"})


async def test_a_scenario_may_wait_for_one_path(world: World, wire: Wire) -> None:
    world.far_side.arm("wechat.system_error", 1, path=SEND)
    assert (await wire.token())["access_token"]
    world.consent("progress")
    assert (await wire.send())["errcode"] == -1
    assert (await wire.send())["errcode"] == 0


async def test_a_connection_may_break_after_the_deed(world: World, wire: Wire) -> None:
    world.consent("progress")
    await wire.token()
    world.far_side.arm("wechat.reset_connection", 1, path=SEND, after_acting=True)
    with pytest.raises(aiohttp.ClientError):
        await wire.send()
    assert len(world.simulator.sent_messages()) == 1


async def test_a_slow_answer_comes_in_the_end(world: World, wire: Wire) -> None:
    world.far_side.arm("wechat.slow", 1, seconds=0.3)
    started = asyncio.get_running_loop().time()
    assert (await wire.token())["access_token"]
    assert asyncio.get_running_loop().time() - started >= 0.3


def test_every_scenario_is_described_in_both_languages_and_in_the_docs() -> None:
    page = Path(__file__).parents[3] / "docs" / "adapters" / "wechat.md"
    text = page.read_text("utf-8")
    for name, said in SCENARIOS.items():
        assert f"`{name}`" in text
        assert said.zh
        assert said.en


def test_the_far_side_knows_our_templates_by_its_own_ids() -> None:
    side = a_side("")
    assert side.templates == registered_templates(TEMPLATES)
