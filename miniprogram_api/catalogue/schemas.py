"""What the catalogue's routes take and show. Output members are always present."""

from typing import Annotated, Literal

import msgspec

from kit.lines import END
from miniprogram_api.catalogue.facts import Confidence, Kind, Mode, Obtain, Operation, Stage, Unit
from miniprogram_api.catalogue.plan_schemas import (
    DecisionView,
    ElderPage,
    Json,
    OpenQuestion,
    PlanChanges,
    Savings,
)
from miniprogram_api.catalogue.selection import ItemCodes, KeyText, RegionText

Ui = Literal["standard", "elder"]


class RegionView(msgspec.Struct, frozen=True):
    code: str
    name: str
    parent: str | None
    level: str
    zone: bool
    served: bool


class SituationView(msgspec.Struct, frozen=True):
    """A question that only guides the choice; send its answer with the plan's ``answers``."""

    code: str
    question: str


class ThemeView(msgspec.Struct, frozen=True):
    """``items`` is everything the theme offers, ``defaults`` what an empty selection means."""

    key: str
    name: str
    industry: str
    industry_name: str
    items: list[str]
    defaults: list[str]
    situations: list[SituationView]
    source: str
    confidence: Confidence


class LimitView(msgspec.Struct, frozen=True):
    amount: int
    unit: Unit
    note: str | None
    source: str
    confidence: Confidence


class ClockView(msgspec.Struct, frozen=True):
    """``promise`` is null where no reliable promise is known; then ``statutory`` is all there is.

    ``confidence`` and ``source`` are of whichever of the two is shown.
    """

    promise: int | None
    unit: Unit | None
    stage: Stage
    after: str | None
    note: str | None
    statutory: LimitView | None
    confidence: Confidence | None
    source: str | None


class ItemView(msgspec.Struct, frozen=True):
    code: str
    name: str
    department: str
    kind: Kind
    operations: list[Operation]
    clock: ClockView
    source: str
    confidence: Confidence


class AskedView(msgspec.Struct, frozen=True):
    """A question or material of one item; ``when`` as in a plan's ``ui``."""

    code: str
    name: str
    required: bool
    when: Json | None
    source: str
    confidence: Confidence


class ItemDetail(msgspec.Struct, frozen=True):
    code: str
    name: str
    department: str
    kind: Kind
    operations: list[Operation]
    clock: ClockView
    source: str
    confidence: Confidence
    who: str
    result: str
    validity_years: int | None
    fee: str | None
    inspection: bool
    licence_first: bool
    depends_on: list[str]
    bring: list[str]
    legal_basis: list[str]
    sources: list[str]
    fields: list[AskedView]
    materials: list[AskedView]


class LookupView(msgspec.Struct, frozen=True):
    code: str
    name: str
    details: dict[str, str]


class PlanItem(msgspec.Struct, frozen=True):
    code: str
    name: str
    department: str
    kind: Kind
    clock: ClockView
    depends_on: list[str]
    licence_first: bool
    inspection: bool
    source: str
    confidence: Confidence


class PlanStep(msgspec.Struct, frozen=True):
    key: str
    title: str
    schema: Json
    ui: Json
    serves: list[str]


class PlanMaterial(msgspec.Struct, frozen=True):
    """``follows`` names the item whose result stands in for the material, if both are chosen.
    ``serves_text`` is there if several items share the material. ``watermark``: what it is for is
    written on the copy, and the applicant should hear so before."""

    code: str
    name: str
    required: bool
    serves: list[str]
    departments: list[str]
    serves_text: str | None
    serves_text_en: str | None
    obtain: Obtain
    formats: list[str]
    bytes_max: int
    watermark: bool
    hint: str | None
    when: Json | None
    follows: str | None
    confidence: Confidence


class NoticeLine(msgspec.Struct, frozen=True):
    item: str
    text: str
    confidence: Confidence


class NoticeMaterial(msgspec.Struct, frozen=True):
    code: str
    name: str
    how: str
    required: bool


class Notice(msgspec.Struct, frozen=True):
    """一次告知: everything one should know before starting, in Chinese."""

    remark: str
    what: list[NoticeLine]
    who: list[NoticeLine]
    materials: list[NoticeMaterial]
    bring: list[NoticeLine]
    limits: list[NoticeLine]
    inspections: list[NoticeLine]
    fees: list[NoticeLine]
    legal_basis: list[NoticeLine]
    sources: list[str]


class PlanView(msgspec.Struct, frozen=True):
    """``questions`` decide about items, materials or clocks and are still open. ``changes`` are
    there for a request with answers, ``pages`` for one with ``ui: elder``."""

    catalogue_version: str
    operation: Operation
    region: str
    theme: str
    mode: Mode
    items: list[PlanItem]
    steps: list[PlanStep]
    materials: list[PlanMaterial]
    notice: Notice
    savings: Savings
    decisions: list[DecisionView]
    questions: list[OpenQuestion]
    changes: PlanChanges | None
    pages: list[ElderPage] | msgspec.UnsetType = msgspec.UNSET


class RegionList(msgspec.Struct, frozen=True):
    items: list[RegionView]
    next_cursor: str | None


class ThemeList(msgspec.Struct, frozen=True):
    items: list[ThemeView]
    next_cursor: str | None


class ItemList(msgspec.Struct, frozen=True):
    items: list[ItemView]
    next_cursor: str | None


class LookupList(msgspec.Struct, frozen=True):
    items: list[LookupView]
    next_cursor: str | None


Search = Annotated[str, msgspec.Meta(max_length=64)]


class RegionQuery(msgspec.Struct, forbid_unknown_fields=True):
    parent: RegionText | None = None


class ThemeQuery(msgspec.Struct, forbid_unknown_fields=True):
    operation: Operation | None = None
    region: RegionText | None = None


class ItemQuery(msgspec.Struct, forbid_unknown_fields=True):
    operation: Operation | None = None
    region: RegionText | None = None
    q: Search = ""


class ItemDetailQuery(msgspec.Struct, forbid_unknown_fields=True):
    operation: Operation = "open"


class LookupQuery(msgspec.Struct, forbid_unknown_fields=True):
    q: Search = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=200)] = 50
    cursor: Annotated[str, msgspec.Meta(pattern="^[0-9]{1,5}" + END)] | None = None


GivenAnswers = Annotated[dict[KeyText, object], msgspec.Meta(max_length=500)]


class PlanRequest(msgspec.Struct, forbid_unknown_fields=True):
    """``answers`` map field codes (or steps' keys to such maps) to answers; none need be given.
    The plan's ``changes`` compare them with ``previous_answers``, or with none."""

    operation: Operation
    region: RegionText
    theme: KeyText
    items: ItemCodes = ()
    mode: Mode = "joint"
    answers: GivenAnswers = {}
    previous_answers: GivenAnswers | None = None
    ui: Ui = "standard"
