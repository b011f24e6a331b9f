"""The small language of conditions: what each test means, and Kleene's logic of missing answers."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniprogram_api.catalogue.conditions import Condition, holds, is_blank, with_parameters

ROWS = {"rows": [{"kind": "person"}, {"kind": "company"}]}


def condition(**members: object) -> Condition:
    return msgspec.convert(members, Condition)


@pytest.mark.parametrize(
    ("test", "answers", "result"),
    [
        ({"field": "a", "equals": "x"}, {"a": "x"}, True),
        ({"field": "a", "equals": "x"}, {"a": "y"}, False),
        ({"field": "a", "equals": "x"}, {}, None),
        ({"field": "a", "equals": "x"}, {"a": ""}, None),
        ({"field": "a", "equals": True}, {"a": True}, True),
        ({"field": "a", "equals": True}, {"a": 1}, False),
        ({"field": "a", "equals": 1}, {"a": True}, False),
        ({"field": "a", "equals": 0}, {"a": False}, False),
        ({"field": "a", "equals": False}, {"a": False}, True),
        ({"field": "a", "in": ["x", "y"]}, {"a": "y"}, True),
        ({"field": "a", "in": ["x", "y"]}, {"a": "z"}, False),
        ({"field": "a", "contains": "x"}, {"a": ["y", "x"]}, True),
        ({"field": "a", "contains": "x"}, {"a": ["y"]}, False),
        ({"field": "a", "contains": "x"}, {"a": "xyz"}, False),
        ({"field": "a", "at_least": 3}, {"a": 3}, True),
        ({"field": "a", "at_least": 3}, {"a": 2.9}, False),
        ({"field": "a", "at_least": 3}, {"a": "4"}, False),
        ({"field": "a", "at_least": 1}, {"a": True}, False),
        ({"field": "a", "greater": 3}, {"a": 3}, False),
        ({"field": "a", "greater": 3}, {"a": 3.1}, True),
        ({"field": "a", "answered": True}, {"a": 0}, True),
        ({"field": "a", "answered": True}, {"a": []}, False),
        ({"field": "a", "answered": False}, {}, True),
        ({"field": "rows", "any_row": {"field": "kind", "equals": "company"}}, ROWS, True),
        ({"field": "rows", "any_row": {"field": "kind", "equals": "other"}}, ROWS, False),
        ({"field": "rows", "any_row": {"field": "kind", "equals": "other"}}, {"rows": 5}, False),
    ],
)
def test_each_test_says_what_it_means(test, answers, result):
    assert holds(condition(**test), answers) is result


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ({}, "exactly one"),
        ({"field": "a"}, "exactly one"),
        ({"equals": "x"}, "needs `field`"),
        ({"field": "a", "equals": "x", "greater": 1}, "exactly one"),
        ({"field": "a", "not": {"field": "b", "equals": 1}}, "needs `field`"),
        ({"field": "a", "equal": "x"}, "unknown field"),
    ],
)
def test_what_is_no_condition_is_refused(broken, says):
    with pytest.raises(msgspec.ValidationError, match=says):
        condition(**broken)


KNOWN = st.dictionaries(st.sampled_from("abc"), st.booleans())
TESTS = st.sampled_from([condition(field=code, equals=True) for code in "abc"])
CONDITIONS = st.recursive(
    TESTS,
    lambda inner: (
        st.builds(lambda parts: Condition(all_=tuple(parts)), st.lists(inner, min_size=1))
        | st.builds(lambda parts: Condition(any_=tuple(parts)), st.lists(inner, min_size=1))
        | st.builds(lambda part: Condition(not_=part), inner)
    ),
    max_leaves=6,
)


@given(CONDITIONS, KNOWN, st.dictionaries(st.sampled_from("abc"), st.booleans()))
def test_what_is_decided_stays_decided_when_more_is_answered(tree, known, more):
    result = holds(tree, known)
    if result is not None:
        assert holds(tree, {**more, **known}) is result


@given(CONDITIONS, st.fixed_dictionaries(dict.fromkeys("abc", st.booleans())))
def test_with_all_answers_every_condition_is_decided(tree, answers):
    assert holds(tree, answers) is not None


@given(CONDITIONS, KNOWN)
def test_a_condition_survives_being_written_as_json(tree, answers):
    again = msgspec.json.decode(msgspec.json.encode(tree), type=Condition)
    assert again == tree
    assert holds(again, answers) is holds(tree, answers)


def test_a_city_puts_its_figures_in_place_of_parameters():
    wanted = condition(
        any=[
            {"field": "area", "at_least": {"parameter": "area_min"}},
            {"not": {"field": "seats", "greater": {"parameter": "seats_max"}}},
        ]
    )
    put_in = with_parameters(wanted, {"area_min": 300, "seats_max": 20})
    assert list(wanted.parameters()) == ["area_min", "seats_max"]
    assert list(put_in.parameters()) == []
    assert holds(put_in, {"area": 300, "seats": 21}) is True
    assert holds(put_in, {"area": 299, "seats": 21}) is False


@pytest.mark.parametrize("value", [None, "", [], {}])
def test_blank_is_what_forms_send_for_nothing(value):
    assert is_blank(value)


@pytest.mark.parametrize("value", [0, 0.0, False, " ", [""], {"a": None}])
def test_zero_and_no_are_answers(value):
    assert not is_blank(value)
