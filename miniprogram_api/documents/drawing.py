"""The pages of a document: A4, one font, tables that break well, numbered pages."""

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from xml.sax.saxutils import escape

from reportlab.lib import textsplit
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.pdfdoc import PDFDocument
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    CondPageBreak,
    Flowable,
    KeepTogether,
    SimpleDocTemplate,
    Spacer,
    paragraph,
)
from reportlab.platypus import Paragraph as Lines
from reportlab.platypus import Table as Grid

from miniprogram_api.documents.content import Content, Paragraph, SignatureLine, Table
from miniprogram_api.documents.glyphs import FONT, STAND_IN, is_shown, missing_characters

NOTICE = "示范文本，非官方格式"
_FONT_NAME = "NotoSansSC"
_MARGIN = 20 * mm
_FRAME_PADDING = 6
_WIDTH = A4[0] - 2 * _MARGIN - 2 * _FRAME_PADDING
_INK, _GREY, _PALE = HexColor("#1a1a1a"), HexColor("#666666"), HexColor("#f2f2f2")
_CELL_SIZE = 9
_CELL_LINES_MAX, _CELL_BREAKS_MAX = 30, 10
"""Lines that are full, and lines that somebody broke: together a row is never higher than two
thirds of a page, longer answers go on in the next row."""
_SIGNATURES_TOGETHER_MAX = 15
"""So few stand on one page; more would leave the page before them empty."""
_HEADING_ROOM = 28 * mm
"""Of the page, for a heading and the first rows of what it stands over."""
_LABEL_SHARE = 0.27
_COLUMN_MIN, _COLUMN_MAX = 3, 16
"""In characters, for sharing out the width among a table's columns."""
_CELL_PADDING = 4
_UNBROKEN = re.compile("[!-~年月日万元]*[0-9][!-~年月日万元]*")
_UNBROKEN_MAX = 12
"""Numbers, dates and amounts up to so many widths of a character, as credit codes are, stay on one
line."""
_LAST_WORDS_MAX = 400
"""Characters of what goes with the signatures to the next page."""
_ASTRAL = 0x10000
# The library's list of what may not begin a line is of Japanese; these end phrases in Chinese.
_NEVER_FIRST = "，；：？！％、。”’》）】"
for _module in (textsplit, paragraph):
    _module.ALL_CANNOT_START += _NEVER_FIRST


class _Font(TTFont):  # type: ignore[misc]
    """The library writes characters beyond U+FFFF into the map from which text is copied as they
    are, where UTF-16 is wanted: rare names could be read but not found."""

    def addObjects(self, doc: PDFDocument) -> None:  # noqa: N802 - the library's name
        subsets = [list(subset) for subset in self.state[doc].subsets]
        super().addObjects(doc)
        for name, stream in doc.idToObject.items():
            if not str(name).startswith("toUnicodeCMap:"):
                continue
            for code in {code for subset in subsets for code in subset if code >= _ASTRAL}:
                utf16 = chr(code).encode("utf-16-be").hex().upper()
                stream.content = stream.content.replace(f"<{code:04X}>", f"<{utf16}>")


def drawn(content: Content, reference: str) -> tuple[bytes, int]:
    """The PDF and the number of its pages."""
    if _FONT_NAME not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(_Font(_FONT_NAME, str(FONT)))
    buffer = io.BytesIO()
    document = SimpleDocTemplate(
        buffer,
        pagesize=A4,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=18 * mm,
        bottomMargin=20 * mm,
        # No moment, no name of this machine: equal contents are equal files.
        invariant=1,
        title=_shown(content.title),
        subject=NOTICE,
        author="",
        creator="",
        producer="",
        lang="zh-CN",
    )
    pages: list[int] = []

    def numbered(*args: object, **kwargs: object) -> Canvas:
        return _Pages(f"{NOTICE}　编号 {reference}", pages, *args, **kwargs)

    document.build(list(_story(content)), canvasmaker=numbered)
    return buffer.getvalue(), pages[0]


class _Pages(Canvas):  # type: ignore[misc]
    """Puts the foot on every page once it is known how many there are."""

    def __init__(self, foot: str, pages: list[int], *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self._foot = foot
        self._told = pages
        self._kept: list[dict[str, object]] = []

    def showPage(self) -> None:  # noqa: N802 - the library's name
        self._kept.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        total = len(self._kept)
        for number, page in enumerate(self._kept, 1):
            self.__dict__.update(page)
            self.setFont(_FONT_NAME, 7.5)
            self.setFillColor(_GREY)
            self.drawString(_MARGIN, 11 * mm, self._foot)
            self.drawRightString(A4[0] - _MARGIN, 11 * mm, f"第{number}页 共{total}页")
            super().showPage()
        self._told.append(total)
        super().save()


@cache
def _style(name: str, **changes: object) -> ParagraphStyle:
    return ParagraphStyle(
        name,
        **{
            "fontName": _FONT_NAME,
            "fontSize": 10.5,
            "leading": 17,
            "textColor": _INK,
            "wordWrap": "CJK",
            "spaceAfter": 4,
            **changes,
        },
    )


def _title() -> ParagraphStyle:
    return _style("title", fontSize=17, leading=26, alignment=TA_CENTER, spaceAfter=12)


def _heading() -> ParagraphStyle:
    return _style("heading", fontSize=12, leading=18, spaceBefore=8)


def _text() -> ParagraphStyle:
    return _style("text", firstLineIndent=21)


def _article() -> ParagraphStyle:
    return _style("article")


def _cell() -> ParagraphStyle:
    return _style("cell", fontSize=_CELL_SIZE, leading=13, spaceAfter=0)


def _small() -> ParagraphStyle:
    return _style("small", fontSize=8, leading=12, textColor=_GREY)


def _story(content: Content) -> Iterator[Flowable]:
    yield _lines(content.title, _title())
    is_short = 0 < len(content.signatures) <= _SIGNATURES_TOGETHER_MAX
    last = _last_words(content.blocks) if is_short else 0
    end = len(content.blocks) - last
    for block in content.blocks[:end]:
        yield from _block(block)
    closing = [part for block in content.blocks[end:] for part in _block(block)]
    if content.signatures:
        closing += _signatures(content.signatures)
    closing.append(Spacer(1, 10))
    closing.append(_lines(f"{NOTICE}。依据：{content.basis}。", _small()))
    if is_short:
        yield KeepTogether(closing)
    else:
        yield from closing
    missing = missing_characters(content.characters())
    if missing:
        codes = "、".join(f"U+{ord(character):04X}" for character in missing)
        yield _lines(f"注：下列字符无法显示，文中以“{STAND_IN}”代替：{codes}。", _small())


def _last_words(blocks: Sequence[Paragraph | Table]) -> int:
    """How many blocks at the end stand on the page of the signatures, so that nobody signs a page
    without any words: the last section if it is short, else the last paragraph if that is."""
    length = 0
    for count, block in enumerate(reversed(blocks), 1):
        if not isinstance(block, Paragraph):
            break
        length += len(block.text)
        if length > _LAST_WORDS_MAX:
            break
        if block.style == "heading":
            return count
    last = blocks[-1] if blocks else None
    return int(isinstance(last, Paragraph) and len(last.text) <= _LAST_WORDS_MAX)


def _block(block: Paragraph | Table) -> Iterator[Flowable]:
    if isinstance(block, Paragraph):
        if block.style == "heading":
            yield CondPageBreak(_HEADING_ROOM)
        style = {"heading": _heading, "text": _text, "article": _article}[block.style]()
        yield _lines(block.text, style)
    elif block.head:
        yield _grid(block.head, block.rows, _shared_width(block))
        yield Spacer(1, 8)
    else:
        label = _WIDTH * _LABEL_SHARE
        yield _grid((), block.rows, [label, _WIDTH - label])
        yield Spacer(1, 8)


def _signatures(lines: Sequence[SignatureLine]) -> Iterator[Flowable]:
    yield CondPageBreak(_HEADING_ROOM)
    yield _lines("签署", _heading())
    rows = [(line.role, line.name, "（电子签名）") for line in lines]
    yield _grid(("签署身份", "姓名(名称)", "签名(盖章)"), rows, [_WIDTH / 3] * 3)
    yield Spacer(1, 3)
    yield _lines("签名和签署时间以电子签名记录为准。", _small())


def _lines(text: str, style: ParagraphStyle) -> Lines:
    return Lines(escape(_shown(text)).replace("\n", "<br/>"), style)


def _shown(text: str) -> str:
    """With a stand-in for each character that the font does not have."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return "".join(
        character if character == "\n" or is_shown(character) else STAND_IN for character in text
    )


def _grid(head: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[float]) -> Grid:
    cut = [part for row in rows for part in _cut(row, widths)]
    written = [[_lines(cell, _cell()) for cell in row] for row in [*[head] * bool(head), *cut]]
    shade = ("BACKGROUND", (0, 0), (-1, 0) if head else (0, -1), _PALE)
    style = [
        ("GRID", (0, 0), (-1, -1), 0.5, _GREY),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("TOPPADDING", (0, 0), (-1, -1), 3),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
        ("LEFTPADDING", (0, 0), (-1, -1), _CELL_PADDING),
        ("RIGHTPADDING", (0, 0), (-1, -1), _CELL_PADDING),
        shade,
    ]
    return Grid(written, colWidths=list(widths), repeatRows=1 if head else 0, style=style)


def _cut(row: Sequence[str], widths: Sequence[float]) -> Iterator[list[str]]:
    """A row whose longest answer does not fit goes on in more rows."""
    fitting = [max(int((width - 10) / _CELL_SIZE), 1) * _CELL_LINES_MAX for width in widths]
    cells = [_pieces(cell, size) for cell, size in zip(row, fitting, strict=True)]
    for number in range(max(len(pieces) for pieces in cells)):
        yield [pieces[number] if number < len(pieces) else "" for pieces in cells]


def _pieces(text: str, size: int) -> list[str]:
    """Also a text that is all line breaks ends up on lines enough for it."""
    pieces: list[str] = []
    for start in range(0, max(len(text), 1), size):
        lines = text[start : start + size].split("\n")
        pieces += [
            "\n".join(lines[at : at + _CELL_BREAKS_MAX])
            for at in range(0, len(lines), _CELL_BREAKS_MAX)
        ]
    return pieces


def _shared_width(table: Table) -> list[float]:
    """Each column has room for its longest number or date, as long as all of them fit; the rest is
    shared by the longest entries."""
    columns = list(zip(table.head, *table.rows, strict=True))
    room = _WIDTH / _CELL_SIZE
    least = [max(_COLUMN_MIN, *(_unbroken(cell) for cell in cells)) for cells in columns]
    least = [length + 2 * _CELL_PADDING / _CELL_SIZE for length in least]
    if sum(least) > room:
        return [_WIDTH * length / sum(least) for length in least]
    wanted = [min(max(_length(cell) for cell in cells), _COLUMN_MAX) for cells in columns]
    shares = [max(want - has, 0.5) for want, has in zip(wanted, least, strict=True)]
    left = (room - sum(least)) / sum(shares)
    return [
        (length + left * share) * _CELL_SIZE for length, share in zip(least, shares, strict=True)
    ]


def _unbroken(text: str) -> float:
    return min(max(map(_length, _UNBROKEN.findall(text)), default=0), _UNBROKEN_MAX)


def _length(text: str) -> float:
    """In widths of a Chinese character."""
    return sum(0.6 if character.isascii() else 1 for character in text)
