"""The far side's certificate authority: makes keys and certificates with SM2, as the real one would
for a person who has shown himself. The authority and its certificates are for development only."""

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.x509.oid import NameOID, ObjectIdentifier

from adapters.esign.certificates import (
    EC_KEY,
    SM2_CURVE,
    SM2_WITH_SM3,
    Extension,
    KeyAlgorithm,
    KeyInfo,
    ToBeSigned,
)
from adapters.gm import SM2PrivateKey, new_key_pair
from kit.secrets import Secret

AUTHORITY_LASTS = timedelta(days=3650)
CERTIFICATE_LASTS = timedelta(days=365)
_VERSION_3 = 2


@asn1.sequence
class _Algorithm:
    algorithm: ObjectIdentifier


@asn1.sequence
class _Validity:
    begins: asn1.GeneralizedTime
    ends: asn1.GeneralizedTime


@asn1.sequence
class _Certificate:
    to_be_signed: asn1.TLV
    algorithm: _Algorithm
    signature: asn1.BitString


@dataclass(frozen=True, slots=True)
class Authority:
    private_key: Secret
    name: str = "模拟电子认证机构（仅供开发）"

    @classmethod
    def new(cls, name: str | None = None) -> "Authority":
        private_key, _ = new_key_pair()
        return cls(private_key) if name is None else cls(private_key, name)

    def own_certificate(self, now: datetime) -> str:
        """DER in Base64."""
        subject = _name(self.name, "0")
        public_key = SM2PrivateKey(self.private_key).public_key()
        return self._issued(subject, public_key, now - timedelta(days=1), AUTHORITY_LASTS)

    def certificate(self, name: str, id_number: str, public_key: str, begins: datetime) -> str:
        """Of a person's key; DER in Base64."""
        return self._issued(_name(name, id_number), public_key, begins, CERTIFICATE_LASTS)

    def _issued(
        self, subject: x509.Name, public_key: str, begins: datetime, lasts: timedelta
    ) -> str:
        key = bytes.fromhex(public_key)
        begins = begins.replace(microsecond=0)
        validity = _Validity(
            begins=asn1.GeneralizedTime(begins), ends=asn1.GeneralizedTime(begins + lasts)
        )
        to_be_signed = asn1.encode_der(
            ToBeSigned(
                version=_VERSION_3,
                serial=x509.random_serial_number(),
                signature=_tlv(asn1.encode_der(_Algorithm(algorithm=SM2_WITH_SM3))),
                issuer=_tlv(_name(self.name, "0").public_bytes()),
                validity=_tlv(asn1.encode_der(validity)),
                subject=_tlv(subject.public_bytes()),
                key=KeyInfo(
                    algorithm=KeyAlgorithm(algorithm=EC_KEY, curve=SM2_CURVE),
                    key=asn1.BitString(key, 0),
                ),
                extensions=[_NO_AUTHORITY],
            )
        )
        signature = SM2PrivateKey(self.private_key).sign(to_be_signed)
        certificate = _Certificate(
            to_be_signed=_tlv(to_be_signed),
            algorithm=_Algorithm(algorithm=SM2_WITH_SM3),
            signature=asn1.BitString(signature, 0),
        )
        return base64.b64encode(asn1.encode_der(certificate)).decode()


def _name(common_name: str, number: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, number),
        ]
    )


def _tlv(der: bytes) -> asn1.TLV:
    tlv: asn1.TLV = asn1.decode_der(asn1.TLV, der)
    return tlv


_NO_AUTHORITY = Extension(
    id=x509.KeyUsage.oid,
    critical=True,
    value=x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    ).public_bytes(),
)
"""A person's key signs, and issues nothing."""
