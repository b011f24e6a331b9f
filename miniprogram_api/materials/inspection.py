"""Looking at an uploaded file and making of it what is kept: for the workshop's child only.

Whatever the bytes are, the end is a treated file or ``Unacceptable``; memory and time are the
workshop's to bound. The decoders are imported when there is something to decode, because the server
imports this module for its names alone.

The place where a picture was taken, the camera and all other remarks are removed by writing the
picture anew. They are not looked for in pictures inside a PDF.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from kit.workbench import WorkRefused

Kind = Literal["jpg", "png", "pdf"]
Warned = Literal["too_small", "too_dark", "too_bright", "blurred", "cut_off"]
Code = Literal[
    "image_broken",
    "image_too_large",
    "pdf_broken",
    "pdf_encrypted",
    "pdf_too_many_pages",
    "pdf_active",
    "archive_bomb",
]


class Unacceptable(WorkRefused):
    """This file cannot be taken, by one of ``Code``."""


@dataclass(frozen=True, slots=True)
class Treated:
    """What is told of a file that is kept. Warnings are for the person to look again; they refuse
    nothing."""

    warnings: tuple[Warned, ...]
    pages: int
    changed: bool
    """False: it is kept as it was sent, and no content comes with this."""


def treat(content: bytes, kind: Kind, watermark: str | None) -> tuple[Treated, bytes]:
    """A picture upright, without remarks, as RGB or grey; a PDF as it is. Both with ``watermark``
    drawn over them if there is one. Unacceptable."""
    return _TREATMENTS[kind](content, watermark)


def _jpeg(content: bytes, watermark: str | None) -> tuple[Treated, bytes]:
    from miniprogram_api.materials.images import treat_image  # noqa: PLC0415 - see above

    return treat_image(content, "JPEG", watermark)


def _png(content: bytes, watermark: str | None) -> tuple[Treated, bytes]:
    from miniprogram_api.materials.images import treat_image  # noqa: PLC0415 - see above

    return treat_image(content, "PNG", watermark)


def _pdf(content: bytes, watermark: str | None) -> tuple[Treated, bytes]:
    from miniprogram_api.materials.pdfs import treat_pdf  # noqa: PLC0415 - see above

    return treat_pdf(content, watermark)


_TREATMENTS: Mapping[Kind, Callable[[bytes, str | None], tuple[Treated, bytes]]] = {
    "jpg": _jpeg,
    "png": _png,
    "pdf": _pdf,
}
