"""Storage for files: a local folder, or object storage, behind one port.

What is stored is sealed before it leaves the process (adapters/storage/sealing.py), so neither a
copied disk nor the operator of an object store can read it.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from adapters.errors import Refused

PEER = "storage"


@dataclass(frozen=True, slots=True)
class Stored:
    """What was really written: bytes before sealing, and the SHA-256 of them in hex."""

    size: int
    sha256: str


class TooLarge(Refused):
    """More bytes came than were allowed; nothing is kept of them."""

    def __init__(self) -> None:
        super().__init__(PEER, "too_large")


class NotStored(Refused):
    """There is nothing under this key."""

    def __init__(self) -> None:
        super().__init__(PEER, "not_stored")


class Damaged(Refused):
    """What lies there is not what we wrote: cut off, altered, or another key's."""

    def __init__(self) -> None:
        super().__init__(PEER, "damaged")


class Storage(Protocol):
    """Keys are our own ids (32 lower-case hex digits), never anything that a user chose.

    All methods raise Unreachable when the disk or the store does not answer.
    """

    async def put(self, key: str, chunks: AsyncIterator[bytes], bytes_max: int) -> Stored:
        """Keep the chunks under a new key. On return they are durable; a put that fails, or whose
        process dies, leaves nothing that can be opened. TooLarge beyond ``bytes_max``."""
        ...

    async def open(self, key: str) -> AsyncIterator[bytes]:
        """The bytes in pieces. NotStored at once; Damaged on the way, at the latest in place of the
        end, so whoever must not act on half a file reads it all first."""
        ...

    async def delete(self, key: str) -> None:
        """Nothing is there afterwards; no error when nothing was."""
        ...

    async def exists(self, key: str) -> bool: ...

    def written_before(self, instant: datetime) -> AsyncIterator[str]:
        """Every key written before ``instant``, by the Clock, in no order; also what a put left
        behind whose process died."""
        ...
