"""Who is calling: sign in, stay signed in, prove who you are, consent."""

from sanic import Blueprint, Request

from auth.citizen import Citizen
from auth.companies import CompanyService
from auth.consents import PURPOSES, ConsentService
from auth.devices import device_of
from auth.guard import CITIZENS, PUBLIC
from auth.identity_checks import IdentityCheckService
from auth.login import LoginService
from auth.problems import (
    ConsentTextOutdated,
    DocumentNotSupported,
    IdentityAttemptsExhausted,
    IdentityCheckRefused,
    LoginCodeInvalid,
    LoginRefused,
    MethodNotAvailable,
    MinorNotServed,
    PhoneCodeInvalid,
    PlatformNotAvailable,
    RefreshTokenInvalid,
    RefreshTokenReused,
)
from auth.schemas import (
    ConsentsView,
    ConsentView,
    GrantConsent,
    IdentityCheckStarted,
    IdentityCheckView,
    KeySet,
    Login,
    OpenSessionsView,
    PersonView,
    PhoneProof,
    Refresh,
    SessionView,
    StartIdentityCheck,
)
from auth.service import PeopleService, Profile
from auth.sessions import Granted, SessionService
from auth.tokens import TokenService
from auth.views import (
    acting_for_view,
    consent_view,
    consents_view,
    identity_check_started,
    identity_check_view,
    open_sessions_view,
    person_view,
    session_view,
)
from kit.answers import Shown
from kit.describe import describe
from kit.idempotency import Once
from kit.limits import Limit
from kit.problems import NotFound, TemporarilyUnavailable, TooManyRequests
from kit.text import Language

bp = Blueprint("auth")

# By address they are high, because a mobile network puts thousands of phones behind one: enough for
# them, and low enough to keep one machine from using up our quota at the platform. By device: no
# phone signs in once a second. Each process counts for itself: asking Redis would be a seventh of a
# whole login, and so high a limit need not be exact.
LOGIN_LIMITS = (
    Limit("login", 600, 60, by="address", shared=False),
    Limit("login-device", 60, 60, by="device", shared=False),
)
REFRESH_LIMITS = (
    Limit("refresh", 600, 60, by="address"),
    Limit("refresh-device", 60, 60, by="device"),
)
# The platform is paid for each phone number and each check, and a farm of accounts sits behind a
# few devices or addresses. A service hall's one device serves a hall full of people.
PHONE_LIMITS = (
    Limit("phone", 10, 600),
    Limit("phone-device", 60, 600, by="device"),
    Limit("phone-address", 300, 600, by="address"),
)
IDENTITY_CHECK_LIMITS = (
    Limit("identity-check", 20, 600),
    Limit("identity-check-device", 60, 600, by="device"),
    Limit("identity-check-address", 300, 600, by="address"),
)
CONSENT_LIMITS = (Limit("consent", 60, 600),)

_NO_STORE = {"Cache-Control": "no-store"}


@bp.post("/auth/login")
@describe(
    "login", "登录", access=PUBLIC, tag="auth", body=Login, returns=SessionView,
    problems=[LoginCodeInvalid, LoginRefused, PlatformNotAvailable, TemporarilyUnavailable],
    limits=LOGIN_LIMITS,
)  # fmt: skip
async def login(
    request: Request, body: Login, logins: LoginService, companies: CompanyService
) -> Shown:
    device = device_of(request.headers)
    signed_in = await logins.login(body.platform, body.credential, device)
    return await _session(signed_in.granted, signed_in.profile, companies)


@bp.post("/auth/refresh")
@describe(
    "refreshSession", "刷新登录", access=PUBLIC, tag="auth", body=Refresh, returns=SessionView,
    problems=[RefreshTokenInvalid, RefreshTokenReused], limits=REFRESH_LIMITS,
)  # fmt: skip
async def refresh(
    request: Request,
    body: Refresh,
    sessions: SessionService,
    people: PeopleService,
    companies: CompanyService,
) -> Shown:
    granted = await sessions.refresh(body.refresh_token, device_of(request.headers))
    return await _session(granted, await people.profile(granted.person_id), companies)


@bp.post("/auth/logout")
@describe("logout", "退出登录", access=CITIZENS, tag="auth", status=204)
async def logout(caller: Citizen, sessions: SessionService) -> Shown:
    await sessions.end(caller.session_id, "logout")
    return Shown(None, 204)


@bp.get("/auth/sessions")
@describe("listSessions", "我的登录设备", access=CITIZENS, tag="auth", returns=OpenSessionsView)
async def list_sessions(caller: Citizen, sessions: SessionService) -> Shown:
    return Shown(open_sessions_view(await sessions.open_sessions(caller.person_id), caller))


@bp.delete("/auth/sessions")
@describe("endSessions", "退出所有设备", access=CITIZENS, tag="auth", status=204)
async def end_sessions(caller: Citizen, sessions: SessionService) -> Shown:
    await sessions.end_all(caller.person_id)
    return Shown(None, 204)


@bp.delete("/auth/sessions/<session_id:str>")
@describe(
    "endSession", "退出某个设备", access=CITIZENS, tag="auth", status=204, problems=[NotFound]
)
async def end_session(caller: Citizen, session_id: str, sessions: SessionService) -> Shown:
    await sessions.end_own(caller.person_id, session_id)
    return Shown(None, 204)


@bp.get("/auth/jwks")
@describe("publicKeys", "访问令牌公钥", access=PUBLIC, tag="auth", returns=KeySet)
async def public_keys(tokens: TokenService) -> Shown:
    return Shown(tokens.jwks(), headers={"Cache-Control": "public, max-age=300"})


@bp.post("/auth/phone")
@describe(
    "givePhone", "绑定手机号", access=CITIZENS, tag="auth", body=PhoneProof, returns=PersonView,
    problems=[PhoneCodeInvalid, PlatformNotAvailable, TemporarilyUnavailable, TooManyRequests],
    limits=PHONE_LIMITS,
)  # fmt: skip
async def give_phone(
    caller: Citizen, body: PhoneProof, logins: LoginService, people: PeopleService
) -> Shown:
    await logins.learn_phone(caller, body)
    return Shown(person_view(await people.profile(caller.person_id)))


@bp.post("/auth/identity-checks")
@describe(
    "startIdentityCheck", "发起实名核验", access=CITIZENS, tag="auth", body=StartIdentityCheck,
    returns=IdentityCheckStarted, status=201, idempotent=True, limits=IDENTITY_CHECK_LIMITS,
    problems=[
        ConsentTextOutdated, DocumentNotSupported, IdentityAttemptsExhausted,
        IdentityCheckRefused, MethodNotAvailable, MinorNotServed, TemporarilyUnavailable,
    ],
)  # fmt: skip
async def start_identity_check(
    caller: Citizen, body: StartIdentityCheck, once: Once, checks: IdentityCheckService
) -> Shown:
    started = await checks.begin(caller, body, once.id)
    async with once.unit():
        check = await checks.keep(caller, started)
        return await once.remember(Shown(identity_check_started(check, started.begun), 201))


@bp.get("/auth/identity-checks/<check_id:str>")
@describe(
    "getIdentityCheck", "实名核验结果", access=CITIZENS, tag="auth", returns=IdentityCheckView,
    problems=[IdentityAttemptsExhausted, NotFound, TemporarilyUnavailable, TooManyRequests],
)  # fmt: skip
async def get_identity_check(
    caller: Citizen,
    check_id: str,
    checks: IdentityCheckService,
    language: Language,
) -> Shown:
    check = await checks.find_out(caller, check_id)
    return Shown(identity_check_view(check, language))


@bp.get("/consents")
@describe("listConsents", "授权文本与状态", access=CITIZENS, tag="me", returns=ConsentsView)
async def list_consents(caller: Citizen, consents: ConsentService, language: Language) -> Shown:
    statuses = await consents.statuses(caller.person_id)
    return Shown(consents_view(statuses, language))


@bp.post("/consents")
@describe(
    "grantConsent", "同意授权", access=CITIZENS, tag="me", body=GrantConsent, returns=ConsentView,
    status=201, idempotent=True, problems=[ConsentTextOutdated], limits=CONSENT_LIMITS,
)  # fmt: skip
async def grant_consent(
    caller: Citizen,
    body: GrantConsent,
    once: Once,
    consents: ConsentService,
    language: Language,
) -> Shown:
    consents.check_version(body.purpose, body.text_version, "/text_version")
    async with once.unit():
        await consents.grant(caller.person_id, [body.purpose], caller.platform)
        status = await consents.status(caller.person_id, body.purpose)
        return await once.remember(Shown(consent_view(status, language), 201))


@bp.delete("/consents/<purpose:str>")
@describe("withdrawConsent", "撤回授权", access=CITIZENS, tag="me", status=204, problems=[NotFound])
async def withdraw_consent(caller: Citizen, purpose: str, consents: ConsentService) -> Shown:
    known = next((known for known in PURPOSES if known == purpose), None)
    if known is None:
        raise NotFound
    await consents.withdraw(caller.person_id, known)
    return Shown(None, 204)


async def _session(granted: Granted, profile: Profile, companies: CompanyService) -> Shown:
    acting_for = await companies.acting_for(granted.person_id, granted.acting_for)
    return Shown(session_view(granted, profile, acting_for_view(acting_for)), headers=_NO_STORE)
