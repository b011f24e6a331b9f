"""What submitting a draft takes: everything that was said, in one piece."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from miniprogram_api.catalogue.service import CompiledPlan, Selection
from miniprogram_api.drafts import views
from miniprogram_api.drafts.log import Head
from miniprogram_api.drafts.state import DecodedState, FileRef


class NamedCompany(NamedTuple):
    """What a draft would do, to which company; ``uscc`` is None while nobody has said."""

    operation: str
    uscc: str | None


@dataclass(frozen=True, slots=True)
class FrozenDraft:
    """What was submitted; ``revision`` is the newest before the row that closed the log."""

    draft_id: str
    revision: int
    selection: Selection
    compiled: CompiledPlan
    answers_by_step: dict[str, dict[str, Any]]
    materials: list[tuple[str, list[FileRef]]]

    @property
    def company(self) -> NamedCompany:
        return company_in(self.selection, self.compiled.flat(self.answers_by_step))


def company_in(selection: Selection, answers: Mapping[str, object]) -> NamedCompany:
    uscc = answers.get("credit_code")
    return NamedCompany(selection.operation, uscc if isinstance(uscc, str) else None)


def present_materials(state: DecodedState) -> frozenset[str]:
    return frozenset(code for code, files in state.materials.items() if files)


def frozen_draft(head: Head, state: DecodedState, compiled: CompiledPlan) -> FrozenDraft:
    return FrozenDraft(
        draft_id=head.draft_id,
        revision=head.revision,
        selection=state.selection,
        compiled=compiled,
        answers_by_step={key: state.steps.get(key, {}) for key in compiled.step_keys},
        materials=[
            (code, list(state.materials[code]))
            for code in views.uploadable(compiled)
            if state.materials.get(code)
        ],
    )
