"""Small files that are what they say they are."""

import struct
import zlib


def a_png(width: int = 2, height: int = 2, after: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * (height * (1 + 3 * width)))
    parts = (b"IHDR", header), (b"IDAT", pixels), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts) + after


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def a_jpeg(after: bytes = b"") -> bytes:
    segments = [
        b"\xff\xe0" + struct.pack(">H", 16) + b"JFIF\0\1\1\0\0\1\0\1\0\0",
        # A preview of its own lies inside the picture's description, with its own end mark.
        b"\xff\xe1" + struct.pack(">H", 12) + b"Exif\0\0\xff\xd8\xff\xd9",
        b"\xff\xdb" + struct.pack(">H", 67) + b"\0" * 65,
        b"\xff\xc0" + struct.pack(">H", 11) + b"\x08\0\2\0\2\1\1\x11\0",
        b"\xff\xda" + struct.pack(">H", 8) + b"\1\1\0\0\x3f\0",
    ]
    return b"\xff\xd8" + b"".join(segments) + b"\x12\x34\xff\x00\x56" + b"\xff\xd9" + after


def a_pdf(version: str = "1.7", size: int = 0) -> bytes:
    body = b"%%PDF-%s\n1 0 obj\n<<>>\nendobj\n" % version.encode()
    return body + b"%" * size + b"\nstartxref\n9\n%%EOF\n"
