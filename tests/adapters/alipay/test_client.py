"""Login and certification over HTTP against the far side, in both modes."""

import time
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs, unquote_plus, urlsplit

import pytest
from aiohttp import web

from adapters.alipay.client import AlipayClient
from adapters.alipay.port import AlipayLogin
from adapters.errors import Misconfigured, Refused, Unreachable
from kit.ids import new_id
from kit.secrets import IdNumber, Secret
from tests.adapters.alipay.world import (
    APP_ID,
    BEGIN,
    LI,
    LOGIN,
    QUERY,
    ZHANG,
    World,
    material,
    name_of,
    number_of,
    pem,
    serving,
)


class TestLogin:
    async def test_a_code_stands_for_the_person_with_this_app(self, either: World) -> None:
        login = await either.client.exchange_code(either.code())
        assert login.open_id == either.open_id()
        assert login.union_id
        again = await either.client.exchange_code(either.code())
        assert again == login
        other = await either.client.exchange_code(either.code(LI))
        assert {other.open_id, other.union_id}.isdisjoint({login.open_id, login.union_id})

    async def test_a_code_is_good_once(self, world: World) -> None:
        code = world.code()
        await world.client.exchange_code(code)
        with pytest.raises(Refused, match="code_invalid"):
            await world.client.exchange_code(code)

    async def test_a_code_is_good_for_three_minutes(self, world: World) -> None:
        young, old = world.code(), world.code()
        world.advance(seconds=175)
        await world.client.exchange_code(young)
        world.advance(seconds=10)
        with pytest.raises(Refused, match="code_invalid"):
            await world.client.exchange_code(old)

    @pytest.mark.parametrize("code", ["made-up", "授权码", "a=b&grant_type=c", "x" * 128])
    async def test_a_code_of_no_person_is_refused(self, either: World, code: str) -> None:
        with pytest.raises(Refused, match="code_invalid"):
            await either.client.exchange_code(code)

    @pytest.mark.parametrize("code", ["", "x" * 129])
    async def test_a_code_that_cannot_be_one_is_not_asked_about(
        self, world: World, code: str
    ) -> None:
        with pytest.raises(Refused, match="code_invalid"):
            await world.client.exchange_code(code)
        assert world.calls(LOGIN) == []

    async def test_an_app_without_an_open_platform_has_no_union_ids(
        self, other_alipay: Callable[[bytes], Awaitable[AlipayClient]], world: World
    ) -> None:
        signed = sign_as_alipay(world, b'{"open_id":"074a1Cc","access_token":"t"}')
        answer = b'{"alipay_system_oauth_token_response":%s,"sign":"%s"}' % signed
        login = await (await other_alipay(answer)).exchange_code("c" * 32)
        assert login == AlipayLogin("074a1Cc", None)

    async def test_the_open_id_wins_over_the_user_id(
        self, other_alipay: Callable[[bytes], Awaitable[AlipayClient]], world: World
    ) -> None:
        signed = sign_as_alipay(world, b'{"user_id":"2088","open_id":"074a1Cc"}')
        answer = b'{"sign":"%s","alipay_system_oauth_token_response":%s}' % signed[::-1]
        assert (await (await other_alipay(answer)).exchange_code("c" * 32)).open_id == "074a1Cc"

    async def test_a_success_that_names_nobody_is_no_answer(
        self, other_alipay: Callable[[bytes], Awaitable[AlipayClient]], world: World
    ) -> None:
        signed = sign_as_alipay(world, b'{"access_token":"t","open_id":7}')
        answer = b'{"alipay_system_oauth_token_response":%s,"sign":"%s"}' % signed
        with pytest.raises(Unreachable, match="broken_answer"):
            await (await other_alipay(answer)).exchange_code("c" * 32)


class TestCertification:
    async def test_the_right_person_passes(self, either: World) -> None:
        certify_id = await either.begun()
        before = await either.client.certification_result(certify_id)
        assert (before.passed, before.pending) == (False, True)
        assert either.simulator.answer_certification(certify_id, ZHANG[0], "pass") == "passed"
        after = await either.client.certification_result(certify_id)
        assert (after.passed, after.pending, after.code) == (True, False, "passed")

    async def test_a_face_that_differs_fails_with_alipays_reason(self, either: World) -> None:
        certify_id = await either.begun()
        either.simulator.answer_certification(certify_id, ZHANG[0], "fail")
        result = await either.client.certification_result(certify_id)
        assert (result.passed, result.pending, result.code) == (False, False, "Z1147")

    async def test_somebody_elses_face_never_passes(self, world: World) -> None:
        certify_id = await world.begun(ZHANG)
        world.simulator.answer_certification(certify_id, LI[0], "pass")
        assert not (await world.client.certification_result(certify_id)).passed

    async def test_a_cancelled_dialog_is_still_pending_and_can_be_opened_again(
        self, world: World
    ) -> None:
        certify_id = await world.begun()
        world.simulator.answer_certification(certify_id, ZHANG[0], "cancel")
        assert (await world.client.certification_result(certify_id)).pending
        world.simulator.answer_certification(certify_id, ZHANG[0], "pass")
        assert (await world.client.certification_result(certify_id)).passed

    async def test_a_certification_that_never_was_is_unknown(self, either: World) -> None:
        with pytest.raises(Refused, match="certification_unknown"):
            await either.client.certification_result("0" * 32)

    async def test_an_order_number_is_good_once(self, world: World) -> None:
        order_no, who = new_id(), (name_of(ZHANG), number_of(ZHANG))
        await world.client.begin_certification(order_no, *who)
        with pytest.raises(Refused, match="business_failed"):
            await world.client.begin_certification(order_no, *who)

    @pytest.mark.parametrize("order_no", ["", "x" * 33, "with-dash", "序号"])
    async def test_an_order_number_is_letters_and_digits(self, world: World, order_no: str) -> None:
        with pytest.raises(ValueError, match="order number"):
            await world.client.begin_certification(order_no, name_of(ZHANG), number_of(ZHANG))

    async def test_a_number_that_alipay_does_not_take_is_a_refusal_and_no_alarm(
        self, world: World
    ) -> None:
        with pytest.raises(Refused, match="certificate_invalid"):
            await world.client.begin_certification(new_id(), name_of(ZHANG), IdNumber("123"))

    async def test_the_page_opens_and_its_address_names_nobody(self, either: World) -> None:
        begun = await either.client.begin_certification(new_id(), name_of(ZHANG), number_of(ZHANG))
        address = unquote_plus(begun.url)
        assert begun.url.startswith(f"{either.gateway_url}?")
        assert begun.certify_id in address
        assert not {ZHANG[1], ZHANG[2]} & {part for part in (ZHANG[1], ZHANG[2]) if part in address}
        assert parse_qs(urlsplit(begun.url).query)["app_id"] == [APP_ID]
        async with either.http.session.get(begun.url) as page:
            assert "支付宝身份验证" in await page.text()
        async with either.http.session.get(begun.url.replace("2021", "2022")) as page:
            assert "isv.invalid-app-id" in await page.text()

    async def test_the_page_is_too_late_after_23_hours(self, world: World) -> None:
        certify_id = await world.begun()
        world.advance(hours=23, seconds=1)
        async with world.http.session.get(world.client._page_url(certify_id)) as page:
            assert "已失效" in await page.text()
        assert (await world.client.certification_result(certify_id)).pending

    async def test_a_result_is_forgotten_after_three_months(self, world: World) -> None:
        certify_id = await world.begun()
        world.simulator.answer_certification(certify_id, ZHANG[0], "pass")
        world.advance(days=89)
        assert (await world.client.certification_result(certify_id)).passed
        world.advance(days=2)
        with pytest.raises(Refused, match="certification_unknown"):
            await world.client.certification_result(certify_id)

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b'{"code":"10000","passed":"F","fail_reason":"X_1.2-b"}', "X_1.2-b"),
            ('{"code":"10000","passed":"F","fail_reason":"某人的脸不符"}'.encode(), "failed"),
            (b'{"code":"10000","passed":"F","fail_reason":""}', "pending"),
            (b'{"code":10000,"passed":"T"}', "passed"),
        ],
    )
    async def test_a_reason_in_prose_is_not_taken_as_a_code(
        self,
        other_alipay: Callable[[bytes], Awaitable[AlipayClient]],
        world: World,
        content: bytes,
        code: str,
    ) -> None:
        signed = sign_as_alipay(world, content)
        answer = b'{"alipay_user_certify_open_query_response":%s,"sign":"%s"}' % signed
        result = await (await other_alipay(answer)).certification_result("0" * 32)
        assert result.code == code

    @pytest.mark.parametrize("passed", [b'"t"', b"true", b"null", b'["T"]', b"1"])
    async def test_only_t_and_f_are_results(
        self,
        other_alipay: Callable[[bytes], Awaitable[AlipayClient]],
        world: World,
        passed: bytes,
    ) -> None:
        signed = sign_as_alipay(world, b'{"code":"10000","passed":%s}' % passed)
        answer = b'{"alipay_user_certify_open_query_response":%s,"sign":"%s"}' % signed
        with pytest.raises(Unreachable, match="broken_answer"):
            await (await other_alipay(answer)).certification_result("0" * 32)


class TestTheWire:
    async def test_nothing_of_a_person_is_in_an_address(self, world: World) -> None:
        seen: list[str] = []

        async def anything(request: web.Request) -> web.Response:
            seen.append(f"{request.method} {request.raw_path} {request.headers['Content-Type']}")
            return web.Response(text="{}")

        application = web.Application()
        application.router.add_route("*", "/{rest:.*}", anything)
        async with serving(application) as base_url:
            client = world.another_client(gateway_url=f"{base_url}/gateway.do")
            who = (name_of(ZHANG), number_of(ZHANG))
            for call in (
                client.exchange_code("c" * 32),
                client.begin_certification(new_id(), *who),
                client.certification_result("0" * 32),
            ):
                with pytest.raises(Unreachable):
                    await call
        assert seen == ["POST /gateway.do application/x-www-form-urlencoded;charset=utf-8"] * 3

    async def test_time_is_beijings_wherever_the_process_runs(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TZ", "America/New_York")
        time.tzset()
        try:
            await world.client.exchange_code(world.code())
            world.advance(days=200)  # when New York has another offset
            await world.client.exchange_code(world.code())
        finally:
            monkeypatch.undo()
            time.tzset()

    async def test_a_wrong_key_of_ours_is_named(self, world: World) -> None:
        client = world.another_client(private_key=Secret(pem(material().stranger)))
        with pytest.raises(Misconfigured, match="signature_rejected"):
            await client.exchange_code(world.code())

    async def test_another_apps_id_is_named(self, either: World) -> None:
        client = either.another_client(app_id="2021000000000078")
        with pytest.raises(Misconfigured, match="app_id_invalid"):
            await client.certification_result("0" * 32)
        assert either.calls(QUERY)

    async def test_each_call_is_made_once(self, world: World) -> None:
        certify_id = await world.begun()
        await world.client.certification_result(certify_id)
        await world.client.exchange_code(world.code())
        assert [len(world.calls(each)) for each in (LOGIN, BEGIN, QUERY)] == [1, 1, 1]


def sign_as_alipay(world: World, content: bytes) -> tuple[bytes, bytes]:
    """The content and its signature, as the far side would sign it."""
    return content, world.simulator._gateway.signer().sign(content).encode()
