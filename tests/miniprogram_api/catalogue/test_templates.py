"""Texts of documents that do not fit the rest of the data are named, and not served."""

import dataclasses
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from miniprogram_api.catalogue.comparing import differences
from miniprogram_api.catalogue.conditions import Condition
from miniprogram_api.catalogue.templates import (
    Block,
    Documents,
    Party,
    SignedBy,
    Template,
    Title,
    pieces,
    template_faults,
)
from tests.builders.catalogues import shipped

ARTICLES = "articles"


def rules_of(code: str = ARTICLES, **members: Any) -> list[str]:
    """What is found once one template has other members."""
    catalogue = shipped()
    documents = catalogue.documents
    template = msgspec.structs.replace(documents.templates[ARTICLES], **members)
    changed = Documents({code: template}, {code: "documents/company.yaml"}, documents.parties)
    found = template_faults(changed, catalogue.fields, catalogue.materials, catalogue.items)
    return [rule for _, _, rule in found]


def party_rules(**members: Any) -> list[str]:
    catalogue = shipped()
    party = msgspec.structs.replace(catalogue.documents.parties["shareholders"], **members)
    documents = Documents({}, {}, {"shareholders": party})
    found = template_faults(documents, catalogue.fields, catalogue.materials, catalogue.items)
    return [rule for _, _, rule in found]


def test_the_shipped_ones_are_right_and_say_that_they_are_not_official() -> None:
    assert rules_of() == []
    catalogue = shipped()
    for template in catalogue.documents.templates.values():
        assert template.confidence in ("medium", "low")


@pytest.mark.parametrize(
    ("members", "rule"),
    [
        ({"blocks": (Block(text="{no_such}"),)}, "no such field: `no_such`"),
        ({"blocks": (Block(text="{Name}"),)}, "a brace opens no placeholder"),
        ({"blocks": (Block(article="{directors.age}"),)}, "`directors` has no column `age`"),
        (
            {"blocks": (Block(table="directors", columns=("age",)),)},
            "`directors` has no column `age`",
        ),
        ({"blocks": (Block(form=("food_items",)),)}, "none of its items asks `food_items`"),
        (
            {"blocks": (Block(text="x", when=Condition(field="food_items", contains="hot")),)},
            "none of its items asks `food_items`",
        ),
        (
            {"blocks": (Block(form=("licence_copies",), operations=("cancel",)),)},
            "none of its items asks `licence_copies`",
        ),
        ({"items": ("no_such",)}, "no such item: `no_such`"),
        ({"titles": (Title(title="甲", en="A", items=("no_such",)),)}, "no such item: `no_such`"),
        ({"signers": ()}, "nobody signs it"),
        ({"signers": (SignedBy(party="witness"),)}, "no such party: `witness`"),
    ],
)
def test_what_does_not_fit_is_named(members: dict[str, Any], rule: str) -> None:
    assert rule in rules_of(**members)


@pytest.mark.parametrize("code", ["premises_use_proof", "no_such_material"])
def test_only_what_we_make_ourselves_has_a_text(code: str) -> None:
    assert "is not a material that we make of the answers" in rules_of(code)


@pytest.mark.parametrize(
    ("members", "rule"),
    [
        ({"rows": "no_such"}, "no such field: `no_such`"),
        ({"name": "no_such"}, "neither a question nor a column: `no_such`"),
        ({"uscc": "no_such"}, "no such field: `no_such`"),
        ({"id_number": None}, "nothing says who that is: `id_number` or `uscc`"),
    ],
)
def test_a_party_is_found_in_the_answers(members: dict[str, Any], rule: str) -> None:
    assert rule in party_rules(**members)


@pytest.mark.parametrize(
    "block",
    [
        {},
        {"text": "a", "article": "b"},
        {"table": "directors"},
        {"text": "a", "columns": ["name"]},
        {"form": ["domicile"], "labels": {"entity_name": "名称"}},
    ],
)
def test_a_block_is_one_thing(block: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(block, Block)


def test_nobody_can_call_a_text_official() -> None:
    words = {"title": "甲", "en": "A", "items": [], "blocks": [], "signers": [], "source": "法"}
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({**words, "confidence": "high"}, Template)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"title": "甲", "en": "A", "name": "x", "confidence": "high"}, Party)


def test_a_text_is_cut_at_its_placeholders() -> None:
    assert pieces("甲{directors.name}乙{entity_name}") == (
        "甲", ("directors", "name"), "乙", ("entity_name", None),
    )  # fmt: skip


def test_another_wording_is_told_when_versions_are_compared() -> None:
    before = shipped()
    template = msgspec.structs.replace(before.documents.templates[ARTICLES], title="章程")
    templates = {**before.documents.templates, ARTICLES: template}
    after = dataclasses.replace(before, documents=before.documents._replace(templates=templates))
    (difference,) = differences(before, after)
    assert (difference.kind, difference.code, difference.what) == ("document", ARTICLES, "changed")


def test_a_text_can_begin_to_hold_on_a_day() -> None:
    day, documents = date(2027, 1, 1), shipped().documents
    now = msgspec.structs.replace(documents.templates[ARTICLES], valid_to=day - timedelta(days=1))
    later = msgspec.structs.replace(now, title="章程", valid_from=day, valid_to=None)
    dated = documents._replace(templates={ARTICLES: now, f"{ARTICLES}@2027-01-01": later})
    assert dated.on(date(2026, 12, 31)).templates == {ARTICLES: now}
    assert dated.on(day).templates == {ARTICLES: later}
