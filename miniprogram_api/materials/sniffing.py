"""What a file really is, by its bytes; what the client says of it is never believed.

A library knows the first bytes of thousands of kinds, but ``GIF89a<script>`` begins like an image.
So each kind that we take is also walked from its head to its tail, without decoding it: what passes
is whole and is nothing else in front.
"""

import struct
from collections.abc import Callable, Mapping

from miniprogram_api.materials.inspection import Kind
from miniprogram_api.materials.problems import FileIncomplete, FileTypeRefused

MEDIA_TYPES: Mapping[Kind, str] = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "pdf": "application/pdf",
}
"""By the name that materials use for a format; it is also the extension that we give."""

_PNG_HEAD = b"\x89PNG\r\n\x1a\n"
_PDF_TAIL_BYTES = 2048
_JPEG_START_OF_SCAN = 0xDA
_JPEG_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD8)})


def format_of(content: bytes, accepted: frozenset[str]) -> Kind:
    """One of ``accepted``; FileTypeRefused for anything else, FileIncomplete for a part of one."""
    # For the workshop's child only: the server imports this module for its table.
    import puremagic  # noqa: PLC0415

    try:
        guessed = puremagic.from_string(content, mime=True)
    except (puremagic.PureError, ValueError):
        raise FileTypeRefused from None
    for name, media_type in MEDIA_TYPES.items():
        if name in accepted and media_type == guessed:
            if not _IS_WHOLE[name](content):
                raise FileIncomplete
            return name
    raise FileTypeRefused


def _is_whole_png(content: bytes) -> bool:
    """Chunks from the header to the end mark, and nothing after it."""
    if not content.startswith(_PNG_HEAD + b"\0\0\0\x0dIHDR"):
        return False
    at = len(_PNG_HEAD)
    length: int
    while at + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, at)
        kind = content[at + 4 : at + 8]
        at += 12 + length
        if kind == b"IEND":
            return length == 0 and at == len(content)
    return False


def _is_whole_jpeg(content: bytes) -> bool:
    """Segments up to the picture's data, and an end mark after it. Cameras write more after the end
    (previews, depth), so that is let be."""
    if not content.startswith(b"\xff\xd8\xff"):
        return False
    at = 2
    length: int
    while at + 4 <= len(content) and content[at] == 0xFF:
        kind = content[at + 1]
        if kind in _JPEG_WITHOUT_LENGTH:
            at += 2
            continue
        if kind == 0xFF:
            at += 1
            continue
        (length,) = struct.unpack_from(">H", content, at + 2)
        at += 2 + length
        if kind == _JPEG_START_OF_SCAN:
            return length >= 2 and content.find(b"\xff\xd9", at) > at
        if length < 2:
            return False
    return False


def _is_whole_pdf(content: bytes) -> bool:
    """The version in front, and in the last bytes where the table of contents is."""
    tail = content[-_PDF_TAIL_BYTES:]
    has_table = b"startxref" in tail and b"%%EOF" in tail
    return has_table and content.startswith((b"%PDF-1.", b"%PDF-2."))


_IS_WHOLE: Mapping[Kind, Callable[[bytes], bool]] = {
    "jpg": _is_whole_jpeg,
    "png": _is_whole_png,
    "pdf": _is_whole_pdf,
}
