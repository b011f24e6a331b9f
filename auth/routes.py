"""Who is calling: sign in, stay signed in, prove who you are, consent."""

from sanic import Blueprint, Request

from auth.citizen import Citizen
from auth.consents import PURPOSES, ConsentService
from auth.devices import device_of
from auth.guard import CITIZENS, PUBLIC
from auth.identity_checks import IdentityCheckService
from auth.login import LoginService
from auth.problems import (
    ConsentTextOutdated,
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
    Me,
    OpenSessionsView,
    PersonView,
    PhoneProof,
    Refresh,
    SessionView,
    StartIdentityCheck,
)
from auth.service import PeopleService
from auth.sessions import Granted, SessionService
from auth.tokens import TokenService
from auth.views import (
    consent_view,
    consents_view,
    identity_check_started,
    identity_check_view,
    me,
    open_sessions_view,
    person_view,
    session_view,
)
from kit.answers import Shown
from kit.describe import Limit, describe
from kit.idempotency import Once
from kit.problems import NotFound, TemporarilyUnavailable, TooManyRequests
from kit.text import Language

bp = Blueprint("auth")

# By address, and a mobile network puts thousands of phones behind one: high enough for them, low
# enough to keep one machine from using up our quota at the platform.
LOGIN_LIMIT = Limit("login", 600, 60)
REFRESH_LIMIT = Limit("refresh", 600, 60)
# By person. The platform is paid for each phone number.
PHONE_LIMIT = Limit("phone", 10, 600)
IDENTITY_CHECK_LIMIT = Limit("identity-check", 20, 600)

_NO_STORE = {"Cache-Control": "no-store"}


@bp.post("/auth/login")
@describe(
    "login", "登录", access=PUBLIC, tag="auth", body=Login, returns=SessionView,
    problems=[LoginCodeInvalid, LoginRefused, PlatformNotAvailable, TemporarilyUnavailable],
    limit=LOGIN_LIMIT,
)  # fmt: skip
async def login(
    request: Request, body: Login, logins: LoginService, people: PeopleService
) -> Shown:
    device = device_of(request.headers)
    return await _session(await logins.login(body.platform, body.credential, device), people)


@bp.post("/auth/refresh")
@describe(
    "refreshSession", "刷新登录", access=PUBLIC, tag="auth", body=Refresh, returns=SessionView,
    problems=[RefreshTokenInvalid, RefreshTokenReused], limit=REFRESH_LIMIT,
)  # fmt: skip
async def refresh(
    request: Request, body: Refresh, sessions: SessionService, people: PeopleService
) -> Shown:
    device = device_of(request.headers)
    return await _session(await sessions.refresh(body.refresh_token, device), people)


@bp.post("/auth/logout")
@describe("logout", "退出登录", access=CITIZENS, tag="auth", status=204)
async def logout(caller: Citizen, sessions: SessionService) -> Shown:
    await sessions.end(caller.session_id, "logout")
    return Shown(None, 204)


@bp.get("/auth/sessions")
@describe("listSessions", "我的登录设备", access=CITIZENS, tag="auth", returns=OpenSessionsView)
async def list_sessions(caller: Citizen, sessions: SessionService) -> Shown:
    return Shown(open_sessions_view(await sessions.open_sessions(caller.person_id), caller))


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
    limit=PHONE_LIMIT,
)  # fmt: skip
async def give_phone(
    caller: Citizen, body: PhoneProof, logins: LoginService, people: PeopleService
) -> Shown:
    await logins.learn_phone(caller, body)
    return Shown(person_view(await people.profile(caller.person_id)))


@bp.post("/auth/identity-checks")
@describe(
    "startIdentityCheck", "发起实名核验", access=CITIZENS, tag="auth", body=StartIdentityCheck,
    returns=IdentityCheckStarted, status=201, idempotent=True, limit=IDENTITY_CHECK_LIMIT,
    problems=[
        ConsentTextOutdated, IdentityAttemptsExhausted, IdentityCheckRefused, MethodNotAvailable,
        MinorNotServed, TemporarilyUnavailable,
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
    problems=[NotFound, TemporarilyUnavailable, TooManyRequests],
)  # fmt: skip
async def get_identity_check(
    caller: Citizen,
    check_id: str,
    checks: IdentityCheckService,
    language: Language,
) -> Shown:
    check = await checks.find_out(caller.person_id, check_id)
    return Shown(identity_check_view(check, language))


@bp.get("/me")
@describe("getMe", "我的信息", access=CITIZENS, tag="me", returns=Me)
async def get_me(caller: Citizen, people: PeopleService) -> Shown:
    return Shown(me(await people.profile(caller.person_id), caller))


@bp.get("/consents")
@describe("listConsents", "授权文本与状态", access=CITIZENS, tag="me", returns=ConsentsView)
async def list_consents(caller: Citizen, consents: ConsentService, language: Language) -> Shown:
    statuses = await consents.statuses(caller.person_id)
    return Shown(consents_view(statuses, language))


@bp.post("/consents")
@describe(
    "grantConsent", "同意授权", access=CITIZENS, tag="me", body=GrantConsent, returns=ConsentView,
    status=201, idempotent=True, problems=[ConsentTextOutdated],
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


async def _session(granted: Granted, people: PeopleService) -> Shown:
    profile = await people.profile(granted.person_id)
    return Shown(session_view(granted, profile), headers=_NO_STORE)
