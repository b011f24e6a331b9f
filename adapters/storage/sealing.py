"""The form in which a file is stored: frames of AES-256-GCM, in order, the last one marked.

A frame is ``length (4 bytes, big-endian) | sealed``; what is sealed is up to 64 KiB of the file.
The key, the frame's number and whether it is the last are authenticated with it, so that frames
cannot be moved, left out, doubled, cut off or taken from another file without notice. An empty file
is one empty frame.
"""

import hashlib
from collections.abc import AsyncIterator, Iterator

from adapters.storage.port import Damaged, Stored, TooLarge
from kit.secrets import CannotDecrypt, KeyRing

FRAME_BYTES = 64 * 1024
LENGTH_BYTES = 4
SEALED_BYTES_MAX = FRAME_BYTES + 512
"""The frame, its tag, its nonce and the longest key id."""


class Sealer:
    """Takes a file's bytes in any pieces, gives frames, and knows in the end what went through."""

    def __init__(self, ring: KeyRing, key: str, bytes_max: int) -> None:
        self._ring = ring
        self._key = key
        self._bytes_max = bytes_max
        self._pending = bytearray()
        self._frames = 0
        self._size = 0
        self._sha256 = hashlib.sha256()

    def add(self, piece: bytes) -> bytes:
        """The frames that are full now, perhaps none. TooLarge beyond the limit."""
        self._size += len(piece)
        if self._size > self._bytes_max:
            raise TooLarge
        self._sha256.update(piece)
        self._pending += piece
        # One byte more than a frame must wait: only then is this frame surely not the last.
        return b"".join(self._full_frames())

    def finish(self) -> tuple[bytes, Stored]:
        frame = self._frame(bytes(self._pending), last=True)
        return frame, Stored(self._size, self._sha256.hexdigest())

    def _full_frames(self) -> Iterator[bytes]:
        while len(self._pending) > FRAME_BYTES:
            plain = bytes(self._pending[:FRAME_BYTES])
            del self._pending[:FRAME_BYTES]
            yield self._frame(plain, last=False)

    def _frame(self, plain: bytes, *, last: bool) -> bytes:
        sealed = self._ring.seal(plain, _context(self._key, self._frames, last=last))
        self._frames += 1
        return len(sealed).to_bytes(LENGTH_BYTES, "big") + sealed


async def opened(sealed: AsyncIterator[bytes], ring: KeyRing, key: str) -> AsyncIterator[bytes]:
    """The file's bytes from its frames, which may come in any pieces. Damaged in place of the first
    byte that is not ours, and in place of the end when the last frame is not there."""
    number = 0
    held: bytes | None = None
    async for frame in _frames(sealed):
        if held is not None:
            yield _open(ring, held, _context(key, number, last=False))
            number += 1
        held = frame
    if held is None:
        raise Damaged
    yield _open(ring, held, _context(key, number, last=True))


async def _frames(sealed: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    pending = bytearray()
    async for piece in sealed:
        pending += piece
        while len(pending) >= LENGTH_BYTES:
            length = int.from_bytes(pending[:LENGTH_BYTES], "big")
            if length > SEALED_BYTES_MAX:
                raise Damaged
            if len(pending) < LENGTH_BYTES + length:
                break
            yield bytes(pending[LENGTH_BYTES : LENGTH_BYTES + length])
            del pending[: LENGTH_BYTES + length]
    if pending:
        raise Damaged


def _open(ring: KeyRing, sealed: bytes, context: str) -> bytes:
    try:
        return ring.open(sealed, context)
    except CannotDecrypt:
        raise Damaged from None


def _context(key: str, number: int, *, last: bool) -> str:
    return f"file|{key}|{number}|{'last' if last else 'more'}"
