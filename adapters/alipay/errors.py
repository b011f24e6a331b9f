"""The gateway's codes and what each means for us.

``code`` is the gateway's, ``sub_code`` says more. The pairs below are from the platform's public
table and from answers shown in public threads; those marked "from memory" were in no text that we
could read. A code that is not here counts as a passing fault and is reported; an unknown
``sub_code`` falls back to its ``code``.
"""

import re
from collections.abc import Mapping

from adapters.errors import AdapterError, Meaning, Misconfigured, Refused, Unreachable

PEER = "alipay"
SUCCESS = "10000"


_NOT_THIS_WAY = Meaning(Misconfigured, "request_wrong")
_NOT_THIS_CODE = Meaning(Refused, "code_invalid")
_NOT_THIS_KEY = Meaning(Misconfigured, "signature_rejected")
_NOT_THIS_CERTIFICATE = Meaning(Misconfigured, "certificate_rejected")
_NOT_PERMITTED = Meaning(Misconfigured, "not_permitted")
_PHONE_KEPT = Meaning(Refused, "phone_not_given")

CODES: Mapping[str, Meaning] = {
    "20000": Meaning(Unreachable, "system_busy"),  # Service Currently Unavailable
    "20001": _NOT_PERMITTED,  # 授权权限不足
    "40001": _NOT_THIS_WAY,  # 缺少必选参数
    "40002": _NOT_THIS_WAY,  # 非法的参数
    "40003": Meaning(Refused, "conditions_not_met"),  # Insufficient Conditions, from memory
    "40004": Meaning(Refused, "business_failed"),  # Business Failed
    "40005": Meaning(Refused, "too_many_requests"),  # 调用频次超限, from memory
    "40006": _NOT_PERMITTED,  # 权限不足
}

SUB_CODES: Mapping[str, Meaning] = {
    "isv.code-invalid": _NOT_THIS_CODE,  # 授权码code无效: wrong, used or expired; from memory
    "isv.invalid-signature": _NOT_THIS_KEY,  # 无效签名
    "isv.missing-signature-key": _NOT_THIS_KEY,  # 缺少签名配置
    "isv.invalid-app-id": Meaning(Misconfigured, "app_id_invalid"),  # 无效的AppID参数
    "isv.missing-app-id": Meaning(Misconfigured, "app_id_invalid"),
    "isv.invalid-timestamp": Meaning(Misconfigured, "clock_wrong"),  # 非法的时间戳参数
    "isv.app-cert-not-exist": _NOT_THIS_CERTIFICATE,  # 应用公钥证书不存在
    "isv.invalid-alipay-root-cert-sn": _NOT_THIS_CERTIFICATE,
    "isv.invalid-auth-relations": _PHONE_KEPT,  # 无效的授权关系, in the phone's answer
    "OPEN_CERTIFY_BILL_NOT_EXIST": Meaning(Refused, "certification_unknown"),
}

INVALID_PARAMETER = "isv.invalid-parameter"
"""A value that Alipay does not take. Where the value is a person's, the call says what it means:
otherwise anybody could raise an alarm by typing nonsense."""

_WORD = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def failure(
    code: str, sub_code: str, reason: str, invalid_parameter: str | None = None
) -> AdapterError:
    """The adapter error for an answer that is not a success. ``invalid_parameter`` is the code of
    the refusal that :data:`INVALID_PARAMETER` means in this call, None if the value was ours."""
    if sub_code == INVALID_PARAMETER and invalid_parameter is not None:
        return Refused(PEER, invalid_parameter, reason)
    meaning = SUB_CODES.get(sub_code) or CODES.get(code)
    if meaning is None:
        return Unreachable(PEER, f"unknown_{word(code)}", reason)
    return meaning.error(PEER, reason)


def is_known(code: str, sub_code: str) -> bool:
    return sub_code in SUB_CODES or (code in CODES and sub_code == "")


def word(text: str) -> str:
    """The text if it is a code, which may be logged; never prose, which may hold anything."""
    return text if _WORD.fullmatch(text) else "-"
