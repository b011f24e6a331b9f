"""Alipay's certificates: their serials, and whether one that we were given may be believed.

The serials (``app_cert_sn``, ``alipay_root_cert_sn``) are Alipay's own invention and checked by it
in every request of certificate mode.
"""

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from adapters.alipay.signing import KEY_BITS_MIN

CHAIN_LENGTH_MAX = 4
"""Leaf, one or two in between, root."""

_BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----[\sA-Za-z0-9+/=]+-----END CERTIFICATE-----")
_RSA_SIGNATURES = "1.2.840.113549.1.1."


def read_certificates(text: str) -> list[x509.Certificate]:
    """All of a PEM file, in its order. ``ValueError`` when there is none or one cannot be read."""
    found = [x509.load_pem_x509_certificate(block.encode()) for block in _BLOCK.findall(text)]
    if not found:
        raise ValueError("no certificate")
    return found


def read_roots(text: str) -> list[x509.Certificate]:
    """Those of a root file that can be read.

    Alipay's holds SM2 and EC roots beside the RSA ones, and one of the sandbox's has an algorithm
    field that ``cryptography`` refuses to parse. A root that we cannot read vouches for nothing.
    """
    found = []
    for block in _BLOCK.findall(text):
        try:
            found.append(x509.load_pem_x509_certificate(block.encode()))
        except ValueError:
            continue
    if not any(_is_signed_with_rsa(root) for root in found):
        raise ValueError("no RSA root certificate")
    return found


def serial(certificate: x509.Certificate) -> str:
    """MD5 over the issuer's name, most special part first (``CN=..,OU=..,O=..,C=..``), and the
    serial number in decimal."""
    named = f"{certificate.issuer.rfc4514_string()}{certificate.serial_number}"
    return hashlib.md5(named.encode(), usedforsecurity=False).hexdigest()


def root_serial(roots: Sequence[x509.Certificate]) -> str:
    """The serials of the roots that are signed with RSA, joined in the file's order."""
    return "_".join(serial(root) for root in roots if _is_signed_with_rsa(root))


def public_key(certificate: x509.Certificate) -> rsa.RSAPublicKey:
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("the certificate's key cannot be read") from None
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < KEY_BITS_MIN:
        raise ValueError(f"the certificate's key must be RSA of at least {KEY_BITS_MIN} bits")
    return key


def organisation(certificate: x509.Certificate) -> list[str]:
    return [
        str(part.value)
        for part in certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    ]


def anchors_of(
    roots: Sequence[x509.Certificate], configured: Sequence[x509.Certificate]
) -> list[x509.Certificate]:
    """What may vouch for others: the roots, and what the operator configured and a root vouches
    for, although it may not say itself that it is an authority: the sandbox's does not."""
    return [*roots, *(each for each in configured if chains_to(each, configured, roots, None))]


def chains_to(
    certificate: x509.Certificate,
    between: Sequence[x509.Certificate],
    anchors: Sequence[x509.Certificate],
    at: datetime | None,
) -> bool:
    """Whether an anchor vouches for the certificate, directly or through some of ``between``, all
    of them valid ``at`` that instant (None: whenever).

    A certificate in between has to say itself that it may issue others: the same authority also
    certifies every merchant's key, and a merchant must not be able to make an Alipay of his own.
    Not by the library's verifier of web servers' chains: these certificates name no host, and the
    sandbox's issuing one, which has to be configured as an anchor, lacks the extension.
    """
    current = certificate
    for _ in range(CHAIN_LENGTH_MAX):
        if not is_valid(current, at):
            return False
        if any(_issued(anchor, current) and is_valid(anchor, at) for anchor in anchors):
            return True
        issuers = [each for each in between if _may_issue(each) and _issued(each, current)]
        if not issuers:
            return False
        current = issuers[0]
    return False


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _may_issue(certificate: x509.Certificate) -> bool:
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    except (x509.ExtensionNotFound, ValueError):
        return False
    return constraints.value.ca


def is_valid(certificate: x509.Certificate, at: datetime | None) -> bool:
    if at is None:
        return True
    return certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc


def _is_signed_with_rsa(certificate: x509.Certificate) -> bool:
    return certificate.signature_algorithm_oid.dotted_string.startswith(_RSA_SIGNATURES)
