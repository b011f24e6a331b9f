"""The phone number that ``my.getPhoneNumber`` gave the page."""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from adapters.alipay.client import AlipayClient
from adapters.alipay.simulator import scenarios
from adapters.alipay.trust import alipay_trust
from adapters.errors import Misconfigured, Refused, Unreachable
from adapters.http import HTTPClients
from kit.clock import SystemClock
from kit.secrets import PhoneNumber, Secret
from tests.adapters.alipay.world import CONTENT_KEY, ZHANG, World, settings_at

# Computed apart from any of our code: AES-128-CBC, key 00 01 .. 0f, iv of zeros, PKCS#7.
SEALED = "igATcyTqqgv1AFpBiHJyVf94zn4d80DWhHrnUhty+8QLcUOlYjxvP9Xk+YXblbTSoe2bGplnUECoaQrDECEzOw=="
REFUSAL = {
    "code": "40003",
    "msg": "Insufficient Conditions",
    "subCode": "isv.invalid-auth-relations",
    "subMsg": "无效的授权关系",
}


def sealed(content: object, key: str = CONTENT_KEY) -> str:
    plain = content if isinstance(content, bytes) else json.dumps(content).encode()
    plain += bytes([16 - len(plain) % 16]) * (16 - len(plain) % 16)
    encryptor = Cipher(algorithms.AES(base64.b64decode(key)), modes.CBC(bytes(16))).encryptor()
    return base64.b64encode(encryptor.update(plain) + encryptor.finalize()).decode()


def signed(world: World, cipher: str, *, text: str | None = None, **other: Any) -> str:
    signature = world.simulator._gateway.signer().sign((text or f'"{cipher}"').encode())
    return json.dumps(
        {
            "response": cipher,
            "sign": signature,
            "sign_type": "RSA2",
            "encrypt_type": "AES",
            "charset": "UTF-8",
            **other,
        }
    )


async def test_the_published_way_gives_the_published_number(either: World) -> None:
    assert either.client.read_phone(signed(either, SEALED)) == PhoneNumber("13800000000")


async def test_the_number_is_the_persons(either: World) -> None:
    phone = either.client.read_phone(either.simulator.phone_response(ZHANG[0]))
    assert phone == PhoneNumber(ZHANG[3])


async def test_slashes_may_be_escaped_on_the_way(world: World) -> None:
    response = signed(world, SEALED).replace("/", "\\/")
    assert world.client.read_phone(response) == PhoneNumber("13800000000")


async def test_the_signature_covers_the_quotes(world: World) -> None:
    with pytest.raises(Refused, match="phone_not_authentic"):
        world.client.read_phone(signed(world, SEALED, text=SEALED))


@pytest.mark.parametrize("shape", ["plain", "nested", "sealed"])
async def test_a_refusal_is_understood_in_every_shape(world: World, shape: str) -> None:
    world.far_side.arm(scenarios.PHONE_NOT_PERMITTED, 1, shape=shape)
    with pytest.raises(Refused, match="phone_not_given") as caught:
        world.client.read_phone(world.simulator.phone_response(ZHANG[0]))
    assert caught.value.reason == "isv.invalid-auth-relations"
    assert world.client.read_phone(world.simulator.phone_response(ZHANG[0]))


async def test_a_refusal_may_also_be_a_string_in_the_response(world: World) -> None:
    with pytest.raises(Refused, match="phone_not_given"):
        world.client.read_phone(json.dumps({"response": json.dumps(REFUSAL)}))


async def test_a_number_that_is_not_sealed_is_never_believed(world: World) -> None:
    """Anybody can write one."""
    claimed = {"code": "10000", "msg": "Success", "mobile": ZHANG[3]}
    text = json.dumps(claimed)
    for response in (
        text,
        json.dumps({"response": claimed, "sign": "x", "sign_type": "RSA2"}),
        json.dumps({"response": text, "sign": "x", "sign_type": "RSA2"}),
        json.dumps({"response": sealed(claimed), "sign_type": "RSA2"}),
        json.dumps({"response": sealed(claimed), "sign": "x", "sign_type": "RSA2"}),
        json.dumps({"response": sealed(claimed), "sign": None, "sign_type": "RSA2"}),
        signed(world, sealed(claimed), sign_type="RSA"),
    ):
        with pytest.raises(Refused, match="phone_not_authentic"):
            world.client.read_phone(response)


async def test_somebody_elses_signature_is_refused(either: World) -> None:
    either.far_side.arm(scenarios.PHONE_FORGED, 1)
    with pytest.raises(Refused, match="phone_not_authentic"):
        either.client.read_phone(either.simulator.phone_response(ZHANG[0]))


async def test_an_altered_cipher_is_refused(world: World) -> None:
    response = json.loads(signed(world, SEALED))
    for at in range(0, len(SEALED), 7):
        flipped = SEALED[:at] + ("A" if SEALED[at] != "A" else "B") + SEALED[at + 1 :]
        with pytest.raises(Refused, match="phone_not_authentic"):
            world.client.read_phone(json.dumps(response | {"response": flipped}))


async def test_a_content_key_that_does_not_open_is_ours_to_mend(world: World) -> None:
    client = world.another_client(content_key=Secret("ERERERERERERERERERERCQ=="[:24]))
    for response in (
        signed(world, SEALED),
        signed(world, "no base64!"),
        signed(world, sealed([])),
        signed(world, sealed(b"\xff\xfe")),
        signed(world, ""),
    ):
        with pytest.raises(Misconfigured, match="content_key_wrong"):
            client.read_phone(response)


@pytest.mark.parametrize("mobile", [None, "", 13800000000, "138****0000", "x" * 11, "1" * 30])
async def test_what_is_no_number_is_not_taken_for_one(world: World, mobile: object) -> None:
    with pytest.raises(Refused, match="phone_not_authentic"):
        world.client.read_phone(signed(world, sealed({"code": "10000", "mobile": mobile})))


async def test_a_sealed_failure_of_the_platform_is_told_as_any_other(world: World) -> None:
    for code, kind in (("20000", Unreachable), ("40006", Misconfigured), ("40004", Refused)):
        with pytest.raises(kind):
            world.client.read_phone(signed(world, sealed({"code": code, "msg": "m"})))


@given(response=st.one_of(st.text(max_size=60), st.text(max_size=20).map(json.dumps)))
def test_no_text_breaks_the_reader(response: str) -> None:
    with pytest.raises(Refused, match="phone_not_authentic"):
        a_reader().read_phone(response)


@given(
    outer=st.dictionaries(
        st.sampled_from(["response", "sign", "sign_type", "code"]),
        st.one_of(st.none(), st.integers(), st.text(max_size=8), st.just({}), st.just([])),
    )
)
def test_no_object_breaks_the_reader(outer: dict[str, object]) -> None:
    with pytest.raises(Refused, match=r"phone_not_(authentic|given)"):
        a_reader().read_phone(json.dumps(outer))


@pytest.mark.parametrize(
    "response", ["[" * 50_000, '{"response":"\\ud800"}', "1" * 5000, "x" * 9000]
)
def test_no_monster_breaks_the_reader(response: str) -> None:
    with pytest.raises(Refused, match="phone_not_authentic"):
        a_reader().read_phone(response)


def a_reader() -> AlipayClient:
    """Without a wire: reading needs none."""
    own = settings_at("key", "http://127.0.0.1:9/gateway.do")
    clock = SystemClock()
    return AlipayClient(own, HTTPClients(), alipay_trust(own, clock), clock)
