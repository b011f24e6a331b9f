"""Documents as PDF: the same bytes everywhere, text that can be copied, nothing left out."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pypdfium2  # type: ignore[import-untyped]
import pytest
from reportlab.pdfbase.ttfonts import TTFont

from miniprogram_api.documents.content import Content, Paragraph, SignatureLine, Table
from miniprogram_api.documents.glyphs import FONT, is_shown
from miniprogram_api.documents.rendering import render
from miniprogram_api.documents.service import all_documents_of, missing_characters
from tests.builders.catalogues import shipped
from tests.miniprogram_api.documents.builders import a_plan, documents, right_answers

REFERENCE = "3f2a9c1b-0123456789ab"
ROOT = Path(__file__).resolve().parents[3]
RARE = "䶮㛃𠅤𬭸𫖯犇喆"
UNKNOWN = "\U0002a6a5"


def a_document(*blocks: Paragraph | Table, title: str = "文书") -> Content:
    return Content(title, blocks, (SignatureLine("股东", "张三"),), "公司法；可信度：中")


def pages_of(pdf: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(pdf)
    return [page.get_textpage().get_text_range() for page in document]


def in_a_child(seed: str) -> str:
    program = (
        "import hashlib\n"
        "from tests.miniprogram_api.documents.builders import a_plan, documents\n"
        "from miniprogram_api.documents.rendering import render\n"
        "made = documents(a_plan(('business_licence',)))\n"
        f"pdfs = [render(spec.content, {REFERENCE!r}).pdf for spec in made.values()]\n"
        "print(hashlib.sha256(b''.join(pdfs)).hexdigest())\n"
    )
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT), "TZ": "UTC"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_the_same_answers_give_the_same_bytes_in_every_process() -> None:
    made = documents(a_plan(("business_licence",))).values()
    # In another order: what a child drew before leaves no trace.
    pdfs = [render(spec.content, REFERENCE).pdf for spec in reversed(list(made))]
    here = hashlib.sha256(b"".join(reversed(pdfs))).hexdigest()
    assert in_a_child("2718") == here


def test_a_page_says_what_it_is_and_is_numbered() -> None:
    lines = [Paragraph("text", f"第{number}句。") for number in range(120)]
    drawn = render(a_document(*lines), REFERENCE)
    pages = pages_of(drawn.pdf)
    assert drawn.pages == len(pages) > 1
    for number, page in enumerate(pages, 1):
        assert f"第{number}页 共{len(pages)}页" in page
        assert "示范文本，非官方格式" in page
        assert REFERENCE in page
    assert "公司法；可信度：中" in pages[-1]


def test_text_can_be_copied_with_rare_names() -> None:
    (page,) = pages_of(render(a_document(Paragraph("text", RARE)), REFERENCE).pdf)
    assert RARE in page


def test_a_character_that_the_font_lacks_is_marked_and_told() -> None:
    content = a_document(Paragraph("text", f"张{UNKNOWN}三"))
    assert missing_characters(content.characters()) == (UNKNOWN,)
    (page,) = pages_of(render(content, REFERENCE).pdf)
    assert "张〓三" in page
    assert "U+2A6A5" in page


def test_a_break_in_an_answer_is_no_missing_character() -> None:
    content = a_document(Paragraph("text", "一\n二\t三"))
    assert missing_characters(content.characters()) == ()


def test_what_was_typed_is_no_markup() -> None:
    (page,) = pages_of(
        render(a_document(Paragraph("text", "<b>甲</b> & <img src='x'/>")), REFERENCE).pdf
    )
    assert "<b>甲</b> & <img src='x'/>" in page


@pytest.mark.parametrize("columns", [2, 7])
def test_a_long_answer_goes_on_over_the_pages(columns: int) -> None:
    words = "".join(chr(0x4E00 + number) for number in range(4000))
    row = (words, *["短"] * (columns - 1))
    head = () if columns == 2 else tuple(f"列{number}" for number in range(columns))
    text = "".join(pages_of(render(a_document(Table(head, (row,))), REFERENCE).pdf))
    assert not set(words) - set(text)


@pytest.mark.parametrize("length", [1, 25, 26, 70, 300])
def test_an_answer_with_many_breaks_goes_on_over_the_pages(length: int) -> None:
    words = "\n".join("字" * length for _ in range(60))
    drawn = render(a_document(Table((), (("说明", words),))), REFERENCE)
    assert sum(page.count("字") for page in pages_of(drawn.pdf)) == 60 * length


def test_two_hundred_signers_go_on_over_the_pages() -> None:
    lines = tuple(SignatureLine("股东", f"第{number}人") for number in range(200))
    drawn = render(Content("文书", (), lines, "公司法"), REFERENCE)
    text = "".join(pages_of(drawn.pdf))
    assert all(f"第{number}人" in text for number in range(200))
    assert text.count("签署身份") == drawn.pages > 3


def test_numbers_and_dates_are_not_broken_in_a_table_of_eight_columns() -> None:
    plan = a_plan(("business_licence_partnership",))
    found: list[Any] = [a["partners"] for a in right_answers(plan).values() if "partners" in a]
    (partners,) = found
    foreign = {"name": "Alexander Maximilian von Hohenberg-Sonnenschein", "address": "示例路" * 20}
    rows = [{**row, **foreign} for row in partners]
    made = documents(plan, partners=rows)
    for code in ("partnership_application_form", "partnership_agreement"):
        text = "".join(pages_of(render(made[code].content, REFERENCE).pdf))
        for row in rows:
            assert row["id_number"] in text.split()
        assert "2029年11月21日" in text.split()


def test_nobody_signs_a_page_without_words() -> None:
    """Wherever the page ends."""
    for length in range(28, 42):
        table = Table((), tuple((f"问{number}", "答") for number in range(length)))
        words = Paragraph("heading", "申请人声明"), Paragraph("text", "以上属实。")
        pages = pages_of(render(a_document(table, *words), REFERENCE).pdf)
        assert all(
            word in pages[-1] for word in ("申请人声明", "以上属实", "签署身份", "公司法；可信度")
        )


def test_no_line_begins_with_a_mark_that_ends_a_phrase() -> None:
    for width in range(40, 60):
        (page,) = pages_of(render(a_document(Paragraph("article", "字" * width + "；后")), "").pdf)
        assert not any(line.startswith("；") for line in page.splitlines())


def test_the_list_of_glyphs_is_the_font_s() -> None:
    shown = set(TTFont("read", str(FONT)).face.charToGlyph)
    assert {code for code in range(0x110000) if is_shown(chr(code))} == shown


def test_the_font_has_what_names_are_written_with() -> None:
    gbk = [bytes([high, low]) for high in range(0x81, 0xFF) for low in range(0x40, 0xFF)]
    characters = {pair.decode("gbk", "ignore") for pair in gbk} - {""}
    hanzi = {c for c in characters if "\u4e00" <= c <= "\u9fff"}
    extension_a = {chr(code) for code in range(0x3400, 0x4DB6)}
    assert len(hanzi) > 20_000
    assert missing_characters(hanzi | extension_a) == ()


def test_every_word_of_the_data_can_be_shown() -> None:
    words: list[Any] = [
        block.words
        for template in shipped().documents.templates.values()
        for block in template.blocks
    ]
    for field in shipped().fields.values():
        words += [field.label, *field.options.values()]
    assert missing_characters("".join(words)) == ()


def test_each_document_of_a_form_can_be_drawn() -> None:
    compiled = a_plan()
    specs = all_documents_of(compiled, right_answers(compiled))
    for spec in specs:
        drawn = render(spec.content, REFERENCE)
        assert spec.content.title in pages_of(drawn.pdf)[0].replace("\r\n", "")
    assert len(specs) > 10
