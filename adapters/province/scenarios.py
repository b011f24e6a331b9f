"""The faults and oddities that the simulated province can be told to show, by name.

Each is armed for a number of times; ``settings`` in brackets are optional. What each does exactly
is in docs/adapters/province.md.
"""

from collections.abc import Mapping

from kit.text import Text

ANSWER_AFTER_TIMEOUT = "province.answer_after_timeout"
REFUSE = "province.refuse"
EXCEPTION_ENVELOPE = "province.exception_envelope"
TOKEN_EXPIRED = "province.token_expired"  # noqa: S105 - a name
DUPLICATE_STATUS = "province.duplicate_status"
REORDER_STATUS = "province.reorder_status"
LATE_STATUS = "province.late_status"
RESET_CONNECTION = "province.reset_connection"
HTTP_500 = "province.http_500"

COMMIT_AFTER_TIMEOUT = "province.commit_after_timeout"

SCENARIOS: Mapping[str, Text] = {
    ANSWER_AFTER_TIMEOUT: Text(
        "收件成功，但很晚才应答（delay_s 秒，默认 30）",
        "Takes the filing, but answers too late (delay_s seconds, 30 by default)",
    ),
    COMMIT_AFTER_TIMEOUT: Text(
        "应答超时之后才收件（delay_s 秒，默认 30）",
        "Takes the filing only after our call has timed out (delay_s seconds, 30 by default)",
    ),
    REFUSE: Text(
        "以 state 300 拒绝申报（text 为理由）", "Refuses a filing with state 300 (text: the reason)"
    ),
    EXCEPTION_ENVELOPE: Text(
        "申报时返回异常信封（custom.code 0），不收件",
        "Answers a filing with the exception envelope (custom.code 0) and takes nothing",
    ),
    TOKEN_EXPIRED: Text("令牌提前失效", "Forgets the token before its time"),
    DUPLICATE_STATUS: Text("同一办件状态推送两次", "Pushes a status twice"),
    REORDER_STATUS: Text(
        "办件状态乱序推送：等同一事项的下一条先发（最多等 hold_s 秒，默认 3600）",
        "Pushes a status after the next one of the matter (waits at most hold_s, 3600 by default)",
    ),
    LATE_STATUS: Text(
        "办件状态迟到推送（delay_s 秒，默认 600），不挡后面的",
        "Pushes a status late (delay_s seconds, 600 by default), letting others overtake it",
    ),
    RESET_CONNECTION: Text("不应答，直接断开连接", "Drops the connection without an answer"),
    HTTP_500: Text("返回 HTTP 500，不收件", "Answers HTTP 500 and takes nothing"),
}
