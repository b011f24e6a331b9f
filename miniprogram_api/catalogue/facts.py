"""The schema of the data files: what an item, a question, a material, a theme is made of.

Every fact says where it was read (``source``) and how sure it is (``confidence``): ``high`` = a
rule text or an official form, ``medium`` = a form of another place or year, ``low`` = an
assumption, which is never shown as official.
"""

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal, NamedTuple

from msgspec import Meta, Struct

from miniprogram_api.catalogue.conditions import Condition, Scalar

Confidence = Literal["high", "medium", "low"]
Operation = Literal["open", "change", "cancel"]
Mode = Literal["joint", "single"]
Kind = Literal["registration", "permit", "filing", "appointment", "service"]
Stage = Literal["licence", "follow_up", "permit", "bank"]
Unit = Literal["working_hours", "working_days", "days"]
Obtain = Literal["upload", "shared_data", "generated"]
SharingPurpose = Literal["share_with_bank", "share_with_seal_shop"]
LookupName = Literal["industries", "business_scope", "banks", "bank_branches", "collection_places"]
FieldType = Literal[
    "text", "textarea", "number", "integer", "money", "boolean", "select", "multiselect", "date",
    "month", "date_range", "phone", "mobile", "email", "url", "id_number", "credit_code",
    "bank_account", "person", "group", "table", "address", "region", "lookup", "scope_picker",
    "confirm",
]  # fmt: skip

Code = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{1,63}$")]
RegionCode = Annotated[str, Meta(pattern="^37[0-9]{4}([0-9]{3})?$")]
Words = Annotated[str, Meta(min_length=1, max_length=200)]
Count = Annotated[int, Meta(ge=1, le=1000)]


class Fact(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The base of everything that is read from a data file."""


class Dated(Fact, frozen=True, kw_only=True):
    """A row of a dictionary. ``valid_from`` is the first day on which it holds, ``valid_to`` the
    last; None has no end. ``renamed_from``: the codes that it had in older versions, so that drafts
    made under those follow."""

    valid_from: date | None = None
    valid_to: date | None = None
    renamed_from: tuple[Code, ...] = ()


class Shape(Fact, frozen=True, kw_only=True):
    """One question, or one column of a table: its words, its type and the bounds of its answer."""

    label: Words
    en: Words
    type: FieldType
    hint: str | None = None
    unit: str | None = None
    min: int | float | None = None
    max: int | float | None = None
    above: int | float | None = None
    decimals: Annotated[int, Meta(ge=0, le=6)] | None = None
    min_length: Count | None = None
    max_length: Count | None = None
    pattern: str | None = None
    options: dict[str, str] = {}
    lookup: LookupName | None = None
    columns: "dict[str, Column]" = {}
    min_rows: Count | None = None
    max_rows: Count | None = None
    default: Scalar | tuple[str, ...] | None = None
    # The sibling that says which document an id_number is the number of.
    id_type_field: str | None = None


class Column(Shape, frozen=True, kw_only=True):
    required: bool = False


class Field(Shape, frozen=True, kw_only=True):
    """Also a :class:`Dated` row; one struct cannot have two bases."""

    valid_from: date | None = None
    valid_to: date | None = None
    renamed_from: tuple[Code, ...] = ()
    source: Words
    confidence: Confidence
    personal: bool = False
    # Names under which other forms ask the same thing.
    twins: tuple[Code, ...] = ()


class Material(Dated, frozen=True, kw_only=True):
    name: Words
    en: Words
    obtain: Obtain
    source: Words
    confidence: Confidence
    hint: str | None = None
    # Only uploads are bound by these; 10 MiB is what one phone photo or scanned PDF needs at most.
    formats: tuple[Literal["pdf", "jpg", "png"], ...] = ("pdf", "jpg", "png")
    bytes_max: Annotated[int, Meta(ge=1, le=52_428_800)] = 10_485_760
    # Somebody's identity document: what a copy is for is written on it.
    watermark: bool = False
    twins: tuple[Code, ...] = ()


class Use(NamedTuple):
    """One item's claim to one question or material."""

    item: str
    code: str
    required: bool
    when: Condition | None
    # The item whose result gives the answer, so that nobody is asked when both are applied for.
    follows: str | None


class ConditionalUse(Fact, frozen=True, kw_only=True):
    code: Code
    required: bool
    when: Condition


class Uses(Fact, frozen=True, kw_only=True):
    required: tuple[Code, ...] = ()
    optional: tuple[Code, ...] = ()
    conditional: tuple[ConditionalUse, ...] = ()
    from_results: dict[Code, Code] = {}
    # What the source asks and we do not, with the reason.
    left_out: dict[str, str] = {}

    def of(self, item: str) -> Iterator[Use]:
        for code in self.required:
            yield Use(item, code, True, None, None)
        for code in self.optional:
            yield Use(item, code, False, None, None)
        for use in self.conditional:
            yield Use(item, use.code, use.required, use.when, None)
        for code, giver in self.from_results.items():
            yield Use(item, code, True, None, giver)


class Period(Fact, frozen=True, kw_only=True):
    """``days`` are calendar days; the others run in the working time of Shandong."""

    amount: Annotated[int, Meta(ge=1, le=1000)]
    unit: Unit
    source: Words
    confidence: Confidence
    note: str | None = None


class Clock(Fact, frozen=True, kw_only=True):
    """``promise`` is what the departments promise, ``statutory`` what the law allows at most.

    The clock starts with the submission, or with the completion of the item ``after``.
    """

    stage: Stage
    after: Code | None = None
    promise: Period | None = None
    promise_when: Condition | None = None
    statutory: Period | None = None


class Fee(Fact, frozen=True, kw_only=True):
    text: Words
    source: Words
    confidence: Confidence


class ItemOperation(Fact, frozen=True, kw_only=True):
    # What the item is called here, where its own name speaks of opening only.
    name: Words | None = None
    who: Words
    result: Words
    inspection: bool
    # In which cases somebody comes to look, if not always.
    inspection_when: Words | None = None
    depends_on: tuple[Code, ...]
    # What one does instead: never both in one selection, whichever of the two names the other.
    excludes: tuple[Code, ...] = ()
    # 容缺受理: accepted while the business licence is still missing.
    licence_first: bool
    clock: Clock
    fields: Uses
    materials: Uses
    fee: Fee | None = None
    validity_years: Count | None = None
    # What to take along; told, not uploaded.
    bring: tuple[Words, ...] = ()


class Item(Dated, frozen=True, kw_only=True):
    code: Code
    name: Words
    en: Words
    department: Words
    kind: Kind
    source: Words
    confidence: Confidence
    legal_basis: tuple[Words, ...]
    sources: tuple[Words, ...]
    # What else an applicant should know; read in the sources.
    notes: tuple[Words, ...] = ()
    # The item whose results this one gives as well: any registration stands for the company's.
    stands_for: Code | None = None
    # What the applicant must have agreed to, separately, before somebody outside the administration
    # gets what this item asks (个人信息保护法 article 23: a separate consent for each recipient).
    consent: SharingPurpose | None = None
    operations: dict[Operation, ItemOperation]

    def name_in(self, operation: Operation) -> str:
        """What it is called when one opens, changes or ends with it."""
        facts = self.operations.get(operation)
        return (facts.name if facts is not None else None) or self.name


class Situation(Fact, frozen=True, kw_only=True):
    question: Words
    en: Words


class ThemeItem(Fact, frozen=True, kw_only=True):
    code: Code
    always: bool = False
    when: Condition | None = None
    # As long as the answers do not decide, part of an opening; what is changed or ended is chosen.
    unless_known: bool = False
    why: str | None = None
    # Of the condition; without them, those of the theme.
    source: Words | None = None
    confidence: Confidence | None = None


class Theme(Dated, frozen=True, kw_only=True):
    name: Words
    en: Words
    operations: tuple[Operation, ...]
    industry_code: Annotated[str, Meta(pattern="^[0-9]{4}$")]
    industry_name: Words
    source: Words
    confidence: Confidence
    items: tuple[ThemeItem, ...]
    other_industry_codes: tuple[str, ...] = ()
    situations: dict[Code, Situation] = {}
    presets: dict[Code, Scalar] = {}
    # Published results of the joint procedure, as their source words them.
    figures: dict[str, str] = {}
    notes: tuple[Words, ...] = ()


class Step(Fact, frozen=True, kw_only=True):
    title: Words
    en: Words
    fields: tuple[Code, ...]


class ParameterFact(Fact, frozen=True, kw_only=True):
    value: int | float
    unit: Words
    meaning: Words
    source: Words
    confidence: Confidence


class Served(Fact, frozen=True, kw_only=True):
    """A city in which one can apply; its counties inherit from it."""

    source: Words
    confidence: Confidence
    parameters: dict[Code, ParameterFact] = {}


class Region(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    code: RegionCode
    name: Words
    parent: RegionCode | None


class Regions(Fact, frozen=True, kw_only=True):
    source: Words
    confidence: Confidence
    zones: tuple[RegionCode, ...]
    regions: tuple[Region, ...]


class Release(Fact, frozen=True, kw_only=True):
    release: Annotated[str, Meta(pattern=r"^[1-9][0-9]{3}\.(0[1-9]|1[0-2])$")]


class Industries(Fact, frozen=True, kw_only=True):
    source: Words
    confidence: Confidence
    entries: dict[str, str]


class ScopeEntry(Fact, frozen=True, kw_only=True):
    text: Words
    kind: Literal["general", "permitted"]
    permit: Code | None = None


class BusinessScope(Fact, frozen=True, kw_only=True):
    source: Words
    confidence: Confidence
    entries: dict[Code, ScopeEntry]


class Banks(Fact, frozen=True, kw_only=True):
    source: Words
    confidence: Confidence
    banks: tuple[tuple[str, str], ...]
    regional_banks: tuple[tuple[str, str, str], ...]
    branches_source: Words
    branches_confidence: Confidence
    branches: tuple[tuple[str, str, str, str], ...]


class CollectionPlace(Fact, frozen=True, kw_only=True):
    """``kind`` in the words of the question how the documents are collected."""

    name: Words
    kind: Literal["window", "self_service"]
    region: RegionCode


class CollectionPlaces(Fact, frozen=True, kw_only=True):
    """Halls and machines where licences are handed out."""

    source: Words
    confidence: Confidence
    places: dict[Code, CollectionPlace]


class LookupEntry(NamedTuple):
    code: str
    name: str
    details: dict[str, str]
