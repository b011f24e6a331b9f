"""What one person is told of a draft or of a signature: pure rules, no table, no call.

As with :mod:`push.rules` neither the message nor what is pushed holds a person's name, a number or
a reason: who refused to sign, which file was refused and why are on the page that the message leads
to. The public name of a service hall's terminal is in the message, and is not pushed.
"""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Annotated, Literal

from msgspec import Meta, Struct

from kit.clock import CHINA
from kit.text import Text
from push.rules import Importance, Push, Telling, moment

NoticeKind = Literal[
    "draft_expiring",
    "draft_erased",
    "signature_requested",
    "signature_reminder",
    "signature_refused",
    "signed_all",
    "sign_again",
    "invitation_accepted",
    "invitation_revoked",
    "handover_claimed",
    "material_refused",
    "material_unscanned",
]
Fact = Annotated[str, Meta(max_length=64)] | int

DRAFT_PAGE = "/pages/draft/edit"
DRAFTS_PAGE = "/pages/draft/list"
SIGNATURE_PAGE = "/pages/signature/detail"
SIGNATURES_PAGE = "/pages/signature/list"

QUIET_FROM, QUIET_UNTIL = time(21), time(8)
"""Of the day in China. Our own rule, after the hours in which one may be called; nothing that a
person is told here is worth waking somebody."""


class Notice(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Body of a ``person.tell`` row: what happened, without personal data.

    ``facts`` are small words and numbers; ``days``, ``role`` and ``terminal`` are read here.
    ``subject`` are ids: ``draft_id``, ``signature_id``; what is pushed leads there.
    """

    event_id: str
    """The same for one happening, however often its row is put: 32 hexadecimal digits."""
    person_id: str
    """As who was known when it happened; who it is by now is found when it is told."""
    kind: NoticeKind
    at: datetime
    facts: Annotated[dict[str, Fact], Meta(max_length=8)] = {}
    subject: Annotated[dict[str, str], Meta(max_length=4)] = {}


class _Words(Struct, frozen=True):
    title: Text
    body: Text
    """``{days}`` and ``{terminal}`` stand for the facts."""
    importance: Importance
    phrase: str = ""
    """At most five Chinese characters; empty for what is in the inbox only."""
    note: str = ""
    """At most twenty characters."""


_PROGRESS, _RESULT, _ACTION = Importance.PROGRESS, Importance.RESULT, Importance.ACTION

_WORDS: Mapping[NoticeKind, _Words] = {
    "draft_expiring": _Words(
        Text("草稿即将到期", "A draft is about to expire"),
        Text(
            "您有一份草稿将在{days}天后到期，到期后不能再修改。打开并保存一次，即可再保留30天。",
            "Days until one of your drafts expires: {days}. It cannot be changed afterwards. Open "
            "it and save once, and it is kept for 30 more days.",
        ),
        _ACTION,
        "即将到期",
        "草稿{days}天后到期，请及时办理",
    ),
    "draft_erased": _Words(
        Text("草稿已删除", "A draft was erased"),
        Text(
            "您有一份草稿到期后一周内未继续办理，已连同所传文件一并删除。如需办理，请重新填写。",
            "One of your drafts expired a week ago and was erased with its files. To apply, please "
            "start a new one.",
        ),
        _RESULT,
    ),
    "signature_requested": _Words(
        Text("有文件等您签名", "Documents wait for your signature"),
        Text(
            "有一项企业登记申请需要您实名签名。请核对文件后再签；如不知情，可以拒签。",
            "An application for a company needs your signature. Read the documents before you "
            "sign; if you know nothing of it, you may refuse.",
        ),
        _ACTION,
        "待签名",
        "请核对文件后实名签名",
    ),
    "signature_reminder": _Words(
        Text("还有文件等您签名", "Documents still wait for your signature"),
        Text(
            "有一项企业登记申请仍在等您签名，其他人都要等您签完才能提交。",
            "An application for a company still waits for your signature and cannot be submitted "
            "without it.",
        ),
        _ACTION,
        "待签名",
        "仍在等您签名，请尽快办理",
    ),
    "signature_refused": _Words(
        Text("有人拒绝签名", "Somebody refused to sign"),
        Text(
            "您发起的签名中有人拒签。请打开草稿查看，改好后重新发起签名。",
            "Somebody refused to sign your documents. Please open the draft, change what is needed "
            "and ask for signatures again.",
        ),
        _ACTION,
        "有人拒签",
        "请打开草稿查看并处理",
    ),
    "signed_all": _Words(
        Text("全部签名完成", "Everybody has signed"),
        Text(
            "所有人都已签名，您现在可以提交申请。签名后再改动相关内容，需要重新签名。",
            "Everybody has signed; you can submit now. Whoever signed must sign again if what was "
            "signed is changed.",
        ),
        _RESULT,
        "签名完成",
        "现在可以提交申请",
    ),
    "sign_again": _Words(
        Text("文件有改动，请重新签名", "Documents changed, please sign again"),
        Text(
            "您签过名的文件有改动，原签名不再有效。请核对改动后的文件并重新签名。",
            "A document that you signed was changed, so your signature does not count any more. "
            "Please read it again and sign.",
        ),
        _ACTION,
        "需重新签名",
        "文件有改动，请重新签名",
    ),
    "invitation_accepted": _Words(
        Text("帮办邀请已被接受", "Your invitation was accepted"),
        Text(
            "您邀请的帮办人已接受邀请，可以在您允许的范围内协助填写。您可以随时撤销。",
            "The helper you invited has accepted and can fill in what you allowed. You can end "
            "this at any time.",
        ),
        _PROGRESS,
    ),
    "invitation_revoked": _Words(
        Text("帮办已结束", "Your help is no longer needed"),
        Text(
            "申请人已收回帮办邀请，您不能再查看和填写那份草稿。",
            "The applicant has taken the invitation back. You can no longer see or fill in that "
            "draft.",
        ),
        _PROGRESS,
    ),
    "handover_claimed": _Words(
        Text("草稿已交接", "Your draft was handed over"),
        Text(
            "{terminal}已凭交接码接手您的一份草稿，半小时内可以协助填写，不能签名和提交。"
            "如果不是您本人办理，请打开草稿，立即结束交接。",
            "With your code a terminal has taken over one of your drafts ({terminal}). For half an "
            "hour it can fill it in, and neither sign nor submit. If this was not you, please open "
            "the draft and end it now.",
        ),
        _PROGRESS,
    ),
    "material_refused": _Words(
        Text("上传的文件未通过安全检查", "An uploaded file was refused"),
        Text(
            "您上传的一份文件未通过安全检查，已从草稿中移除。请更换文件后重新上传。",
            "A file that you uploaded did not pass the security check and was taken out of the "
            "draft. Please upload another one.",
        ),
        _ACTION,
        "材料未通过",
        "文件未过安全检查，请重传",
    ),
    "material_unscanned": _Words(
        Text("上传的文件无法完成安全检查", "An uploaded file could not be checked"),
        Text(
            "您上传的一份文件无法完成安全检查，暂不能提交。请打开草稿，移除后换一个较小的文件上传。",
            "A file that you uploaded could not be checked, and the draft cannot be submitted with "
            "it. Please open the draft, remove it and upload another, smaller one.",
        ),
        _ACTION,
        "材料待更换",
        "文件无法检查，请更换后重传",
    ),
}

_SIGNER_CAME = _Words(
    Text("签署邀请已被接受", "Your invitation was accepted"),
    Text(
        "您邀请的签署人已接受邀请，可以核对文件并签名。",
        "The signer you invited has accepted and can read and sign the documents.",
    ),
    _PROGRESS,
)

_SIGNER_NOT_NEEDED = _Words(
    Text("签署邀请已收回", "The invitation to sign was taken back"),
    Text(
        "申请人已收回签署邀请，原链接不再有效。是否还有文件等您签名，请在我的签名中查看。",
        "The applicant has taken the invitation to sign back, and its link leads nowhere any more. "
        "Whether documents still wait for you is shown among your signatures.",
    ),
    _PROGRESS,
)

_OF_SIGNERS: Mapping[NoticeKind, _Words] = {
    "invitation_accepted": _SIGNER_CAME,
    "invitation_revoked": _SIGNER_NOT_NEEDED,
}
"""What is said otherwise when the fact ``role`` is ``signer``."""

_TO_SIGNERS: frozenset[NoticeKind] = frozenset(
    {"signature_requested", "signature_reminder", "sign_again"}
)
"""Told to whoever has to sign: that may be somebody who cannot open the draft."""


def say(notice: Notice) -> Telling:
    words = _words(notice)
    return Telling(
        title=words.title,
        body=Text(*(_filled(sentence, notice) for sentence in words.body)),
        link=_link(notice),
        importance=words.importance,
        pushes=_pushes(words, notice),
    )


def quiet_until(instant: datetime) -> datetime | None:
    """When the phone may ring again; None when it may at once."""
    local = instant.astimezone(CHINA)
    if QUIET_UNTIL <= local.time() < QUIET_FROM:
        return None
    morning = local if local.time() < QUIET_UNTIL else local + timedelta(days=1)
    return datetime.combine(morning.date(), QUIET_UNTIL, CHINA)


def _words(notice: Notice) -> _Words:
    words = _OF_SIGNERS.get(notice.kind) if notice.facts.get("role") == "signer" else None
    return words or _WORDS[notice.kind]


def _link(notice: Notice) -> str:
    if notice.kind in _TO_SIGNERS:
        signature_id = notice.subject.get("signature_id")
        return f"{SIGNATURE_PAGE}?id={signature_id}" if signature_id else SIGNATURES_PAGE
    if notice.kind == "invitation_revoked" and notice.facts.get("role") == "signer":
        return SIGNATURES_PAGE
    draft_id = notice.subject.get("draft_id")
    if draft_id is None or notice.kind == "draft_erased":
        return DRAFTS_PAGE
    return f"{DRAFT_PAGE}?id={draft_id}"


def _pushes(words: _Words, notice: Notice) -> tuple[Push, ...]:
    if not words.phrase:
        return ()
    note = _filled(words.note, notice)
    return (Push("todo", ("企业登记申请", words.phrase, moment(notice.at), note)),)


def _filled(sentence: str, notice: Notice) -> str:
    facts = notice.facts
    return sentence.format(days=facts.get("days", 0), terminal=facts.get("terminal", "-"))
