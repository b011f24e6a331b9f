"""Login and phone by Alipay's auth code and sealed phone answer. The user's access token that comes
with a login is not kept: nothing here acts for the user at Alipay."""

from adapters.alipay.port import Alipay
from adapters.errors import AdapterError
from auth.platform_answers import asked, too_many_requests
from auth.platform_login import KnownUser, PlatformUser, needed
from auth.problems import LoginCodeInvalid, LoginRefused, PhoneCodeInvalid
from auth.schemas import Credential, PhoneProof
from kit.secrets import PhoneNumber

PLATFORM = "alipay"


class AlipayPlatformLogin:
    """Implements :class:`auth.platform_login.PlatformLogin`."""

    def __init__(self, alipay: Alipay, app_id: str) -> None:
        self._alipay = alipay
        self._app_id = app_id

    async def identify(self, credential: Credential) -> PlatformUser:
        code = needed(credential.code, "/credential/code")
        login = await asked(
            self._alipay.exchange_code(code),
            {"code_invalid": LoginCodeInvalid(), "too_many_requests": too_many_requests()},
            otherwise=LoginRefused(),
        )
        return PlatformUser(PLATFORM, self._app_id, login.open_id, login.union_id)

    async def phone_number(self, proof: PhoneProof, user: KnownUser) -> PhoneNumber:
        response = needed(proof.response, "/response")
        try:
            return self._alipay.read_phone(response)
        except AdapterError as refused:
            raise PhoneCodeInvalid from refused
