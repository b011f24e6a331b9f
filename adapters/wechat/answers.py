"""What WeChat's calls answer. Any of them may lack ``errcode`` when all went well."""

import msgspec


class Answer(msgspec.Struct):
    errcode: int | None = None
    errmsg: str = ""

    @property
    def ok(self) -> bool:
        return self.errcode in (None, 0)


class TokenAnswer(Answer):
    access_token: str = ""
    expires_in: int = 0


class SessionAnswer(Answer):
    """The ``session_key`` that comes with it is passed over: what is not read cannot be lost."""

    openid: str = ""
    unionid: str | None = None


class Watermark(msgspec.Struct):
    appid: str
    timestamp: int


class PhoneInfo(msgspec.Struct, rename="camel"):
    pure_phone_number: str
    country_code: str | int
    watermark: Watermark


class PhoneAnswer(Answer):
    phone_info: PhoneInfo | None = None


class VerifyIdAnswer(Answer):
    verify_id: str = ""
    expires_in: int = 0


class VerifyResultAnswer(Answer):
    verify_ret: int | None = None


class SentAnswer(Answer):
    msgid: int | str | None = None
