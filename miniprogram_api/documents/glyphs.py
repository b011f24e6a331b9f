"""What the packaged font can show; read from a list beside it, so that the serving process need not
open the font."""

from bisect import bisect_right
from collections.abc import Iterable
from functools import cache
from pathlib import Path

FONT = Path(__file__).parent / "fonts" / "NotoSansSC-Regular.ttf"
"""Noto Sans SC, SIL Open Font License: all characters of GBK, of CJK extension A and of the list of
general standard characters, so nearly every name. docs/documents.md says how it was made."""
STAND_IN = "〓"
"""Printers' sign for a character that is not at hand: nothing is left out silently."""
_BREAKS = frozenset("\n\r\t")


@cache
def _ranges() -> tuple[tuple[int, ...], tuple[int, ...]]:
    starts, ends = [], []
    for line in FONT.with_suffix(".ranges").read_text("ascii").split():
        start, _, end = line.partition("-")
        starts.append(int(start, 16))
        ends.append(int(end or start, 16))
    return tuple(starts), tuple(ends)


def is_shown(character: str) -> bool:
    starts, ends = _ranges()
    place = bisect_right(starts, ord(character)) - 1
    return place >= 0 and ord(character) <= ends[place]


def missing_characters(characters: Iterable[str]) -> tuple[str, ...]:
    """Those that the font does not have, each once, in order."""
    wanted = set(characters) - _BREAKS
    return tuple(sorted(character for character in wanted if not is_shown(character)))
