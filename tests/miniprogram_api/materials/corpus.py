"""Files that people send by mistake, and files that somebody made to hurt; what each is told."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from PIL import Image

from tests.miniprogram_api.materials.builders import a_pdf
from tests.miniprogram_api.materials.papers import (
    a_pdf_of,
    a_stream,
    an_encrypted_pdf,
    one_page_with,
)
from tests.miniprogram_api.materials.pictures import encoded, page

TAKEN = "taken"
SMALL = (600, 800)


class Sample(NamedTuple):
    """``told``: TAKEN, or the code of the problem with its ``reason`` or ``found``."""

    name: str
    content: bytes
    told: tuple[str, ...]


def samples() -> Iterator[Sample]:
    yield from _by_mistake()
    yield from _pictures()
    yield from _pdfs()


def _by_mistake() -> Iterator[Sample]:
    """From phones and computers, whatever they are called."""
    for brand in (b"heic", b"mif1", b"heix"):
        content = struct.pack(">I", 24) + b"ftyp" + brand + bytes(4) + b"mif1heic" + bytes(300)
        yield Sample(
            f"a photograph of an iPhone, {brand!r}", content, ("file_type_refused", "heic")
        )
    video = struct.pack(">I", 24) + b"ftypisom" + bytes(300)
    yield Sample("a video", video, ("file_type_refused", "other_picture"))
    for kind, found in {
        "WEBP": "webp", "GIF": "other_picture", "BMP": "other_picture", "TIFF": "other_picture",
        "JPEG2000": "other_picture",
    }.items():  # fmt: skip
        content = encoded(page((60, 80)), kind)
        yield Sample(f"a {kind} called jpg", content, ("file_type_refused", found))
    yield Sample("a Word document", a_zip(), ("file_type_refused", "office"))
    old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
    yield Sample("an old Word document", old, ("file_type_refused", "office"))
    yield Sample("one byte", b"\xff", ("file_type_refused",))
    yield Sample("a text", b"lease of premises" * 20, ("file_type_refused",))


def _pictures() -> Iterator[Sample]:
    plain, progressive = encoded(page(SMALL)), encoded(page(SMALL), progressive=True)
    for name, content in (("jpeg", plain), ("progressive", progressive)):
        yield Sample(name, content, (TAKEN,))
        for share in (1, 5, 30, 60, 90, 99):
            cut = content[: len(content) * share // 100]
            yield Sample(f"{name} cut at {share}%", cut, ("file_incomplete",))
            # With an end that somebody put there: the decoder fills up what is missing.
            yield Sample(f"{name} cut at {share}%, ended", cut + b"\xff\xd9", (TAKEN,))
    yield Sample("CMYK", encoded(page(SMALL).convert("CMYK")), (TAKEN,))
    yield Sample("16 bits of grey", encoded(Image.new("I;16", SMALL, 30_000), "PNG"), (TAKEN,))
    moving = encoded(page(SMALL), "PNG", save_all=True, append_images=[page(SMALL, 20)])
    yield Sample("a PNG that moves", moving, ("file_broken", "image_broken"))
    yield Sample("remarks that point at themselves", with_exif(plain, a_loop()), (TAKEN,))
    yield Sample("remarks that announce too much", with_exif(plain, many_entries()), (TAKEN,))
    fillers = plain[:2] + b"\xff" * 1_000_000 + plain[2:]
    yield Sample("a megabyte of fillers", fillers, ("file_incomplete",))
    segments = plain[:2] + b"\xff\xfe\0\2" * 200_000 + plain[2:]
    yield Sample("200,000 empty remarks", segments, ("file_incomplete",))
    scan = progressive[progressive.rindex(b"\xff\xda") : -2]
    scans = progressive[:-2] + scan * 200 + b"\xff\xd9"
    yield Sample("200 passes over a picture", scans, ("file_broken", "image_broken"))
    broken = ("file_broken", "image_broken")
    much = zlib.compress(bytes(50_000_000))
    png = encoded(page(SMALL), "PNG")
    yield Sample("a bomb in a profile", with_chunk(png, b"iCCP", b"p\0\0" + much), broken)
    text = with_chunk(png, b"zTXt", b"t\0\0" + much)
    yield Sample("a bomb in a text", text, broken)
    wide = Image.new("1", (20_001, 1))
    yield Sample("too wide", encoded(wide, "PNG"), ("file_broken", "image_too_large"))
    yield Sample("a JPEG with a ZIP behind it", plain + a_zip(), (TAKEN,))


def _pdfs() -> Iterator[Sample]:
    broken, bomb = ("file_broken", "pdf_broken"), ("file_broken", "archive_bomb")
    yield Sample("a PDF", a_pdf(), (TAKEN,))
    yield Sample("a PDF and a ZIP", a_pdf() + a_zip(), ("file_type_refused", "office"))
    yield Sample(
        "a PDF within a ZIP's remark", zip_around(a_pdf()), ("file_type_refused", "office")
    )
    yield Sample("encrypted, no password", an_encrypted_pdf(""), ("file_broken", "pdf_encrypted"))
    table = a_pdf().rindex(b"xref\n0")
    loop = a_pdf().replace(b"/Root 1 0 R", b"/Root 1 0 R/Prev %d" % table)
    yield Sample("a table that is its own past", loop, (TAKEN,))
    yield Sample("pages within themselves", pages("<</Type/Pages/Kids[2 0 R]/Count 1>>"), broken)
    fan = [f"<</Type/Pages/Kids[{f'{at + 1} 0 R ' * 4}]/Count 1>>" for at in range(2, 16)]
    yield Sample("four pages of four pages of ...", pages(*fan, "<</Type/Page>>"), bomb)
    many = pages("<</Type/Pages/Kids[" + "3 0 R " * 3000 + "]/Count 3000>>", "<</Type/Page>>")
    yield Sample("3,000 pages", many, ("file_broken", "pdf_too_many_pages"))
    yield Sample("a stream of objects that is a bomb", object_stream(bytes(40_000_000)), bomb)
    image = b"<</Subtype/Image/Width 60000/Height 60000/Filter/JBIG2Decode/Length 4>>stream\nabcd\n"
    shown = "/Resources<</XObject<</I 4 0 R>>>>"
    yield Sample("JBIG2", one_page_with("", shown, image + b"endstream"), (TAKEN,))


def a_zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<xml/>")
    return out.getvalue()


def zip_around(content: bytes) -> bytes:
    """The PDF's table stands behind the ZIP's end, as the ZIP's remark."""
    archive, table = a_zip(), content.rindex(b"xref\n0")
    head, tail = content[:table], content[table:]
    return head + b"%" + archive[:-2] + struct.pack("<H", len(tail) + 1) + b"\n" + tail


def with_exif(jpeg: bytes, directory: bytes) -> bytes:
    remarks = b"Exif\0\0II*\0\x08\0\0\0" + directory
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(remarks) + 2) + remarks + jpeg[2:]


def a_loop() -> bytes:
    return struct.pack("<HHHII", 1, 0x8769, 4, 1, 8) + struct.pack("<I", 8)


def many_entries() -> bytes:
    return struct.pack("<H", 60_000) + struct.pack("<HHII", 0x112, 3, 2**31 - 1, 0) * 5000


def with_chunk(png: bytes, kind: bytes, content: bytes) -> bytes:
    at = png.index(b"IDAT") - 4
    check = struct.pack(">I", zlib.crc32(kind + content))
    return png[:at] + struct.pack(">I", len(content)) + kind + content + check + png[at:]


def pages(*objects: str) -> bytes:
    return a_pdf_of(["<</Type/Catalog/Pages 2 0 R>>", *objects])


def object_stream(filling: bytes) -> bytes:
    """The document's root lies in a stream of objects that unpacks to far too much."""
    data = b"1 0 <</Type/Catalog/Pages 2 0 R>>" + filling
    body = bytearray(b"%PDF-1.7\n")
    at = {}
    for number, thing in {
        2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>",
        4: a_stream(data, {"Type": "/ObjStm", "N": "1", "First": "4"}),
    }.items():
        at[number] = len(body)
        body += b"%d 0 obj\n" % number + thing + b"\nendobj\n"
    table = len(body)
    rows = [struct.pack(">BIH", 0, 0, 0), struct.pack(">BIH", 2, 4, 0)]
    rows += [struct.pack(">BIH", 1, at[number], 0) for number in (2, 3, 4)]
    rows.append(struct.pack(">BIH", 1, table, 0))
    entries = {"Type": "/XRef", "Size": "6", "W": "[1 4 2]", "Root": "1 0 R"}
    body += b"5 0 obj\n" + a_stream(b"".join(rows), entries) + b"\nendobj\n"
    return bytes(body) + b"startxref\n%d\n%%%%EOF\n" % table
