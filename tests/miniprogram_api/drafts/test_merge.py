"""The merge of two devices' answers: nothing lost, nothing guessed."""

import copy
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniprogram_api.drafts.merge import ABSENT, apply_patch, merge, same

NAMES = st.sampled_from(["name", "phone", "share", "a/b", "c~d"])
PLAIN = st.one_of(
    st.integers(-3, 3),
    st.booleans(),
    st.sampled_from(["", "张三", "李四", "1"]),
    st.sampled_from([0.0, 1.0, 1.5]),
    st.lists(st.integers(0, 2), min_size=1, max_size=2),
)
MEMBERS = st.dictionaries(NAMES, PLAIN, max_size=4)


def group(members: Any) -> Any:
    """Rows with ids of their own, in any order."""
    rows = st.dictionaries(st.sampled_from("pqrstu"), members, max_size=4)
    return rows.map(lambda rows: [{"_id": row_id, **row} for row_id, row in rows.items()])


ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        "name": PLAIN,
        "share": PLAIN,
        "address": MEMBERS,
        "people": group(MEMBERS),
        "places": group(st.fixed_dictionaries({}, optional={"name": PLAIN, "shape": MEMBERS})),
    },
)


@st.composite
def three_sides(draw: st.DrawFn) -> tuple[Any, Any, Any]:
    """A base and two sides that each changed a part of it, so that many merges have no conflict."""
    base = draw(ANSWERS)
    chance = draw(st.randoms(use_true_random=False))
    share = draw(st.sampled_from([0.1, 0.3, 1.0]))
    return base, *(mixed(base, draw(ANSWERS), chance, share) for _ in range(2))


def mixed(base: Any, other: Any, chance: Random, share: float) -> Any:
    """``base`` with about a ``share`` of its places as in ``other``."""
    if isinstance(base, dict) and isinstance(other, dict):
        names = [name for name in {**base, **other} if name != "_id"]
        mixed_members = {
            name: mixed(base.get(name, ABSENT), other.get(name, ABSENT), chance, share)
            for name in names
        }
        present = {name: value for name, value in mixed_members.items() if value is not ABSENT}
        return {"_id": base["_id"], **present} if "_id" in base else present
    if isinstance(base, list) and isinstance(other, list) and all_rows(base) and all_rows(other):
        rows = mixed({r["_id"]: r for r in base}, {r["_id"]: r for r in other}, chance, share)
        return list(rows.values())
    return other if chance.random() < share else base


def all_rows(value: list[Any]) -> bool:
    return all(isinstance(row, dict) for row in value)


def places(value: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Every answer by its place, rows named by their id; what only contains others is no answer."""
    if isinstance(value, dict):
        parts = value.items()
    elif isinstance(value, list) and all_rows(value):
        parts = {row["_id"]: row for row in value}.items()
    else:
        return {path: value}
    found: dict[tuple[str, ...], Any] = {}
    for name, part in parts:
        found |= places(part, (*path, name))
    return found


def kept(found: dict[tuple[str, ...], Any], path: tuple[str, ...]) -> Any:
    return found.get(path, ABSENT)


@given(ANSWERS, ANSWERS)
def test_what_one_side_left_alone_is_as_the_other_side_made_it(base: Any, changed: Any):
    assert same(merge(base, changed, base).answers, changed)
    assert same(merge(base, base, changed).answers, changed)
    assert not merge(base, changed, base).conflicts
    assert not merge(base, base, changed).conflicts


@given(three_sides())
def test_no_answer_of_either_side_is_lost_when_there_is_no_conflict(sides: Any):
    base, mine, theirs = sides
    merged = merge(base, mine, theirs)
    if merged.conflicts:
        return
    before, ours, others, now = map(places, (base, mine, theirs, merged.answers))
    for path in before.keys() | ours.keys() | others.keys() | now.keys():
        old, my_value, their_value = (kept(side, path) for side in (before, ours, others))
        if same(my_value, old):
            assert same(kept(now, path), their_value), path
        elif same(their_value, old):
            assert same(kept(now, path), my_value), path
        else:
            assert same(my_value, their_value), path
            assert same(kept(now, path), my_value), path


@given(three_sides())
def test_a_conflict_names_a_place_that_both_sides_changed_differently(sides: Any):
    base, mine, theirs = sides
    for conflict in merge(base, mine, theirs).conflicts:
        assert not same(conflict.base, conflict.mine)
        assert not same(conflict.base, conflict.theirs)
        assert not same(conflict.mine, conflict.theirs)


@given(three_sides())
def test_a_place_that_both_sides_changed_differently_is_a_conflict(sides: Any):
    base, mine, theirs = sides
    before, ours, others = map(places, (base, mine, theirs))
    clashes = [
        path
        for path in before.keys() | ours.keys() | others.keys()
        if not same(kept(ours, path), kept(before, path))
        and not same(kept(others, path), kept(before, path))
        and not same(kept(ours, path), kept(others, path))
    ]
    if any(path in ours and path in others for path in clashes):
        assert merge(base, mine, theirs).conflicts


@given(three_sides())
def test_the_same_save_repeated_changes_nothing_and_conflicts_with_nothing(sides: Any):
    base, mine, theirs = sides
    merged = merge(base, mine, theirs)
    if merged.conflicts:
        return
    again = merge(base, mine, merged.answers)
    assert not again.conflicts
    assert list(places(again.answers)) == list(places(merged.answers))
    assert same(again.answers, merged.answers)


@given(three_sides())
def test_both_sides_come_to_the_same_answers(sides: Any):
    base, mine, theirs = sides
    here, there = merge(base, mine, theirs), merge(base, theirs, mine)
    assert len(here.conflicts) == len(there.conflicts)
    if not here.conflicts:
        one, other = places(here.answers), places(there.answers)
        assert one.keys() == other.keys()
        assert all(same(one[path], other[path]) for path in one)


@given(three_sides())
def test_the_three_sides_are_left_as_they_were(sides: Any):
    base, mine, theirs = sides
    before = copy.deepcopy([base, mine, theirs])
    merge(base, mine, theirs)
    apply_patch(base, mine)
    assert same(before, [base, mine, theirs])


@given(ANSWERS, ANSWERS)
def test_a_patch_applied_twice_is_applied_once(target: Any, patch: Any):
    once = apply_patch(target, patch)
    assert same(apply_patch(once, patch), once)


@given(ANSWERS)
def test_a_whole_state_sent_as_a_patch_gives_that_state(state: Any):
    assert same(apply_patch({}, state), state)
    assert same(apply_patch(state, state), state)


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        # RFC 7396, appendix A.
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
        # Rows.
        (
            {"p": [{"_id": "1", "n": "a", "s": 1}]},
            {"p": [{"_id": "1", "s": 2}]},
            {"p": [{"_id": "1", "n": "a", "s": 2}]},
        ),
        ({"p": [{"_id": "1", "n": "a"}]}, {"p": [{"_id": "1", "n": None}]}, {"p": [{"_id": "1"}]}),
        ({"p": [{"_id": "1"}, {"_id": "2"}]}, {"p": [{"_id": "2"}]}, {"p": [{"_id": "2"}]}),
        ({"p": [{"_id": "1", "n": "a"}]}, {"p": []}, {"p": []}),
        ({"p": [{"_id": "1", "n": "a"}]}, {"p": [{"n": "b"}]}, {"p": [{"n": "b"}]}),
    ],
)
def test_a_patch_replaces_removes_and_leaves_alone(target: Any, patch: Any, result: Any):
    assert same(apply_patch(target, patch), result)


def test_a_row_added_here_and_a_row_added_there_are_both_there():
    base = {"people": [{"_id": "1", "name": "a"}]}
    mine = {"people": [{"_id": "1", "name": "a"}, {"_id": "2", "name": "b"}]}
    theirs = {"people": [{"_id": "3", "name": "c"}, {"_id": "1", "name": "a"}]}
    merged = merge(base, mine, theirs)
    assert not merged.conflicts
    assert [row["_id"] for row in merged.answers["people"]] == ["3", "1", "2"]


def test_an_order_given_by_one_side_is_kept_and_is_never_a_conflict():
    base = {"people": [{"_id": "1"}, {"_id": "2"}, {"_id": "3"}]}
    mine = {"people": [{"_id": "3"}, {"_id": "1"}, {"_id": "2"}]}
    assert merge(base, mine, base).answers == mine
    both = merge(base, mine, {"people": [{"_id": "2"}, {"_id": "1"}, {"_id": "3"}]})
    assert not both.conflicts
    assert [row["_id"] for row in both.answers["people"]] == ["2", "1", "3"]


def test_a_conflict_inside_a_row_says_where_and_which_row():
    base = {"people": [{"_id": "1", "name": "a"}, {"_id": "2", "name": "b"}]}
    mine = {"people": [{"_id": "2", "name": "mine"}]}
    theirs = {"people": [{"_id": "1", "name": "a"}, {"_id": "2", "name": "theirs"}]}
    (conflict,) = merge(base, mine, theirs).conflicts
    assert (conflict.pointer, conflict.row) == ("/people/0/name", "2")
    assert (conflict.base, conflict.mine, conflict.theirs) == ("b", "mine", "theirs")


def test_a_row_removed_here_and_changed_there_is_a_conflict():
    base = {"people": [{"_id": "1", "name": "a"}, {"_id": "2", "name": "b"}]}
    mine = {"people": [{"_id": "1", "name": "a"}]}
    theirs = {"people": [{"_id": "1", "name": "a"}, {"_id": "2", "name": "c"}]}
    (conflict,) = merge(base, mine, theirs).conflicts
    assert (conflict.pointer, conflict.row, conflict.mine) == ("/people/1", "2", ABSENT)


def test_names_in_a_pointer_are_escaped():
    (conflict,) = merge({"a/b~c": 0}, {"a/b~c": 1}, {"a/b~c": 2}).conflicts
    assert conflict.pointer == "/a~1b~0c"


def test_one_and_true_and_one_point_nought_are_three_answers():
    assert len(merge({"n": 0}, {"n": 1}, {"n": True}).conflicts) == 1
    assert len(merge({"n": 0}, {"n": 1}, {"n": 1.0}).conflicts) == 1
