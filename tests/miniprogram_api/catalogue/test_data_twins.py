"""One question is asked once: labels that look alike are one field, or stand in ``twins.yaml`` with
the reason why they are two.

The measure: labels in NFKC, without what stands in brackets, signs, and words that add nothing; two
are close if they are equal or share at least 80 % of their pairs of neighbouring characters (Dice).
"""

import re
import unicodedata
from collections import defaultdict
from itertools import combinations, pairwise

import pytest
import yaml

from miniprogram_api.catalogue.catalogue import DATA_FOLDER

CLOSE = 0.8
FILLING = re.compile("是否|情况|信息|名单|清单|申请|企业|单位|机构|公司|主要|拟")
BRACKETS = re.compile(r"\([^()]*\)")
SIGNS = re.compile(r"[^0-9A-Za-z一-鿿]")


def normalised(label: str) -> str:
    plain = SIGNS.sub("", BRACKETS.sub("", unicodedata.normalize("NFKC", label)))
    return FILLING.sub("", plain) or plain


def neighbours(label: str) -> frozenset[str]:
    return frozenset(a + b for a, b in pairwise(label)) or frozenset({label})


def alike(one: str, other: str) -> float:
    first, second = neighbours(one), neighbours(other)
    return 2 * len(first & second) / (len(first) + len(second))


def close_pairs(labels: dict[str, str]) -> set[tuple[str, str]]:
    """Only pairs that share something are compared: all with all would be half a million."""
    words = {code: normalised(label) for code, label in labels.items()}
    having = defaultdict(list)
    for code, word in words.items():
        for pair in neighbours(word):
            having[pair].append(code)
    candidates = {pair for codes in having.values() for pair in combinations(sorted(codes), 2)}
    return {(a, b) for a, b in candidates if alike(words[a], words[b]) >= CLOSE}


@pytest.fixture(scope="module")
def kept_apart() -> dict[str, list[dict[str, object]]]:
    return yaml.safe_load((DATA_FOLDER / "twins.yaml").read_text("utf-8"))


def test_questions_that_look_alike_are_one_or_say_why_they_are_two(catalogue, kept_apart):
    labels = {code: field.label for code, field in catalogue.fields.items()}
    families = tuple(family["suffix"] for family in kept_apart["families"])
    groups = [set(group["fields"]) for group in kept_apart["groups"]]
    open_pairs = {
        pair
        for pair in close_pairs(labels)
        if not all(code.endswith(families) for code in pair)
        and not any(set(pair) <= group for group in groups)
    }
    assert open_pairs == set()


def test_the_reasons_are_about_questions_that_exist(catalogue, kept_apart):
    for group in kept_apart["groups"]:
        assert group["why"]
        assert set(group["fields"]) <= catalogue.fields.keys()
        assert len(group["fields"]) > 1


def test_no_two_questions_have_the_same_words(catalogue):
    labels = [field.label for field in catalogue.fields.values()]
    assert len(labels) == len(set(labels))


def test_no_two_materials_have_the_same_words(catalogue):
    names = [material.name for material in catalogue.materials.values()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("one", "other", "are_close"),
    [
        ("经营范围(兽药)", "申请经营范围", True),
        ("安全生产管理人员数", "专职安全生产管理人员数", True),
        ("仓库面积", "仓库地址", False),
        ("总用水量", "总排水量", False),
    ],
)
def test_the_measure_tells_twins_from_neighbours(one, other, are_close):
    assert bool(close_pairs({"a": one, "b": other})) is are_close
