"""Refusals of this package."""

from typing import ClassVar

from kit.problems import Next, Problem, TooManyRequests
from kit.text import Text


class LoginRequired(Problem):
    """With the challenge that RFC 6750 asks for, like the refusals below that are made from it."""

    status = 401
    code = "login_required"
    title = Text("请先登录", "Please sign in first")
    next: ClassVar[Next | None] = "login"

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": "Bearer"})


class AccessTokenInvalid(LoginRequired):
    code = "access_token_invalid"
    title = Text("登录信息无效，请重新登录", "The access token is not valid; please sign in again")


class AccessTokenExpired(LoginRequired):
    """A front end uses its refresh token first, and signs in again when that is refused."""

    code = "access_token_expired"
    title = Text("登录已过期，请刷新或重新登录", "The access token has expired; refresh it")


class SessionEnded(LoginRequired):
    code = "session_ended"
    title = Text("您已退出登录，请重新登录", "This session has ended; please sign in again")


class RefreshTokenInvalid(LoginRequired):
    """Unknown, expired, of an ended session, or used from another device."""

    code = "refresh_token_invalid"
    title = Text("登录已失效，请重新登录", "The refresh token is not valid; please sign in again")


class RefreshTokenReused(LoginRequired):
    """Somebody has a copy of the token: nobody can tell who, so both are signed out."""

    code = "refresh_token_reused"
    title = Text(
        "为保护您的账号，已退出登录，请重新登录",
        "The refresh token was used twice, so its session was ended; please sign in again",
    )


class LoginCodeInvalid(Problem):
    """The platform does not know the code: wrong, used, or older than five minutes."""

    status = 401
    code = "login_code_invalid"
    title = Text("登录凭证已失效，请重新登录", "The login code is not valid any more")
    next: ClassVar[Next | None] = "login"


class LoginRefused(Problem):
    status = 403
    code = "login_refused"
    title = Text("平台限制了该账号登录", "The platform does not let this account sign in")
    next: ClassVar[Next | None] = "contact"


class PlatformNotAvailable(Problem):
    status = 422
    code = "platform_not_available"
    title = Text("暂不支持该平台", "This platform is not available")
    next: ClassVar[Next | None] = "contact"


class PhoneCodeInvalid(Problem):
    """Not 401: the session is fine, the button must be tapped again."""

    status = 422
    code = "phone_code_invalid"
    title = Text("手机号授权已失效，请重新授权", "The phone code is not valid any more")
    next: ClassVar[Next | None] = "retry"


class MethodNotAvailable(Problem):
    status = 422
    code = "method_not_available"
    title = Text("暂不支持该核验方式", "This way of checking is not available here")
    next: ClassVar[Next | None] = "contact"


class ConsentTextOutdated(Problem):
    """``text_version`` is the one to show and to agree to."""

    status = 422
    code = "consent_text_outdated"
    title = Text("授权文本已更新，请重新阅读并同意", "The consent text has changed; please read it")
    next: ClassVar[Next | None] = "reload"


class MinorNotServed(Problem):
    status = 403
    code = "minor_not_served"
    title = Text("未满18周岁暂不能在线办理", "Under 18, this cannot be done online")
    next: ClassVar[Next | None] = "contact"


class DocumentNotSupported(Problem):
    """A passport, a travel permit, a residence permit: no online check compares these."""

    status = 403
    code = "document_not_supported"
    title = Text("暂不支持该证件在线核验", "This document cannot be checked online")
    next: ClassVar[Next | None] = "contact"

    def __init__(self) -> None:
        super().__init__(
            Text(
                "在线核验只支持居民身份证。持护照、港澳台居民通行证或居住证、外国人永久居留身份证的，"
                "请携带证件到政务服务大厅窗口办理",
                "Only resident ID cards are checked online. Please bring your passport, travel or"
                " residence permit, or permanent resident's card to a service hall",
            )
        )


class IdentityCheckRefused(Problem):
    """The check's provider does not take this name and number."""

    status = 422
    code = "identity_check_refused"
    title = Text(
        "无法发起核验，请核对姓名和证件号码",
        "The check could not be started; please look at the name and the number again",
    )
    next: ClassVar[Next | None] = "fix_fields"


class IdentityAttemptsExhausted(TooManyRequests):
    code = "identity_attempts_exhausted"
    title = Text(
        "今日核验失败次数过多，请明天再试或到政务服务大厅办理",
        "Too many failed checks today; try tomorrow or go to a service hall",
    )


class IdentityCheckRequired(Problem):
    status = 403
    code = "identity_check_required"
    title = Text("请先完成人脸核验", "Please prove who you are first")
    next: ClassVar[Next | None] = "verify_identity"


class TooManyAddresses(Problem):
    status = 409
    code = "too_many_addresses"
    title = Text("保存的地址太多，请先删除不用的", "Too many addresses are kept; delete some first")
    next: ClassVar[Next | None] = "fix_fields"


class TerminalNotAuthentic(Problem):
    """Unknown, signed with another secret, of another moment, or the same request once more."""

    status = 401
    code = "terminal_not_authentic"
    title = Text("无法确认终端身份", "The terminal could not be verified")
    next: ClassVar[Next | None] = "contact"

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": "Terminal"})


class CallbackNotAuthentic(Problem):
    """The sender did not prove to be the platform; nothing of what came is kept."""

    status = 403
    code = "callback_not_authentic"
    title = Text("无法确认请求来源", "The sender could not be verified")
    next = None
