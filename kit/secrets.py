"""Personal and secret values: types that mask themselves, and encryption at rest.

``str()``, ``repr()``, f-strings and log renderers show only a mask; the value comes out by
:meth:`Masked.reveal`, which is easy to search for in a review.
"""

import hashlib
import hmac
import os
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


class Masked:
    """A value that shows only ``_mask`` of itself. Compares and hashes by the value."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def masked(self) -> str:
        return "***"

    def __str__(self) -> str:
        return self.masked()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.masked()})"

    def __format__(self, spec: str) -> str:
        return format(self.masked(), spec)

    def __eq__(self, other: object) -> bool:
        return (
            type(other) is type(self)
            and isinstance(other, Masked)
            and hmac.compare_digest(self._value.encode(), other._value.encode())
        )

    def __hash__(self) -> int:
        return hash((type(self), self._value))

    def __bool__(self) -> bool:
        return bool(self._value)


class Secret(Masked):
    """A key, token or password."""

    __slots__ = ()


class IdNumber(Masked):
    """An identity document's number, upper case."""

    __slots__ = ()

    def __init__(self, value: str) -> None:
        super().__init__(value.strip().upper())

    def masked(self) -> str:
        return f"{self._value[:1]}{'*' * max(len(self._value) - 2, 3)}{self._value[-1:]}"


class PhoneNumber(Masked):
    __slots__ = ()

    def masked(self) -> str:
        return f"{self._value[:3]}****{self._value[-4:]}" if len(self._value) >= 11 else "****"


class PersonName(Masked):
    __slots__ = ()

    def masked(self) -> str:
        """Only the last character, as payment services in China show names."""
        return "*" * max(len(self._value) - 1, 1) + (
            self._value[-1:] if len(self._value) > 1 else ""
        )


class CannotDecrypt(Exception):
    """The value was made with an unknown key, for another record, or was altered."""


class KeyRing:
    """AES-256-GCM with named keys. New values use the current key, old ones name theirs.

    A sealed value is ``length of key id | key id | 12 byte nonce | ciphertext and tag``. The
    context (table, column, record id) is authenticated, so a value cannot be moved to another
    record.
    """

    def __init__(self, keys: Mapping[str, bytes], current: str, index_key: bytes) -> None:
        if current not in keys:
            raise ValueError("the current key is not on the ring")
        if any(len(key) != 32 for key in keys.values()) or len(index_key) < 32:
            raise ValueError("keys have 32 bytes")
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._header = bytes([len(current.encode())]) + current.encode()
        self._current = self._ciphers[current]
        self._index_key = index_key

    def seal(self, plain: bytes, context: str) -> bytes:
        nonce = os.urandom(12)
        return self._header + nonce + self._current.encrypt(nonce, plain, context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        length = sealed[0] if sealed else 0
        cipher = self._ciphers.get(sealed[1 : 1 + length].decode("ascii", "replace"))
        if cipher is None or len(sealed) < 1 + length + 28:
            raise CannotDecrypt
        nonce, body = sealed[1 + length : 13 + length], sealed[13 + length :]
        try:
            return cipher.decrypt(nonce, body, context.encode())
        except InvalidTag as error:
            raise CannotDecrypt from error

    def index(self, value: str, purpose: str) -> str:
        """A keyed hash by which an encrypted value can be found again, but not guessed."""
        message = f"{purpose}\0{value}".encode()
        return hmac.new(self._index_key, message, hashlib.sha256).hexdigest()

    def derive(self, purpose: str, *parts: str) -> bytes:
        """32 bytes that only this ring can make again from ``parts``."""
        message = "\0".join((purpose, *parts)).encode()
        return hmac.new(self._index_key, b"derive\0" + message, hashlib.sha256).digest()
