"""What the applicant is told when something happens: pure rules, no table, no call.

Two things come out of a happening: a message for the inbox, which everybody has, and what may be
pushed to a phone. Neither holds a name, a number of an identity document or a department's reason:
a push passes through others' hands and lies on a locked screen. Details are one tap away.

Lengths and wording follow the platform's limits (``phrase`` at most five Chinese characters,
``thing`` twenty characters).
"""

from collections.abc import Mapping
from datetime import datetime
from enum import IntEnum

import msgspec

from kit.clock import CHINA
from kit.text import Text

APPLICATION_PAGE = "/pages/application/detail"


class Importance(IntEnum):
    """A consent that is good for one message is kept for what matters."""

    PROGRESS = 1
    RESULT = 2
    ACTION = 3
    """The person must do something."""


class Happening(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Body of an ``applicant.tell`` row: what happened, without personal data."""

    event_id: str
    person_id: str
    application_id: str
    reference_no: str
    kind: str
    """``state`` of a matter, ``application`` for the whole, ``overdue`` of a matter."""
    seq: int
    at: datetime
    state: str
    item: str | None
    item_name: str | None
    department: str | None
    points: int
    """How many fields and materials have to be corrected; 0 when not told one by one."""
    promised_at: datetime | None
    provisional: bool = False
    """``promised_at`` lies in a year whose holidays are not announced yet."""
    delivery: str
    """window, courier or kiosk."""


class Push(msgspec.Struct, frozen=True):
    """One way to say it: a template's key, and values in the order of the template's keywords."""

    template: str
    values: tuple[str, ...]


class Telling(msgspec.Struct, frozen=True):
    title: Text
    body: Text
    link: str
    importance: Importance
    pushes: tuple[Push, ...]
    """The best first; the next one is for those who did not agree to it. Empty: the inbox only."""


class _Words(msgspec.Struct, frozen=True):
    phrase: str
    note: str
    """At most twenty characters."""
    title: Text
    body: Text
    """``{item}``, ``{department}``, ``{reference_no}``, ``{due}``, ``{points}`` stand for facts."""
    importance: Importance
    pushed: bool = True


_PROGRESS, _RESULT, _ACTION = Importance.PROGRESS, Importance.RESULT, Importance.ACTION

_MATTER: Mapping[str, _Words] = {
    "parked": _Words(
        "转人工处理",
        "工作人员正在处理，无需操作",
        Text("申请转人工处理", "Your application is being handled by staff"),
        Text(
            "{item}暂时未能送达省一窗通，工作人员正在处理，您无需操作。",
            "{item} could not be delivered to the province yet. Our staff see to it; "
            "you need not do anything.",
        ),
        _PROGRESS,
        pushed=False,
    ),
    "pre_review_returned": _Words(
        "已退回",
        "请按意见修改后再报",
        Text("申请被退回，请修改", "Returned, please change and file again"),
        Text(
            "{item}预审未通过，请查看意见，修改后重新提交，已填内容保留。",
            "{item} did not pass the first review. Please read the remarks, change what is needed "
            "and file again; what you filled in is kept.",
        ),
        _ACTION,
    ),
    "accepted": _Words(
        "已受理",
        "可随时查看办理进度",
        Text("事项已受理", "Accepted"),
        Text(
            "{item}已由{department}受理{due}。",
            "{item} was accepted by {department}{due}.",
        ),
        _PROGRESS,
    ),
    "accepted_conditionally": _Words(
        "容缺受理",
        "先行审查，缺项请后补",
        Text("事项已容缺受理", "Accepted conditionally"),
        Text(
            "{item}已由{department}容缺受理，先行审查{due}。",
            "{item} was accepted conditionally by {department}; review begins already{due}.",
        ),
        _PROGRESS,
    ),
    "not_accepted": _Words(
        "不予受理",
        "查看原因和建议",
        Text("事项不予受理", "Not accepted"),
        Text(
            "{department}对{item}作出不予受理决定，请查看原因。",
            "{department} decided not to accept {item}. Please read the reason.",
        ),
        _RESULT,
    ),
    "correction_required": _Words(
        "需补正",
        "请查看清单，一次补齐",
        Text("需要补正", "Correction needed"),
        Text(
            "{item}需要补正{points}，请查看清单并一次补齐，补正期间不计时。",
            "{item} needs corrections{points}. Please see the list; "
            "the promised time stands still meanwhile.",
        ),
        _ACTION,
    ),
    "inspection": _Words(
        "现场核查",
        "请留意现场核查安排",
        Text("将进行现场核查", "On-site inspection"),
        Text(
            "{department}将就{item}进行现场核查，请保持电话畅通并安排人员配合。",
            "{department} will inspect on site for {item}. Please stay reachable and have somebody "
            "there.",
        ),
        _ACTION,
    ),
    "suspended": _Words(
        "已挂起",
        "特别程序不计时",
        Text("事项已挂起", "Suspended"),
        Text(
            "{item}进入特别程序，所需时间不计入承诺时限。",
            "{item} is in a special procedure; its time does not count.",
        ),
        _PROGRESS,
    ),
    "rejected": _Words(
        "未通过",
        "请查看未通过的理由",
        Text("事项未通过", "Rejected"),
        Text(
            "{department}对{item}未予批准，请查看理由。",
            "{department} did not approve {item}. Please read the reason.",
        ),
        _RESULT,
    ),
    "voided": _Words(
        "已作废",
        "如需办理请重新申请",
        Text("事项已作废", "Voided"),
        Text("{item}已作废，请查看说明。", "{item} was voided. Please read the explanation."),
        _RESULT,
    ),
    "withdrawn": _Words(
        "已撤回",
        "可重新发起申请",
        Text("事项已撤回", "Withdrawn"),
        Text("{item}已撤回。", "{item} was withdrawn."),
        _RESULT,
        pushed=False,
    ),
    "completed": _Words(
        "已办结",
        "请查看办理结果",
        Text("事项已办结", "Completed"),
        Text("{item}已由{department}办结。", "{item} was completed by {department}."),
        _RESULT,
    ),
}

_APPLICATION: Mapping[str, _Words] = {
    "submitted": _Words(
        "已提交",
        "提交后内容不能修改",
        Text("申请已提交", "Submitted"),
        Text(
            "您的申请已提交，编号{reference_no}，各事项将同时办理。",
            "Your application {reference_no} was submitted; its matters are handled side by side.",
        ),
        _PROGRESS,
        pushed=False,
    ),
    "completed": _Words(
        "全部办结",
        "请领取结果",
        Text("申请全部办结", "Everything is completed"),
        Text(
            "您的申请{reference_no}已全部办结，请查看并领取结果。",
            "All matters of your application {reference_no} are completed. "
            "Please see how to get the results.",
        ),
        _RESULT,
    ),
    "closed": _Words(
        "已结束",
        "各事项结果不同，请查看",
        Text("申请已结束", "Closed"),
        Text(
            "您的申请{reference_no}各事项均已有结果，请逐项查看。",
            "Every matter of your application {reference_no} has ended. Please see each of them.",
        ),
        _RESULT,
    ),
}

_OVERDUE = _Words(
    "已超时",
    "请查看办理进度",
    Text("事项超过承诺时限", "Past its promised time"),
    Text(
        "{item}已超过{department}承诺的时限，仍在办理，有结果会马上告知您。",
        "{item} is past the time {department} promised; you will be told as soon as it ends.",
    ),
    _PROGRESS,
    pushed=False,
)

_DELIVERY = {"window": "窗口领取", "courier": "邮寄送达", "kiosk": "自助机领取"}


def tell(happening: Happening) -> Telling | None:
    """None for what nobody needs to be told; it is in the timeline all the same."""
    words = _words(happening)
    if words is None:
        return None
    return Telling(
        title=words.title,
        body=Text(
            _filled(words.body.zh, happening, english=False),
            _filled(words.body.en, happening, english=True),
        ),
        link=f"{APPLICATION_PAGE}?id={happening.application_id}",
        importance=words.importance,
        pushes=_pushes(words, happening) if words.pushed else (),
    )


def _words(happening: Happening) -> _Words | None:
    if happening.kind == "application":
        return _APPLICATION.get(happening.state)
    if happening.kind == "overdue":
        return _OVERDUE
    return _MATTER.get(happening.state) if happening.kind == "state" else None


def _pushes(words: _Words, happening: Happening) -> tuple[Push, ...]:
    item = happening.item_name or "企业开办"
    when = moment(happening.at)
    progress = Push("progress", (words.phrase, item, happening.reference_no, when, words.note))
    if happening.kind == "application":
        how = _DELIVERY.get(happening.delivery, "详情页查看")
        return (
            Push("completion", (item, words.phrase, how, happening.reference_no, when)),
            progress,
        )
    return (progress,)


def _filled(sentence: str, happening: Happening, *, english: bool) -> str:
    return sentence.format(
        item=happening.item_name or ("all matters" if english else "各事项"),
        department=happening.department or ("the department" if english else "承办部门"),
        reference_no=happening.reference_no,
        due=_due(happening, english=english),
        points=_points(happening.points, english=english),
    )


def _due(happening: Happening, *, english: bool) -> str:
    if happening.promised_at is None:
        return ""
    when = moment(happening.promised_at)
    if english:
        provisional = " (only weekends counted as yet)" if happening.provisional else ""
        return f", expected by {when}{provisional}"
    return f"，预计{when}前办结" + ("（暂按周末计）" if happening.provisional else "")


def _points(points: int, *, english: bool) -> str:
    if not points:
        return ""
    return f" ({points})" if english else f"{points}项"


def moment(instant: datetime) -> str:
    """As a ``time`` keyword has it, in China's time, to the minute."""
    local = instant.astimezone(CHINA)
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"
