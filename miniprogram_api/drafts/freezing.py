"""What submitting a draft takes: everything that was said, in one piece."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from kit.text import Text
from miniprogram_api.catalogue.service import CheckError, CompiledPlan, Selection
from miniprogram_api.documents.service import DocumentSpec, Signer
from miniprogram_api.drafts import views
from miniprogram_api.drafts.granted import OF_FILES
from miniprogram_api.drafts.log import Head
from miniprogram_api.drafts.signing import SignatureTask, Standing, counting
from miniprogram_api.drafts.state import DecodedState, FileRef, ScanState

_SCANNING = Text(
    "文件正在安全检查，通过后即可提交，无需重新上传",
    "A file is still being checked; submit when it is through. Nothing has to be sent again",
)
_UNSCANNED = Text(
    "有文件无法完成安全检查，请移除后换一个较小的文件重新上传",
    "A file could not be checked; remove it and send another, smaller one",
)
_WITHOUT_VERDICT: Mapping[ScanState, tuple[str, Text]] = {
    "waiting": ("material_scanning", _SCANNING),
    "failed": ("material_unscanned", _UNSCANNED),
}


class NamedCompany(NamedTuple):
    """What a draft would do, to which company; ``uscc`` is None while nobody has said."""

    operation: str
    uscc: str | None


class Signed(NamedTuple):
    """One signature that counts, and the documents for which it does."""

    signer: Signer
    task: SignatureTask
    documents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FrozenDraft:
    """What was submitted; ``revision`` is the newest before the row that closed the log."""

    draft_id: str
    revision: int
    selection: Selection
    compiled: CompiledPlan
    answers_by_step: dict[str, dict[str, Any]]
    materials: list[tuple[str, list[FileRef]]]
    signatures: tuple[Signed, ...] = ()
    """Those that count, of everybody who had to sign."""

    @property
    def company(self) -> NamedCompany:
        return company_in(self.selection, self.compiled.flat(self.answers_by_step))


def company_in(selection: Selection, answers: Mapping[str, object]) -> NamedCompany:
    uscc = answers.get("credit_code")
    return NamedCompany(selection.operation, uscc if isinstance(uscc, str) else None)


def being_scanned(state: DecodedState, compiled: CompiledPlan) -> tuple[CheckError, ...]:
    """One error for each material of the plan that has a file which no scanner has passed yet, and
    one for each that has a file which could not be checked."""
    return tuple(
        CheckError(OF_FILES, f"/{code}", *error)
        for code in views.uploadable(compiled)
        for scan, error in _WITHOUT_VERDICT.items()
        if any(file.scan == scan for file in state.materials.get(code, ()))
    )


def present_materials(state: DecodedState) -> frozenset[str]:
    return frozenset(code for code, files in state.materials.items() if files)


def signed(
    specs: Sequence[DocumentSpec], who: Iterable[Standing], tasks: Iterable[SignatureTask]
) -> tuple[Signed, ...]:
    signers = {standing.index: standing.signer for standing in who}
    return tuple(
        Signed(signers[task.signer_index], task, codes)
        for task, codes in counting(specs, tasks)
        if task.signer_index in signers
    )


def frozen_draft(
    head: Head,
    state: DecodedState,
    compiled: CompiledPlan,
    signatures: tuple[Signed, ...] = (),
) -> FrozenDraft:
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
        signatures=signatures,
    )
