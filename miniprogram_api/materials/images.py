"""Pictures: decoded in full, put upright, judged, and written anew without their remarks."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from PIL import ExifTags, Image, JpegImagePlugin, PngImagePlugin, UnidentifiedImageError

from miniprogram_api.materials.inspection import Treated, Unacceptable
from miniprogram_api.materials.legibility import warnings_of
from miniprogram_api.materials.watermarks import draw_over

Format = Literal["JPEG", "PNG"]

PIXELS_MAX = 40_000_000
"""160 MB decoded. The largest ordinary setting of a phone has 12 to 25 million. Our rule."""
SIDE_MAX = 20_000
TEXT_BYTES_MAX = 1024 * 1024
JPEG_QUALITY = 88
SCANS_MAX = 100
"""Of a progressive JPEG, previews included; encoders write about ten. Every one is a pass over all
pixels, however few bytes it has."""
_SCAN = b"\xff\xda"
_OUR_COARSENESS = 900
"""The sum of the 64 steps of brightness at that quality (JPEG, annex K.1, scaled by 0.24)."""
PNG_COMPRESSION = 3
"""Of 9. Above it a photograph takes seconds for a few hundredths of its size."""

# An image beyond this is an error in Pillow itself as well; it would only warn up to twice of it.
Image.MAX_IMAGE_PIXELS = PIXELS_MAX
PngImagePlugin.MAX_TEXT_CHUNK = TEXT_BYTES_MAX
PngImagePlugin.MAX_TEXT_MEMORY = TEXT_BYTES_MAX

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What undoes each value of EXIF's Orientation (CIPA DC-008, 4.6.4 A)."""


def treat_image(content: bytes, kind: Format, watermark: str | None) -> tuple[Treated, bytes]:
    with _broken_is_unacceptable():
        decoded = _decoded(content, kind)
        tables = _coarser_tables(decoded)
        image = _plain(_upright(decoded))
        del decoded
    found = warnings_of(image)
    if watermark:
        draw_over(image, watermark)
    return Treated(found, 1, changed=True), _encoded(image, kind, tables)


@contextmanager
def _broken_is_unacceptable() -> Iterator[None]:
    try:
        with warnings.catch_warnings(action="ignore"):
            # The others are about remarks that no camera writes quite rightly.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except (Unacceptable, MemoryError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Unacceptable("image_too_large") from None
    except Exception:  # noqa: BLE001 - a broken file makes a decoder raise whatever it happens to
        raise Unacceptable("image_broken") from None


def _decoded(content: bytes, kind: Format) -> Image.Image:
    """Every pixel of it: a picture that is cut off shows only then. Of several frames in a phone's
    JPEG (MPO: previews, depth) the first is the picture; a PNG that moves is refused."""
    try:
        image = Image.open(io.BytesIO(content), formats=(kind,))
    except UnidentifiedImageError:
        raise Unacceptable("image_broken") from None
    if kind == "JPEG" and content.count(_SCAN) > SCANS_MAX:
        raise Unacceptable("image_broken")
    width, height = image.size
    if width * height > PIXELS_MAX or max(width, height) > SIDE_MAX:
        raise Unacceptable("image_too_large")
    if kind == "PNG" and getattr(image, "is_animated", False):
        raise Unacceptable("image_broken")
    image.load()
    return image


def _upright(image: Image.Image) -> Image.Image:
    how = _UPRIGHT.get(_orientation(image))
    return image.transpose(how) if how is not None else image


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # noqa: BLE001 - spoiled remarks do not spoil the picture they stand beside
        return 1
    return value if isinstance(value, int) else 1


def _plain(image: Image.Image) -> Image.Image:
    """RGB or grey, on white, with nothing that a writer would take over.

    Colours stay as numbers: a profile for a wide range of colours is dropped, not applied, which
    makes some a little paler."""
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        plain = Image.new("RGB", image.size, "white")
        plain.paste(rgba, mask=rgba.getchannel("A"))
    elif image.mode.startswith("I"):
        # 16 bits of grey, which a plain conversion would cut off at 255.
        plain = image.convert("I").point(lambda value: value / 257).convert("L")
    elif image.mode in {"L", "1"}:
        plain = image.convert("L")
    else:
        plain = image.convert("RGB")
    plain.info = {}
    return plain


def _coarser_tables(image: Image.Image) -> list[list[int]] | None:
    """How coarsely a JPEG was written, if more so than we would: finer writing would only make the
    file larger and nothing in it clearer."""
    if not isinstance(image, JpegImagePlugin.JpegImageFile):
        return None
    tables = [list(table) for _, table in sorted(image.quantization.items())][:2]
    if not tables or sum(tables[0]) <= _OUR_COARSENESS or max(map(max, tables)) > 255:
        return None
    return tables


def _encoded(image: Image.Image, kind: Format, tables: list[list[int]] | None) -> bytes:
    out = io.BytesIO()
    if kind == "PNG":
        image.save(out, "PNG", compress_level=PNG_COMPRESSION)
    elif tables:
        image.save(out, "JPEG", qtables=tables)
    else:
        image.save(out, "JPEG", quality=JPEG_QUALITY)
    return out.getvalue()
