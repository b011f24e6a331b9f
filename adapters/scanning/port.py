"""Whether a file carries something harmful, asked of a virus scanner beside us.

Nothing of a file is kept over there. A file that was found clean today may be found infected with
tomorrow's signatures; who keeps it decides whether to ask again.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from adapters.errors import Refused

PEER = "scanner"


@dataclass(frozen=True, slots=True)
class Verdict:
    """``name`` is the scanner's own word for what it found, at most 200 printable characters: for
    operators, not for applicants. Empty when the file is clean."""

    infected: bool
    name: str = ""


class TooLargeToScan(Refused):
    """The scanner takes no file of this size: it stays unscanned, however often one asks."""

    def __init__(self) -> None:
        super().__init__(PEER, "too_large_to_scan")


class Scanner(Protocol):
    """Raises Unreachable when no verdict came (to be asked again, it does no harm), Misconfigured
    when what answers is no scanner or speaks another language."""

    async def scan(self, chunks: AsyncIterator[bytes]) -> Verdict:
        """Reads the chunks once, in any sizes, and holds none of them. What the iterator raises is
        raised on. TooLargeToScan."""
        ...

    async def takes(self, size: int) -> bool:
        """Whether a file of so many bytes would be looked at, by what the scanner says itself."""
        ...

    async def version(self) -> str:
        """What answers, with the age of its signatures, in its own words."""
        ...
