"""Whether a person could read this picture of a document: a guess that warns and refuses nothing.

Every threshold here is our own rule, confidence low: they were tried on generated pages, not on
real uploads. Where the picture leaves a doubt nothing is said, because a warning that is often
wrong is not read any more.
"""

from PIL import Image, ImageFilter

from miniprogram_api.materials.inspection import Warned

LONG_SIDE_MIN = 1000
"""Pixels. A4 at about 85 dots an inch: small print ends there."""
LOOKED_AT_SIDE = 1000
"""The picture is judged at about this size, so that a photograph of 40 million pixels costs no more
than a scan, and sharpness means the same for both."""
DARK_PAPER = 95
"""The brightest twentieth of the picture is below this grey: no paper in it looks white."""
BRIGHT_INK = 190
"""Even the darkest five thousandth is above this grey, though there is something on the paper."""
CONTRAST_MIN = 40
"""Between dark and bright; with less there is nothing by which sharpness could be judged."""
EDGE_MIN = 0.18
"""How steep the steepest edges are, as a part of the contrast, one pixel to the next."""
STEEPEST_SHARE = 0.002
PAGE_SHARE = (0.25, 0.95)
"""How much of the picture bright paper covers, if it is a page on something darker."""
EDGE_OF_PAGE = 0.6
EDGE_OF_DESK = 0.1

_KERNEL_SIDE = 3
_SCALE = 4
_SECOND_DIFFERENCE = ImageFilter.Kernel(
    (_KERNEL_SIDE, _KERNEL_SIDE), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=_SCALE, offset=128
)


def warnings_of(image: Image.Image) -> tuple[Warned, ...]:
    """Of an upright RGB or grey picture."""
    found: list[Warned] = []
    if max(image.size) < LONG_SIDE_MIN:
        found.append("too_small")
    grey = _looked_at(image)
    dark, bright = _at_share(grey, 0.01), _at_share(grey, 0.95)
    if bright < DARK_PAPER:
        found.append("too_dark")
    elif _at_share(grey, 0.0002) > BRIGHT_INK and bright - dark >= 3:
        found.append("too_bright")
    if bright - dark >= CONTRAST_MIN:
        if _is_blurred(grey, bright - dark):
            found.append("blurred")
        if _is_cut_off(grey, (dark + bright) // 2):
            found.append("cut_off")
    return tuple(found)


def _looked_at(image: Image.Image) -> Image.Image:
    longest = max(image.size)
    if longest <= LOOKED_AT_SIDE:
        return image.convert("L")
    width, height = (max(1, round(side * LOOKED_AT_SIDE / longest)) for side in image.size)
    small = image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
    return small.convert("L")


def _at_share(grey: Image.Image, share: float) -> int:
    """The brightness below which this share of the pixels lies."""
    left = share * grey.width * grey.height
    for value, count in enumerate(grey.histogram()):
        left -= count
        if left < 0:
            return value
    return 255


def _is_blurred(grey: Image.Image, contrast: int) -> bool:
    """By the second difference of neighbouring pixels. A page has few edges, so the steepest ones
    are looked at and not the mean over all of it."""
    if min(grey.size) < _KERNEL_SIDE:
        return False
    # The outermost pixels have no neighbours and are passed through as they are.
    inside = (1, 1, grey.width - 1, grey.height - 1)
    histogram = grey.filter(_SECOND_DIFFERENCE).crop(inside).histogram()
    left = STEEPEST_SHARE * grey.width * grey.height
    for steepness in range(127, 0, -1):
        left -= histogram[128 + steepness] + histogram[128 - steepness]
        if left < 0:
            return steepness * _SCALE < EDGE_MIN * contrast
    return True


def _is_cut_off(grey: Image.Image, threshold: int) -> bool:
    """A bright page on a darker desk that leaves the picture on one side, while another side shows
    the desk. A scan is paper on every side; a card that fills the picture looks like one."""
    paper = grey.point([0] * threshold + [255] * (256 - threshold))
    share = _paper_share(paper)
    if not PAGE_SHARE[0] <= share <= PAGE_SHARE[1]:
        return False
    width, height = paper.size
    rim = max(2, min(paper.size) // 100)
    sides = [
        _paper_share(paper.crop(box))
        for box in (
            (0, 0, width, rim),
            (0, height - rim, width, height),
            (0, 0, rim, height),
            (width - rim, 0, width, height),
        )
    ]
    return max(sides) >= EDGE_OF_PAGE and min(sides) <= EDGE_OF_DESK


def _paper_share(paper: Image.Image) -> float:
    return paper.histogram()[255] / (paper.width * paper.height)
