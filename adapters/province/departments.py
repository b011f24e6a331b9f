"""The simulated departments: who works how fast, what may be done to a matter, what follows.

A matter moves by itself along its plan until somebody acts on it by hand; from then on it only
moves by hand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from adapters.far_side import Deed, FarSide
from adapters.province.certificates import (
    CERTIFICATES,
    WITHOUT_CERTIFICATE,
    CertificateKind,
    certificate_number,
    credit_code,
)
from adapters.province.outgoing import Outgoing
from kit.clock import CHINA
from kit.ids import new_id
from kit.text import Text
from kit.workdays import WorkCalendar

LICENCE = "business_licence"
HOURS_A_DAY = 8

# Shares of the promised time at which a step is done. The last leaves room for the time that news
# need to reach the applicant, so that a department that keeps its promise is never shown as late.
ACCEPTED_AT, INSPECTED_AT, APPROVED_AT, COMPLETED_AT = 0.2, 0.5, 0.8, 0.9


@dataclass(frozen=True, slots=True)
class Pace:
    """How one item is handled. ``hours``: the promised time in working hours, eight to a day."""

    hours: float
    starts_after: str = ""
    """The item of the same application whose completion starts this clock (seal, tax)."""
    completes_after: str = ""
    """The item that must be completed first, while work on this one may already go on."""
    conditional: bool = False
    """容缺受理: accepted conditionally while ``completes_after`` is not completed."""
    inspected: bool = False


def _permit(days: int, *, inspected: bool = False) -> Pace:
    return Pace(days * HOURS_A_DAY, completes_after=LICENCE, conditional=True, inspected=inspected)


# Half a working day for stage A, two hours each for seal and tax after the licence (the policy
# text 企业开办全程网办); permits as their guides promise, see the catalogue.
DEFAULT_PACE: Mapping[str, Pace] = {
    LICENCE: Pace(4),
    "social_insurance": Pace(4, completes_after=LICENCE),
    "medical_insurance": Pace(4, completes_after=LICENCE),
    "housing_fund": Pace(4, completes_after=LICENCE),
    "seal": Pace(2, starts_after=LICENCE),
    "tax": Pace(2, starts_after=LICENCE),
    "invoice": Pace(2, starts_after=LICENCE),
    "bank": Pace(4, starts_after=LICENCE),
    "food_operation": _permit(5, inspected=True),
    "fire_safety_check": _permit(1),
    "outdoor_advertising": _permit(5, inspected=True),
    "drainage_permit": _permit(5, inspected=True),
    "public_place_hygiene": _permit(5, inspected=True),
}
OTHER_PERMIT = _permit(5)
TAX = "tax"


def pace_for(operation: str, item: str, pace: Pace) -> Pace:
    """``pace`` is of an opening. Who changes or closes has a licence, so that no permit waits for
    it; closing ends with the licence, which waits for the tax office, and nobody is inspected."""
    if operation == "open":
        return pace
    if operation == "change":
        return replace(pace, completes_after="", conditional=False)
    return Pace(pace.hours, completes_after=TAX if _is_kind(item, LICENCE) else "")


@dataclass(frozen=True, slots=True)
class Act:
    before: frozenset[str]
    after: str
    news: Mapping[str, str]
    """The status that is pushed: the known peer's code, refined by our extension members."""


_OPEN = frozenset({"accepted", "accepted_conditionally", "in_review", "inspection"})
_DECIDABLE = _OPEN | {"suspended"}
_FRESH = frozenset({"received", "correction_required", "pre_review_returned"})

ACTS: Mapping[str, Act] = {
    "accept": Act(_FRESH, "accepted", {"state": "02", "noderesult": "4"}),
    "conditional_accept": Act(
        _FRESH, "accepted_conditionally", {"state": "02", "noderesult": "4", "rongque": "1"}
    ),
    "refuse": Act(_FRESH, "not_accepted", {"state": "07", "noderesult": "3"}),
    "return": Act(
        frozenset({"received"}), "pre_review_returned", {"state": "04", "noderesult": "7"}
    ),
    "correct": Act(_OPEN | {"received"}, "correction_required", {"state": "04", "noderesult": "5"}),
    "review": Act(_DECIDABLE, "in_review", {"state": "02", "noderesult": "1", "node": "review"}),
    "inspect": Act(
        _DECIDABLE - {"inspection"}, "inspection", {"state": "02", "node": "inspection"}
    ),
    "suspend": Act(_OPEN, "suspended", {"state": "02", "noderesult": "6"}),
    "approve": Act(_DECIDABLE, "approved", {"state": "03", "noderesult": "1"}),
    "reject": Act(_DECIDABLE, "rejected", {"state": "03", "noderesult": "0"}),
    "complete": Act(frozenset({"approved"}), "completed", {"state": "07", "noderesult": "1"}),
    "void": Act(_FRESH | _DECIDABLE | {"approved"}, "voided", {"state": "07", "node": "void"}),
}
NEEDS_REASON = frozenset({"refuse", "return", "correct", "suspend", "reject", "void"})
DEFAULT_REASONS: Mapping[str, str] = {
    "refuse": "申请事项不属于本机关受理范围",
    "return": "预审未通过，请修改后重新提交",
    "correct": "申请材料不齐全，请按一次性告知补齐补正",
    "suspend": "进入特别程序，所需时间不计入办理时限",
    "reject": "不符合法定条件，不予许可",
    "void": "办件作废",
}
LICENCE_FAILED = "营业执照未获核准，本事项无法继续办理"
TAX_FAILED = "清税未办结，本事项无法继续办理"


class ActNotPossible(ValueError):
    """What somebody wanted a department to do cannot be done now; ``text`` says why."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


class NoSuchMatter(ActNotPossible):
    """There is no such case, or no such item in it."""


class Departments:
    def __init__(
        self,
        far_side: FarSide,
        calendar: WorkCalendar,
        outgoing: Outgoing,
        pace: Mapping[str, Pace],
    ) -> None:
        self._far_side = far_side
        self._calendar = calendar
        self._outgoing = outgoing
        self._pace = pace

    def open(self, case_no: str, case: dict[str, Any], at: datetime) -> None:
        """Take a case into work; inside the caller's transaction."""
        for row in case["items"]:
            awaited = self.pace_of(case, row).starts_after
            if not awaited or _first_of_kind(case, awaited) is None:
                self._plan(case_no, case, row, at)
        self._far_side.put("case", case_no, case)

    def pace_of(self, case: Mapping[str, Any], row: Mapping[str, Any]) -> Pace:
        """By the item's code, or by the kind that it begins with (``business_licence_company``)."""
        kind = _kind_of(row["item"], self._pace)
        pace = self._pace[kind] if kind else OTHER_PERMIT
        return pace_for(case["operation"], row["item"], pace)

    def work(self, deed: Deed) -> None:
        """One step of a plan, done at the moment for which it was planned."""
        with self._far_side.together():
            self._far_side.done(deed.id)
            case_no, case = deed.body["case"], self._far_side.get("case", deed.body["case"])
            row = case and _row_of(case, deed.body["item"])
            if not case or not row or row.get("by_hand"):
                return
            action = self._planned_action(case, row, deed.body["action"])
            if action is not None and row["state"] in ACTS[action].before:
                self._apply(case_no, case, row, action, deed.due_at)
            self._far_side.put("case", case_no, case)

    def act(
        self,
        case_no: str,
        item: str,
        action: str,
        *,
        fields: Sequence[str] = (),
        materials: Sequence[str] = (),
        reason: str = "",
    ) -> None:
        """What a person in the department does. Cancels the plan of this matter for good.

        Raises :class:`ActNotPossible` and changes nothing when the state does not allow it.
        """
        with self._far_side.together():
            case = self._far_side.get("case", case_no)
            row = case and _row_of(case, item)
            if not case or not row:
                raise NoSuchMatter(Text("没有该办件或事项", "There is no such case or item"))
            self._check_act(case, row, action)
            row["by_hand"] = True
            for deed in self._far_side.deeds():
                if (deed.body.get("case"), deed.body.get("item")) == (case_no, row["item"]):
                    self._far_side.done(deed.id)
            more = {"fields": list(fields), "materials": list(materials), "reason": reason}
            self._apply(case_no, case, row, action, self._far_side.clock.now(), **more)
            self._far_side.put("case", case_no, case)

    def _check_act(self, case: Mapping[str, Any], row: Mapping[str, Any], action: str) -> None:
        known = ACTS.get(action)
        if known is None:
            names = ", ".join(ACTS)
            raise ActNotPossible(
                Text(f"没有这种办理动作，可用：{names}", f"There is no such action; known: {names}")
            )
        if row["state"] not in known.before:
            raise ActNotPossible(
                Text(
                    f"事项当前为 {row['state']}，不能 {action}",
                    f"The matter is {row['state']}; {action} is not possible",
                )
            )
        if action == "complete" and self._is_blocked(case, row):
            raise ActNotPossible(
                Text(
                    "容缺事项须待营业执照办结后方可办结",
                    "The matter completes only after the one that it depends on",
                )
            )

    def _plan(
        self, case_no: str, case: Mapping[str, Any], row: Mapping[str, Any], start: datetime
    ) -> None:
        pace = self.pace_of(case, row)
        steps = [("accept", ACCEPTED_AT), ("approve", APPROVED_AT), ("complete", COMPLETED_AT)]
        if pace.inspected:
            steps.insert(1, ("inspect", INSPECTED_AT))
        for action, share in steps:
            self._schedule(
                case_no,
                row["item"],
                action,
                self._calendar.add_working_hours(start, pace.hours * share),
            )

    def _schedule(self, case_no: str, item: str, action: str, at: datetime) -> None:
        self._far_side.schedule(
            at, {"kind": "work", "case": case_no, "item": item, "action": action}
        )

    def _planned_action(
        self, case: Mapping[str, Any], row: dict[str, Any], action: str
    ) -> str | None:
        """None while the matter must wait for another one, whose completion takes it up again."""
        blocked = self._is_blocked(case, row)
        if action == "complete" and blocked:
            row["waits"] = True
            return None
        if action == "accept" and blocked and self.pace_of(case, row).conditional:
            return "conditional_accept"
        return action

    def _is_blocked(self, case: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
        awaited = self.pace_of(case, row).completes_after
        other = _first_of_kind(case, awaited)
        return other is not None and other["state"] != "completed"

    def _apply(
        self,
        case_no: str,
        case: dict[str, Any],
        row: dict[str, Any],
        action: str,
        at: datetime,
        **more: Any,
    ) -> None:
        row["state"] = ACTS[action].after
        if action in NEEDS_REASON and not more.get("reason"):
            more["reason"] = DEFAULT_REASONS[action]
        if action == "complete":
            self._certify(case_no, case, row, at)
        self._outgoing.announce(case_no, case, row, at, **ACTS[action].news, **more)
        if row["state"] == "completed":
            self._release(case_no, case, row, at)
        elif row["state"] in ("rejected", "not_accepted", "voided"):
            self._fail_dependents(case_no, case, row, at)

    def _release(
        self, case_no: str, case: dict[str, Any], done: Mapping[str, Any], at: datetime
    ) -> None:
        """Start the clocks that waited for this matter, and end the matters that only waited."""
        for row in case["items"]:
            pace = self.pace_of(case, row)
            if _is_kind(done["item"], pace.starts_after) and not row.get("by_hand"):
                self._plan(case_no, case, row, at)
            elif _is_kind(done["item"], pace.completes_after) and row.pop("waits", False):
                self._schedule(case_no, row["item"], "complete", at)

    def _fail_dependents(
        self, case_no: str, case: dict[str, Any], failed: Mapping[str, Any], at: datetime
    ) -> None:
        """Without the licence nothing that needs it can ever end; the applicant is told at once."""
        for row in case["items"]:
            pace = self.pace_of(case, row)
            if not _is_kind(failed["item"], pace.starts_after or pace.completes_after):
                continue
            possible = (a for a in ("refuse", "reject", "void") if row["state"] in ACTS[a].before)
            action = None if row.get("by_hand") else next(possible, None)
            if action is not None:
                reason = LICENCE_FAILED if _is_kind(failed["item"], LICENCE) else TAX_FAILED
                self._apply(case_no, case, row, action, at, reason=reason)

    def _certify(
        self, case_no: str, case: dict[str, Any], row: Mapping[str, Any], at: datetime
    ) -> None:
        if case["operation"] == "cancel" or _kind_of(row["item"], WITHOUT_CERTIFICATE):
            return
        known = _kind_of(row["item"], CERTIFICATES)
        kind = (
            CERTIFICATES[known]
            if known
            else CertificateKind(row["name"], "行政审批服务局", "鲁准字")
        )
        region, day = case["regcode"][:6], at.astimezone(CHINA).date()
        number = self._next_number()
        if known == LICENCE and not case["credit_code"]:
            individual = row["item"].endswith("_individual")
            case["credit_code"] = credit_code(region, number, individual=individual)
        face = {
            "certId": new_id(),
            "entName": case["entity_name"],
            "socialCode": case["credit_code"],
            "jyxm": row["name"],
            "issueDept": kind.issued_by,
            "qrCodeUrl": "",
            "electUrl": "",
            "certNo": (
                case["credit_code"]
                if known == LICENCE
                else certificate_number(kind, region, day.year, number)
            ),
            "issueDate": day.isoformat(),
            "address": case["premises"],
        }
        entry = {"serialNo": case["serial_no"], "item": kind.name, "itemCode": row["item"]}
        self._outgoing.certify(case_no, case, {**entry, "certInfo": face}, at)

    def _next_number(self) -> int:
        number = int((self._far_side.get("counter", "certificate") or {}).get("last", 0)) + 1
        self._far_side.put("counter", "certificate", {"last": number})
        return number


def _is_kind(item: str, kind: str) -> bool:
    return bool(kind) and (item == kind or item.startswith(kind + "_"))


def _kind_of(item: str, kinds: Mapping[str, object] | frozenset[str]) -> str:
    """The longest of ``kinds`` that the item's code is or begins with; empty when there is none."""
    return max((kind for kind in kinds if _is_kind(item, kind)), key=len, default="")


def _row_of(case: Mapping[str, Any], item: str) -> dict[str, Any] | None:
    rows: list[dict[str, Any]] = case["items"]
    return next((row for row in rows if row["item"] == item), None)


def _first_of_kind(case: Mapping[str, Any], kind: str) -> dict[str, Any] | None:
    rows: list[dict[str, Any]] = case["items"]
    return next((row for row in rows if _is_kind(row["item"], kind)), None)
