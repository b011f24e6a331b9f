"""The bounds of what one save may hold."""

from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.problems import InvalidRequest, MalformedRequest, Problem
from miniprogram_api.drafts.answers import (
    DEPTH_MAX,
    MEMBERS_MAX,
    NAME_LENGTH_MAX,
    NUMBER_MAX,
    ROWS_MAX,
    STEP_BYTES_MAX,
    TEXT_LENGTH_MAX,
    parse_answers,
)
from miniprogram_api.drafts.problems import StepTooLarge


def raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return {"a": value}


WITHIN = [
    {},
    {"a": None, "b": True, "c": -NUMBER_MAX, "d": 1.5, "e": ""},
    {"a": "字" * TEXT_LENGTH_MAX},
    {"a": [0] * ROWS_MAX},
    {str(n): n for n in range(MEMBERS_MAX)},
    {"n" * NAME_LENGTH_MAX: 1},
    nested(DEPTH_MAX - 2),
]
BEYOND = [
    ({"a": "字" * (TEXT_LENGTH_MAX + 1)}, "too_long"),
    ({"a": [0] * (ROWS_MAX + 1)}, "too_many_rows"),
    ({str(n): n for n in range(MEMBERS_MAX + 1)}, "too_many_members"),
    ({"a": [{"n" * (NAME_LENGTH_MAX + 1): 1}]}, "too_many_members"),
    ({"a": NUMBER_MAX + 1}, "out_of_range"),
    ({"a": 1e300}, "out_of_range"),
    (nested(DEPTH_MAX - 1), "too_deep"),
    ([], "not_an_object"),
    ("text", "not_an_object"),
]


@pytest.mark.parametrize("answers", WITHIN)
def test_what_is_within_the_bounds_is_taken_as_it_is(answers: Any):
    assert parse_answers(raw(answers)) == answers


@pytest.mark.parametrize(("answers", "code"), BEYOND)
def test_what_is_beyond_a_bound_is_refused_without_being_repeated(answers: Any, code: str):
    with pytest.raises(InvalidRequest) as refused:
        parse_answers(raw(answers))
    assert [(error.pointer, error.code) for error in refused.value.errors] == [("/answers", code)]


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        (b'{"a":"\xff\xfe"}', MalformedRequest),
        (b'{"\xff":1}', MalformedRequest),
        (b'{"a":"\\ud800"}', MalformedRequest),
        (b'{"a":1', MalformedRequest),
    ],
)
def test_what_no_reader_of_json_takes_is_malformed(sent: bytes, problem: type[Problem]):
    with pytest.raises(problem):
        parse_answers(msgspec.Raw(sent))


def test_a_number_beyond_all_numbers_is_out_of_range():
    with pytest.raises(InvalidRequest) as refused:
        parse_answers(msgspec.Raw(b' {"a":1e999}'))
    assert [error.code for error in refused.value.errors] == ["out_of_range"]


def test_a_step_that_is_too_large_as_a_whole_is_refused():
    with pytest.raises(StepTooLarge):
        parse_answers(raw({"a": ["x" * 1000] * (STEP_BYTES_MAX // 1000 + 1)}))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=20,
)


@given(st.dictionaries(st.text(max_size=8), JSON))
def test_whatever_was_sent_is_either_taken_or_refused_with_a_problem(answers: dict[str, Any]):
    with suppress(InvalidRequest):
        assert parse_answers(raw(answers)) == answers
