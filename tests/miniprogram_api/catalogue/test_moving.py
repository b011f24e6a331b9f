"""Whatever was answered, under whatever list, is somewhere afterwards."""

import json
from collections.abc import Collection, Iterator
from dataclasses import replace
from itertools import pairwise
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from miniprogram_api.catalogue.facts import Column, Field, Step
from miniprogram_api.catalogue.moving import Move, SetAside
from miniprogram_api.catalogue.service import Catalogue
from tests.builders.catalogues import shipped

CODES = tuple(f"code_{letter}" for letter in "abcde")
TYPES = ("text", "textarea", "integer", "number", "table", "group")
STEPS = ("first", "second")
COLUMNS = ("one", "two", "three")


def a_field(kind: str, columns: dict[str, str], former: tuple[str, ...] = ()) -> Field:
    return Field(
        label="问", en="q", type=kind, source="-", confidence="low", renamed_from=former,  # type: ignore[arg-type]
        columns={
            name: Column(label="列", en="c", type=it)  # type: ignore[arg-type]
            for name, it in columns.items()
        } if kind in {"table", "group"} else {},
    )  # fmt: skip


def a_list(version: str, fields: dict[str, Field], homes: dict[str, str]) -> Catalogue:
    """A catalogue of nothing but questions."""
    steps = {
        key: Step(title=key, en=key, fields=tuple(c for c in fields if homes[c] == key))
        for key in STEPS
    }
    return replace(shipped(), version=version, fields=fields, steps=steps)


def some_list(chance: Random, version: str, *, renamed: bool = True) -> Catalogue:
    codes = chance.sample(CODES, chance.randint(1, len(CODES)))
    former = [code for code in CODES if code not in codes and renamed and chance.random() < 0.5]
    owners = {code: chance.choice(codes) for code in former}
    fields = {
        code: a_field(
            chance.choice(TYPES),
            {name: chance.choice(TYPES[:4]) for name in COLUMNS if chance.random() < 0.7},
            tuple(old for old, owner in owners.items() if owner == code),
        )
        for code in codes
    }
    return a_list(version, fields, {code: chance.choice(STEPS) for code in CODES})


def some_value(chance: Random) -> Any:
    """A draft holds whatever parses: rows without ids, lists in lists, the wrong kind of value."""
    word = f"word-{chance.random()}"

    def row() -> dict[str, Any]:
        named = [name for name in COLUMNS if chance.random() < 0.7] or ["one"]
        return {name: f"word-{chance.random()}" for name in named}

    table = [{"_id": f"row-{number}", **row()} for number in range(chance.randint(0, 3))]
    odd = [row(), word, [row()], {"_id": [1], "one": word}]
    return chance.choice([word, chance.randint(1, 10**9), row(), table, table, odd])


def some_answers(chance: Random) -> dict[str, Any]:
    return {
        step: {code: some_value(chance) for code in (*CODES, "unheard_of") if chance.random() < 0.6}
        for step in (*STEPS, "elsewhere")
    }


def without_unheard_of(value: Any, columns: Collection[str]) -> Any:
    if isinstance(value, dict):
        return {name: part for name, part in value.items() if name in {"_id", *columns}}
    return [without_unheard_of(row, columns) for row in value] if isinstance(value, list) else value


chances = st.integers(0, 2**32).map(Random)


def words(value: Any) -> Iterator[str]:
    """Everything that a person typed, without the ids of rows, which may be told twice."""
    if isinstance(value, dict):
        for name, part in value.items():
            if name != "_id":
                yield from words(part)
    elif isinstance(value, list):
        for part in value:
            yield from words(part)
    else:
        yield json.dumps(value)


@given(chances)
@settings(max_examples=200)
def test_nothing_that_was_answered_is_lost(chance: Random) -> None:
    known, aside = some_answers(chance), tuple[SetAside, ...]()
    before = set(words(known))
    lists = [some_list(chance, str(number)) for number in range(4)]
    for one, other in pairwise(lists):
        known, aside = Move(one, other).answers(known, aside)
        assert {*words(known), *words([entry.value for entry in aside])} == before


@given(chances)
@settings(max_examples=200)
def test_a_list_that_comes_back_finds_all_answers_in_their_places(chance: Random) -> None:
    """Of questions and columns that the first list asks, in the steps where it asks them."""
    first, second = (some_list(chance, version, renamed=False) for version in "12")
    given_answers = some_answers(chance)
    placed = {
        key: {
            code: without_unheard_of(given_answers[key][code], first.fields[code].columns)
            for code in step.fields
            if code in given_answers[key]
        }
        for key, step in first.steps.items()
    }
    there = Move(first, second).answers(placed, ())
    back = Move(second, first).answers(there.answers, there.set_aside)
    assert back.set_aside == ()
    assert {k: v for k, v in back.answers.items() if v} == {k: v for k, v in placed.items() if v}


def test_a_renamed_question_takes_its_answer_along_into_its_new_step() -> None:
    first = a_list("1", {"code_a": a_field("text", {})}, {"code_a": "first"})
    second = a_list("2", {"code_b": a_field("text", {}, ("code_a",))}, {"code_b": "second"})
    moved = Move(first, second).answers({"first": {"code_a": "x"}}, ())
    assert moved.answers == {"second": {"code_b": "x"}}
    assert moved.set_aside == ()


def test_a_unit_that_changes_makes_another_question() -> None:
    field = a_field("number", {})
    in_wan = replace_unit(field, "万元")
    first = a_list("1", {"code_a": in_wan}, {"code_a": "first"})
    second = a_list("2", {"code_a": replace_unit(field, "元")}, {"code_a": "first"})
    moved = Move(first, second).answers({"first": {"code_a": 5}}, ())
    assert [(entry.reason, entry.value) for entry in moved.set_aside] == [("another_type", 5)]


def test_a_column_that_is_gone_takes_its_part_of_each_row_and_leaves_the_rest() -> None:
    both = {"one": "text", "two": "text"}
    first = a_list("1", {"code_a": a_field("table", both)}, {"code_a": "first"})
    second = a_list("2", {"code_a": a_field("table", {"one": "text"})}, {"code_a": "first"})
    table = [{"_id": "r", "one": "x", "two": "y"}]
    moved = Move(first, second).answers({"first": {"code_a": table}}, ())
    assert moved.answers == {"first": {"code_a": [{"_id": "r", "one": "x"}]}}
    (kept,) = moved.set_aside
    assert (kept.reason, kept.value) == ("parts_gone", [{"_id": "r", "two": "y"}])
    # Whoever removes the row meanwhile is not given half of it back.
    back = Move(second, first).answers({"first": {"code_a": []}}, moved.set_aside)
    assert back.answers == {"first": {"code_a": []}}
    assert [entry.value for entry in back.set_aside] == [[{"_id": "r", "two": "y"}]]


def test_two_questions_that_become_one_keep_both_answers() -> None:
    two = {"code_a": a_field("text", {}), "code_b": a_field("text", {})}
    first = a_list("1", two, {"code_a": "first", "code_b": "first"})
    second = a_list("2", {"code_b": a_field("text", {}, ("code_a",))}, {"code_b": "first"})
    moved = Move(first, second).answers({"first": {"code_a": "x", "code_b": "y"}}, ())
    assert moved.answers == {"first": {"code_b": "y"}}
    assert [(entry.code, entry.reason, entry.value) for entry in moved.set_aside] == [
        ("code_a", "taken", "x")
    ]


def replace_unit(field: Field, unit: str) -> Field:
    return Field(**{**{n: getattr(field, n) for n in field.__struct_fields__}, "unit": unit})
