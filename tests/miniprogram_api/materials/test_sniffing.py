"""What a file is, is seen in its bytes."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniprogram_api.materials.problems import FileIncomplete, FileTypeRefused
from miniprogram_api.materials.sniffing import format_of
from tests.miniprogram_api.materials.builders import a_jpeg, a_pdf, a_png

ALL = frozenset({"jpg", "png", "pdf"})


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (a_png(), "png"),
        (a_jpeg(), "jpg"),
        (a_jpeg(after=b"\0" * 5000 + b"SEFT"), "jpg"),
        (a_pdf(), "pdf"),
        (a_pdf("1.4", size=200_000), "pdf"),
        (a_pdf("2.0"), "pdf"),
    ],
)
def test_a_whole_file_is_what_it_is(content: bytes, kind: str):
    assert format_of(content, ALL) == kind
    assert format_of(content, frozenset({kind})) == kind
    with pytest.raises(FileTypeRefused):
        format_of(content, ALL - {kind})


@pytest.mark.parametrize(
    "content",
    [
        b"GIF89a<script>alert(1)</script>",
        b"<html><script>alert(1)</script>",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"MZ\x90\x00" + b"\0" * 200,
        b"PK\x03\x04" + b"\0" * 200,
        b"plain text",
        b"\0",
        b"BM" + b"\0" * 100,
        b"junk first %PDF-1.7\nstartxref\n9\n%%EOF\n",
    ],
)
def test_anything_else_is_refused(content: bytes):
    with pytest.raises((FileTypeRefused, FileIncomplete)):
        format_of(content, ALL)


@pytest.mark.parametrize("content", [a_png(), a_jpeg(), a_pdf()])
def test_a_file_that_was_cut_off_anywhere_is_refused(content: bytes):
    for length in range(1, len(content) - 7):
        with pytest.raises((FileTypeRefused, FileIncomplete)):
            format_of(content[:length], ALL)


@pytest.mark.parametrize(
    "content",
    [
        a_png(after=b"<script>"),
        a_png()[:-12] + a_png()[-12:-8] + b"IENX" + a_png()[-4:],
        b"\x89PNG\r\n\x1a\n<script>alert(1)</script>",
        b"\xff\xd8\xff\xe0<script>alert(1)</script>\xff\xd9",
        b"%PDF-1.7 <script>alert(1)</script>",
    ],
)
def test_a_head_without_its_body_is_incomplete(content: bytes):
    with pytest.raises(FileIncomplete):
        format_of(content, ALL)


@given(
    st.sampled_from([a_png(), a_jpeg(), a_pdf()]),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=8),
)
def test_whatever_is_sent_is_taken_or_refused_and_never_a_fault(
    content: bytes, changes: list[tuple[int, int]]
):
    spoiled = bytearray(content)
    for at, value in changes:
        spoiled[at % len(spoiled)] = value
    with suppress(FileTypeRefused, FileIncomplete):
        assert format_of(bytes(spoiled), ALL) in ALL


@given(st.binary(min_size=1, max_size=200))
def test_noise_is_refused(content: bytes):
    with pytest.raises((FileTypeRefused, FileIncomplete)):
        format_of(content, ALL)
