"""Certificates and signatures that OpenSSL made, and what is none."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from adapters.esign.certificates import NoCertificate, is_vouched_for, read_certificate
from adapters.esign.simulator import LONG_AGO, Authority
from adapters.gm import SM2PrivateKey, SM2PublicKey, new_key_pair
from tests.adapters.esign.world import QIAN

# OpenSSL 3.0: an SM2 key, ``openssl req -x509 -sm3``, ``openssl x509 -req -sm3`` with the distid
# 1234567812345678, ``openssl dgst -sm3 -sign`` of the message.
CA = (
    "MIIBujCCAWGgAwIBAgIUXPHKsSwGOTSRSVTG48qokX4BujswCgYIKoEcz1UBg3UwMjELMAkGA1UEBhMCQ04xFzAV"
    "BgNVBAMMDlRlc3QgQXV0aG9yaXR5MQowCAYDVQQFEwEwMCAXDTI2MTEyMjEzMzkyOFoYDzIxMjYxMDI5MTMzOTI4"
    "WjAyMQswCQYDVQQGEwJDTjEXMBUGA1UEAwwOVGVzdCBBdXRob3JpdHkxCjAIBgNVBAUTATAwWTATBgcqhkjOPQIB"
    "BggqgRzPVQGCLQNCAAT3E5SbtRAxGbSLGHB5ckmQ1tA4+P/kXmM5k5MOc+pG0zJoVg8MxQFDB4krRrulJKdsxQAd"
    "8Hj+Bt2QAZMtNdw3o1MwUTAdBgNVHQ4EFgQUOB7xK9dJKiET5h+306nBVsbNC6EwHwYDVR0jBBgwFoAUOB7xK9dJ"
    "KiET5h+306nBVsbNC6EwDwYDVR0TAQH/BAUwAwEB/zAKBggqgRzPVQGDdQNHADBEAiB0KDzJtz+qFxOSsryDdjiN"
    "lXeFC2ct8G3d2o+35aFTqAIgEWpdwyMKDYL3xwzGj/asLONC1CvxpT2fRKi9sDpaXnE="
)
LEAF = (
    "MIIBrTCCAVSgAwIBAgIBBzAKBggqgRzPVQGDdTAyMQswCQYDVQQGEwJDTjEXMBUGA1UEAwwOVGVzdCBBdXRob3Jp"
    "dHkxCjAIBgNVBAUTATAwIBcNMjYxMTIyMTM0MDM4WhgPMjEyNjEwMjkxMzQwMzhaMDkxCzAJBgNVBAYTAkNOMQ0w"
    "CwYDVQQDDARRaWFuMRswGQYDVQQFExIzNzAxMDIxOTkwMDMwNzEyMzgwWTATBgcqhkjOPQIBBggqgRzPVQGCLQNC"
    "AAT9LRZYPYqvcDaxqWSNKKuobjuLQXdQgeS9zeFaXf6qWGqsidBlwVV3+SNbD0xot7MfBeA5BKr11df2keUSjMki"
    "o1IwUDAOBgNVHQ8BAf8EBAMCBsAwHQYDVR0OBBYEFMTouO87QdG6VK1iV7MkexLVoZoZMB8GA1UdIwQYMBaAFDge"
    "8SvXSSohE+Yft9OpwVbGzQuhMAoGCCqBHM9VAYN1A0cAMEQCIC/rq4RpvNzku8EWzyZ87O0RFQBzQJVWTZFsK9Nk"
    "xjkFAiAlgwkcDzdgx5WsyYKxP61iik9UNGnSTQJoQLvIobx8Zw=="
)
SIGNATURE = (
    "MEQCIDK813VpDspEeWSLCi65CfhOrLma1u+428RSARyiJs/uAiAT8ej3wEfB8enkHvi+YCaPcEswzASvD6/YdhAS"
    "4QPu5w=="
)
MESSAGE = b"what is signed"


def test_a_certificate_of_openssl_is_read_and_its_authority_known() -> None:
    authority, leaf = read_certificate(CA), read_certificate(LEAF)
    assert is_vouched_for(authority, [authority])
    assert is_vouched_for(leaf, [read_certificate(AUTHORITY), authority])
    assert not is_vouched_for(leaf, [read_certificate(AUTHORITY)])
    assert not is_vouched_for(authority, [leaf])
    assert leaf.belongs_to("Qian", QIAN[2])
    assert not leaf.belongs_to("Qian", QIAN[2][:-1] + "9")
    assert not leaf.belongs_to("Wu", QIAN[2])
    now = datetime(2027, 1, 1, tzinfo=UTC)
    assert (leaf.is_valid(now), leaf.is_valid(now - timedelta(days=365))) == (True, False)


def test_a_signature_of_openssl_is_verified() -> None:
    key, signature = read_certificate(LEAF).key, base64.b64decode(SIGNATURE)
    assert key.verifies(MESSAGE, signature)
    assert not key.verifies(MESSAGE + b".", signature)
    assert not read_certificate(CA).key.verifies(MESSAGE, signature)


def test_an_authority_of_the_same_name_is_another_one() -> None:
    _, public_key = new_key_pair()
    one, other = Authority.new("Same"), Authority.new("Same")
    leaf = read_certificate(one.certificate("Qian", "1", public_key, LONG_AGO))
    assert is_vouched_for(leaf, [read_certificate(one.own_certificate(LONG_AGO))])
    assert not is_vouched_for(leaf, [read_certificate(other.own_certificate(LONG_AGO))])


@pytest.mark.parametrize("signature", [b"", b"0", bytes(70), b"\x30\x06\x02\x01\x00\x02\x01\x00"])
def test_what_is_no_signature_verifies_nothing(signature: bytes) -> None:
    private_key, public_key = new_key_pair()
    key = SM2PublicKey(public_key)
    assert not key.verifies(MESSAGE, signature)
    good = SM2PrivateKey(private_key).sign(MESSAGE)
    assert key.verifies(MESSAGE, good)
    for at in range(0, len(good), 7):
        assert not key.verifies(MESSAGE, good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])


NO_CERTIFICATES = [
    "",
    "no",
    "AAAA",
    base64.b64encode(bytes(20_000)).decode(),
    LEAF[:-40],
]


@pytest.mark.parametrize("text", NO_CERTIFICATES)
def test_what_is_no_certificate_of_this_kind_is_refused(text: str) -> None:
    with pytest.raises(NoCertificate):
        read_certificate(text)


def test_a_certificate_with_another_kind_of_key_is_refused() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Qian")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(LONG_AGO)
        .not_valid_after(LONG_AGO + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    with pytest.raises(NoCertificate):
        read_certificate(made.public_bytes(Encoding.PEM).decode())


@pytest.mark.parametrize("at", range(20, 420, 16))
def test_a_byte_that_was_changed_is_noticed(at: int) -> None:
    raw = bytearray(base64.b64decode(LEAF))
    raw[at % len(raw)] ^= 1
    try:
        changed = read_certificate(base64.b64encode(raw).decode())
    except NoCertificate:
        return
    assert not is_vouched_for(changed, [read_certificate(CA)])


AUTHORITY = Authority.new().own_certificate(LONG_AGO)
