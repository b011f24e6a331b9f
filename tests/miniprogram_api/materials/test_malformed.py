"""Whatever the bytes are: a treated file or a code of ours, and the child goes on."""

import functools
import gzip
import io
import random
import struct
import typing
import zipfile
import zlib
from collections.abc import AsyncIterator, Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from kit.workshop import Allowance, Workshop
from miniprogram_api.materials.inspection import Code, Kind, Treated, Unacceptable, treat
from tests.kit import jobs
from tests.miniprogram_api.materials.papers import a_pdf_of, a_real_pdf, a_stream, one_page_with
from tests.miniprogram_api.materials.pictures import encoded, page

CODES = frozenset(typing.get_args(Code))
KINDS: tuple[Kind, ...] = ("jpg", "png", "pdf")
SMALL = (160, 220)


@functools.cache
def whole(kind: Kind) -> bytes:
    """A valid one, with remarks, so that there is something to break."""
    if kind == "pdf":
        return a_real_pdf(3)
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "a remark"
    return encoded(page(SMALL), {"jpg": "JPEG", "png": "PNG"}[kind], exif=exif)


@pytest.fixture(scope="module")
async def workshop() -> AsyncIterator[Workshop]:
    shop = Workshop(Allowance(children=1, jobs_max=100_000))
    yield shop
    await shop.close()


async def code_of(
    workshop: Workshop, content: bytes, kind: Kind, watermark: str | None = None
) -> str | None:
    """None if it was taken. Anything but a code of ours, a crash among it, goes through."""
    try:
        treated, kept = await workshop.run(treat, content, kind, watermark)
    except Unacceptable as refusal:
        code: str | None = refusal.code
    else:
        assert isinstance(treated, Treated)
        assert bool(kept) == treated.changed
        code = None
    assert code is None or code in CODES
    return code


def a_png_chunk(kind: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + check


def a_png_with(*chunks: bytes) -> bytes:
    content = whole("png")
    at = content.index(b"IDAT") - 4
    return content[:at] + b"".join(chunks) + content[at:]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_file_that_is_cut_off_is_broken(workshop: Workshop, kind: Kind):
    content = whole(kind)
    cuts = [len(content) * part // 20 for part in range(20)]
    codes = [await code_of(workshop, content[:cut], kind, "mark") for cut in cuts]
    if kind == "pdf":
        # Its reader finds what is still there; what is refused for being cut off is seen before.
        assert codes[0] == "pdf_broken"
    else:
        assert codes == ["image_broken"] * 20


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("watermark", [None, "mark"])
@settings(max_examples=35, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(st.integers(0), st.integers(0, 255)), min_size=1, max_size=12))
async def test_changed_bytes_are_taken_or_refused(
    workshop: Workshop, kind: Kind, watermark: str | None, changes: list[tuple[int, int]]
):
    before = await workshop.run(jobs.process_id)
    spoiled = bytearray(whole(kind))
    for at, value in changes:
        spoiled[at % len(spoiled)] = value
    await code_of(workshop, bytes(spoiled), kind, watermark)
    assert await workshop.run(jobs.process_id) == before


@pytest.mark.parametrize("kind", KINDS)
async def test_parts_that_are_missing_doubled_or_swapped_are_taken_or_refused(
    workshop: Workshop, kind: Kind
):
    content, chance = whole(kind), random.Random(5)
    for _ in range(30):
        first, second = sorted(chance.randrange(len(content)) for _ in range(2))
        parts = content[:first], content[first:second], content[second:]
        for order in ((0, 2), (0, 1, 1, 2), (1, 0, 2)):
            await code_of(workshop, b"".join(parts[part] for part in order), kind, "mark")


def a_zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<xml/>")
    return out.getvalue()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0",
        b"GIF89a" + bytes(200),
        encoded(Image.new("P", (9, 9)), "GIF"),
        encoded(Image.new("RGB", (9, 9)), "BMP"),
        encoded(Image.new("RGB", (9, 9)), "TIFF"),
        encoded(Image.new("RGB", (9, 9)), "WEBP"),
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<!doctype html><script>alert(1)</script>",
        b"%!PS-Adobe-3.0\nquit",
        a_zip(),
        gzip.compress(bytes(1000)),
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xd9",
        b"%PDF-1.7\n%%EOF\n",
    ],
    ids=range(15),
)
async def test_anything_in_disguise_is_refused(workshop: Workshop, content: bytes, kind: Kind):
    assert await code_of(workshop, content, kind) in {"image_broken", "pdf_broken"}


@functools.cache
def much() -> bytes:
    """A hundred megabytes, packed."""
    return zlib.compress(bytes(100_000_000))


@pytest.mark.parametrize(
    "chunks",
    [
        lambda: [a_png_chunk(b"iCCP", b"p\0\0" + much())],
        lambda: [a_png_chunk(b"zTXt", b"t\0\0" + much())],
        lambda: [a_png_chunk(b"iTXt", b"t\0\1\0\0\0" + much())],
        lambda: [a_png_chunk(b"tEXt", b"t\0" + bytes(60_000))] * 100,
        lambda: [a_png_chunk(b"eXIf", b"II*\0\x08\0\0\0" + b"\xff" * 60_000)],
        lambda: [a_png_chunk(b"acTL", b"\xff" * 8)],
        lambda: [a_png_chunk(b"IHDR", bytes(13))],
        lambda: [a_png_chunk(b"PLTE", b"\1" * 10_000)],
    ],
    ids=["iCCP", "zTXt", "iTXt", "tEXt", "eXIf", "acTL", "IHDR", "PLTE"],
)
async def test_a_bomb_in_the_remarks_of_a_png_does_no_harm(
    workshop: Workshop, chunks: Callable[[], list[bytes]]
):
    before = await workshop.run(jobs.process_id)
    content = a_png_with(*chunks())
    assert await code_of(workshop, content, "png", "mark") in {None, "image_broken"}
    assert await workshop.run(jobs.process_id) == before


async def test_a_png_of_more_data_than_its_size_says_does_no_harm(workshop: Workshop):
    head = struct.pack(">IIBBBBB", 10, 10, 8, 2, 0, 0, 0)
    content = b"\x89PNG\r\n\x1a\n" + b"".join(
        a_png_chunk(kind, data)
        for kind, data in ((b"IHDR", head), (b"IDAT", much()), (b"IEND", b""))
    )
    assert await code_of(workshop, content, "png") in {None, "image_broken"}


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
async def test_a_jpeg_that_says_it_is_far_larger_is_refused(workshop: Workshop, mode: str):
    content = bytearray(encoded(page(SMALL).convert(mode)))
    at = content.index(b"\xff\xc0") + 5
    content[at : at + 4] = struct.pack(">HH", 65_000, 65_000)
    assert await code_of(workshop, bytes(content), "jpg") == "image_too_large"


async def test_the_largest_picture_there_may_be_fits_the_child(workshop: Workshop):
    exif = Image.Exif()
    exif[0x0112] = 6
    content = encoded(Image.new("RGB", (8000, 5000), "white"), exif=exif, progressive=True)
    assert await code_of(workshop, content, "jpg") is None


async def test_a_page_that_draws_the_same_too_often_is_a_bomb_before_it_fills_the_child(
    workshop: Workshop,
):
    before = await workshop.run(jobs.process_id)
    drawn = a_stream(bytes(9_000_000))
    content = one_page_with("", "/Contents[" + "4 0 R " * 200 + "]", drawn)
    assert await code_of(workshop, content, "pdf") is None
    assert await code_of(workshop, content, "pdf", "mark") == "archive_bomb"
    assert await workshop.run(jobs.process_id) == before


@pytest.mark.parametrize(
    "content",
    [
        a_pdf_of(
            ["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[" + "3 0 R " * 20_000 + "]>>"]
        ),
        one_page_with("/X " + "[" * 100_000),
        one_page_with("/X " + "<</A" * 10_000),
        one_page_with("/X " + "(" * 100_000),
        one_page_with("/X 4 0 R", "", "4 0 R"),
        one_page_with("/X 4 0 R", "", "5 0 R", "4 0 R"),
        one_page_with("", "/Resources 4 0 R/Contents 4 0 R", "4 0 R"),
        one_page_with("", "/Contents[[[4 0 R]]]", "<<>>"),
        one_page_with("", "/Contents(text)/Resources(text)"),
        one_page_with("", "/MediaBox[(a)(b)]/CropBox[1e99 0 1e999 nan]"),
        one_page_with("", "/Rotate 45"),
        one_page_with("", "/Rotate(90)"),
        a_pdf_of(["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[]>>"], size=2**31),
        b"%PDF-1.7\nxref\n0 99999999\ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF",
        b"%PDF-1.7\ntrailer<</Root 1 0 R/Prev 9>>\nstartxref\n9\n%%EOF",
    ],
    ids=range(15),
)
async def test_a_pdf_that_is_made_to_hurt_is_taken_or_refused(workshop: Workshop, content: bytes):
    before = await workshop.run(jobs.process_id)
    await code_of(workshop, content, "pdf")
    await code_of(workshop, content, "pdf", "mark")
    assert await workshop.run(jobs.process_id) == before
