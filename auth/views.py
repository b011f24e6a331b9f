"""What services know, in the form in which clients see it."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from auth.access_log import Access
from auth.check_method import BegunCheck
from auth.citizen import Citizen
from auth.companies import ActingFor
from auth.consents import ConsentStatus
from auth.models import IdentityCheck
from auth.schemas import (
    AccessLogPage,
    AccessView,
    ActingForView,
    ConsentsView,
    ConsentView,
    IdentityCheckStarted,
    IdentityCheckView,
    Me,
    OpenSessionsView,
    OpenSessionView,
    PersonView,
    SessionView,
)
from auth.service import Profile
from auth.sessions import Granted, OpenSession
from kit.clock import in_china
from kit.text import Language, Text

_REASONS = {
    "face_check_failed": Text("人脸核验未通过，请重试", "The face check was not passed"),
    "face_check_not_finished": Text(
        "人脸核验未完成，请重试", "The face check was not finished; please try again"
    ),
    "identity_differs": Text(
        "核验的身份与本账号已实名的身份不一致",
        "This account was proven to belong to somebody else before",
    ),
    "identity_mismatch": Text(
        "姓名与证件号码不一致，请核对后重试", "Name and number do not belong together"
    ),
    "platform_level_too_low": Text(
        "您在爱山东的实名级别不足，请先在爱山东完成实名认证",
        "爱山东 does not know you well enough yet; please complete the real-name check there",
    ),
    "platform_login_over": Text(
        "爱山东登录已失效，请重新登录后再试", "Your 爱山东 login is over; please sign in again"
    ),
    "minor_not_served": Text(
        "未满18周岁暂不能在线办理，请由监护人陪同到政务服务大厅窗口咨询",
        "Under 18, this cannot be done online; please come to a service hall with your guardian",
    ),
    "document_not_supported": Text(
        "该证件暂不支持在线核验，请携带证件到政务服务大厅窗口办理",
        "This document cannot be checked online; please bring it to a service hall",
    ),
    "expired": Text("核验已过期，请重新发起", "The check has expired; please start again"),
    "superseded": Text("已重新发起核验", "A newer check was started"),
}


def person_view(profile: Profile) -> PersonView:
    return PersonView(
        profile.person_id, profile.display_name, profile.assurance, profile.phone_masked
    )


def session_view(
    granted: Granted, profile: Profile, acting_for: ActingForView | None
) -> SessionView:
    return SessionView(
        granted.access.text,
        "Bearer",
        granted.access.expires_in_s,
        granted.refresh_token.reveal(),
        granted.refresh_expires_in_s,
        person_view(profile),
        acting_for,
    )


def open_sessions_view(sessions: Iterable[OpenSession], caller: Citizen) -> OpenSessionsView:
    items = [
        OpenSessionView(
            id=session.id,
            platform=session.platform,
            created_at=in_china(session.created_at),
            used_at=in_china(session.used_at),
            expires_at=in_china(session.expires_at),
            current=session.id == caller.session_id,
        )
        for session in sessions
    ]
    return OpenSessionsView(items, None)


def me(profile: Profile, caller: Citizen, acting_for: ActingForView | None) -> Me:
    return Me(
        id=profile.person_id,
        display_name=profile.display_name,
        assurance=profile.assurance,
        phone_masked=profile.phone_masked,
        checked_at=_time(profile.checked_at),
        platform=caller.platform,
        acting_for=acting_for,
    )


def identity_check_started(check: IdentityCheck, begun: BegunCheck) -> IdentityCheckStarted:
    return IdentityCheckStarted(
        check.id, "pending", begun.client_action, in_china(check.expires_at)
    )


def identity_check_view(check: IdentityCheck, language: Language) -> IdentityCheckView:
    text = _REASONS.get(check.reason or "")
    return IdentityCheckView(
        id=check.id,
        method=check.method,  # type: ignore[arg-type]  # the column holds only our own words
        state=check.state,  # type: ignore[arg-type]  # as above
        reason=check.reason,
        message=text.in_language(language) if text else None,
        expires_at=in_china(check.expires_at),
    )


def consent_view(status: ConsentStatus, language: Language) -> ConsentView:
    return ConsentView(
        purpose=status.text.purpose,
        text_version=status.text.version,
        text=status.text.text.in_language(language),
        sample=status.text.sample,
        granted=status.granted_at is not None,
        granted_at=_time(status.granted_at),
    )


def consents_view(statuses: Iterable[ConsentStatus], language: Language) -> ConsentsView:
    return ConsentsView([consent_view(status, language) for status in statuses], None)


_WHO = {
    "wechat": Text("微信", "WeChat"),
    "alipay": Text("支付宝", "Alipay"),
    "aishandong": Text("爱山东", "爱山东"),
    "province": Text("省一窗通平台及办理部门", "The provincial one-window and its departments"),
    "identity_register": Text("省身份信息核验平台", "The provincial identity register"),
    "e_signature": Text("省电子签名服务", "The provincial e-signature service"),
    "helper": Text("您邀请的帮办人员", "A helper whom you invited"),
    "counter": Text("您授权的政务服务窗口或自助终端", "The counter or kiosk that you let in"),
}
_WHAT = {
    "phone": Text("手机号", "your phone number"),
    "name_and_id_number": Text("姓名和证件号码", "your name and ID number"),
    "profile": Text("实名信息", "your real-name details"),
    "companies": Text("您任职的企业", "the companies you act for"),
    "application": Text("申请内容", "your application"),
    "documents": Text("申请材料", "your documents"),
    "message": Text("通知内容", "a notification"),
    "draft": Text("您的草稿", "your draft"),
}
_WHY = {
    "login": Text("登录", "signing in"),
    "contact": Text("联系您", "contacting you"),
    "identity_check": Text("核验身份", "checking your identity"),
    "acting_for": Text("代企业办理", "acting for a company"),
    "application": Text("办理申请", "handling your application"),
    "progress": Text("告知进度", "telling you the progress"),
    "helping": Text("协助填写", "helping to fill it in"),
    "signing": Text("电子签名", "signing"),
}


def access_view(line: Access, language: Language) -> AccessView:
    who, what, why = _WHO[line.who], _WHAT[line.what], _WHY[line.why]
    through = line.through
    name = through.name if through is not None else None
    zh, en = (who.zh, who.en) if name is None else (f"{who.zh}（{name}）", f"{who.en} ({name})")
    text = Text(f"{zh}：{what.zh}，用于{why.zh}", f"{en}: {what.en}, for {why.en}")
    return AccessView(
        line.id,
        in_china(line.at),
        line.who,
        line.what,
        line.why,
        text.in_language(language),
        through.draft_id if through is not None else None,
        through.grant_id if through is not None else None,
    )


def access_log_page(lines: Sequence[Access], limit: int, language: Language) -> AccessLogPage:
    shown = lines[:limit]
    return AccessLogPage(
        [access_view(line, language) for line in shown],
        shown[-1].id if len(lines) > limit else None,
    )


def acting_for_view(acting_for: ActingFor | None) -> ActingForView | None:
    if acting_for is None:
        return None
    return ActingForView(acting_for.uscc, acting_for.name, acting_for.role)


def _time(instant: datetime | None) -> str | None:
    return in_china(instant) if instant is not None else None
