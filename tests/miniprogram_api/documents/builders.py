"""Plans with right answers, without a server."""

import copy
from datetime import UTC, datetime
from functools import cache
from typing import Any

from miniprogram_api.catalogue.service import (
    AnswersOfSteps,
    CatalogueService,
    CompiledPlan,
    SamplePerson,
    Selection,
    sample_answers,
)
from miniprogram_api.documents.service import DocumentSpec, documents_of
from tests.builders.catalogues import shipped

NAME, ID_NUMBER = "张三", "110101199003078515"
OTHER_NAME, OTHER_ID_NUMBER = "李四", "370102199003078515"
USCC = "91370102MA3QAAA01U"


class _Noon:
    def now(self) -> datetime:
        return datetime(2026, 11, 22, 4, tzinfo=UTC)


@cache
def a_plan(
    items: tuple[str, ...] = (), operation: str = "open", theme: str = "restaurant"
) -> CompiledPlan:
    selection = Selection(
        operation=operation,  # type: ignore[arg-type]
        region="370102",
        theme=theme,
        items=items,
        mode="single" if len(items) == 1 else "joint",
    )
    return CatalogueService(shipped(), _Noon()).serving.compile(selection)


def right_answers(compiled: CompiledPlan) -> AnswersOfSteps:
    person = SamplePerson(NAME, ID_NUMBER, "13800000001")
    return copy.deepcopy(sample_answers(compiled, person)["steps"])


def put(compiled: CompiledPlan, answers: AnswersOfSteps, **changes: Any) -> AnswersOfSteps:
    """The same answers with others by field code; None takes one out."""
    homes = {code: key for key, codes in compiled.codes_by_step().items() for code in codes}
    changed = copy.deepcopy(answers)
    for code, value in changes.items():
        changed.setdefault(homes[code], {})[code] = value
    return changed


def documents(compiled: CompiledPlan, **changes: Any) -> dict[str, DocumentSpec]:
    answers = put(compiled, right_answers(compiled), **changes)
    return {spec.code: spec for spec in documents_of(compiled, answers)}


def a_shareholder(number: int, name: str, id_number: str, **columns: Any) -> dict[str, Any]:
    return {
        "_id": f"shareholder-{number}",
        "name": name,
        "kind": "person",
        "id_type": "01",
        "id_number": id_number,
        "subscribed_wan": 250,
        "percent": 50,
        "method": "money",
        "contribution_date": "2029-01-01",
        **columns,
    }


def text_of(spec: DocumentSpec) -> str:
    """All that is written in it, a line for each paragraph and row."""
    lines = [spec.content.title]
    for block in spec.content.blocks:
        if hasattr(block, "text"):
            lines.append(block.text)
        else:
            lines += ["|".join(row) for row in (*[block.head] * bool(block.head), *block.rows)]
    return "\n".join(lines)
