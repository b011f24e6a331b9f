"""The far side as anybody on the wire sees it; the SDK makes the requests, so that nothing of our
client is in them."""

import json
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode

import alipay  # type: ignore[import-untyped]
import pytest

from adapters.alipay.simulator import (
    AlipaySimulator,
    UnknownCertification,
    UnknownPerson,
    scenarios,
)
from adapters.far_side import FarSide
from kit.clock import CHINA
from tests.adapters.alipay.world import (
    APP_ID,
    BEGIN,
    LI,
    LOGIN,
    QUERY,
    ZHANG,
    World,
    material,
    pem,
    public_pem,
)

FORM = {"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"}


class Wire:
    """Requests of another make."""

    def __init__(self, world: World) -> None:
        self.world = world
        key = material().app_key
        self.sdk = alipay.AliPay(APP_ID, None, pem(key), material_pem(material().alipay_public_key))

    def stamp(self, **off: float) -> str:
        at: datetime = self.world.clock.now() + timedelta(**off)
        return f"{at.astimezone(CHINA):%Y-%m-%d %H:%M:%S}"

    async def ask(
        self, called: str, business: dict[str, Any] | None = None, **more: str
    ) -> dict[str, Any]:
        """The content of the answer, after the SDK has found its signature good."""
        body = self.sdk.build_body(called, business)
        if not business:
            del body["biz_content"]
        body |= {"timestamp": self.stamp(), **more}
        text = await self.post(self.sdk.sign_data(body).encode())
        members = json.loads(text)
        name = next(name for name in members if name.endswith("_response"))
        return dict(members[name])

    async def post(self, form: bytes, headers: dict[str, str] | None = None) -> str:
        async with self.world.http.session.post(
            self.world.gateway_url, data=form, headers=headers or FORM
        ) as answer:
            assert answer.status == 200
            return await answer.text()


def material_pem(bare: str) -> str:
    return f"-----BEGIN PUBLIC KEY-----\n{bare}\n-----END PUBLIC KEY-----"


@pytest.fixture
def wire(world: World) -> Wire:
    return Wire(world)


def a_begin(order_no: str = "A1", /, **changed: object) -> dict[str, Any]:
    return {
        "outer_order_no": order_no,
        "biz_code": "FACE",
        "identity_param": {
            "identity_type": "CERT_INFO",
            "cert_type": "IDENTITY_CARD",
            "cert_name": ZHANG[1],
            "cert_no": ZHANG[2],
        },
        "merchant_config": {"return_url": "https://example.test/back"},
        **changed,
    }


class TestRequests:
    async def test_the_sdks_request_is_taken_and_it_reads_the_answer(
        self, world: World, wire: Wire
    ) -> None:
        answer = await wire.ask(LOGIN, grant_type="authorization_code", code=world.code())
        assert answer["open_id"] == world.open_id()
        assert "user_id" not in answer
        assert "code" not in answer
        begun = await wire.ask(BEGIN, a_begin())
        assert (begun["code"], len(begun["certify_id"])) == ("10000", 32)

    @pytest.mark.parametrize(
        ("left_out", "sub_code"),
        [
            ("app_id", "isv.missing-app-id"),
            ("sign", "isv.missing-signature"),
            ("sign_type", "isv.missing-signature-type"),
            ("timestamp", "isv.missing-timestamp"),
            ("version", "isv.missing-version"),
            ("method", "isv.missing-method"),
        ],
    )
    async def test_what_is_missing_is_named(self, wire: Wire, left_out: str, sub_code: str) -> None:
        body = wire.sdk.sign_data(wire.sdk.build_body(QUERY, {"certify_id": "1"}))
        fields = {key: values[0] for key, values in parse_qs(body).items() if key != left_out}
        answer = json.loads(await wire.post(urlencode(fields).encode()))
        assert answer["error_response"]["code"] == "40001"
        assert answer["error_response"]["sub_code"] == sub_code

    @pytest.mark.parametrize(
        ("changed", "sub_code"),
        [
            ({"app_id": "2021"}, "isv.invalid-app-id"),
            ({"version": "2.0"}, "isv.invalid-version"),
            ({"charset": "gbk"}, "isv.invalid-charset"),
            ({"format": "XML"}, "isv.invalid-format"),
            ({"sign_type": "RSA"}, "isv.invalid-signature-type"),
            ({"notify_url": "https://" + "x" * 250}, "isv.invalid-parameter"),
            ({"timestamp": "2026-11-22T12:00"}, "isv.invalid-timestamp"),
            ({"method": "alipay.no.such"}, "isv.invalid-method"),
        ],
    )
    async def test_what_is_wrong_is_named(
        self, wire: Wire, changed: dict[str, str], sub_code: str
    ) -> None:
        answer = await wire.ask(QUERY, {"certify_id": "1"}, **changed)
        assert (answer["code"], answer["sub_code"]) == ("40002", sub_code)

    @pytest.mark.parametrize(
        ("off_s", "taken"), [(0, True), (890, True), (-890, True), (910, False), (-910, False)]
    )
    async def test_a_stamp_is_beijings_and_within_a_quarter_of_an_hour(
        self, wire: Wire, off_s: int, taken: bool
    ) -> None:
        answer = await wire.ask(QUERY, {"certify_id": "1"}, timestamp=wire.stamp(seconds=off_s))
        assert (answer["sub_code"] == "isv.invalid-timestamp") is not taken

    async def test_the_sdk_in_a_utc_container_would_be_eight_hours_off(self, wire: Wire) -> None:
        """Its stamp is naive local time."""
        answer = await wire.ask(QUERY, {"certify_id": "1"}, timestamp=wire.stamp(hours=-8))
        assert answer["sub_code"] == "isv.invalid-timestamp"

    async def test_the_signature_is_really_checked(self, world: World, wire: Wire) -> None:
        other = material().stranger
        wire.sdk = alipay.AliPay(APP_ID, None, pem(other), public_pem(other.public_key()))
        answer = await wire.ask(LOGIN, grant_type="authorization_code", code=world.code())
        assert (answer["code"], answer["sub_code"]) == ("40002", "isv.invalid-signature")

    async def test_a_form_without_its_charset_is_read_as_gbk(self, wire: Wire) -> None:
        body = wire.sdk.build_body(QUERY, None, timestamp=wire.stamp())
        body["biz_content"] = '{"certify_id":"张三"}'
        form = wire.sdk.sign_data(body).encode()
        plain = {"Content-Type": "application/x-www-form-urlencoded"}
        assert "isv.invalid-signature" in await wire.post(form, plain)
        assert "isv.invalid-signature" not in await wire.post(form)

    async def test_a_body_that_is_no_form_is_answered(self, wire: Wire) -> None:
        for body in (b"", b"\xff\xfe", b"{}", b"a"):
            assert "isv.missing-method" in await wire.post(body)


class TestLogin:
    async def test_what_is_missing_or_wrong_is_named(self, wire: Wire) -> None:
        assert (await wire.ask(LOGIN))["sub_code"] == "isv.missing-grant-type"
        answer = await wire.ask(LOGIN, grant_type="refresh_token")
        assert answer["sub_code"] == "isv.grant-type-invalid"
        answer = await wire.ask(LOGIN, grant_type="authorization_code")
        assert answer["sub_code"] == "isv.missing-code"
        answer = await wire.ask(LOGIN, grant_type="authorization_code", code="x")
        assert answer["sub_code"] == "isv.code-invalid"

    async def test_only_the_registered_have_phones(self, world: World) -> None:
        for act in (world.simulator.issue_login_code, world.simulator.phone_response):
            with pytest.raises(UnknownPerson):
                act("nobody")

    async def test_old_codes_are_swept(self, world: World) -> None:
        for _ in range(499):
            world.code()
        world.advance(minutes=10)
        newest = world.code()
        assert [code for code, _ in world.far_side.all("login_code")] == [newest]


class TestCertifications:
    @pytest.mark.parametrize(
        "changed",
        [
            {"outer_order_no": "x" * 33},
            {"outer_order_no": "a-b"},
            {"outer_order_no": None},
            {"biz_code": "SMILE"},
            {"identity_param": None},
            {"identity_param": "{"},
            {"identity_param": {"identity_type": "CERT_INFO"}},
            {"merchant_config": {}},
            {"merchant_config": {"return_url": "https://" + "x" * 250}},
        ],
    )
    async def test_a_beginning_is_checked_member_by_member(
        self, wire: Wire, changed: dict[str, object]
    ) -> None:
        answer = await wire.ask(BEGIN, a_begin(**changed))
        assert (answer["code"], answer["sub_code"]) == ("40002", "isv.invalid-parameter")

    async def test_the_inner_objects_may_be_strings_of_json(self, wire: Wire) -> None:
        made = a_begin()
        for name in ("identity_param", "merchant_config"):
            made[name] = json.dumps(made[name])
        assert (await wire.ask(BEGIN, made))["code"] == "10000"

    async def test_an_order_number_is_unique(self, wire: Wire) -> None:
        assert (await wire.ask(BEGIN, a_begin("B1")))["code"] == "10000"
        assert (await wire.ask(BEGIN, a_begin("B1")))["code"] == "40004"
        assert (await wire.ask(BEGIN, a_begin("B2")))["code"] == "10000"

    async def test_a_query_without_an_id_is_wrong(self, wire: Wire) -> None:
        assert (await wire.ask(QUERY, {"x": 1}))["sub_code"] == "isv.invalid-parameter"
        assert (await wire.ask(QUERY, biz_content="["))["sub_code"] == "isv.invalid-parameter"

    async def test_the_dialog_is_over_after_23_hours(self, world: World) -> None:
        certify_id = await world.begun()
        world.advance(hours=22, minutes=59)
        world.simulator.answer_certification(certify_id, ZHANG[0], "fail")
        world.advance(minutes=2)
        for unknown in (certify_id, "0" * 32):
            with pytest.raises(UnknownCertification):
                world.simulator.answer_certification(unknown, ZHANG[0], "pass")

    async def test_what_has_passed_stays_passed(self, world: World) -> None:
        certify_id = await world.begun()
        assert world.simulator.answer_certification(certify_id, LI[0], "pass") == "failed"
        assert world.simulator.answer_certification(certify_id, ZHANG[0], "pass") == "passed"
        assert world.simulator.answer_certification(certify_id, ZHANG[0], "fail") == "passed"


class TestMemory:
    async def test_everything_survives_a_restart(self, certified: World) -> None:
        certify_id, code = await certified.begun(), certified.code()
        certified.simulator.rotate_certificate()
        signer = certified.simulator._gateway.signer()
        path = certified.far_side._db.execute("PRAGMA database_list").fetchone()[2]
        far_side = FarSide(path, "alipay", certified.clock)
        simulator = AlipaySimulator(far_side, certified.side)
        assert simulator._gateway.signer().serial == signer.serial
        assert simulator.answer_certification(certify_id, ZHANG[0], "pass") == "passed"
        assert far_side.get("login_code", code) is not None
        far_side.close()

    async def test_it_waits_for_us_when_nothing_is_due(self, world: World) -> None:
        assert world.simulator.next_due() is None
        assert await world.simulator.run_due() == 0

    async def test_answers_are_odd_enough_to_catch_who_writes_them_again(
        self, world: World, wire: Wire
    ) -> None:
        texts = set()
        for _ in range(12):
            form = wire.sdk.sign_data(
                wire.sdk.build_body(QUERY, {"certify_id": "1"}, timestamp=wire.stamp())
            )
            text = await wire.post(form.encode())
            texts.add(text)
            assert r"a}b{\"c" in text
        assert len(texts) > 1
        assert any(json.dumps(json.loads(text), ensure_ascii=False) != text for text in texts)

    async def test_a_scenario_for_downloads_waits_for_one(self, certified: World) -> None:
        certified.far_side.arm(scenarios.GARBAGE, 1)
        certified.simulator.rotate_certificate()
        assert certified.far_side.get("scenario", scenarios.GARBAGE) is not None
