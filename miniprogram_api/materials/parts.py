"""The parts of an upload: which came, and whether one that comes has its place. Pure."""

from collections.abc import Sequence

import msgspec

PART_BYTES_MIN = 256 * 1024
"""Of all but the last. Clients send 1 to 4 MB; on a bad line, where a part of a megabyte never gets
through, they may go down to this. It is also what keeps an upload to a few hundred parts."""
PART_BYTES_MAX = 4 * 1024 * 1024


class Part(msgspec.Struct, array_like=True, frozen=True):
    """One that is stored under a key of its own."""

    key: str
    offset: int
    size: int
    sha256: str


encode_parts = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(tuple[Part, ...]).decode


def parts_of(text: str) -> tuple[Part, ...]:
    return _decode(text)


def text_of(parts: Sequence[Part]) -> str:
    return encode_parts(parts).decode()


def may_be(offset: int, size: int, whole: int) -> bool:
    """Whether a part of ``size`` bytes may come at ``offset`` of ``whole``."""
    at_least = min(PART_BYTES_MIN, whole - offset)
    return 0 < at_least <= size <= min(PART_BYTES_MAX, whole - offset)


def part_at(parts: Sequence[Part], offset: int) -> Part | None:
    return next((part for part in parts if part.offset == offset), None)
