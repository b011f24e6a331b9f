"""The text over a copy that says what it was given for, so that it is good for nothing else.

Drawn in rows, slanted, translucent: whoever cuts one out cuts into what is shown, and everything
below can still be read. Grey with a pale rim, to be seen on white paper and on a dark photograph.
"""

from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

FONT = Path(__file__).resolve().parents[1] / "documents" / "fonts" / "NotoSansSC-Regular.ttf"
"""The font of the generated documents."""
SLANT_DEGREES = 25
INK = (70, 70, 70)
INK_ALPHA = 90
RIM = (255, 255, 255)
RIM_ALPHA = 110
TEXT_LENGTH_MAX = 80
_LETTERS_ACROSS = 36
"""As many letters as high as this text fit the shorter side, at most."""
_WIDEST = 0.62
"""A text takes at most this part of the shorter side, so that one is always whole."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One text, slanted; ``rim`` and ``ink`` say how much of either covers each pixel."""

    rim: Image.Image
    ink: Image.Image

    @property
    def size(self) -> tuple[int, int]:
        return self.ink.size


def tile(text: str, shorter_side: int) -> Tile:
    """For a picture whose shorter side has so many pixels."""
    text = " ".join(text.split())[:TEXT_LENGTH_MAX]
    letter = max(8, shorter_side // _LETTERS_ACROSS)
    font = ImageFont.truetype(FONT, letter)
    widest = shorter_side * _WIDEST
    if (length := font.getlength(text)) > widest:
        letter = max(8, int(letter * widest / length))
        font = ImageFont.truetype(FONT, letter)
    stroke = max(1, letter // 14)
    left, top, right, bottom = font.getbbox(text, stroke_width=stroke)
    size = (int(right - left) + 2, int(bottom - top) + 2)
    at = (1 - left, 1 - top)
    rim, ink = Image.new("L", size), Image.new("L", size)
    ImageDraw.Draw(ink).text(at, text, fill=INK_ALPHA, font=font)
    pen = ImageDraw.Draw(rim)
    pen.text(at, text, fill=RIM_ALPHA, font=font, stroke_width=stroke)
    pen.text(at, text, fill=0, font=font)
    return Tile(
        *(part.rotate(SLANT_DEGREES, Image.Resampling.BICUBIC, True) for part in (rim, ink))
    )


def places(size: tuple[float, float], step: tuple[float, float]) -> list[tuple[float, float]]:
    """Where tiles of the size ``step`` begin on a page: every second row is moved by half."""
    across, down = step[0] * 1.15, step[1] * 1.1
    found = []
    row, y = 0, -down / 3
    while y < size[1]:
        x = -across / 2 if row % 2 else 0.0
        while x < size[0]:
            found.append((x, y))
            x += across
        row, y = row + 1, y + down
    return found


def draw_over(image: Image.Image, text: str) -> None:
    """Into an RGB or grey picture itself; a second one of its size would not fit the child."""
    stamp = tile(text, min(image.size))
    grey = image.mode == "L"
    for x, y in places(image.size, stamp.size):
        box = (round(x), round(y))
        image.paste(RIM[0] if grey else RIM, box, stamp.rim)
        image.paste(INK[0] if grey else INK, box, stamp.ink)
