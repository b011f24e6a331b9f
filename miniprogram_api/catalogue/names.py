"""What a company's name is made of, and what is wrong with it, by the rules of ``data/names``.

企业名称登记管理规定 article 6: region, trade word (字号), industry, form, in this order or with the
region in brackets behind the trade word or the industry. Pure. Whether a name is still free only
the province's library of names knows: see :mod:`~miniprogram_api.catalogue.name_checks`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from kit.text import Text
from miniprogram_api.catalogue.facts import Confidence
from miniprogram_api.catalogue.name_facts import NameFacts, NameWords, Part, Severity
from miniprogram_api.catalogue.name_regions import RegionWords

Order = Literal["region_first", "region_after_trade", "region_after_industry"]

LENGTHS = range(4, 51)
TRADE_CHARACTERS_MIN = 2
_ALLOWED = re.compile(r"[一-鿿㐀-䶿（）]+")
_BRACKETS = str.maketrans({"(": "（", ")": "）"})
_IN_BRACKETS = re.compile(r"（([^（）]+)）")
_CHINA = "（中国）"
_SURE: Mapping[Confidence, int] = {"low": 0, "medium": 1, "high": 2}


@dataclass(frozen=True, slots=True)
class NameParts:
    """Empty text for a part that is not there."""

    full: str
    region: str
    region_code: str
    """Of the region that the name gives; empty without one, or for one that is not of Shandong."""
    trade: str
    industry: str
    form: str
    order: Order = "region_first"


@dataclass(frozen=True, slots=True)
class Company:
    """What is known of the company that wants the name; empty text for what is not yet."""

    region: str
    """Six digits: where it will be."""
    company_type: str = ""
    industry_code: str = ""


class NameProblem(NamedTuple):
    """``word`` is the listed word that was found, where the rule is a list of words."""

    part: Part
    code: str
    severity: Severity
    message: Text
    source: str
    confidence: Confidence
    word: str | None = None


class NameBook:
    """The rules, ready for use over one catalogue's divisions."""

    def __init__(self, facts: NameFacts, regions: RegionWords) -> None:
        self.facts = facts
        self._regions = regions
        self._forms = sorted(facts.parts.forms, key=len, reverse=True)
        self._types = {kind for kinds in facts.parts.forms.values() for kind in kinds}

    # Taking apart, and putting together.

    def parts_of(self, name: str, company: Company) -> NameParts:
        """The parts of a whole name. Where region, trade word and industry run into each other it
        is a guess; whoever knows the parts gives them to :meth:`joined`."""
        full = name.strip().translate(_BRACKETS)
        form = next((form for form in self._forms if full.endswith(form)), "")
        body = full.removesuffix(form)
        for word in self.facts.parts.group_words:
            body = body.removesuffix(word)
        body = body.replace(_CHINA, "")
        for found in _IN_BRACKETS.finditer(body):
            code = self._regions.code_of(found[1])
            if code is not None:
                before, after = body[: found.start()], body[found.end() :]
                return self._around_brackets(full, before, found[1], code, after, form)
        return self._from_front(full, body, form, company)

    def _from_front(self, full: str, body: str, form: str, company: Company) -> NameParts:
        """The best region that leaves a trade word; else the best one, unless it is rather the
        beginning of a trade word."""
        words = list(self._regions.prefixes(body, company.region))
        sure = [word for word in words if not self._regions.is_short_county(word)]
        for word in words if sure else (*words, ""):
            trade, industry = self._split(body[len(word) :])
            if len(trade) >= TRADE_CHARACTERS_MIN:
                break
        else:
            word = sure[0] if sure else ""
            trade, industry = self._split(body[len(word) :])
        return NameParts(full, word, self._regions.code_of(word) or "", trade, industry, form)

    def joined(
        self, region: str, trade: str, industry: str, form: str, order: Order = "region_first"
    ) -> NameParts:
        region, trade, industry, form = (
            part.strip().translate(_BRACKETS) for part in (region, trade, industry, form)
        )
        bracketed = f"（{region}）" if region else ""
        full = {
            "region_first": f"{region}{trade}{industry}{form}",
            "region_after_trade": f"{trade}{bracketed}{industry}{form}",
            "region_after_industry": f"{trade}{industry}{bracketed}{form}",
        }[order]
        code = self._regions.code_of(region) or ""
        return NameParts(full, region, code, trade, industry, form, order)

    def with_trade(self, parts: NameParts, trade: str) -> NameParts:
        """The same name with another trade word."""
        full = parts.full.replace(parts.trade, trade, 1)
        return replace(parts, full=full, trade=trade)

    def other_trade_words(self, trade: str) -> Iterator[str]:
        """Trade words that begin like this one and are neither its sound, nor inside it, nor the
        other way round: what a person might take instead. Ours, nothing official."""
        endings = self.facts.parts.candidate_endings
        for number, ending in enumerate(endings):
            second = endings[(number + 1) % len(endings)] if len(trade) > 2 else ""
            other = f"{trade[:1]}{ending}{second}"
            if ending not in trade and trade not in other:
                yield other

    # What is wrong.

    def problems(self, parts: NameParts, company: Company) -> list[NameProblem]:
        """The worst first, each rule at most once."""
        found: dict[str, NameProblem] = {}
        for code in (
            *self._of_characters(parts),
            *self._of_region(parts, company),
            *self._of_trade(parts),
            *self._of_industry(parts, company),
            *self._of_form(parts, company),
        ):
            found.setdefault(code, self._problem(code))
        for entry in self.facts.words:
            word = _found(entry, parts)
            if word is not None and entry.rule not in found:
                found[entry.rule] = self._problem(entry.rule, word, entry.confidence)
        severities: tuple[Severity, ...] = ("refused", "approval", "advice")
        return sorted(found.values(), key=lambda one: severities.index(one.severity))

    def _problem(
        self, code: str, word: str | None = None, confidence: Confidence = "high"
    ) -> NameProblem:
        rule = self.facts.rules[code]
        sure = min(rule.confidence, confidence, key=_SURE.__getitem__)
        text = Text(rule.message, rule.en)
        return NameProblem(rule.part, code, rule.severity, text, rule.source, sure, word)

    def _of_characters(self, parts: NameParts) -> Iterator[str]:
        if len(parts.full) not in LENGTHS:
            yield "length"
        if not _ALLOWED.fullmatch(parts.full):
            yield "characters"
        elif not _is_common(parts.full):
            yield "characters_uncommon"

    def _of_region(self, parts: NameParts, company: Company) -> Iterator[str]:
        zone = any(parts.full.startswith(word) for word in self.facts.parts.zone_words)
        if zone:
            yield "region_zone_alone"
        if not parts.region and not zone:
            behind = self._regions.inside(parts.trade + parts.industry)
            yield "region_position" if behind else "region_missing"
        elif parts.region and self._regions.is_district_alone(parts.region):
            yield "region_district_alone"
        elif parts.region and not self._regions.covers(parts.region, company.region):
            yield "region_elsewhere"

    def _of_trade(self, parts: NameParts) -> Iterator[str]:
        trade = parts.trade
        if not trade:
            yield "trade_missing"
        elif len(trade) < TRADE_CHARACTERS_MIN:
            yield "trade_short"
        elif len(trade) > self.facts.parts.trade_characters_max:
            yield "trade_long"
        elif trade in self.facts.parts.industries:
            yield "trade_is_industry"
        elif self._regions.is_division(trade):
            yield "trade_is_region"
        elif self._regions.is_short_name(trade) or trade in self.facts.parts.other_regions:
            yield "trade_may_be_region"

    def _of_industry(self, parts: NameParts, company: Company) -> Iterator[str]:
        if not parts.industry:
            yield "industry_missing"
            return
        known = self._divisions(parts.industry)
        if company.industry_code and known and company.industry_code[:2] not in known:
            yield "industry_other"

    def _of_form(self, parts: NameParts, company: Company) -> Iterator[str]:
        body = parts.full.removesuffix(parts.form)
        kinds = self.facts.parts.forms.get(parts.form)
        if kinds is None:
            yield "form_missing"
        elif company.company_type in self._types and company.company_type not in kinds:
            yield "form_other"
        if parts.form and any(form in body for form in self._forms):
            yield "form_twice"
        if any(body.endswith(word) for word in self.facts.parts.group_words):
            yield "group_word"

    # Words for trades.

    def _split(self, rest: str) -> tuple[str, str]:
        """Trade word and industry: as many known words for trades at the end as leave a trade word
        in front."""
        at = len(rest)
        while (longer := self._industry_before(rest, at)) < at:
            at = longer
        return rest[:at], rest[at:]

    def _industry_before(self, rest: str, end: int) -> int:
        """Where the longest known word for a trade begins that ends at ``end``; ``end`` without
        one. Only at the very end it may leave a trade word that is too short, or none."""
        least = 0 if end == len(rest) else TRADE_CHARACTERS_MIN
        known = (at for at in range(least, end) if rest[at:end] in self.facts.parts.industries)
        return next(known, end)

    def _divisions(self, industry: str) -> frozenset[str]:
        """Of GB/T 4754 that its words speak of; empty when it has none that is known."""
        words = self.facts.parts.industries
        if industry in words:
            return frozenset(words[industry])
        spoken = [divisions for word, divisions in words.items() if word in industry]
        return frozenset(division for divisions in spoken for division in divisions)

    def _around_brackets(
        self, full: str, before: str, region: str, code: str, after: str, form: str
    ) -> NameParts:
        if after:
            return NameParts(full, region, code, before, after, form, "region_after_trade")
        trade, industry = self._split(before)
        return NameParts(full, region, code, trade, industry, form, "region_after_industry")


def _found(entry: NameWords, parts: NameParts) -> str | None:
    if entry.where == "starts":
        return next((word for word in entry.words if parts.full.startswith(word)), None)
    if entry.where == "trade_is":
        return parts.trade if parts.trade in entry.words else None
    text = {
        "inside": parts.full[1:],
        "anywhere": parts.full,
        "trade": parts.trade,
        "industry": parts.industry,
    }[entry.where]
    for harmless in entry.unless:
        text = text.replace(harmless, "·")
    return next((word for word in entry.words if word in text), None)


def _is_common(text: str) -> bool:
    """Every character is among the 6,763 of GB 2312, which are all simplified. The list that counts
    (通用规范汉字表) has 8,105: what is not here is not wrong yet."""
    try:
        text.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True
