"""One line that a person typed and others will read: a name, an address on a parcel."""

import unicodedata

from kit.problems import FieldError, InvalidRequest
from kit.text import Text

END = r"$(?!\n)"
"""Of a pattern: Python's ``$`` alone also stands before a last line break."""
_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp"})
_BLANK = Text("请填写", "Fill this in")
_WITH_UNSEEN = Text(
    "含有看不见的特殊字符，请删除后重新输入，不要粘贴",
    "It has characters that cannot be seen; type it anew instead of pasting it",
)


def line_faults(pointer: str, line: str) -> list[FieldError]:
    """Blanks alone say nothing, and nobody can check characters that he cannot see: controls, and
    what only steers the writing of others, such as its direction. The forms' own rule."""
    if not line.strip():
        return [FieldError(pointer, "required", _BLANK)]
    if any(unicodedata.category(character) in _UNSEEN for character in line):
        return [FieldError(pointer, "unseen_character", _WITH_UNSEEN)]
    return []


def refuse_unreadable(lines: dict[str, str]) -> None:
    """``lines``: by pointer. InvalidRequest."""
    faults = [fault for pointer, line in lines.items() for fault in line_faults(pointer, line)]
    if faults:
        raise InvalidRequest(errors=faults)
