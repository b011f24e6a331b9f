"""The certificates of the simulated Alipay: a root file with its oddities, an issuing authority
under it, Alipay's own certificate, the app's."""

import hashlib
import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

KEY_BITS = 2048
ORGANISATION = "支付宝（模拟）"
COMMON_NAME = "支付宝（模拟）网络技术-2088000000000001"
_AUTHORITY = "Ant Financial (simulated)"
_LIFE = timedelta(days=5 * 365)
_ROOT_LIFE = timedelta(days=20 * 365)

_EC_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")
_EC_SHA256_WITH_NULL = bytes.fromhex("300c06082a8648ce3d0403020500")


@dataclass(frozen=True, slots=True, repr=False)
class Authority:
    """Keys and certificates as PEM."""

    root: str
    issuing: str
    issuing_key: str
    root_file: str
    """The root between an elliptic-curve one written as the sandbox's is, and a normal one."""


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)


def new_authority(now: datetime) -> Authority:
    """Another one of the same names each time: a forger can choose any name."""
    root_key, issuing_key = new_key(), new_key()
    root_name = _authority_name("Certification Authority R1")
    root = _self_signed(root_name, root_key, now)
    issuing = _certificate(
        root_name,
        _authority_name("Certification Authority Class 2 R1"),
        root_key,
        issuing_key.public_key(),
        now,
        _ROOT_LIFE,
        True,
    )
    pem = _pem(root)
    return Authority(
        root=pem,
        issuing=_pem(issuing),
        issuing_key=key_pem(issuing_key),
        root_file="\n".join((_odd_elliptic_root(now), pem, _pem(_elliptic_root(now)))),
    )


def certified(
    authority: Authority,
    public_key: rsa.RSAPublicKey,
    now: datetime,
    *,
    organisation: str = ORGANISATION,
    common_name: str = COMMON_NAME,
    life: timedelta = _LIFE,
) -> str:
    """The holder's certificate; a ``life`` below nothing makes one whose time is over."""
    issuing = x509.load_pem_x509_certificate(authority.issuing.encode())
    subject = _name(C="CN", O=organisation, OU="Alipay", CN=common_name)
    key = read_key(authority.issuing_key)
    return _pem(_certificate(issuing.subject, subject, key, public_key, now, life, False))


def serial(certificate: x509.Certificate) -> str:
    """Written apart from the client's, so that one mistake cannot agree with itself."""
    parts = []
    for short, kind in (
        ("CN", NameOID.COMMON_NAME),
        ("OU", NameOID.ORGANIZATIONAL_UNIT_NAME),
        ("O", NameOID.ORGANIZATION_NAME),
        ("C", NameOID.COUNTRY_NAME),
    ):
        parts += [f"{short}={a.value!s}" for a in certificate.issuer.get_attributes_for_oid(kind)]
    text = ",".join(parts) + str(certificate.serial_number)
    return hashlib.md5(text.encode("utf-8"), usedforsecurity=False).hexdigest()


def serial_of(pem: str) -> str:
    return serial(x509.load_pem_x509_certificate(pem.encode()))


def key_pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def read_key(pem: str) -> rsa.RSAPrivateKey:
    """Of our own making, so its numbers need no check, which takes 50 to 100 ms."""
    key = serialization.load_pem_private_key(
        pem.encode(), password=None, unsafe_skip_rsa_key_validation=True
    )
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("not an RSA key")
    return key


def _authority_name(unit: str) -> x509.Name:
    return _name(C="CN", O=_AUTHORITY, OU="Certification Authority", CN=f"{_AUTHORITY} {unit}")


def _name(**parts: str) -> x509.Name:
    kinds = {
        "C": NameOID.COUNTRY_NAME,
        "O": NameOID.ORGANIZATION_NAME,
        "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
        "CN": NameOID.COMMON_NAME,
    }
    return x509.Name([x509.NameAttribute(kinds[key], value) for key, value in parts.items()])


def _certificate(
    issuer: x509.Name,
    subject: x509.Name,
    signer: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
    public_key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey,
    now: datetime,
    life: timedelta,
    may_issue: bool,
) -> x509.Certificate:
    begin = now - timedelta(days=1) + min(life, timedelta(0))
    builder = (
        x509.CertificateBuilder()
        .issuer_name(issuer)
        .subject_name(subject)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(now + life)
    )
    if may_issue:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
    return builder.sign(signer, hashes.SHA256())


def _self_signed(
    name: x509.Name, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, now: datetime
) -> x509.Certificate:
    return _certificate(name, name, key, key.public_key(), now, _ROOT_LIFE, True)


def _elliptic_root(now: datetime, unit: str = "Certification Authority E1") -> x509.Certificate:
    return _self_signed(_authority_name(unit), ec.generate_private_key(ec.SECP256R1()), now)


def _odd_elliptic_root(now: datetime) -> str:
    """Its algorithm fields carry a NULL that the standard forbids, like one of the sandbox's roots:
    some libraries refuse to read it, and must not stumble over the rest of the file."""
    made = _elliptic_root(now, "Certification Authority E2")
    content = made.tbs_certificate_bytes[4:].replace(_EC_SHA256, _EC_SHA256_WITH_NULL)
    value = b"\x03" + _length(len(made.signature) + 1) + b"\x00" + made.signature
    der = _sequence(_sequence(content) + _EC_SHA256_WITH_NULL + value)
    return ssl.DER_cert_to_PEM_cert(der)


def _sequence(content: bytes) -> bytes:
    return b"\x30" + _length(len(content)) + content


def _length(length: int) -> bytes:
    if length < 0x80:
        return bytes([length])
    size = (length.bit_length() + 7) // 8
    return bytes([0x80 | size]) + length.to_bytes(size, "big")


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
