"""What the workshop's child does with a file: see what it is, then make of it what is kept."""

from typing import Literal

from msgspec import Struct

from kit.workbench import WorkRefused
from miniprogram_api.materials.inspection import treat
from miniprogram_api.materials.problems import FileIncomplete, FileTypeRefused, name_of
from miniprogram_api.materials.sniffing import format_of

WATERMARK = "仅用于经营主体登记及许可办理"
"""On copies of identity documents. The same for everybody and every day, so that the same picture
sent again is the same file, for whatever draft."""


class NotThisKind(WorkRefused):
    """By one of the codes of :mod:`~miniprogram_api.materials.problems`: what it is, is not taken,
    or there is only a part of it."""


class Found(Struct, frozen=True):
    """``changed``: content comes with it; otherwise the file is kept as it was sent."""

    kind: Literal["jpg", "png", "pdf"]
    warnings: tuple[str, ...]
    changed: bool


def treatment_of(watermark: str | None) -> str:
    """A name that changes whenever the same bytes would become other ones."""
    return "1" if watermark is None else "1-marked-1"


def inspect(
    content: bytes, accepted: tuple[str, ...], watermark: str | None
) -> tuple[Found, bytes]:
    """NotThisKind, Unacceptable."""
    try:
        kind = format_of(content, frozenset(accepted))
    except (FileTypeRefused, FileIncomplete) as problem:
        raise NotThisKind(name_of(problem)) from None
    treated, after = treat(content, kind, watermark)
    return Found(kind, treated.warnings, treated.changed), after
