"""What a line that others will read may hold."""

import re

import pytest

from kit.lines import END, line_faults, refuse_unreadable
from kit.problems import InvalidRequest


@pytest.mark.parametrize("line", ["测试收件人", "Anna-Maria O’Neil", " a ", "𠮷野家\ue000", "👨"])
def test_whatever_people_write_is_a_line(line):
    assert line_faults("/name", line) == []


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("", "required"),
        (" \u3000", "required"),
        ("\n", "required"),
        ("a\nb", "unseen_character"),
        ("a\u0000", "unseen_character"),
        ("a\u202eb", "unseen_character"),
        ("a\u200bb", "unseen_character"),
        ("a\u2028b", "unseen_character"),
    ],
)
def test_nothing_to_be_seen_is_none(line, code):
    assert [(fault.pointer, fault.code) for fault in line_faults("/name", line)] == [
        ("/name", code)
    ]


def test_all_lines_that_nobody_can_read_are_told_at_once():
    refuse_unreadable({"/name": "a"})
    with pytest.raises(InvalidRequest) as refused:
        refuse_unreadable({"/name": " ", "/street": "b", "/detail": "\u202e"})
    assert [fault.pointer for fault in refused.value.errors] == ["/name", "/detail"]


def test_the_end_of_a_pattern_is_the_end_of_the_text():
    assert re.search(f"^[0-9]+{END}", "12")
    assert not re.search(f"^[0-9]+{END}", "12\n")
