"""RSA2: SHA256withRSA (PKCS#1 v1.5) over sorted ``key=value`` pairs, base64.

By ``cryptography`` and not by python-alipay-sdk 3.4, which is the second opinion in our tests. On a
shared two-core machine the SDK's ``sign_data`` took 1.4 to 2.5 ms of the event loop and ``sign``
below 0.37 to 0.43 ms (medians of 300, RSA-2048, three runs); importing the SDK took 0.17 s and 8 to
10 MB of resident memory (``/proc/self/statm`` before and after). Measured with::

    python -m timeit -s 'from alipay import AliPay; from Cryptodome.PublicKey import RSA;
    k = RSA.generate(2048).export_key().decode(); a = AliPay("1", None, k, k)' \\
    'a.sign_data({"a": "x" * 500})'

Also: the import sets up ``logging`` anew for the whole process; the SDK's certificate serials rest
on pyOpenSSL functions that warn of their removal (26.4); it stamps local time as if it were
Beijing's; and it cannot find the signed part of an answer that has a brace inside a string.
"""

import base64
import binascii
import re
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from kit.secrets import Secret

SIGN_TYPE = "RSA2"
KEY_BITS_MIN = 2048
"""RSA2 asks for no less."""


def request_text(parameters: Mapping[str, str]) -> str:
    """What a request's signature covers: everything that is not empty, ``sign_type`` included."""
    return "&".join(
        f"{key}={value}" for key, value in sorted(parameters.items()) if value and key != "sign"
    )


def notice_text(fields: Mapping[str, str]) -> str:
    """What a notice's signature covers: every field, empty ones too, but the two of the
    signature."""
    return "&".join(
        f"{key}={value}"
        for key, value in sorted(fields.items())
        if key not in {"sign", "sign_type"}
    )


def sign(text: str, key: rsa.RSAPrivateKey) -> str:
    return base64.b64encode(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()


def verifies(signed: bytes, signature: str, key: rsa.RSAPublicKey) -> bool:
    """False for anything that is not a good signature, whatever it is."""
    try:
        key.verify(
            base64.b64decode(signature, validate=True), signed, padding.PKCS1v15(), hashes.SHA256()
        )
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def read_private_key(text: Secret, *, is_checked: bool = False) -> rsa.RSAPrivateKey:
    """PEM, or the bare base64 that Alipay's key tool writes; PKCS#1 or PKCS#8. ``ValueError``
    without a word of the key. ``is_checked`` for one whose numbers were found sound before, which
    takes 50 to 100 ms: settings have done it for everybody who takes settings."""
    written = text.reveal()
    try:
        if "-----BEGIN" in written:
            key = serialization.load_pem_private_key(
                written.strip().encode(), None, unsafe_skip_rsa_key_validation=is_checked
            )
        else:
            key = serialization.load_der_private_key(
                _bare(written), None, unsafe_skip_rsa_key_validation=is_checked
            )
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("the private key cannot be read") from None
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < KEY_BITS_MIN:
        raise ValueError(f"the private key must be RSA of at least {KEY_BITS_MIN} bits")
    return key


def read_public_key(text: str) -> rsa.RSAPublicKey:
    """PEM or bare base64, as for the private key."""
    try:
        if "-----BEGIN" in text:
            key = serialization.load_pem_public_key(text.strip().encode())
        else:
            key = serialization.load_der_public_key(_bare(text))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("Alipay's public key cannot be read") from None
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < KEY_BITS_MIN:
        raise ValueError(f"Alipay's public key must be RSA of at least {KEY_BITS_MIN} bits")
    return key


def are_a_pair(private_key: rsa.RSAPrivateKey, public_key: rsa.RSAPublicKey) -> bool:
    probe = "a signature of ours"
    return verifies(probe.encode(), sign(probe, private_key), public_key)


def _bare(text: str) -> bytes:
    return base64.b64decode(re.sub(r"\s", "", text), validate=True)
