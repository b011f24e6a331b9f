"""PDFs: opened, counted, searched for what acts by itself, and stamped where that is asked for.

Streams are neither decoded nor drawn. What is inside them (pictures with the place where they were
taken, pages that draw for hours) is left as it is. The search sees what pypdf reads; a file made so
that readers disagree on it may hide something from us, so nothing here may run what it holds.
"""

import io
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from pypdf import Configuration, PageObject, PdfReader, PdfWriter, apply_configuration
from pypdf.errors import LimitReachedError
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    FloatObject,
    IndirectObject,
    NameObject,
    NullObject,
    NumberObject,
    PdfObject,
    StreamObject,
)

from miniprogram_api.materials.inspection import Treated, Unacceptable
from miniprogram_api.materials.watermarks import INK, RIM, places, tile

PAGES_MAX = 200
"""Our rule: the longest material that is asked for is a lease or a set of plans."""
OBJECTS_MAX = 100_000
"""A scan has three to five a page, a drawing some thousands. Our rule."""
PAGE_POINTS_MAX = 14_400
"""The largest page by ISO 32000-1, annex C."""
UNPACKED_BYTES_MAX = 32 * 1024 * 1024
"""Of one stream, and of what one page draws."""
LIMITS = Configuration(
    page_tree_maximum_entries=20 * PAGES_MAX,
    page_tree_maximum_page_entries=20_000,
    zlib_maximum_output_length=UNPACKED_BYTES_MAX,
)
"""Tighter than the library's own; the rest is bounded by the child's memory and time."""

_NULL = NullObject()

_ACTIONS = frozenset(
    {"/JavaScript", "/Launch", "/ImportData", "/SubmitForm", "/RichMediaExecute", "/Rendition"}
)
_ACTIVE_KEYS = frozenset({"/JS", "/EF", "/EmbeddedFiles", "/XFA"})
_ACTIVE_SUBTYPES = frozenset(
    {"/FileAttachment", "/RichMedia", "/Movie", "/Screen", "/Sound", "/3D"}
)

Matrix = tuple[float, float, float, float, float, float]

_STAMP_SIDE = 1200
"""The shorter side of a page in the stamp's pixels: about 150 dots an inch on A4."""


def treat_pdf(content: bytes, watermark: str | None) -> tuple[Treated, bytes]:
    """Unacceptable: ``pdf_active`` for scripts, actions that start or send something, attachments
    and forms that are programs. They are not stripped: what is left would not be what was sent."""
    if content.count(b" obj") > OBJECTS_MAX:
        # Reading them takes seconds, counting them does not.
        raise Unacceptable("archive_bomb")
    with _broken_is_unacceptable(), apply_configuration(LIMITS):
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted:
            raise Unacceptable("pdf_encrypted")
        pages = len(reader.pages)
        if not pages:
            raise Unacceptable("pdf_broken")
        if pages > PAGES_MAX:
            raise Unacceptable("pdf_too_many_pages")
        _refuse_what_acts(reader)
        if not watermark:
            return Treated((), pages, changed=False), b""
        return Treated((), pages, changed=True), _stamped(reader, watermark)


@contextmanager
def _broken_is_unacceptable() -> Iterator[None]:
    try:
        yield
    except (Unacceptable, MemoryError):
        raise
    except LimitReachedError:
        raise Unacceptable("archive_bomb") from None
    except Exception:  # noqa: BLE001 - a broken file makes the library raise whatever it happens to
        raise Unacceptable("pdf_broken") from None


def _refuse_what_acts(reader: PdfReader) -> None:
    """Every dictionary that can be reached from the document's root."""
    left: list[object] = [reader.root_object]
    seen: set[tuple[int, int]] = set()
    while left:
        thing = left.pop()
        if isinstance(thing, IndirectObject):
            number = (thing.idnum, thing.generation)
            if number in seen:
                continue
            seen.add(number)
            if len(seen) > OBJECTS_MAX:
                raise Unacceptable("archive_bomb")
            thing = thing.get_object()
        if isinstance(thing, DictionaryObject):
            if _acts(thing):
                raise Unacceptable("pdf_active")
            left.extend(thing.raw_get(key) for key in thing)
        elif isinstance(thing, ArrayObject):
            left.extend(list.__iter__(thing))


def _acts(dictionary: DictionaryObject) -> bool:
    return (
        not _ACTIVE_KEYS.isdisjoint(dictionary)
        or _name(dictionary, "/S") in _ACTIONS
        or _name(dictionary, "/Subtype") in _ACTIVE_SUBTYPES
        or _name(dictionary, "/Type") == "/EmbeddedFile"
    )


def _name(dictionary: DictionaryObject, key: str) -> str | None:
    value = dictionary.get(key, _NULL).get_object()
    return value if isinstance(value, NameObject) else None


def _stamped(reader: PdfReader, text: str) -> bytes:
    writer = PdfWriter(clone_from=reader)
    stamps: dict[tuple[float, ...], IndirectObject] = {}
    taken: set[int] = set()
    for page in writer.pages:
        left, bottom, width, height = _shown_box(page)
        turned = page.rotation % 360
        frame = (left, bottom, width, height, turned)
        if frame not in stamps:
            stamps[frame] = _stamp(writer, text, (left, bottom, width, height), turned)
        names = {"/Drawn": _drawn_by(writer, page, taken), "/Watermark": stamps[frame]}
        page[NameObject("/Resources")] = _resources(names)
        page[NameObject("/Contents")] = _stream(writer, b"/Drawn Do /Watermark Do", {})
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _shown_box(page: PageObject) -> tuple[float, float, float, float]:
    box = page.cropbox
    left, bottom = float(box.left), float(box.bottom)
    width, height = float(box.right) - left, float(box.top) - bottom
    if not (1 <= width <= PAGE_POINTS_MAX and 1 <= height <= PAGE_POINTS_MAX):
        raise Unacceptable("pdf_broken")
    return left, bottom, width, height


def _drawn_by(writer: PdfWriter, page: PageObject, taken: set[int]) -> IndirectObject:
    """What the page draws, as a form of its own, so that a state which it leaves behind (a turn, a
    tiny scale) ends with it and not with the stamp. ``taken``: the streams that are forms already.
    """
    entries: dict[str, PdfObject] = {
        "/Type": NameObject("/XObject"),
        "/Subtype": NameObject("/Form"),
        "/BBox": ArrayObject(FloatObject(value) for value in page.mediabox),
        "/Resources": page.raw_get("/Resources") if "/Resources" in page else DictionaryObject(),
    }
    if "/Group" in page:
        entries["/Group"] = page.raw_get("/Group")
    whole = page["/Contents"].get_object() if "/Contents" in page else ArrayObject()
    if not isinstance(whole, StreamObject):
        # Several pieces are one only when they are unpacked, as a word may lie across two.
        parts = whole if isinstance(whole, ArrayObject) else ()
        return _stream(writer, b"\n".join(_unpacked(parts)), entries)
    reference = whole.indirect_reference
    if reference is not None and reference.idnum in taken:
        # Another page has the same drawing, perhaps with other resources.
        whole = whole.clone(writer, force_duplicate=True)
        reference = whole.indirect_reference
    if reference is None:
        raise Unacceptable("pdf_broken")
    taken.add(reference.idnum)
    for key, value in entries.items():
        whole[NameObject(key)] = value
    return reference


def _unpacked(parts: Iterable[PdfObject]) -> Iterator[bytes]:
    """Each is bounded by the library; a page may name one a thousand times."""
    size = 0
    for part in parts:
        data: bytes = part.get_object().get_data()  # type: ignore[union-attr]
        size += len(data)
        if size > UNPACKED_BYTES_MAX:
            raise Unacceptable("archive_bomb")
        yield data


def _resources(named: Mapping[str, IndirectObject]) -> DictionaryObject:
    things = DictionaryObject({NameObject(name): thing for name, thing in named.items()})
    return DictionaryObject({NameObject("/XObject"): things})


def _stamp(
    writer: PdfWriter, text: str, box: tuple[float, float, float, float], turned: int
) -> IndirectObject:
    """A form that covers the page as it is shown, turned as its readers turn it."""
    left, bottom, width, height = box
    shown = (height, width) if turned in {90, 270} else (width, height)
    drawn = tile(text, _STAMP_SIDE)
    points = min(shown) / _STAMP_SIDE
    size = (drawn.size[0] * points, drawn.size[1] * points)
    steps = [
        b"q %.2f 0 0 %.2f %.2f %.2f cm /Rim Do /Ink Do Q" % (*size, x, y)
        for x, y in places(shown, size)
    ]
    turn = _turn(turned, left, bottom, width, height)
    images = {
        name: _image(writer, cover.tobytes(), cover.size, colour)
        for name, cover, colour in (("/Rim", drawn.rim, RIM), ("/Ink", drawn.ink, INK))
    }
    return _stream(
        writer,
        b"%.2f %.2f %.2f %.2f %.2f %.2f cm\n" % turn + b"\n".join(steps),
        {
            "/Type": NameObject("/XObject"),
            "/Subtype": NameObject("/Form"),
            "/BBox": ArrayObject(
                FloatObject(value) for value in (left, bottom, left + width, bottom + height)
            ),
            "/Resources": _resources(images),
        },
    )


def _turn(turned: int, left: float, bottom: float, width: float, height: float) -> Matrix:
    """From the page as it is shown, clockwise by so many degrees, to the page as it is written."""
    if turned == 90:
        return 0, 1, -1, 0, left + width, bottom
    if turned == 180:
        return -1, 0, 0, -1, left + width, bottom + height
    if turned == 270:
        return 0, -1, 1, 0, left, bottom + height
    return 1, 0, 0, 1, left, bottom


def _image(
    writer: PdfWriter, cover: bytes, size: tuple[int, int], colour: tuple[int, int, int]
) -> IndirectObject:
    """One colour, as far as ``cover`` lets it through."""
    mask = _stream(writer, cover, _image_entries(size, "/DeviceGray"))
    entries = _image_entries((1, 1), "/DeviceRGB") | {"/SMask": mask}
    return _stream(writer, bytes(colour), entries)


def _image_entries(size: tuple[int, int], colours: str) -> dict[str, PdfObject]:
    return {
        "/Type": NameObject("/XObject"),
        "/Subtype": NameObject("/Image"),
        "/Width": NumberObject(size[0]),
        "/Height": NumberObject(size[1]),
        "/ColorSpace": NameObject(colours),
        "/BitsPerComponent": NumberObject(8),
    }


def _stream(writer: PdfWriter, data: bytes, entries: dict[str, PdfObject]) -> IndirectObject:
    stream = StreamObject()
    stream.set_data(zlib.compress(data))
    stream[NameObject("/Filter")] = NameObject("/FlateDecode")
    for key, value in entries.items():
        stream[NameObject(key)] = value
    return writer._add_object(stream)  # noqa: SLF001 - it has no public way to add one
