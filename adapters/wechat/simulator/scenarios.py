"""The faults and oddities that can be armed for a number of calls (``FarSide.arm``).

Those that concern a call take ``path="/cgi-bin/..."`` to wait for that call alone.
"""

from collections.abc import Mapping

from kit.text import Text

SCENARIOS: Mapping[str, Text] = {
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
