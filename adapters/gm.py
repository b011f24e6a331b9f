"""国密: SM2 encryption of whole documents (GB/T 32918.4), SM2 signatures (GB/T 32918.2) and SM3
(GB/T 32905).

The provincial peers encrypt JSON documents of some kB with SM2 itself. What is to be had did not
do: libraries on GmSSL take 255 bytes at most, ``gmssl`` never compares C3 and draws its ephemeral
number from a Mersenne Twister, and ``gmalg`` alone spends 16 ms on each kB in a Python SM3. So the
parts come from two libraries, by their public interfaces, and only the few lines of GB/T 32918.4
that join them are ours: points are added and multiplied by ``gmalg.ellipticcurve`` (MIT, pure
Python, hence also on the ARM machines of government rooms, where the C libraries have no wheels),
SM3 is OpenSSL's, through ``cryptography``. The ephemeral number comes from ``secrets``, every point
is checked to be on the curve, and C3 is compared in constant time.

``gmalg``'s arithmetic takes a time that depends on the number multiplied by; the private key is
therefore masked with a fresh multiple of the curve's order each time.

Sealing takes 16 ms for 1 kB and for 10 kB alike, opening 10 ms, nearly all of it in the
curve (medians of 40 on one core; with the library's own inverses half as much again and more).
Shown for 1 kB by::

    python -m timeit -s "from adapters.gm import SM2Form, SM2PublicKey, new_key_pair" \\
        -s "q = SM2PublicKey(new_key_pair()[1])" "q.encrypt(bytes(1024), SM2Form())"

That is no work for the event loop, and it is Python, so that two at once would only take the
interpreter from each other: :class:`SM2Cipher` does one at a time, in a thread.

Signatures are ``gmalg``'s own: what is signed here is short, and its SM3 good enough for it.
Making or checking one takes some 15 ms.
"""

import asyncio
import base64
import binascii
import hmac
import secrets
from dataclasses import dataclass
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SM3, Hash
from cryptography.hazmat.primitives.hmac import HMAC

# gmalg carries no types.
from gmalg import SM2  # type: ignore[import-untyped]
from gmalg.ellipticcurve import ECDLP  # type: ignore[import-untyped]
from gmalg.primefield import PrimeField  # type: ignore[import-untyped]

from kit.secrets import Secret

DOCUMENT_BYTES_MAX = 1024 * 1024


def _inverse(field: PrimeField, number: int) -> int:
    """What the library finds by Euclid's algorithm in Python, in more than half of all its time."""
    return pow(number, -1, field.p) if number % field.p else 0


PrimeField.inv = _inverse

_CURVE = ECDLP(
    p=0xFFFFFFFE_FFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFF_00000000_FFFFFFFF_FFFFFFFF,
    a=0xFFFFFFFE_FFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFF_00000000_FFFFFFFF_FFFFFFFC,
    b=0x28E9FA9E_9D9F5E34_4D5A9E4B_CF6509A7_F39789F5_15AB8F92_DDBCBD41_4D940E93,
    G=(
        0x32C4AE2C_1F198119_5F990446_6A39C994_8FE30BBF_F2660BE1_715A4589_334C74C7,
        0xBC3736A2_F4F6779C_59BDCEE3_6B692153_D0A9877C_C62A4740_02DF32E5_2139F0A0,
    ),
    n=0xFFFFFFFE_FFFFFFFF_FFFFFFFF_FFFFFFFF_7203DF6B_21C6052B_53BBF409_39D54123,
)
"""sm2p256v1, the curve of GB/T 32918.5. Its cofactor is 1: every point on it but infinity is in the
group."""
_FIELD_PRIME: int = _CURVE.fp.p
_ORDER: int = _CURVE.fpn.p
_NUMBER_BYTES = 32
_C1_BYTES = 2 * _NUMBER_BYTES
_C3_BYTES = 32
_UNCOMPRESSED = b"\x04"
_MASK_BITS = 64
SIGNER_ID = b"1234567812345678"
"""The signer's identity that enters every signature: what GM/T 0009 has where nothing else was
agreed."""

Point = tuple[int, int]
Order = Literal["C1C3C2", "C1C2C3"]
Encoding = Literal["hex", "HEX", "base64"]


class CannotDecrypt(Exception):
    """Not made for this key or not in this form, or altered on the way."""


@dataclass(frozen=True, slots=True)
class SM2Form:
    """How a peer writes a cipher text. It has to be known beforehand: the texts do not tell.

    Least of all may a leading 04 be dropped "if it is there": a C1 that is written without the
    prefix begins with 04 by itself once in 256 times.
    """

    order: Order = "C1C3C2"
    """C1C2C3 is the order of the standard's first edition and of older libraries."""
    prefixed: bool = True
    """C1 as an uncompressed point with its leading 04, or the bare coordinates."""
    encoding: Encoding = "hex"
    """What we write; hexadecimal is read in either case."""

    def __post_init__(self) -> None:
        if self.order not in {"C1C3C2", "C1C2C3"}:
            raise ValueError("the order of an SM2 cipher text is C1C3C2 or C1C2C3")
        if self.encoding not in {"hex", "HEX", "base64"}:
            raise ValueError("an SM2 cipher text is written as hex, HEX or base64")

    def join(self, c1: bytes, c2: bytes, c3: bytes) -> str:
        body = c3 + c2 if self.order == "C1C3C2" else c2 + c3
        raw = (_UNCOMPRESSED if self.prefixed else b"") + c1 + body
        if self.encoding == "base64":
            return base64.b64encode(raw).decode()
        return raw.hex() if self.encoding == "hex" else raw.hex().upper()

    def split(self, sealed: str) -> tuple[bytes, bytes, bytes]:
        """C1 without its prefix, C2, C3; :class:`CannotDecrypt`."""
        if len(sealed) > 2 * (DOCUMENT_BYTES_MAX + 1 + _C1_BYTES + _C3_BYTES):
            raise CannotDecrypt("too long")
        try:
            if self.encoding == "base64":
                # Java's encoder of old breaks its lines.
                raw = base64.b64decode("".join(sealed.split()), validate=True)
            else:
                raw = binascii.unhexlify(sealed)
        except ValueError as error:
            raise CannotDecrypt("encoding") from error
        if len(raw) <= self.prefixed + _C1_BYTES + _C3_BYTES:
            raise CannotDecrypt("too short")
        if self.prefixed and not raw.startswith(_UNCOMPRESSED):
            raise CannotDecrypt("prefix")
        c1_end = self.prefixed + _C1_BYTES
        c1, body = raw[self.prefixed : c1_end], raw[c1_end:]
        if self.order == "C1C3C2":
            return c1, body[_C3_BYTES:], body[:_C3_BYTES]
        return c1, body[:-_C3_BYTES], body[-_C3_BYTES:]


class SM2PublicKey:
    """A point, from 128 hexadecimal digits, or 130 with the leading 04. ``ValueError``."""

    def __init__(self, text: str) -> None:
        raw = _key_bytes(text)
        if len(raw) == 1 + _C1_BYTES and raw.startswith(_UNCOMPRESSED):
            raw = raw[1:]
        point = _point(raw) if len(raw) == _C1_BYTES else None
        if point is None:
            raise ValueError("an SM2 public key is a point of the curve, 128 or 130 hex digits")
        self._point = point

    def encrypt(self, plain: bytes, form: SM2Form) -> str:
        """Blocks for some ten milliseconds. ``ValueError`` for nothing, and for too much."""
        if not 0 < len(plain) <= DOCUMENT_BYTES_MAX:
            raise ValueError(f"a document has 1 to {DOCUMENT_BYTES_MAX} bytes")
        while True:
            ephemeral = secrets.randbelow(_ORDER - 1) + 1
            parts = _sealed_with(ephemeral, self._point, plain)
            if parts is not None:
                return form.join(*parts)

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Whether the signature (DER, two numbers) is of this message by this key's owner. Blocks
        for some ten milliseconds."""
        try:
            r, s = decode_dss_signature(signature)
        except ValueError:
            return False
        if not (0 < r < _ORDER and 0 < s < _ORDER):
            return False
        verifier = SM2(uid=SIGNER_ID, pk=_UNCOMPRESSED + _coordinates(self._point))
        return bool(verifier.verify(message, _number_bytes(r), _number_bytes(s)))


class SM2PrivateKey:
    """A number, from 64 hexadecimal digits, or 66 with the leading 00 that Java's big integers
    write. ``ValueError``."""

    def __init__(self, text: Secret) -> None:
        raw = _key_bytes(text.reveal())
        if len(raw) == 1 + _NUMBER_BYTES and raw.startswith(b"\x00"):
            raw = raw[1:]
        number = int.from_bytes(raw, "big")
        if len(raw) != _NUMBER_BYTES or not 1 <= number <= _ORDER - 2:
            raise ValueError("an SM2 private key is a number below the order, 64 or 66 hex digits")
        self._number = number

    def __repr__(self) -> str:
        return "SM2PrivateKey(***)"

    def public_key(self) -> str:
        """130 hexadecimal digits with the leading 04."""
        return (_UNCOMPRESSED + _coordinates(_CURVE.kG(self._number))).hex()

    def sign(self, message: bytes) -> bytes:
        """DER, two numbers. Blocks for some ten milliseconds."""
        signer = SM2(sk=_number_bytes(self._number), uid=SIGNER_ID)
        r, s = signer.sign(message)
        return encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))

    def decrypt(self, sealed: str, form: SM2Form) -> bytes:
        """Blocks for some ten milliseconds. :class:`CannotDecrypt`."""
        c1, c2, c3 = form.split(sealed)
        point = _point(c1)
        if point is None:
            raise CannotDecrypt("not on the curve")
        masked = self._number + _ORDER * secrets.randbits(_MASK_BITS)
        shared = _coordinates(_CURVE.ec.mul(masked, point))
        stream = _key_stream(shared, len(c2))
        plain = _xor(c2, stream)
        if not hmac.compare_digest(_digest(shared, plain), c3) or not any(stream):
            raise CannotDecrypt("hash")
        return plain


class SM2Cipher:
    """Both directions with one peer: sealed with its public key, opened with our private key."""

    def __init__(
        self, private_key: Secret, peer_public_key: str, form: SM2Form | None = None
    ) -> None:
        """``ValueError`` for keys that are none."""
        self._private_key = SM2PrivateKey(private_key)
        self._public_key = SM2PublicKey(peer_public_key)
        self._form = form or SM2Form()
        self._turn = asyncio.Lock()

    async def seal(self, plain: bytes) -> str:
        async with self._turn:
            return await asyncio.to_thread(self._public_key.encrypt, plain, self._form)

    async def open(self, sealed: str) -> bytes:
        """:class:`CannotDecrypt`."""
        async with self._turn:
            return await asyncio.to_thread(self._private_key.decrypt, sealed, self._form)


def new_key_pair() -> tuple[Secret, str]:
    """A private key and its public key, in hexadecimal, the latter with its leading 04."""
    number = secrets.randbelow(_ORDER - 2) + 1
    private_key = Secret(number.to_bytes(_NUMBER_BYTES, "big").hex())
    return private_key, SM2PrivateKey(private_key).public_key()


def sm3_hex(data: bytes) -> str:
    digest = Hash(SM3())
    digest.update(data)
    return digest.finalize().hex()


def hmac_sm3_hex(key: bytes, data: bytes) -> str:
    code = HMAC(key, SM3())
    code.update(data)
    return code.finalize().hex()


def _key_bytes(text: str) -> bytes:
    try:
        return binascii.unhexlify(text)
    except ValueError:
        # Nothing of a key may reach a traceback.
        raise ValueError("an SM2 key is written in hexadecimal") from None


def _point(coordinates: bytes) -> Point | None:
    x = int.from_bytes(coordinates[:_NUMBER_BYTES], "big")
    y = int.from_bytes(coordinates[_NUMBER_BYTES:], "big")
    if x >= _FIELD_PRIME or y >= _FIELD_PRIME or not _CURVE.ec.isvalid((x, y)):
        return None
    return x, y


def _coordinates(point: Point) -> bytes:
    return b"".join(_number_bytes(number) for number in point)


def _number_bytes(number: int) -> bytes:
    return number.to_bytes(_NUMBER_BYTES, "big")


def _sealed_with(ephemeral: int, key: Point, plain: bytes) -> tuple[bytes, bytes, bytes] | None:
    """C1, C2, C3; None when the standard asks for another ephemeral number."""
    shared = _coordinates(_CURVE.ec.mul(ephemeral, key))
    stream = _key_stream(shared, len(plain))
    if not any(stream):
        return None
    c1 = _coordinates(_CURVE.kG(ephemeral))
    return c1, _xor(plain, stream), _digest(shared, plain)


def _key_stream(shared: bytes, length: int) -> bytes:
    """The standard's KDF: SM3 of the shared point and a counter from 1."""
    seeded = Hash(SM3())
    seeded.update(shared)
    stream = bytearray()
    counter = 0
    while len(stream) < length:
        counter += 1
        block = seeded.copy()
        block.update(counter.to_bytes(4, "big"))
        stream += block.finalize()
    return bytes(stream[:length])


def _digest(shared: bytes, plain: bytes) -> bytes:
    digest = Hash(SM3())
    digest.update(shared[:_NUMBER_BYTES] + plain + shared[_NUMBER_BYTES:])
    return digest.finalize()


def _xor(left: bytes, right: bytes) -> bytes:
    return (int.from_bytes(left, "big") ^ int.from_bytes(right, "big")).to_bytes(len(left), "big")
