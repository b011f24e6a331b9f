"""The faults and oddities that can be armed for a number of calls (``FarSide.arm``).

Those that concern a call take ``path="/cgi-bin/..."`` to wait for that call alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from kit.text import Text

STABLE_TOKEN = "/cgi-bin/stable_token"  # noqa: S105 - a path.
OLD_TOKEN = "/cgi-bin/token"  # noqa: S105 - a path.
LOGIN = "/sns/jscode2session"
PHONE = "/wxa/business/getuserphonenumber"
FACE_BEGIN = "/cityservice/face/identify/getverifyid"
FACE_RESULT = "/cityservice/face/identify/queryverifyinfo"
SEND = "/cgi-bin/message/subscribe/send"

GUARDED = frozenset({PHONE, FACE_BEGIN, FACE_RESULT, SEND})
"""Behind the access token."""
ALL = GUARDED | {STABLE_TOKEN, OLD_TOKEN, LOGIN}


@dataclass(frozen=True, slots=True)
class PeerRefusal:
    """The call answers ``errcode``, or the one that ``errcode`` names when it is armed, and does
    nothing."""

    paths: frozenset[str]
    errcode: int
    errmsg: str
    says: str
    """What it is, in Chinese, for the mock's page."""

    @property
    def text(self) -> Text:
        return Text(
            f"返回 {self.errcode} {self.says}", f"The call answers {self.errcode}, {self.errmsg}."
        )


def _refusal(errcode: int, errmsg: str, says: str, *paths: str) -> PeerRefusal:
    return PeerRefusal(frozenset(paths) or ALL, errcode, errmsg, says)


REFUSALS: Mapping[str, PeerRefusal] = {
    "wechat.busy": _refusal(20001, "system error", "系统繁忙"),
    "wechat.ip_not_allowed": _refusal(40164, "invalid ip, not in whitelist", "调用 IP 不在白名单"),
    "wechat.account_frozen": _refusal(50004, "account frozen", "帐号已冻结"),
    "wechat.not_permitted": _refusal(48001, "api unauthorized", "接口未授权", *GUARDED),
    "wechat.app_id_invalid": _refusal(
        40013, "invalid appid", "appid 不正确", STABLE_TOKEN, OLD_TOKEN, LOGIN
    ),
    "wechat.app_secret_invalid": _refusal(
        40125, "invalid appsecret", "AppSecret 错误", STABLE_TOKEN, OLD_TOKEN, LOGIN
    ),
    "wechat.token_malformed": _refusal(
        40014, "invalid access_token", "access_token 不合法", *GUARDED
    ),
    "wechat.token_expired": _refusal(42001, "access_token expired", "access_token 过期", *GUARDED),
    "wechat.code_invalid": _refusal(40029, "invalid code", "code 无效", LOGIN, PHONE),
    "wechat.code_used": _refusal(40163, "code been used", "code 已被使用", LOGIN),
    "wechat.too_many_requests": _refusal(
        45011,
        "api minute-quota reach limit, must slower retry next minute",
        "调用过于频繁",
        STABLE_TOKEN,
        LOGIN,
        PHONE,
    ),
    "wechat.open_id_invalid": _refusal(
        40003, "invalid openid", "openid 不正确", PHONE, FACE_BEGIN, SEND
    ),
    "wechat.template_invalid": _refusal(40037, "invalid template_id", "模板不存在", SEND),
    "wechat.page_invalid": _refusal(41030, "invalid page", "页面不存在", SEND),
    "wechat.subscribe_banned": _refusal(
        43107, "subscribe message quota capability banned", "订阅消息能力被封禁", SEND
    ),
    "wechat.keyword_refused": _refusal(
        47003, "argument invalid! data.thing1.value invalid", "模板参数不准确", SEND
    ),
    "wechat.face_certificate_invalid": _refusal(
        84015, "cert_no invalid", "证件信息不合法", FACE_BEGIN
    ),
    "wechat.face_sequence_taken": _refusal(
        84019, "out_seq_no exists", "业务流水号已存在", FACE_BEGIN
    ),
    "wechat.face_open_id_mismatch": _refusal(
        84017, "openid mismatch", "不是发起核身的用户", FACE_RESULT
    ),
    "wechat.face_certificate_mismatch": _refusal(
        84018, "cert_hash invalid or mismatch", "证件信息与发起时不一致", FACE_RESULT
    ),
    "wechat.face_sequence_mismatch": _refusal(
        84020, "out_seq_no mismatch", "业务流水号与发起时不一致", FACE_RESULT
    ),
    "wechat.face_expired": _refusal(84022, "verify_id expired", "核身已过期", FACE_RESULT),
}
"""The numbers are the platform's; where its words for a number are not public they are ours."""

SCENARIOS: Mapping[str, Text] = {
    **{name: refusal.text for name, refusal in REFUSALS.items()},
    "wechat.system_error": Text(
        "返回 -1 系统繁忙", "The call answers -1, system error, and does nothing."
    ),
    "wechat.slow": Text(
        "处理后延迟应答（seconds，默认15秒）",
        "The call acts, then answers late: after `seconds` (15).",
    ),
    "wechat.reset_connection": Text(
        "不应答即断开连接；after_acting 为真时先处理",
        "The connection breaks without an answer; with `after_acting` the call has acted.",
    ),
    "wechat.bad_gateway": Text(
        "返回 502 网页", "The call answers 502 with a web page and does nothing."
    ),
    "wechat.token_invalid": Text(
        "拒绝有效的 access_token（40001）", "A good access token is rejected with 40001."
    ),
    "wechat.token_revoked": Text(
        "access_token 立即失效，可重新获取",
        "The access token dies as it is shown; a new one can be had.",
    ),
    "wechat.high_risk_user": Text(
        "登录被拦截（40226）", "The login is blocked with 40226, high-risk user."
    ),
    "wechat.face_pending": Text(
        "人脸核身已完成但仍显示检测中（10005）",
        "A finished face check still says that it is being compared (10005).",
    ),
    "wechat.face_result": Text(
        "人脸核身结果为指定的 verify_ret（默认 90199）",
        "A face check comes to `verify_ret` (90199, failed) whatever the person did.",
    ),
    "wechat.phone_of_another_app": Text(
        "手机号水印属于其他小程序", "The phone number's watermark names another app."
    ),
    "wechat.refuses_message": Text(
        "虽有授权仍返回 43101", "Sending answers 43101 although consent was given."
    ),
    "wechat.daily_quota": Text(
        "返回 45009 超过当日限额", "Sending answers 45009, the day's quota is used up."
    ),
    "wechat.template_banned": Text(
        "返回 43116 模板被封禁", "Sending answers 43116, the template is banned."
    ),
    "wechat.delivery_failed": Text(
        "已受理但未送达手机", "A message is taken, never shows, and its event says that it failed."
    ),
    "wechat.push_lost": Text(
        "推送一次未到达，稍后重试", "One try of a push does not arrive; the next comes 5 s later."
    ),
    "wechat.push_repeated": Text(
        "推送成功后重复推送", "A push that was answered comes again 5 s later."
    ),
}
