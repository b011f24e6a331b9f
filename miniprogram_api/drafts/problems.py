"""What can go wrong with a draft."""

from collections.abc import Sequence
from typing import Any

from kit.problems import FieldError, NotFound, Problem
from kit.text import Language, Text
from miniprogram_api.catalogue.service import CheckError
from miniprogram_api.drafts.signing import Standing


class DraftConflict(Problem):
    """Carries ``current_revision`` and ``conflicts`` (``pointer``, ``row``, ``base``, ``mine``,
    ``theirs``): the only problem that repeats what was typed, because it shows a person their own
    words of two devices, so that they can choose."""

    status = 409
    code = "draft_conflict"
    title = Text(
        "同一内容已在另一台设备上改动，请选择保留哪一个",
        "The same answer was changed on another device; choose which one to keep",
    )
    next = "fix_fields"


class DraftSubmitted(Problem):
    status = 409
    code = "draft_submitted"
    title = Text("申请已提交，草稿不能再修改", "This draft was submitted and cannot be changed")
    next = "reload"


class DraftExpired(Problem):
    status = 409
    code = "draft_expired"
    title = Text("草稿已过期，请重新填写", "This draft has expired; please start a new one")
    next = "reload"


class RevisionOutdated(Problem):
    """Carries ``current_revision``."""

    status = 409
    code = "revision_outdated"
    title = Text(
        "草稿已有更新，请重新核对后再提交",
        "The draft has changed since you looked at it; check it again before submitting",
    )
    next = "reload"


class RevisionGone(NotFound):
    """Never was, or was thinned out: of a day older than a week only the last revision is kept."""

    code = "revision_gone"
    title = Text("这个版本已不再保留，请选择其他版本", "This revision is not kept; choose another")


class DraftOutdated(Problem):
    status = 409
    code = "draft_outdated"
    title = Text(
        "所选事项已调整，请先更新到新清单，您填写的内容都会保留",
        "What you chose is not offered any more; move the draft to the new list, all answers are"
        " kept",
    )
    next = "rebase"


class DraftNotReady(Problem):
    """Each of its ``errors`` names its ``step`` too; carries ``missing_materials``, and
    ``missing_signatures``: ``signature_id`` (null where nobody was asked), the ``signer`` masked,
    the ``documents``' codes, and the ``state``."""

    status = 422
    code = "draft_not_ready"
    title = Text("还有内容需要补充或改正", "Something is still missing or wrong")
    next = "fix_fields"

    def __init__(
        self,
        errors: Sequence[CheckError],
        missing_materials: Sequence[str],
        missing_signatures: Sequence[Standing] = (),
    ) -> None:
        super().__init__(
            errors=[FieldError(error.pointer, error.code, error.message) for error in errors],
            missing_materials=list(missing_materials),
            missing_signatures=[
                {
                    "signature_id": standing.task.id if standing.task is not None else None,
                    "signer": standing.signer.name.masked(),
                    "documents": list(standing.missing),
                    "state": standing.state,
                }
                for standing in missing_signatures
            ],
        )
        self._steps = [error.step for error in errors]

    def document(self, language: Language, *, instance: str, trace_id: str) -> dict[str, Any]:
        document = super().document(language, instance=instance, trace_id=trace_id)
        for error, step in zip(document["errors"], self._steps, strict=True):
            error["step"] = step
        return document


class StepTooLarge(Problem):
    status = 413
    code = "step_too_large"
    title = Text("这一步填写的内容太大", "This step holds too much")
    next = "fix_fields"


class DraftTooLarge(Problem):
    status = 413
    code = "draft_too_large"
    title = Text("草稿内容太大", "This draft holds too much")
    next = "fix_fields"


class TooManyDrafts(Problem):
    status = 409
    code = "too_many_drafts"
    title = Text(
        "未完成的草稿太多，请先删除不需要的草稿",
        "Too many open drafts; delete some first",
    )
    next = "fix_fields"


class TooManyFiles(Problem):
    status = 409
    code = "too_many_files"
    title = Text("上传的文件太多，请先删除不需要的文件", "Too many files; delete some first")
    next = "fix_fields"


class UnknownMaterial(NotFound):
    code = "unknown_material"
    title = Text("这次办理不需要上传这项材料", "No file is to be uploaded for this material")
