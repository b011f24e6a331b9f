"""What is kept of a picture, and what the person is told of it."""

import struct
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageStat

from miniprogram_api.materials.images import PIXELS_MAX
from miniprogram_api.materials.inspection import Kind, Treated, Unacceptable, treat
from tests.miniprogram_api.materials.pictures import (
    blurred,
    darkened,
    decoded,
    encoded,
    on_desk,
    page,
)

WATERMARK = "仅用于办理企业开办使用 2026-11-22"
ORIENTATION = 0x0112
GPS = 0x8825

Draw = Callable[[], Image.Image]


def treated(content: bytes, kind: Kind = "jpg", watermark: str | None = None) -> Image.Image:
    found, kept = treat(content, kind, watermark)
    assert found == Treated(found.warnings, 1, changed=True)
    return decoded(kept)


def refusal(content: bytes, kind: Kind) -> str:
    with pytest.raises(Unacceptable) as refused:
        treat(content, kind, None)
    return refused.value.code


def difference(one: Image.Image, other: Image.Image) -> float:
    assert one.size == other.size
    both = (picture.convert("RGB") for picture in (one, other))
    return max(ImageStat.Stat(ImageChops.difference(*both)).mean)


@pytest.mark.parametrize(("kind", "writer"), [("jpg", "JPEG"), ("png", "PNG")])
def test_the_picture_stays_and_its_remarks_go(kind: Kind, writer: str):
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    exif.get_ifd(GPS)[2] = (36.0, 40.0, 12.5)
    content = encoded(page(), writer, exif=exif, comment=b"a remark", icc_profile=b"a profile" * 20)
    assert b"taken at home" in content
    _, kept = treat(content, kind, None)
    for remark in (b"taken at home", b"a remark", b"a profile", b"Exif", b"eXIf", b"iCCP", b"ICC"):
        assert remark not in kept
    assert not decoded(kept).getexif()
    assert difference(decoded(kept), page()) < 2


def test_text_in_a_png_goes():
    text = zlib.compress(b"taken at home")
    chunk = b"zTXt" + b"Comment\0\0" + text
    content = encoded(page((300, 400)), "PNG")
    at = content.index(b"IDAT") - 4
    spliced = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    _, kept = treat(content[:at] + spliced + content[at:], "png", None)
    assert b"zTXt" not in kept


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_picture_stands_upright_afterwards(orientation: int):
    upright = on_desk((260, 340), (30, 60)).resize((260, 340))
    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    lying = upright.transpose(turns[orientation]) if orientation in turns else upright
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    assert difference(treated(encoded(lying, exif=exif, quality=95)), upright) < 4


def test_spoiled_remarks_do_not_spoil_the_picture():
    content = encoded(page((300, 400)), exif=b"Exif\0\0II*\0\xff\xff\xff\xff nonsense")
    assert treated(content).size == (300, 400)


def test_what_is_transparent_becomes_white():
    clear = Image.new("RGBA", (40, 40), (200, 0, 0, 0))
    clear.paste((0, 0, 200, 255), (0, 0, 20, 40))
    kept = treated(encoded(clear, "PNG"), "png")
    assert kept.mode == "RGB"
    assert (kept.getpixel((5, 5)), kept.getpixel((35, 5))) == ((0, 0, 200), (255, 255, 255))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "I;16"])
def test_every_kind_of_png_becomes_rgb_or_grey_and_looks_the_same(mode: str):
    original = page((300, 400))
    if mode == "I;16":
        grey = original.convert("L").convert("I")
        picture = grey.point(lambda value: value * 257).convert("I;16")
        kept = treated(encoded(picture, "PNG"), "png")
    else:
        picture = original.convert("RGBA").quantize(16) if mode == "PA" else original.convert(mode)
        kept = treated(encoded(picture, "PNG"), "png")
        original = picture
    assert kept.mode in {"RGB", "L"}
    assert difference(kept, original) < 1


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_every_kind_of_jpeg_becomes_rgb_or_grey_and_looks_the_same(mode: str):
    kept = treated(encoded(page((300, 400)).convert(mode)))
    assert kept.mode in {"RGB", "L"}
    assert difference(kept, page((300, 400))) < 4


def test_a_phone_s_several_frames_are_its_first():
    content = encoded(
        page((300, 400)), "MPO", save_all=True, append_images=[Image.new("RGB", (30, 40))]
    )
    assert treated(content).size == (300, 400)


def test_a_png_that_moves_is_refused():
    frames = [Image.new("RGB", (30, 40), colour) for colour in ("red", "blue")]
    content = encoded(frames[0], "PNG", save_all=True, append_images=frames[1:])
    assert refusal(content, "png") == "image_broken"


@pytest.mark.parametrize("quality", [30, 60, 80, 95])
def test_writing_it_anew_makes_it_hardly_larger(quality: int):
    content = encoded(on_desk(), quality=quality)
    _, kept = treat(content, "jpg", None)
    assert len(kept) <= 1.1 * len(content)


@pytest.mark.parametrize("draw", [page, lambda: page().convert("L"), on_desk])
def test_the_watermark_is_all_over_and_what_is_below_stays(draw: Draw):
    picture = draw()
    kept = treated(encoded(picture, "PNG"), "png", WATERMARK)
    changed = ImageChops.difference(kept.convert("L"), picture.convert("L"))
    width, height = changed.size
    for x in range(3):
        for y in range(4):
            box = (x * width // 3, y * height // 4, (x + 1) * width // 3, (y + 1) * height // 4)
            assert sum(changed.crop(box).histogram()[30:]) > 100
    covered = sum(changed.histogram()[25:]) / (width * height)
    assert 0.005 < covered < 0.1
    assert not sum(changed.histogram()[140:])
    assert treat(encoded(kept, "PNG"), "png", None)[0].warnings == ()


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 2), (40, 30)])
def test_a_watermark_fits_whatever_the_size(size: tuple[int, int]):
    assert treated(encoded(Image.new("RGB", size), "PNG"), "png", WATERMARK * 20).size == size


@pytest.mark.parametrize(
    "draw",
    [
        page,
        lambda: page(lines=4),
        lambda: page(lines=70),
        lambda: page((2400, 3200)),
        on_desk,
        lambda: on_desk(lines=5),
        lambda: darkened(page(), 0.55),
        lambda: Image.new("RGB", (1200, 1600), "white"),
    ],
)
@pytest.mark.parametrize("quality", [40, 90])
def test_what_can_be_read_is_not_warned_of(draw: Draw, quality: int):
    assert treat(encoded(draw(), quality=quality), "jpg", None)[0].warnings == ()


@pytest.mark.parametrize(
    ("draw", "warning"),
    [
        (lambda: page((600, 850)), "too_small"),
        (lambda: darkened(page(), 0.3), "too_dark"),
        (lambda: darkened(on_desk(), 0.25), "too_dark"),
        (lambda: page().point(lambda value: 205 + value * 0.2), "too_bright"),
        (lambda: blurred(page(), 0.003), "blurred"),
        (lambda: blurred(page(lines=5), 0.003), "blurred"),
        (lambda: blurred(on_desk(), 0.003), "blurred"),
        (lambda: blurred(page((2400, 3200)), 0.004), "blurred"),
        (lambda: on_desk(at=(-225, 150)), "cut_off"),
        (lambda: on_desk(at=(150, -300)), "cut_off"),
        (lambda: on_desk(at=(525, 150)), "cut_off"),
        (lambda: on_desk(at=(150, 600)), "cut_off"),
    ],
)
def test_what_can_hardly_be_read_is_warned_of(draw: Draw, warning: str):
    assert treat(encoded(draw()), "jpg", None)[0].warnings == (warning,)


def test_the_warning_is_of_the_picture_as_it_stands_upright():
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    found, _ = treat(encoded(blurred(page(), 0.003), exif=exif), "jpg", None)
    assert found.warnings == ("blurred",)


@pytest.mark.parametrize(
    "size", [(8000, PIXELS_MAX // 8000 + 1), (20_001, 1), (2**31 - 1, 2**31 - 1)]
)
def test_too_many_pixels_are_refused_before_they_are_decoded(size: tuple[int, int]):
    head = struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0)
    chunks = b""
    for kind, content in ((b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b"")):
        check = struct.pack(">I", zlib.crc32(kind + content))
        chunks += struct.pack(">I", len(content)) + kind + content + check
    assert refusal(b"\x89PNG\r\n\x1a\n" + chunks, "png") == "image_too_large"


@settings(max_examples=40)
@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from(["L", "RGB", "RGBA", "1"]))
def test_a_picture_of_any_size_is_kept_in_its_size(width: int, height: int, mode: str):
    content = encoded(Image.new(mode, (width, height)), "PNG")
    assert treated(content, "png", "x").size == (width, height)
