"""Certificates with SM2 keys, as far as signatures need them: whose they are, who vouches for them.

``cryptography`` reads such a certificate's fields but neither its key nor its signature (the curve
is not OpenSSL's for it), so both come from its ASN.1 reader and from :mod:`adapters.gm`. A
signatory's certificate has to be issued by one of the configured authorities itself; longer chains
are not followed (our own limit: the real authority's depth is not known).
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.x509.oid import NameOID, ObjectIdentifier

from adapters.gm import SM2PublicKey

SM2_WITH_SM3 = ObjectIdentifier("1.2.156.10197.1.501")
SM2_CURVE = ObjectIdentifier("1.2.156.10197.1.301")
EC_KEY = ObjectIdentifier("1.2.840.10045.2.1")
CERTIFICATE_BYTES_MAX = 8 * 1024


@asn1.sequence
class KeyAlgorithm:
    algorithm: ObjectIdentifier
    curve: ObjectIdentifier


@asn1.sequence
class KeyInfo:
    algorithm: KeyAlgorithm
    key: asn1.BitString


@asn1.sequence
class Extension:
    id: ObjectIdentifier
    critical: Annotated[bool, asn1.Default(False)]
    value: bytes


@asn1.sequence
class ToBeSigned:
    """RFC 5280's TBSCertificate, version 3."""

    version: Annotated[int, asn1.Explicit(0)]
    serial: int
    signature: asn1.TLV
    issuer: asn1.TLV
    validity: asn1.TLV
    subject: asn1.TLV
    key: KeyInfo
    extensions: Annotated[list[Extension] | None, asn1.Explicit(3)]


class NoCertificate(Exception):
    """Not a certificate with an SM2 key that can be read."""


@dataclass(frozen=True, slots=True)
class Certificate:
    x509: x509.Certificate
    key: SM2PublicKey

    def is_issued_by(self, authority: "Certificate") -> bool:
        """Blocks for some ten milliseconds."""
        return (
            self.x509.issuer == authority.x509.subject
            and self.x509.signature_algorithm_oid == SM2_WITH_SM3
            and authority.key.verifies(self.x509.tbs_certificate_bytes, self.x509.signature)
        )

    def is_valid(self, at: datetime) -> bool:
        return self.x509.not_valid_before_utc <= at <= self.x509.not_valid_after_utc

    def belongs_to(self, name: str, id_number: str) -> bool:
        """By the subject's common name and serial number (LOW CONFIDENCE: where the real authority
        writes a person's number is not known)."""
        return self._subject(NameOID.COMMON_NAME) == [name] and self._subject(
            NameOID.SERIAL_NUMBER
        ) == [id_number]

    def _subject(self, oid: ObjectIdentifier) -> list[str]:
        return [str(part.value) for part in self.x509.subject.get_attributes_for_oid(oid)]


def read_certificate(text: str) -> Certificate:
    """From DER in Base64, with or without PEM's lines. :class:`NoCertificate`."""
    body = "".join(line for line in text.split("\n") if not line.startswith("-----"))
    try:
        der = base64.b64decode("".join(body.split()), validate=True)
        if len(der) > CERTIFICATE_BYTES_MAX:
            raise NoCertificate
        certificate = x509.load_der_x509_certificate(der)
        info = asn1.decode_der(ToBeSigned, certificate.tbs_certificate_bytes).key
        if (info.algorithm.algorithm, info.algorithm.curve) != (EC_KEY, SM2_CURVE):
            raise NoCertificate
        # Names and times are read only when asked for, and may be as malformed as anything else.
        _ = certificate.subject, certificate.issuer, certificate.not_valid_after_utc
        _ = certificate.signature_algorithm_oid, certificate.not_valid_before_utc
        return Certificate(certificate, SM2PublicKey(info.key.as_bytes().hex()))
    except (ValueError, binascii.Error) as error:
        raise NoCertificate from error


def is_vouched_for(certificate: Certificate, authorities: Sequence[Certificate]) -> bool:
    return any(certificate.is_issued_by(authority) for authority in authorities)
