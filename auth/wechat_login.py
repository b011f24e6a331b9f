"""Login and phone by WeChat's one-time codes. The session key that comes with a login is not kept:
nothing here decrypts what it protects."""

from adapters.wechat.port import WeChat
from auth.platform_answers import asked, too_many_requests
from auth.platform_login import KnownUser, PlatformUser, needed
from auth.problems import LoginCodeInvalid, LoginRefused, PhoneCodeInvalid
from auth.schemas import Credential, PhoneProof
from kit.secrets import PhoneNumber

PLATFORM = "wechat"


class WeChatPlatformLogin:
    """Implements :class:`auth.platform_login.PlatformLogin`."""

    def __init__(self, wechat: WeChat, app_id: str) -> None:
        self._wechat = wechat
        self._app_id = app_id

    async def identify(self, credential: Credential) -> PlatformUser:
        code = needed(credential.code, "/credential/code")
        login = await asked(
            self._wechat.exchange_code(code),
            {"code_invalid": LoginCodeInvalid(), "too_many_requests": too_many_requests()},
            otherwise=LoginRefused(),
        )
        return PlatformUser(PLATFORM, self._app_id, login.open_id, login.union_id)

    async def phone_number(self, proof: PhoneProof, user: KnownUser) -> PhoneNumber:
        return await asked(
            self._wechat.phone_number(needed(proof.code, "/code"), user.open_id),
            {"too_many_requests": too_many_requests()},
            otherwise=PhoneCodeInvalid(),
        )
