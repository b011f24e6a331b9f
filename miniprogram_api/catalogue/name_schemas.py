"""What a name check takes and shows. Output members are always present."""

from typing import Annotated, Literal

import msgspec

from kit.text import Language, Text
from miniprogram_api.catalogue.facts import Confidence
from miniprogram_api.catalogue.name_checks import LibraryState, NameCheck, Verdict, WantedName
from miniprogram_api.catalogue.name_facts import Part, Severity
from miniprogram_api.catalogue.names import Company, NameBook, NameParts, NameProblem, Order
from miniprogram_api.catalogue.selection import KeyText, RegionText

PartText = Annotated[str, msgspec.Meta(max_length=50)]
LIBRARY_NOTES: dict[LibraryState, Text | None] = {
    "asked": None,
    "not_asked": Text(
        "名称需先按提示修改，修改后再查询是否重名",
        "Correct the name first; whether it is taken is looked up then",
    ),
    "unavailable": Text(
        "暂时无法查询省企业名称库，以上只是本地规则的核对结果；是否重名请稍后再查",
        "The province's library of names cannot be asked just now; this is what the local rules "
        "say. Check again later whether the name is taken",
    ),
}
WHY = {
    "whole_name": Text("名称相同", "The names are the same"),
    "trade_word": Text(
        "同一登记机关同行业内字号相同", "The same trade word in the same industry and place"
    ),
    "sound": Text("字号读音相同", "The trade words sound the same"),
    "contained": Text("字号相互包含", "One trade word is inside the other"),
    "one_character": Text("字号只差一个字", "The trade words differ in one character"),
    "other": Text("名称库提示近似", "The library says that they are similar"),
}
RISK = Text(
    "近似名称可以申报，但因近似侵犯他人合法权益的，须依法承担责任（企业名称登记管理规定第16条），建议更换",
    "A similar name may be declared, at one's own legal risk (article 16); better choose another",
)


class WantedParts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    trade: PartText
    form: PartText
    region: PartText = ""
    industry: PartText = ""
    order: Order = "region_first"


class NameCheckRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``region`` is where the company will be. ``parts`` count where both are given: a whole name
    can only be guessed apart."""

    region: RegionText
    name: Annotated[str, msgspec.Meta(max_length=100)] = ""
    parts: WantedParts | None = None
    company_type: KeyText | None = None
    industry_code: Annotated[str, msgspec.Meta(max_length=4, pattern="^[0-9]{4}$")] | None = None

    def wanted(self, book: NameBook) -> WantedName:
        company = Company(self.region, self.company_type or "", self.industry_code or "")
        given = self.parts
        if given is None:
            return WantedName(self.name, company)
        parts = book.joined(given.region, given.trade, given.industry, given.form, given.order)
        return WantedName(parts, company)


class NamePartsView(msgspec.Struct, frozen=True):
    region: str
    region_code: str | None
    trade: str
    industry: str
    form: str
    order: Order


class NameProblemView(msgspec.Struct, frozen=True):
    """``refused`` keeps the name from being declared. ``word``: which listed word was found."""

    part: Part
    code: str
    severity: Severity
    message: str
    word: str | None
    source: str
    confidence: Confidence


class SimilarNameView(msgspec.Struct, frozen=True):
    name: str
    kind: Literal["same", "similar"]
    why: str
    why_text: str


class LibraryView(msgspec.Struct, frozen=True):
    """``state`` other than ``asked``: nobody said that the name is free."""

    state: LibraryState
    note: str | None


class CandidateView(msgspec.Struct, frozen=True):
    name: str
    trade: str


class NameCheckView(msgspec.Struct, frozen=True):
    """``kept_months``: how long a name is kept once it is declared (2; 12 for a trade that has to
    be approved first)."""

    catalogue_version: str
    name: str
    parts: NamePartsView
    verdict: Verdict
    problems: list[NameProblemView]
    library: LibraryView
    similar: list[SimilarNameView]
    risk: str | None
    candidates: list[CandidateView]
    kept_months: int


def name_check_view(check: NameCheck, language: Language) -> NameCheckView:
    parts = check.parts
    note = LIBRARY_NOTES[check.library_state]
    library = LibraryView(check.library_state, note.in_language(language) if note else None)
    return NameCheckView(
        catalogue_version=check.catalogue_version,
        name=parts.full,
        parts=_parts_view(parts),
        verdict=check.verdict,
        problems=[name_problem_view(problem, language) for problem in check.problems],
        library=library,
        similar=[
            SimilarNameView(one.name, one.kind, one.why, WHY[one.why].in_language(language))
            for one in check.similar
        ],
        risk=RISK.in_language(language) if check.similar else None,
        candidates=[CandidateView(one.full, one.trade) for one in check.candidates],
        kept_months=check.kept_months,
    )


def _parts_view(parts: NameParts) -> NamePartsView:
    code = parts.region_code or None
    return NamePartsView(parts.region, code, parts.trade, parts.industry, parts.form, parts.order)


def name_problem_view(problem: NameProblem, language: Language) -> NameProblemView:
    return NameProblemView(
        part=problem.part,
        code=problem.code,
        severity=problem.severity,
        message=problem.message.in_language(language),
        word=problem.word,
        source=problem.source,
        confidence=problem.confidence,
    )
