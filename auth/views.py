"""What services know, in the form in which clients see it."""

from collections.abc import Iterable
from datetime import datetime

from auth.check_method import BegunCheck
from auth.citizen import Citizen
from auth.consents import ConsentStatus
from auth.models import IdentityCheck
from auth.schemas import (
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
    "identity_bound_elsewhere": Text(
        "您已在其他账号完成实名，请使用原账号登录办理",
        "You proved your identity with another account; please sign in with that one",
    ),
    "expired": Text("核验已过期，请重新发起", "The check has expired; please start again"),
    "superseded": Text("已重新发起核验", "A newer check was started"),
}


def person_view(profile: Profile) -> PersonView:
    return PersonView(
        profile.person_id, profile.display_name, profile.assurance, profile.phone_masked
    )


def session_view(granted: Granted, profile: Profile) -> SessionView:
    return SessionView(
        granted.access.text,
        "Bearer",
        granted.access.expires_in_s,
        granted.refresh_token.reveal(),
        granted.refresh_expires_in_s,
        person_view(profile),
        acting_for=None,
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


def me(profile: Profile, caller: Citizen) -> Me:
    return Me(
        id=profile.person_id,
        display_name=profile.display_name,
        assurance=profile.assurance,
        phone_masked=profile.phone_masked,
        checked_at=_time(profile.checked_at),
        platform=caller.platform,
        acting_for=None,
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


def _time(instant: datetime | None) -> str | None:
    return in_china(instant) if instant is not None else None
