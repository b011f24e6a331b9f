"""Settings that cannot work are refused before the first call."""

import base64
import re

import pytest

from adapters.alipay.settings import AlipaySettings
from adapters.alipay.simulator import AlipaySide, development_keys
from adapters.alipay.simulator.authority import certified, new_authority
from adapters.alipay.simulator.keys import bare
from adapters.far_side import FarSide
from kit.clock import SystemClock
from kit.secrets import Secret
from tests.adapters.alipay.world import CONTENT_KEY, Mode, material, pem, public_pem, settings


@pytest.mark.parametrize("mode", ["key", "certificate"])
def test_both_modes_are_recognised_by_what_is_given(mode: Mode) -> None:
    made = settings(mode)
    assert made.uses_certificates is (mode == "certificate")
    shown = repr(made)
    assert CONTENT_KEY not in shown
    assert "PRIVATE KEY" not in shown


def test_our_own_public_key_in_alipays_place_is_noticed() -> None:
    """The mistake that everybody makes: both keys are on the same page."""
    own = material().app_key.public_key()
    for text in (bare(own), public_pem(own)):
        with pytest.raises(ValueError, match="the app's own"):
            settings(alipay_public_key=text)


def test_our_own_certificate_in_alipays_place_is_noticed() -> None:
    with pytest.raises(ValueError, match=r"the app's own|does not lead"):
        settings("certificate", alipay_certificate=material().certificates.app)
    between = material().certificates.alipay.partition("-----END CERTIFICATE-----\n")[2]
    with pytest.raises(ValueError, match="the app's own"):
        settings("certificate", alipay_certificate=material().certificates.app + between)


def test_a_certificate_of_another_private_key_is_noticed() -> None:
    with pytest.raises(ValueError, match="not that of the private key"):
        settings("certificate", private_key=Secret(pem(material().stranger)))


def test_an_alipay_certificate_that_leads_elsewhere_is_noticed() -> None:
    now = SystemClock().now()
    foreign = new_authority(now)
    leaf = certified(foreign, material().stranger.public_key(), now) + foreign.issuing
    with pytest.raises(ValueError, match="does not lead to the root"):
        settings("certificate", alipay_certificate=leaf)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"app_id": ""}, "app id"),
        ({"app_id": "2021x"}, "app id"),
        ({"app_id": "1" * 33}, "app id"),
        ({"content_key": Secret("")}, "content key"),
        ({"content_key": Secret("AAECAwQFBgcICQoLDA0O")}, "content key"),
        ({"content_key": Secret("不是")}, "content key"),
        ({"private_key": Secret("")}, "private key"),
        ({"alipay_public_key": "AAAA"}, "public key"),
        ({"alipay_public_key": ""}, "either"),
        ({"app_certificate": "x"}, "either"),
        ({"gateway_url": "openapi.alipay.com"}, "address"),
        ({"gateway_url": "https://openapi.alipay.com"}, "address"),
        ({"gateway_url": "ftp://openapi.alipay.com/gateway.do"}, "address"),
    ],
)
def test_what_cannot_be_right_is_named(changed: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        settings(**changed)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["app_certificate", "alipay_certificate", "root_certificates"])
@pytest.mark.parametrize(
    "text", ["", "x", "-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----"]
)
def test_a_certificate_that_is_missing_or_none_is_named(name: str, text: str) -> None:
    with pytest.raises(ValueError, match="certificate"):
        settings("certificate", **{name: text})


def test_a_key_that_cannot_be_read_is_not_repeated() -> None:
    with pytest.raises(ValueError, match="private key") as caught:
        settings(private_key=Secret("MIIEsecretsecret"))
    assert "secret" not in str(caught.value)


def test_the_keys_of_development_are_good_settings_and_alipays_own_stays() -> None:
    far_side = FarSide(":memory:", "alipay", SystemClock())
    first, second = development_keys(far_side), development_keys(far_side)
    assert first["ALIPAY_PUBLIC_KEY"] == second["ALIPAY_PUBLIC_KEY"]
    assert first["ALIPAY_PRIVATE_KEY"] != second["ALIPAY_PRIVATE_KEY"]
    assert all(re.fullmatch(r"[A-Za-z0-9+/=]+", value) for value in first.values())
    made = AlipaySettings(
        app_id=first["ALIPAY_APP_ID"],
        private_key=Secret(first["ALIPAY_PRIVATE_KEY"]),
        content_key=Secret(first["ALIPAY_CONTENT_KEY"]),
        alipay_public_key=first["ALIPAY_PUBLIC_KEY"],
    )
    side = AlipaySide.of(made, "")
    assert side.app_id == made.app_id
    assert len(base64.b64decode(side.app_public_key)) == 294
    assert made.gateway_url == "https://openapi.alipay.com/gateway.do"
    far_side.close()
