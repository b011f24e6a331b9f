"""Login codes and phone codes, over the wire."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from adapters.errors import Misconfigured, Refused, Unreachable
from kit.secrets import Secret
from tests.adapters.wechat.world import APP_ID, LI, ZHANG, World, a_world

LOGIN = "/sns/jscode2session"


class TestLogin:
    async def test_a_code_becomes_the_persons_openid_and_nothing_that_opens_anything(
        self, world: World
    ) -> None:
        login = await world.client.exchange_code(world.simulator.issue_login_code(ZHANG[0]))
        assert login.open_id == world.open_id(ZHANG)
        assert len(login.open_id) == 28
        assert login.union_id is None
        keys = [session["session_key"] for _, session in world.far_side.all("session")]
        assert len(keys) == 1
        assert keys[0] not in repr(login)

    async def test_an_app_bound_to_an_open_platform_account_gets_union_ids(
        self, tmp_path: Path
    ) -> None:
        async with a_world(tmp_path, open_platform_id="op_1") as world:
            login = await world.client.exchange_code(world.simulator.issue_login_code(ZHANG[0]))
        assert login.union_id is not None
        assert login.union_id != login.open_id

    async def test_two_people_have_two_openids_and_each_login_another_session_key(
        self, world: World
    ) -> None:
        keys = []
        logins = []
        for person in (ZHANG, ZHANG, LI):
            code = world.simulator.issue_login_code(person[0])
            logins.append(await world.client.exchange_code(code))
            session = world.far_side.get("session", logins[-1].open_id)
            assert session is not None
            keys.append(session["session_key"])
        first, again, other = logins
        assert first.open_id == again.open_id != other.open_id
        assert len(set(keys)) == 3

    async def test_one_code_sent_many_times_at_once_is_one_login(self, world: World) -> None:
        code = world.simulator.issue_login_code(ZHANG[0])
        outcomes = await asyncio.gather(
            *(world.client.exchange_code(code) for _ in range(20)), return_exceptions=True
        )
        refused = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
        assert len(refused) == 19
        assert {each.code for each in refused} == {"code_invalid"}

    async def test_parallel_codes_of_one_person_are_the_same_person(self, world: World) -> None:
        codes = [world.simulator.issue_login_code(ZHANG[0]) for _ in range(20)]
        logins = await asyncio.gather(*(world.client.exchange_code(code) for code in codes))
        assert {login.open_id for login in logins} == {world.open_id(ZHANG)}

    async def test_a_code_is_good_once(self, world: World) -> None:
        code = world.simulator.issue_login_code(ZHANG[0])
        await world.client.exchange_code(code)
        with pytest.raises(Refused) as refused:
            await world.client.exchange_code(code)
        assert refused.value.code == "code_invalid"
        assert world.calls(LOGIN)[0]["errcode"] == 40163

    @pytest.mark.parametrize(("seconds", "good"), [(295, True), (301, False)])
    async def test_a_code_lives_five_minutes_of_the_clock(
        self, world: World, seconds: int, good: bool
    ) -> None:
        code = world.simulator.issue_login_code(ZHANG[0])
        world.advance(seconds=seconds)
        if good:
            assert (await world.client.exchange_code(code)).open_id
        else:
            with pytest.raises(Refused, match="code_invalid"):
                await world.client.exchange_code(code)

    @pytest.mark.parametrize("code", ["", "made-up", "码", "a" * 3000])
    async def test_a_made_up_code_is_refused(self, world: World, code: str) -> None:
        with pytest.raises(Refused, match="code_invalid"):
            await world.client.exchange_code(code)

    async def test_a_blocked_person_is_refused_as_blocked(self, world: World) -> None:
        world.far_side.arm("wechat.high_risk_user", 1)
        with pytest.raises(Refused) as refused:
            await world.client.exchange_code(world.simulator.issue_login_code(ZHANG[0]))
        assert refused.value.code == "user_blocked"

    async def test_the_hundred_and_first_login_in_a_minute_is_too_many(self, world: World) -> None:
        world.far_side.put(
            "bucket",
            f"login {ZHANG[0]}",
            {"minute": int(world.clock.now().timestamp() // 60), "calls": 100},
        )
        with pytest.raises(Refused) as refused:
            await world.client.exchange_code(world.simulator.issue_login_code(ZHANG[0]))
        assert refused.value.code == "too_many_requests"
        world.advance(minutes=1)
        assert await world.client.exchange_code(world.simulator.issue_login_code(ZHANG[0]))

    @pytest.mark.parametrize(
        ("wrong", "code"),
        [
            ({"app_id": "wx0000000000000000"}, "app_id_invalid"),
            ({"app_secret": Secret("not-the-secret")}, "app_secret_invalid"),
        ],
    )
    async def test_a_wrong_account_is_a_matter_for_the_operator(
        self, world: World, wrong: dict[str, Any], code: str
    ) -> None:
        client = world.another_client(**wrong)
        with pytest.raises(Misconfigured) as failed:
            await client.exchange_code(world.simulator.issue_login_code(ZHANG[0]))
        assert failed.value.code == code

    async def test_system_busy_is_asked_again_at_most_twice(self, world: World) -> None:
        world.far_side.arm("wechat.system_error", 2)
        assert await world.client.exchange_code(world.simulator.issue_login_code(ZHANG[0]))
        world.far_side.arm("wechat.system_error", 100)
        with pytest.raises(Unreachable) as failed:
            await world.client.exchange_code(world.simulator.issue_login_code(ZHANG[0]))
        assert failed.value.code == "system_busy"
        assert len(world.calls(LOGIN)) == 6

    @pytest.mark.parametrize(
        ("scenario", "code"),
        [("wechat.reset_connection", "broken_answer"), ("wechat.bad_gateway", "status_502")],
    )
    async def test_a_broken_answer_is_unreachable(
        self, world: World, scenario: str, code: str
    ) -> None:
        # Twice: aiohttp itself repeats a GET once when the connection breaks.
        world.far_side.arm(scenario, 2)
        with pytest.raises(Unreachable) as failed:
            await world.client.exchange_code(world.simulator.issue_login_code(ZHANG[0]))
        assert (failed.value.code, failed.value.may_have_acted) == (code, True)

    async def test_an_answer_that_comes_too_late_may_have_acted(self, world: World) -> None:
        world.far_side.arm("wechat.slow", 1, seconds=4)
        code = world.simulator.issue_login_code(ZHANG[0])
        with pytest.raises(Unreachable) as failed:
            await world.client.exchange_code(code)
        assert (failed.value.code, failed.value.may_have_acted) == ("timeout", True)
        with pytest.raises(Refused, match="code_invalid"):
            await world.client.exchange_code(code)

    @pytest.mark.parametrize("answer", [{}, {"session_key": "k"}, {"errcode": "0"}, b"ok", b"[]"])
    async def test_an_answer_without_a_session_is_none(self, other_wechat, answer: object) -> None:
        client = await other_wechat(answer)
        with pytest.raises(Unreachable) as failed:
            await client.exchange_code("code")
        assert failed.value.code == "broken_answer"


class TestPhone:
    async def test_an_answer_without_a_number_is_none(self, other_wechat) -> None:
        client = await other_wechat({"errcode": 0, "errmsg": "ok"})
        with pytest.raises(Unreachable, match="broken_answer"):
            await client.phone_number("code", "openid")

    async def test_a_phone_code_becomes_the_number(self, world: World) -> None:
        code = world.simulator.issue_phone_code(ZHANG[0])
        phone = await world.client.phone_number(code, world.open_id(ZHANG))
        assert phone.reveal() == ZHANG[3]

    async def test_a_number_from_elsewhere_keeps_its_country(self, world: World) -> None:
        code = world.simulator.issue_phone_code(LI[0])
        phone = await world.client.phone_number(code, world.open_id(LI))
        assert phone.reveal() == "+85261230000"

    async def test_a_phone_code_is_good_once_and_is_not_a_login_code(self, world: World) -> None:
        code = world.simulator.issue_phone_code(ZHANG[0])
        await world.client.phone_number(code, world.open_id(ZHANG))
        for spent in (code, world.simulator.issue_login_code(ZHANG[0])):
            with pytest.raises(Refused) as refused:
                await world.client.phone_number(spent, world.open_id(ZHANG))
            assert refused.value.code == "code_invalid"

    async def test_a_phone_code_of_somebody_else_is_refused(self, world: World) -> None:
        code = world.simulator.issue_phone_code(LI[0])
        with pytest.raises(Refused) as refused:
            await world.client.phone_number(code, world.open_id(ZHANG))
        assert refused.value.code == "open_id_invalid"

    @pytest.mark.parametrize(
        ("app_id", "age_s"), [("wx_somebody_else", 0), (APP_ID, 700), (APP_ID, -700)]
    )
    async def test_a_number_for_another_app_or_of_another_time_is_not_believed(
        self, world: World, other_wechat, app_id: str, age_s: int
    ) -> None:
        stamp = int(world.clock.now().timestamp()) - age_s
        client = await other_wechat(
            {
                "phone_info": {
                    "phoneNumber": "13000000000",
                    "purePhoneNumber": "13000000000",
                    "countryCode": "86",
                    "watermark": {"timestamp": stamp, "appid": app_id},
                }
            }
        )
        with pytest.raises(Refused) as refused:
            await client.phone_number("code", "openid")
        assert refused.value.code == "phone_not_authentic"
