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
_ARCHIVE_TAIL_BYTES = 65_535 + 22
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_OTHER_PICTURES = (b"GIF8", b"BM", b"II*\0", b"MM\0*")
_OFFICE = (b"PK\3\4", b"\xd0\xcf\x11\xe0")
_JPEG_START_OF_SCAN = 0xDA
_JPEG_SEGMENTS_MAX = 2_000
"""Before the picture's data; also of bytes that only fill. Cameras write some dozens. Without a
bound eight megabytes of them take a decoder seventeen seconds."""
_JPEG_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD8)})


def format_of(content: bytes, accepted: frozenset[str]) -> Kind:
    """One of ``accepted``; FileTypeRefused for anything else, FileIncomplete for a part of one."""
    # For the workshop's child only: the server imports this module for its table.
    import puremagic  # noqa: PLC0415

    refused = FileTypeRefused(_what_people_send(content))
    try:
        guessed = puremagic.from_string(content, mime=True)
    except (puremagic.PureError, ValueError):
        raise refused from None
    for name, media_type in MEDIA_TYPES.items():
        if name in accepted and media_type == guessed and not refused.found:
            if not _IS_WHOLE[name](content):
                raise FileIncomplete
            if name == "pdf" and _is_archive(content):
                raise FileTypeRefused("office")
            return name
    raise refused


def _what_people_send(content: bytes) -> str:
    """One of ``FileTypeRefused.FOUND``, to say what to do; empty when it is none of them."""
    if content[4:8] == b"ftyp" and content[8:12] in _HEIF_BRANDS:
        return "heic"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "webp"
    if content.startswith(_OTHER_PICTURES) or content[4:8] in {b"ftyp", b"jP  "}:
        return "other_picture"
    return "office" if content.startswith(_OFFICE) else ""


def _is_archive(content: bytes) -> bool:
    """Whether it is a ZIP besides (which is read from its end): a program that takes it for one
    finds things in it that nobody has looked at. Of a picture nothing stays that is not drawn."""
    at = content.rfind(b"PK\5\6", -_ARCHIVE_TAIL_BYTES)
    if at < 0 or at + 22 > len(content):
        return False
    (comment,) = struct.unpack_from("<H", content, at + 20)
    return bool(at + 22 + comment == len(content))


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
    at, segments = 2, 0
    length: int
    while at + 4 <= len(content) and content[at] == 0xFF:
        segments += 1
        if segments > _JPEG_SEGMENTS_MAX:
            return False
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
