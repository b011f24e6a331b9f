"""Small files that are what they say they are."""

import functools
import io
import struct
import zlib

from PIL import Image

EXIF_PREVIEW = b"\xff\xe1" + struct.pack(">H", 12) + b"Exif\0\0\xff\xd8\xff\xd9"
"""A preview of its own lies inside the picture's description, with its own end mark."""


def a_png(width: int = 2, height: int = 2, after: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * (height * (1 + 3 * width)))
    parts = (b"IHDR", header), (b"IDAT", pixels), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts) + after


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


@functools.cache
def _pixels() -> bytes:
    """A real JPEG, of noise that has an end mark nowhere but at its end."""
    content = io.BytesIO()
    Image.effect_noise((32, 32), 50).save(content, "JPEG")
    return content.getvalue()


def a_jpeg(after: bytes = b"") -> bytes:
    plain = _pixels()
    return plain[:2] + EXIF_PREVIEW + plain[2:] + after


def a_pdf(version: str = "1.7", size: int = 0, filling: bytes = b"") -> bytes:
    """One empty page. ``size`` bytes of a remark, which ``filling`` replaces."""
    bodies = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>",
    )
    content = bytearray(b"%%PDF-%s\n" % version.encode())
    offsets = []
    for number, body in enumerate(bodies, 1):
        offsets.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    content += b"%" + (filling or b"%" * size) + b"\n"
    table = len(content)
    content += b"xref\n0 4\n0000000000 65535 f \n"
    content += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    content += b"trailer\n<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % table
    return bytes(content)
