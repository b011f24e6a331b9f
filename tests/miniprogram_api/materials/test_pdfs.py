"""Which PDFs are kept, and that those stay what they were."""

import random
from typing import Any

import pypdfium2  # type: ignore[import-untyped]
import pytest
from PIL import Image, ImageChops

from miniprogram_api.materials.inspection import Treated, Unacceptable, treat
from miniprogram_api.materials.pdfs import OBJECTS_MAX, PAGES_MAX
from tests.miniprogram_api.materials.papers import (
    a_pdf_of,
    a_real_pdf,
    a_stream,
    an_encrypted_pdf,
    one_page_with,
)

WATERMARK = "仅用于办理企业开办使用 2026-11-22"


def refusal(content: bytes, watermark: str | None = None) -> str:
    with pytest.raises(Unacceptable) as refused:
        treat(content, "pdf", watermark)
    return refused.value.code


def _opened(content: bytes) -> Any:
    return pypdfium2.PdfDocument(content)


def drawn(content: bytes, page: int = 0) -> Image.Image:
    """By another library than the one that wrote it."""
    document = _opened(content)
    try:
        return document[page].render(scale=1).to_pil().convert("L")
    finally:
        document.close()


def text_of(content: bytes, page: int = 0) -> str:
    document = _opened(content)
    try:
        return str(document[page].get_textpage().get_text_range())
    finally:
        document.close()


@pytest.mark.parametrize("pages", [1, 3, PAGES_MAX])
def test_a_pdf_is_kept_as_it_was_sent_and_its_pages_are_told(pages: int):
    assert treat(a_real_pdf(pages), "pdf", None) == (Treated((), pages, changed=False), b"")


def test_too_many_pages_are_refused():
    assert refusal(a_real_pdf(PAGES_MAX + 1)) == "pdf_too_many_pages"


def test_no_pages_are_refused():
    assert refusal(
        a_pdf_of(["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[]/Count 0>>"])
    ) == ("pdf_broken")


@pytest.mark.parametrize("password", ["secret", ""])
def test_an_encrypted_pdf_is_refused_also_where_everybody_may_read_it(password: str):
    assert refusal(an_encrypted_pdf(password)) == "pdf_encrypted"


@pytest.mark.parametrize(
    ("catalogue", "page", "more"),
    [
        ("/OpenAction<</S/JavaScript/JS(app.alert(1))>>", "", ()),
        ("/Names<</JavaScript<</Names[(a) 4 0 R]>>>>", "", ("<</S/JavaScript/JS 5 0 R>>", "(x)")),
        ("/OpenAction 4 0 R", "", ("<</S/#4aavaScript>>",)),
        ("/OpenAction 4 0 R", "", ("<</S 5 0 R>>", "/Launch")),
        ("/AA<</WC<</S/ImportData/F(a)>>>>", "", ()),
        ("", "/AA<</O<</S/JavaScript/JS(1)>>>>", ()),
        ("", "/Annots[<</Subtype/Link/A<</S/Launch/F(cmd.exe)>>>>]", ()),
        ("", "/Annots[<</Subtype/Link/A<</S/URI/URI(x)/Next[<</S/SubmitForm>>]>>>>]", ()),
        ("", "/Annots[<</Subtype/FileAttachment/FS 4 0 R>>]", ("<<>>",)),
        ("/Names<</EmbeddedFiles<</Names[(a)<<>>]>>>>", "", ()),
        ("/AF[4 0 R]", "", ("<</Type/Filespec/EF<</F 5 0 R>>>>", "<<>>")),
        ("/AcroForm<</Fields[]/XFA[]>>", "", ()),
        ("/Outlines<</First<</A<</S/JavaScript/JS(1)>>>>>>", "", ()),
    ],
)
def test_what_acts_by_itself_is_refused(catalogue: str, page: str, more: tuple[str, ...]):
    assert refusal(one_page_with(catalogue, page, *more)) == "pdf_active"


def test_what_acts_is_found_in_a_packed_object():
    hidden = b"4 0 <</S/JavaScript/JS(app.alert(1))>>"
    packed = a_stream(hidden, {"Type": "/ObjStm", "N": "1", "First": "4"})
    page = one_page_with("/OpenAction 4 0 R", "", packed).replace(b"4 0 obj", b"5 0 obj")
    table = a_table_stream(page)
    assert refusal(table) == "pdf_active"


def a_table_stream(content: bytes) -> bytes:
    """The same, with a packed table that says: object 4 is the first one in object 5."""
    body = content[: content.index(b"xref\n")]
    entries = bytearray(b"\0\0\0\0\0")
    for number in range(1, 6):
        if number == 4:
            entries += b"\2" + (5).to_bytes(3) + b"\0"
        else:
            entries += b"\1" + body.index(b"%d 0 obj" % number).to_bytes(3) + b"\0"
    table = a_stream(
        bytes(entries), {"Type": "/XRef", "Size": "6", "W": "[1 3 1]", "Root": "1 0 R"}
    )
    return body + b"6 0 obj\n" + table + b"\nendobj\nstartxref\n%d\n%%%%EOF\n" % len(body)


def test_links_and_bookmarks_are_not_actions():
    content = one_page_with(
        "/OpenAction[3 0 R/Fit]/Outlines<</First<</Dest[3 0 R/Fit]>>>>",
        "/Annots[<</Subtype/Link/A<</S/URI/URI(https://example.com)>>>><</Subtype/Text>>]",
    )
    assert treat(content, "pdf", None)[0].pages == 1


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
@pytest.mark.parametrize("size", [(595, 842), (842, 595), (242, 153), (1684, 2384)])
def test_the_watermark_lies_over_every_page_and_the_text_stays(size: tuple[int, int], turned: int):
    content = a_real_pdf(2, size, turned)
    found, kept = treat(content, "pdf", WATERMARK)
    assert found == Treated((), 2, changed=True)
    for page in range(2):
        assert text_of(kept, page) == text_of(content, page)
        before, after = drawn(content, page), drawn(kept, page)
        assert after.size == before.size
        changed = ImageChops.difference(before, after)
        width, height = changed.size
        for x in range(2):
            for y in range(2):
                quarter = (
                    x * width // 2,
                    y * height // 2,
                    (x + 1) * width // 2,
                    (y + 1) * height // 2,
                )
                assert sum(changed.crop(quarter).histogram()[30:]) > 20
        assert not sum(changed.histogram()[140:])


def test_the_watermark_survives_whatever_the_page_did_to_its_coordinates():
    crooked = one_page_with("", "/Contents[4 0 R]", a_stream(b"q 0.01 0 0 0.01 5000 5000 cm q\n"))
    _, kept = treat(crooked, "pdf", WATERMARK)
    assert sum(ImageChops.difference(drawn(kept), drawn(one_page_with())).histogram()[30:]) > 1000


def test_the_watermark_takes_no_name_that_the_page_uses():
    page = "/Resources<</XObject<</Watermark 4 0 R>>>>/Contents 5 0 R"
    form = a_stream(b"0 0 300 300 re f", {"Subtype": "/Form", "BBox": "[0 0 300 300]"})
    _, kept = treat(one_page_with("", page, form, a_stream(b"/Watermark Do")), "pdf", WATERMARK)
    assert drawn(kept).getpixel((100, 842 - 100)) in range(80)
    changed = ImageChops.difference(drawn(kept), drawn(one_page_with()))
    assert sum(changed.crop((310, 0, 595, 842)).histogram()[30:]) > 1000


def test_a_drawing_in_pieces_stays_one():
    pieces = (a_stream(b"0 0 300"), a_stream(b"300 re f"))
    _, kept = treat(one_page_with("", "/Contents[4 0 R 5 0 R]", *pieces), "pdf", WATERMARK)
    assert drawn(kept).getpixel((100, 842 - 100)) in range(80)


def test_pages_that_share_a_drawing_keep_their_own_resources():
    """The same words "draw /F", and each page says what /F is."""
    objects: list[str | bytes] = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2/MediaBox[0 0 300 300]>>",
        "<</Type/Page/Parent 2 0 R/Contents 5 0 R/Resources<</XObject<</F 6 0 R>>>>>>",
        "<</Type/Page/Parent 2 0 R/Contents 5 0 R/Resources<</XObject<</F 7 0 R>>>>>>",
        a_stream(b"/F Do"),
        a_stream(b"0 0 150 300 re f", {"Subtype": "/Form", "BBox": "[0 0 300 300]"}),
        a_stream(b"150 0 150 300 re f", {"Subtype": "/Form", "BBox": "[0 0 300 300]"}),
    ]
    _, kept = treat(a_pdf_of(objects), "pdf", WATERMARK)
    for page, (left, right) in enumerate(((0, 255), (255, 0))):
        halves = drawn(kept, page).resize((2, 1), Image.Resampling.BOX).tobytes()
        assert abs(halves[0] - left) < 60
        assert abs(halves[1] - right) < 60


def test_a_stamped_file_is_hardly_larger():
    content = one_page_with("", "/Contents 4 0 R", a_stream(random.Random(1).randbytes(300_000)))
    assert len(treat(content, "pdf", WATERMARK)[1]) < len(content) + 40_000


def test_a_page_without_a_place_is_refused_where_it_would_have_to_be_stamped():
    content = one_page_with("", "/CropBox[0 0 0 0]")
    assert refusal(content, WATERMARK) == "pdf_broken"


@pytest.mark.parametrize(
    "content",
    [
        a_pdf_of(["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[2 0 R]/Count 1>>"]),
        a_pdf_of(
            [
                "<</Type/Catalog/Pages 2 0 R>>",
                "<</Type/Pages/Kids[3 0 R]/Count 1>>",
                "<</Type/Pages/Kids[2 0 R]/Count 1>>",
            ]
        ),
        a_pdf_of(["<</Type/Catalog/Pages 1 0 R>>"]),
        a_pdf_of(["<</Type/Catalog>>"]),
        a_pdf_of(["null"]),
        a_pdf_of(["<</Type/Catalog/Pages 2 0 R>>", "[" * 20_000 + "]" * 20_000]),
        a_pdf_of(["1"], root=7),
    ],
    ids=range(7),
)
def test_pages_that_lead_nowhere_are_broken(content: bytes):
    assert refusal(content) in {"pdf_broken", "archive_bomb"}


def test_a_million_objects_are_refused_without_reading_them():
    assert refusal(b"%PDF-1.7\n" + b"1 0 obj\n<<>>\nendobj\n" * 1_000_000) == "archive_bomb"


def test_as_many_in_one_packed_object_are_refused():
    count = OBJECTS_MAX + 1
    index = b" ".join(b"%d %d" % (7 + at, 3 * at) for at in range(count)) + b" "
    packed = a_stream(
        index + b"<<>>" * count,
        {"Type": "/ObjStm", "N": str(count), "First": str(len(index))},
    )
    page = one_page_with("/OpenAction 4 0 R", "", packed).replace(b"4 0 obj", b"5 0 obj")
    assert refusal(a_table_stream(page)) in {"archive_bomb", "pdf_broken"}


def test_a_packed_object_that_unpacks_to_hundreds_of_megabytes_is_refused():
    bomb = a_stream(b"4 0 " + b" " * 100_000_000, {"Type": "/ObjStm", "N": "1", "First": "4"})
    page = one_page_with("/OpenAction 4 0 R", "", bomb).replace(b"4 0 obj", b"5 0 obj")
    assert refusal(a_table_stream(page)) == "archive_bomb"


def test_pages_are_not_unpacked_so_a_bomb_in_them_stays_packed():
    bomb = a_stream(a_stream(b" " * 10_000_000), times=2)
    content = one_page_with("", "/Contents 4 0 R", bomb)
    assert treat(content, "pdf", None)[0].pages == 1
    assert len(treat(content, "pdf", WATERMARK)[1]) < 200_000
