"""Made-up PDFs."""

import io
import zlib
from collections.abc import Mapping, Sequence

from pypdf import PdfWriter


def a_real_pdf(pages: int = 1, size: tuple[int, int] = (595, 842), turned: int = 0) -> bytes:
    """With a line of text on every page."""
    kids = " ".join(f"{4 + 2 * at} 0 R" for at in range(pages))
    inherited = f"/MediaBox[0 0 {size[0]} {size[1]}]/Resources<</Font<</F1 3 0 R>>>>"
    objects: list[str | bytes] = [
        "<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Count {pages}/Kids[{kids}]{inherited}>>",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    for at in range(pages):
        text = f"BT /F1 18 Tf 72 {size[1] - 72} Td (Lease of premises, page {at + 1}) Tj ET"
        objects += [
            f"<</Type/Page/Parent 2 0 R/Rotate {turned}/Contents {5 + 2 * at} 0 R>>",
            a_stream(text.encode()),
        ]
    return a_pdf_of(objects)


def an_encrypted_pdf(password: str) -> bytes:
    writer = PdfWriter()
    writer.add_blank_page(595, 842)
    writer.encrypt(password, algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def a_pdf_of(objects: Sequence[str | bytes], root: int = 1, size: int | None = None) -> bytes:
    """The objects, numbered from 1, with a table that fits."""
    body = bytearray(b"%PDF-1.7\n")
    offsets = []
    for number, thing in enumerate(objects, 1):
        offsets.append(len(body))
        content = thing.encode() if isinstance(thing, str) else thing
        body += b"%d 0 obj\n" % number + content + b"\nendobj\n"
    table = len(body)
    body += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    body += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    body += b"trailer\n<</Size %d/Root %d 0 R>>\n" % (size or len(objects) + 1, root)
    return bytes(body) + b"startxref\n%d\n%%%%EOF\n" % table


def one_page_with(catalogue: str = "", page: str = "", *more: str | bytes) -> bytes:
    """An empty page; ``more`` are objects from number 4 on."""
    return a_pdf_of(
        [
            f"<</Type/Catalog/Pages 2 0 R{catalogue}>>",
            "<</Type/Pages/Kids[3 0 R]/Count 1>>",
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]{page}>>",
            *more,
        ]
    )


def a_stream(data: bytes, entries: Mapping[str, str] | None = None, times: int = 1) -> bytes:
    """Deflated, ``times`` over."""
    for _ in range(times):
        data = zlib.compress(data, 9)
    filters = "/FlateDecode " * times
    more = "".join(f"/{key} {value}" for key, value in (entries or {}).items())
    head = f"<</Length {len(data)}/Filter[{filters}]{more}>>stream\n"
    return head.encode() + data + b"\nendstream"
