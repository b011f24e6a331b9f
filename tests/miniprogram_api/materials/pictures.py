"""Made-up pictures of documents: a printed page, on a desk or filling the picture, as a phone or a
scanner would send it. Text is drawn with Pillow's own font, so no font is needed.
"""

import functools
import io
from typing import Any

from PIL import Image, ImageDraw, ImageFilter, ImageFont

A4 = (1240, 1754)
"""At 150 dots an inch."""


@functools.cache
def _page(size: tuple[int, int], lines: int) -> Image.Image:
    width, height = size
    page = Image.new("L", size, 242)
    pen = ImageDraw.Draw(page)
    step = height // (lines + 4)
    font = ImageFont.load_default(step * 0.55)
    for line in range(lines):
        pen.text(
            (width // 10, (line + 2) * step),
            "Receipt No. 37010220261122 for the lease of shop premises, ground floor"[: 50 + line],
            fill=35,
            font=font,
        )
    return page


def page(size: tuple[int, int] = A4, lines: int = 40) -> Image.Image:
    """A scanned page: paper to every side."""
    return _page(size, lines).convert("RGB")


def on_desk(
    size: tuple[int, int] = (1500, 1950), at: tuple[int, int] = (150, 150), lines: int = 40
) -> Image.Image:
    """A page of 1200 by 1650 on a brown desk; ``at`` beyond the picture cuts it off."""
    picture = Image.new("RGB", size, (70, 52, 40))
    picture.paste(page((1200, 1650), lines), at)
    return picture


def blurred(picture: Image.Image, share: float) -> Image.Image:
    """``share`` of the long side as the blur's radius."""
    return picture.filter(ImageFilter.GaussianBlur(max(picture.size) * share))


def darkened(picture: Image.Image, factor: float) -> Image.Image:
    return picture.point(lambda value: value * factor)


def encoded(picture: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def decoded(content: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(content))
    picture.load()
    return picture
