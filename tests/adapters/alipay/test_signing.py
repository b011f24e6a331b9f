"""RSA2, with python-alipay-sdk as the second opinion."""

from functools import cache
from urllib.parse import parse_qs

import alipay  # type: ignore[import-untyped]
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.alipay.signing import (
    are_a_pair,
    notice_text,
    read_private_key,
    read_public_key,
    request_text,
    sign,
    verifies,
)
from adapters.alipay.simulator.keys import bare
from kit.secrets import Secret
from tests.adapters.alipay.world import APP_ID, bare_der, material, pem, public_pem

FIELDS = st.dictionaries(
    st.text(alphabet="abc_XYZ09", min_size=1, max_size=8).filter(
        lambda name: name not in {"sign", "sign_type"}
    ),
    st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20),
    min_size=1,
    max_size=6,
)


@cache
def sdk() -> alipay.AliPay:
    """Of an app whose key is also Alipay's, so that it reads what it signed."""
    key = material().app_key
    return alipay.AliPay(APP_ID, None, pem(key), public_pem(key.public_key()))


def test_the_text_of_a_request_is_sorted_whole_and_without_what_is_empty() -> None:
    parameters = {"version": "1.0", "sign": "x", "app_id": "1", "notify_url": "", "sign_type": "R"}
    assert request_text(parameters) == "app_id=1&sign_type=R&version=1.0"


def test_the_text_of_a_notice_leaves_out_the_signature_and_nothing_else() -> None:
    fields = {"notify_id": "1", "sign": "x", "app_id": "2", "empty": "", "sign_type": "RSA2"}
    assert notice_text(fields) == "app_id=2&empty=&notify_id=1"


@settings(max_examples=25)  # the SDK takes its time
@given(parameters=FIELDS)
def test_the_sdk_signs_a_request_as_we_do(parameters: dict[str, str]) -> None:
    theirs = parse_qs(sdk().sign_data(dict(parameters)), strict_parsing=True)["sign"][0]
    assert sign(request_text(parameters), material().app_key) == theirs


@settings(max_examples=25)
@given(fields=FIELDS, empty=st.booleans())
def test_the_sdk_reads_a_notice_as_we_do(fields: dict[str, str], empty: bool) -> None:
    given_fields = {**fields, **({"zz": ""} if empty else {})}
    key = material().app_key
    signature = sign(notice_text(given_fields), key)
    assert sdk().verify({**given_fields, "sign_type": "RSA2"}, signature)
    assert verifies(notice_text(given_fields).encode(), signature, key.public_key())
    assert not sdk().verify({**given_fields, "more": "1"}, signature)


@settings(max_examples=25)
@given(text=st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40))
def test_what_either_signs_the_other_verifies(text: str) -> None:
    key, other = material().app_key, sdk()
    assert verifies(text.encode(), other._sign(text), key.public_key())
    assert other._verify(text, sign(text, key))


@pytest.mark.parametrize("signature", ["", "x", "not base64 at all", "AAAA", "签名", "A" * 344])
def test_what_is_no_signature_does_not_verify(signature: str) -> None:
    assert not verifies(b"text", signature, material().app_key.public_key())


def test_a_signature_has_344_characters_and_covers_every_byte() -> None:
    key = material().app_key
    signature = sign("a=1&b=2", key)
    assert len(signature) == 344
    assert verifies(b"a=1&b=2", signature, key.public_key())
    assert not verifies(b"a=1&b=3", signature, key.public_key())
    assert not verifies(b"a=1&b=2", signature, material().stranger.public_key())


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_a_private_key_is_read_in_every_form_that_is_handed_out(form: PrivateFormat) -> None:
    key = material().app_key
    written = key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()
    for text in (written, f"\n{written}\n", bare_der(key, form), bare_der(key, form) + "\r\n"):
        for is_checked in (False, True):
            assert are_a_pair(
                read_private_key(Secret(text), is_checked=is_checked), key.public_key()
            )


def test_a_public_key_is_read_in_every_form_that_is_handed_out() -> None:
    key = material().app_key.public_key()
    pkcs1 = key.public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()
    for text in (bare(key), public_pem(key), pkcs1, bare(key)[:64] + "\n" + bare(key)[64:]):
        assert are_a_pair(material().app_key, read_public_key(text))


def test_a_key_that_will_not_do_is_refused_without_a_word_of_it() -> None:
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - to be refused
    elliptic = ec.generate_private_key(ec.SECP256R1())
    wrong = [
        "",
        "MIIEnot-base64",
        "AAAA",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
        pem(short),
        elliptic.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        pem(material().app_key)[:900],
    ]
    for text in wrong:
        with pytest.raises(ValueError, match=r"^the private key (cannot|must)") as caught:
            read_private_key(Secret(text))
        assert "MII" not in str(caught.value)
    for text in (*wrong[:4], public_pem(short.public_key())):
        with pytest.raises(ValueError, match=r"^Alipay's public key (cannot|must)"):
            read_public_key(text)
