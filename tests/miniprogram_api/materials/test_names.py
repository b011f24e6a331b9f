"""The names of files: shown and offered, never trusted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniprogram_api.materials.names import NAME_LENGTH_MAX, content_disposition, tidy_name


@pytest.mark.parametrize(
    ("given_name", "tidy"),
    [
        ("租赁合同.pdf", "租赁合同.pdf"),
        ("photo.JPEG", "photo.pdf"),
        ("virus.exe", "virus.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\z\\合同.docx", "合同.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie: x.pdf"),
        ("\u202efdp.exe", "fdp.pdf"),
        ("", "file.pdf"),
        (".pdf", "pdf.pdf"),
        ("   ", "file.pdf"),
        ("x" * 500 + ".pdf", "x" * NAME_LENGTH_MAX + ".pdf"),
    ],
)
def test_a_name_has_no_folder_no_trick_and_the_true_ending(given_name: str, tidy: str):
    assert tidy_name(given_name, "pdf") == tidy


@given(st.text(max_size=300))
def test_a_header_made_of_any_name_is_one_line_of_ascii(name: str):
    header = content_disposition(tidy_name(name, "pdf"))
    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2
