"""Certificate mode: Alipay changes its certificate, and others would like to be Alipay."""

import asyncio

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from adapters.alipay.simulator import scenarios
from adapters.alipay.simulator.authority import (
    Authority,
    new_authority,
    new_key,
    serial_of,
)
from adapters.alipay.simulator.authority import certified as certified_by
from adapters.alipay.simulator.keys import KeyOffice
from adapters.alipay.trust import LEARNT_MAX, KeyTrust, NotTrusted, alipay_trust
from adapters.errors import Misconfigured, Refused, Unreachable
from kit.clock import SystemClock
from tests.adapters.alipay.world import DOWNLOAD, LOGIN, QUERY, World, material, settings


def leaf_of(world: World, key: RSAPrivateKey) -> str:
    """By the far side's own authority, with the issuing certificate after it."""
    kept = world.far_side.get("authority", "alipay")
    assert kept is not None
    authority = Authority(**kept)
    return certified_by(authority, key.public_key(), world.clock.now()) + authority.issuing


async def test_a_new_certificate_is_fetched_once_and_believed(certified: World) -> None:
    await certified.client.exchange_code(certified.code())
    assert certified.calls(DOWNLOAD) == []
    certified.simulator.rotate_certificate()
    for _ in range(3):
        await certified.client.exchange_code(certified.code())
    assert len(certified.calls(DOWNLOAD)) == 1
    assert len(certified.calls(LOGIN)) == 4


async def test_the_call_that_meets_the_change_succeeds(certified: World) -> None:
    """Its code is used up: it could not be made again."""
    certified.far_side.arm(scenarios.CERTIFICATE_ROTATED, 1)
    login = await certified.client.exchange_code(certified.code())
    assert login.open_id == certified.open_id()


async def test_calls_that_meet_the_change_together_fetch_it_once(certified: World) -> None:
    certified.simulator.rotate_certificate()
    codes = [certified.code() for _ in range(20)]
    logins = await asyncio.gather(*(certified.client.exchange_code(code) for code in codes))
    assert {login.open_id for login in logins} == {certified.open_id()}
    assert len(certified.calls(DOWNLOAD)) == 1


async def test_phone_and_notices_follow_the_change(certified: World) -> None:
    certified.simulator.rotate_certificate()
    response = certified.simulator.phone_response("testzhang")
    with pytest.raises(Refused, match="phone_not_authentic"):
        certified.client.read_phone(response)
    certified.simulator.notify("alipay.x.y", {})
    assert await certified.simulator.run_due() == 1
    assert certified.receiver.refused == ["certificate_unknown"]
    with pytest.raises(Refused, match="certification_unknown"):  # any call will do
        await certified.client.certification_result("0" * 32)
    assert certified.client.read_phone(response)
    await certified.push_all()
    assert [notice.method for notice in certified.receiver.taken] == ["alipay.x.y"]


@pytest.mark.parametrize(
    ("scenario", "reason"),
    [
        (scenarios.CERTIFICATE_FORGED, "not_of_the_root"),
        (scenarios.CERTIFICATE_EXPIRED, "not_of_the_root"),
        (scenarios.CERTIFICATE_OF_MERCHANT, "another_organisation"),
    ],
)
async def test_a_certificate_that_is_not_alipays_is_refused_with_an_alarm(
    certified: World, scenario: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    certified.far_side.arm(scenario, 1, method=LOGIN)
    with pytest.raises(Misconfigured, match="certificate_not_trusted"):
        await certified.client.exchange_code(certified.code())
    printed = capsys.readouterr().out
    assert "alipay_certificate_refused" in printed
    assert reason in printed
    assert [len(certified.calls(each)) for each in (LOGIN, DOWNLOAD)] == [1, 1]
    await certified.client.exchange_code(certified.code())


async def test_a_certificate_that_cannot_be_had_is_an_alarm(certified: World) -> None:
    certified.simulator.rotate_certificate()
    certified.far_side.arm(scenarios.CERTIFICATE_WITHHELD, 1)
    with pytest.raises(Misconfigured, match="certificate_not_trusted"):
        await certified.client.certification_result("0" * 32)
    await certified.client.exchange_code(certified.code())


async def test_a_download_that_breaks_leaves_the_call_unknown(certified: World) -> None:
    """The login has acted, whatever became of the download: its code must not be sent again."""
    certified.simulator.rotate_certificate()
    certified.far_side.arm(scenarios.BAD_GATEWAY, 1, method=DOWNLOAD)
    with pytest.raises(Unreachable) as caught:
        await certified.client.exchange_code(certified.code())
    assert caught.value.may_have_acted


async def test_after_its_time_even_the_configured_certificate_is_not_believed(
    certified: World,
) -> None:
    certified.advance(days=5 * 365 + 2)
    with pytest.raises(Misconfigured, match="certificate_not_trusted"):
        await certified.client.exchange_code(certified.code())
    certified.simulator.rotate_certificate()
    await certified.client.exchange_code(certified.code())


async def test_a_wrong_serial_of_ours_is_named(certified: World) -> None:
    other = KeyOffice(certified.far_side).app_certificates(
        material().app_key.public_key(), certified.side.app_id
    )
    client = certified.another_client(app_certificate=other.app)
    with pytest.raises(Misconfigured, match="certificate_rejected"):
        await client.certification_result("0" * 32)
    assert certified.calls(QUERY)


class TestTrust:
    def test_only_the_certificate_that_was_named_is_learnt(self, certified: World) -> None:
        trust = alipay_trust(settings("certificate"), certified.clock)
        serial = certified.simulator.rotate_certificate()
        pem = KeyOffice(certified.far_side).certificate(serial) or ""
        with pytest.raises(NotTrusted, match="another_serial"):
            trust.learn("0" * 32, pem)
        for text in ("", "x", pem[:200]):
            with pytest.raises(NotTrusted, match="unreadable"):
                trust.learn(serial, text)
        assert not trust.knows(serial)
        trust.learn(serial, pem)
        assert trust.knows(serial)

    def test_our_own_key_is_nobody_elses(self, certified: World) -> None:
        pem = leaf_of(certified, material().app_key)
        trust = alipay_trust(settings("certificate"), certified.clock)
        with pytest.raises(NotTrusted, match="our_own"):
            trust.learn(serial_of(pem), pem)

    def test_what_is_learnt_is_bounded_and_the_configured_one_stays(self, certified: World) -> None:
        trust = alipay_trust(settings("certificate"), certified.clock)
        key, serials = new_key(), []
        for _ in range(LEARNT_MAX + 2):
            pem = leaf_of(certified, key)
            serials.append(serial_of(pem))
            trust.learn(serials[-1], pem)
        assert [trust.knows(serial) for serial in serials[:3]] == [False, False, True]
        assert trust.knows(serial_of(material().certificates.alipay))

    def test_key_mode_learns_nothing(self) -> None:
        trust = alipay_trust(settings("key"), SystemClock())
        assert isinstance(trust, KeyTrust)
        assert trust.knows("whatever")
        with pytest.raises(NotTrusted, match="key_mode"):
            trust.learn("0", "x")

    def test_a_forgers_chain_of_the_right_names_is_not_believed(self, certified: World) -> None:
        now, trust = certified.clock.now(), alipay_trust(settings("certificate"), certified.clock)
        forger = new_authority(now)
        key = material().stranger.public_key()
        pem = certified_by(forger, key, now) + forger.issuing + forger.root
        with pytest.raises(NotTrusted, match="not_of_the_root"):
            trust.learn(serial_of(pem), pem)
