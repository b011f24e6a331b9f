"""The schema of the rules on company names, and their reading from ``data/names``."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

from miniprogram_api.catalogue.facts import Code, Confidence, Count, Fact, Words
from miniprogram_api.catalogue.reading import FolderReader, Place

Part = Literal["name", "region", "trade", "industry", "form"]
Severity = Literal["refused", "approval", "advice"]
"""``refused``: cannot be declared like this. ``approval``: somebody has to approve it first, or it
is only for some companies. ``advice``: to be looked at again; the authority decides."""
Where = Literal["starts", "inside", "anywhere", "trade", "trade_is", "industry"]
Division = Annotated[str, Meta(pattern="^[0-9]{2}$")]
Bit = Annotated[str, Meta(min_length=1, max_length=20)]

RULES_FILE, WORDS_FILE, PARTS_FILE = "names/rules.yaml", "names/words.yaml", "names/parts.yaml"

IN_CODE = frozenset({
    "characters", "characters_uncommon", "length", "region_missing", "region_elsewhere",
    "region_district_alone", "region_zone_alone", "region_position", "trade_missing", "trade_short",
    "trade_long", "trade_is_region", "trade_may_be_region", "trade_is_industry", "industry_missing",
    "industry_other", "form_missing", "form_other", "form_twice", "group_word",
})  # fmt: skip
"""What :mod:`~miniprogram_api.catalogue.names` looks for; all other rules are lists of words."""


class NameRule(Fact, frozen=True, kw_only=True):
    """One thing that can be wrong with a name; the message says what to do."""

    part: Part
    severity: Severity
    message: Words
    en: Words
    source: Words
    confidence: Confidence


class NameWords(Fact, frozen=True, kw_only=True, rename={"unless": "except"}):
    """Words that a rule is about. One that only stands inside a word of ``unless`` is none."""

    rule: Code
    where: Where
    words: tuple[Bit, ...]
    unless: tuple[Bit, ...] = ()
    confidence: Confidence


class NamePartsFacts(Fact, frozen=True, kw_only=True):
    source: Words
    confidence: Confidence
    kept_months: Count
    kept_months_with_approval: Count
    trade_characters_max: Count
    forms: dict[Bit, tuple[Code, ...]]
    group_words: tuple[Bit, ...]
    zone_words: tuple[Bit, ...]
    region_endings: tuple[Bit, ...]
    other_regions: tuple[Bit, ...]
    candidate_endings: tuple[Bit, ...]
    industries: dict[Bit, tuple[Division, ...]]


@dataclass(frozen=True, slots=True)
class NameFacts:
    rules: dict[str, NameRule]
    words: tuple[NameWords, ...]
    parts: NamePartsFacts

    @classmethod
    def read(cls, reader: FolderReader) -> "NameFacts | None":
        """None when something could not be read; the reader has the faults."""
        rules = reader.mapping(RULES_FILE, NameRule)
        words = reader.sequence(WORDS_FILE, NameWords)
        parts = reader.one(PARTS_FILE, NamePartsFacts)
        return None if parts is None else cls(rules, tuple(words), parts)

    def faults(self) -> Iterator[tuple[str, Place, str]]:
        """What does not fit together: file, place, rule."""
        for code in sorted(IN_CODE - self.rules.keys()):
            yield RULES_FILE, (), f"`{code}` is missing"
        with_words = {entry.rule for entry in self.words}
        for code, rule in self.rules.items():
            if code not in IN_CODE and code not in with_words:
                yield RULES_FILE, (code,), "no words for this rule"
            if rule.confidence == "low" and rule.severity != "advice":
                yield RULES_FILE, (code, "severity"), "a rule of low confidence only ever advises"
        for number, entry in enumerate(self.words):
            if entry.rule not in self.rules or entry.rule in IN_CODE:
                yield WORDS_FILE, (number, "rule"), "no such rule of words"
            elif entry.confidence == "low" and self.rules[entry.rule].severity != "advice":
                yield WORDS_FILE, (number, "confidence"), "words of low confidence only ever advise"
