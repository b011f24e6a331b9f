"""What a draft remembers of the register's answer, and what follows from it. Pure.

The note stands beside the answers and never changes them: whether an answer is the register's, the
person's own or not yet verified is found by comparing, so it stays right however answers are
merged, restored or set aside.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec

from kit.text import Text
from miniprogram_api.catalogue.service import CheckError, CompiledPlan
from miniprogram_api.drafts.register_answers import ANSWERED, folded

Origin = Literal["register", "typed", "unverified"]
RegisterState = Literal["waiting", "answered", "unknown"]
"""``waiting``: it has not answered yet and is asked again; ``unknown``: it has no such company."""
AnswersByStep = Mapping[str, Mapping[str, Any]]


class RegisterNote(msgspec.Struct, frozen=True, omit_defaults=True):
    """Part of a draft's sealed state. ``at`` is when the register answered, as it is shown."""

    uscc: str
    state: RegisterState
    answers: dict[str, Any] = {}
    """What is registered, by field code."""
    company: Literal["active", "revoked", "cancelled", "other"] = "other"
    branches: int = 0
    investments: int = 0
    at: str | None = None


CHANGED_BY: Mapping[str, frozenset[str]] = {
    "entity_name": frozenset({"01"}),
    "domicile": frozenset({"02"}),
    "premises_address": frozenset({"02", "premises"}),
    "legal_representative_name": frozenset({"03"}),
    "legal_representative_id_type": frozenset({"03"}),
    "legal_representative_id_number": frozenset({"03"}),
    "legal_representative_post": frozenset({"03", "officers"}),
    "registered_capital_wan": frozenset({"04", "10"}),
    "company_type": frozenset({"04", "05", "10"}),
    "business_term": frozenset({"08"}),
    "business_term_years": frozenset({"08"}),
    "shareholders": frozenset({"04", "10"}),
    "business_scope": frozenset({"12"}),
    "industry_code": frozenset({"12"}),
    "directors": frozenset({"03", "officers"}),
    "managers": frozenset({"03", "officers"}),
    "supervisors": frozenset({"officers"}),
    "finance_officer": frozenset({"officers"}),
    "liaison_officer": frozenset({"officers"}),
}
"""By question, the options of ``change_items`` that make another answer than the registered one the
very thing that is applied for. From the labels of those options (confidence medium)."""
NOT_COMPARED = frozenset({"employees_count"})
"""The register has last year's figure; another one is no fault."""
_ADDRESS = frozenset({"region", "street", "detail"})


def origins(note: RegisterNote, answers: Mapping[str, Any]) -> dict[str, Origin]:
    """Where each answer of a step comes from. ``unverified``: the register may know better, and has
    not said."""
    return {code: _origin(note, code, value) for code, value in answers.items()}


def _origin(note: RegisterNote, code: str, value: object) -> Origin:
    if note.state == "waiting":
        return "unverified" if code in ANSWERED else "typed"
    is_registered = code in note.answers and agrees(note.answers[code], value)
    return "register" if is_registered else "typed"


def agrees(known: object, given: object) -> bool:
    """Whether an answer holds all that the register knows, however it is written. Rows are the same
    in any order, and may say more; but no row may be there that the register does not have."""
    if isinstance(known, str) and isinstance(given, str):
        return folded(known) == folded(given)
    if isinstance(known, dict) and isinstance(given, dict):
        return _members_agree(known, given)
    if isinstance(known, list) and isinstance(given, list):
        return len(known) == len(given) and _all_matched(known, given)
    if isinstance(known, bool) or isinstance(given, bool):
        return known is given
    if isinstance(known, int | float) and isinstance(given, int | float):
        return abs(known - given) < 1e-6
    return known == given


def _members_agree(known: Mapping[str, Any], given: Mapping[str, Any]) -> bool:
    if known.keys() <= _ADDRESS and "detail" in known:
        # People cut an address into its parts in different places.
        return _address(known) == _address(given)
    return all(name == "_id" or agrees(value, given.get(name)) for name, value in known.items())


def _address(parts: Mapping[str, Any]) -> tuple[str, str]:
    line = f"{parts.get('street') or ''}{parts.get('detail') or ''}"
    return str(parts.get("region")), folded(line)


def _all_matched(known: Sequence[Any], given: Sequence[Any]) -> bool:
    left = list(given)
    for one in known:
        match = next((index for index, other in enumerate(left) if agrees(one, other)), None)
        if match is None:
            return False
        del left[match]
    return True


def warnings(
    compiled: CompiledPlan, note: RegisterNote | None, answers_by_step: AnswersByStep
) -> list[CheckError]:
    """What the person should look at again. None of it keeps a draft from being submitted: the
    register may be out of date, and the departments decide."""
    if note is None or note.state == "waiting" or compiled.selection.operation == "open":
        return []
    homes = {code: key for key, codes in compiled.codes_by_step().items() for code in codes}
    given = compiled.flat({key: dict(answers) for key, answers in answers_by_step.items()})
    return [
        CheckError(homes[at], f"/{at}", code, message)
        for at, code, message in findings(note, given, compiled.selection.operation)
        if at in homes
    ]


def findings(
    note: RegisterNote, given: Mapping[str, Any], operation: str
) -> Iterator[tuple[str, str, Text]]:
    """The question, the code, what to do."""
    code = given.get("credit_code")
    if isinstance(code, str) and folded(code) != note.uscc:
        yield "credit_code", "register_differs", _ANOTHER_COMPANY
        return
    if note.state == "unknown":
        yield "credit_code", "register_unknown", _UNKNOWN
        return
    if note.company in {"revoked", "cancelled"}:
        yield from _not_active(note, operation)
    chosen = given.get("change_items")
    changing = set(chosen) if operation == "change" and isinstance(chosen, list) else set()
    for asked, known in note.answers.items():
        is_changed = not CHANGED_BY.get(asked, frozenset()).isdisjoint(changing)
        if asked not in given or asked in NOT_COMPARED or is_changed:
            continue
        if not agrees(known, given[asked]):
            yield asked, "register_differs", _DIFFERS[operation == "change"]
    if operation == "cancel":
        yield from _obstacles(note, given)


def _not_active(note: RegisterNote, operation: str) -> Iterator[tuple[str, str, Text]]:
    if note.company == "cancelled":
        yield "credit_code", "register_not_active", _CANCELLED
    elif operation == "change":
        yield "credit_code", "register_not_active", _REVOKED


def _obstacles(note: RegisterNote, given: Mapping[str, Any]) -> Iterator[tuple[str, str, Text]]:
    """Cancelling with branches or investments left. The simple procedure (简易注销) is not open to
    a company with investments or a revoked licence: 市场主体登记管理条例实施细则 第48条, confidence
    high. The other exclusions (pledges, pending cases, unpaid fines ..) are not in this register:
    the person confirms them."""
    if note.branches and given.get("branches_cancelled") == "none":
        yield "branches_cancelled", "register_differs", _BRANCHES
    if note.investments and given.get("outward_investment") == "none":
        yield "outward_investment", "register_differs", _INVESTMENTS
    if given.get("deregistration_mode") == "simple":
        if note.company == "revoked":
            yield "deregistration_mode", "simple_not_open", _SIMPLE_REVOKED
        if note.investments:
            yield "deregistration_mode", "simple_not_open", _SIMPLE_INVESTMENTS


_ANOTHER_COMPANY = Text(
    "与您当前代办的企业不一致，请核对统一社会信用代码",
    "This is not the company for which you are acting; check the credit code",
)
_UNKNOWN = Text(
    "登记系统中没有查到该企业，请对照营业执照核对统一社会信用代码",
    "The register has no such company; compare the credit code with the licence",
)
_DIFFERS = {
    False: Text(
        "与登记信息不一致，请对照营业执照核对",
        "This is not what is registered; compare it with the licence",
    ),
    True: Text(
        "与登记信息不一致，请核对；如需变更，请在变更事项中勾选",
        "This is not what is registered; check it, or choose it among what changes",
    ),
}
_CANCELLED = Text(
    "登记信息显示该企业已注销，请核对企业", "The register says that this company was cancelled"
)
_REVOKED = Text(
    "登记信息显示该企业已被吊销营业执照，请先向登记机关咨询能否办理变更",
    "The register says that this company's licence was revoked; ask the registry first",
)
_BRANCHES = Text(
    "登记信息显示该企业有分支机构，请先办理分支机构注销，或核对填写内容",
    "The register has branches of this company; cancel them first, or check the answer",
)
_INVESTMENTS = Text(
    "登记信息显示该企业有对外投资，请先清理，或核对填写内容",
    "The register has investments of this company; settle them first, or check the answer",
)
_SIMPLE_REVOKED = Text(
    "被吊销营业执照的企业不适用简易注销，请选择普通注销",
    "A company whose licence was revoked cannot use the simple procedure; choose the ordinary one",
)
_SIMPLE_INVESTMENTS = Text(
    "有对外投资的企业不适用简易注销，请先清理或选择普通注销",
    "A company with investments cannot use the simple procedure; settle them or choose the other",
)
