"""The parts of a plan that tell what it saves, what decides about it, what answers change in it,
and its pages for elder people."""

from typing import Literal

import msgspec

from miniprogram_api.catalogue.facts import Confidence, Unit

Json = dict[str, object]


class DepartmentSavings(msgspec.Struct, frozen=True):
    """What one department gets through the joint form, and how much of it another one also asks:
    shared answers and materials are given once for all of them."""

    department: str
    items: list[str]
    fields: int
    fields_shared: int
    materials: int
    materials_shared: int


class Savings(msgspec.Struct, frozen=True):
    """What is asked of the applicant in one joint form, and item by item."""

    fields_joint: int
    fields_apart: int
    materials_joint: int
    materials_apart: int
    uploads_joint: int
    uploads_apart: int
    departments: list[DepartmentSavings]
    text: str
    text_en: str


class DecisionView(msgspec.Struct, frozen=True):
    """An item that depends on the answers: ``applies`` is null until they tell. With a low
    ``confidence`` the condition itself is a guess: advise, do not insist. ``decided_by`` are the
    codes of the questions that decide."""

    item: str
    name: str
    why: str
    applies: bool | None
    selected: bool
    confidence: Confidence
    decided_by: list[str]


class OpenQuestion(msgspec.Struct, frozen=True):
    """A question that is not answered yet and decides about the plan. ``step`` is null for one
    that no department asks: its answer goes into the plan's ``answers`` only."""

    code: str
    question: str
    step: str | None
    items: list[str]
    materials: list[str]
    clocks: list[str]


Came = Literal["added", "removed"]


class ItemChange(msgspec.Struct, frozen=True):
    code: str
    name: str
    change: Came
    why: str
    decided_by: list[str]
    confidence: Confidence


class MaterialChange(msgspec.Struct, frozen=True):
    """``items`` are those through which the material comes or goes."""

    code: str
    name: str
    change: Literal["added", "removed", "now_required", "now_optional"]
    items: list[str]
    decided_by: list[str]


class InspectionChange(msgspec.Struct, frozen=True):
    item: str
    department: str
    change: Came
    decided_by: list[str]


class Days(msgspec.Struct, frozen=True):
    """``promised``: false for the limit of the law, which is shown where nothing is promised."""

    amount: int
    unit: Unit
    promised: bool


class ClockChange(msgspec.Struct, frozen=True):
    """``before`` or ``after`` is null where the item, or any clock of it, was or is not there."""

    item: str
    name: str
    before: Days | None
    after: Days | None
    decided_by: list[str]


class PlanChanges(msgspec.Struct, frozen=True):
    """What these answers do to the plan. ``decided_by`` are the codes of the answers that make the
    difference; one sentence sums up."""

    compared_with: Literal["no_answers", "previous_answers"]
    items: list[ItemChange]
    materials: list[MaterialChange]
    inspections: list[InspectionChange]
    clocks: list[ClockChange]
    text: str
    text_en: str


class ElderPart(msgspec.Struct, frozen=True):
    """One part of an answer that has several: a column of a table, a part of an address."""

    code: str
    question: str
    required: bool
    hint: str | None
    speak: str


class ElderPage(msgspec.Struct, frozen=True):
    """One question. Its answer is saved as the one member ``field`` of the step's answers.

    ``rare``: nobody needs an answer; kept behind a "more" button. ``when`` as in the step's ``ui``:
    the page is passed over unless it holds. ``speak`` is what a screen reader says.
    """

    step: str
    field: str
    question: str
    question_en: str
    hint: str | None
    speak: str
    speak_en: str
    rare: bool
    when: Json | None
    parts: list[ElderPart]
