"""The peer's two crypto rules: the signature that buys a token, and the wrapping of pushed data.

Both are those of the known peer (docs/adapters/province.md). They are weak by today's standards:
the signature contains no secret besides the app key, and ECB carries no integrity check. What
proves the sender of a push is therefore the shared token beside the data, over TLS.
"""

import base64
import binascii
import hashlib

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.padding import PKCS7

KEY_CHARACTERS = 16


class Undecipherable(ValueError):
    """The text was not made with this key, or was altered on the way."""


def is_usable_key(key: str) -> bool:
    return len(key) == KEY_CHARACTERS and key.isascii()


def token_signature(timestamp_s: int, app_key: str, nonce: str) -> str:
    """The header ``x-aep-signature``: SHA-256 of timestamp, app key, nonce, timestamp, in hex."""
    return hashlib.sha256(f"{timestamp_s}{app_key}{nonce}{timestamp_s}".encode()).hexdigest()


def encrypt(plain: str, key: str) -> str:
    """AES/ECB/PKCS5 in Base64 without line breaks, every ``+`` written as ``^``."""
    padder = PKCS7(AES.block_size).padder()
    padded = padder.update(plain.encode()) + padder.finalize()
    encryptor = Cipher(AES(key.encode()), ECB()).encryptor()  # noqa: S305 - the peer's choice
    sealed = encryptor.update(padded) + encryptor.finalize()
    return base64.b64encode(sealed).decode().replace("+", "^")


def decrypt(sealed: str, key: str) -> str:
    """The reverse of :func:`encrypt`; the line breaks that the peer's Base64 makes are ignored."""
    try:
        raw = base64.b64decode("".join(sealed.split()).replace("^", "+"), validate=True)
        decryptor = Cipher(AES(key.encode()), ECB()).decryptor()  # noqa: S305 - the peer's choice
        padded = decryptor.update(raw) + decryptor.finalize()
        unpadder = PKCS7(AES.block_size).unpadder()
        return (unpadder.update(padded) + unpadder.finalize()).decode()
    except (binascii.Error, ValueError) as error:
        raise Undecipherable from error
