"""The RSA cipher of the platform's older deployments.

The blocks and their Base64 are the habit of Java programs of that age (``Cipher`` with PKCS#1 v1.5
padding, block by block); how the platform cuts them is not published. Inferred, low confidence.
"""

import base64

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    load_der_private_key,
    load_pem_private_key,
)

from adapters.gm import CannotDecrypt
from kit.secrets import Secret

_PADDING_BYTES = 11
_BLOCKS_MAX = 4096


def rsa_private_key(text: Secret) -> RSAPrivateKey:
    """From PEM, or from Base64 of PKCS#8 as Java has it; ``ValueError``."""
    encoded = text.reveal().strip().encode()
    try:
        key = (
            load_pem_private_key(encoded, None)
            if encoded.startswith(b"-----")
            else load_der_private_key(base64.b64decode(encoded, validate=True), None)
        )
    except (ValueError, TypeError):
        # Nothing of a key may reach a traceback.
        raise ValueError("an RSA private key is PEM or Base64 of PKCS#8") from None
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("the key is not an RSA key")
    return key


def rsa_seal(plain: bytes, key: RSAPublicKey) -> str:
    size = key.key_size // 8 - _PADDING_BYTES
    blocks = (plain[at : at + size] for at in range(0, len(plain), size))
    return base64.b64encode(b"".join(key.encrypt(block, PKCS1v15()) for block in blocks)).decode()


def rsa_open(sealed: str, key: RSAPrivateKey) -> bytes:
    """:class:`CannotDecrypt` for what has not the form. A damaged block may as well come out as
    noise: PKCS#1 v1.5 has no check, and OpenSSL hides that the padding was wrong."""
    size = key.key_size // 8
    try:
        raw = base64.b64decode("".join(sealed.split()), validate=True)
        if not raw or len(raw) % size or len(raw) // size > _BLOCKS_MAX:
            raise CannotDecrypt("length")
        blocks = (raw[at : at + size] for at in range(0, len(raw), size))
        return b"".join(key.decrypt(block, PKCS1v15()) for block in blocks)
    except ValueError as error:
        raise CannotDecrypt("encoding") from error
