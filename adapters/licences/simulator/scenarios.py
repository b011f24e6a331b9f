"""The faults and oddities that can be armed for a number of calls (``FarSide.arm``).

Those that say so take ``call`` to wait for one of the two calls alone: ``token`` or ``query``.
"""

from collections.abc import Mapping

from kit.text import Text

DOWN = "licences_down"
SLOW = "licences_slow"
RESET_CONNECTION = "licences_reset_connection"
NOT_ADMITTED = "licences_not_admitted"
TOKEN_DIES = "licences_token_dies"  # noqa: S105 - a scenario's name.
QUOTA = "licences_quota"
FAILURE = "licences_failure"
NOT_FOUND = "licences_not_found"
GARBLED = "licences_garbled"
ALL_TEXTS = "licences_all_texts"
NO_TEXTS = "licences_no_texts"
REVOKED = "licences_revoked"
CANCELLED = "licences_cancelled"
MASKED = "licences_masked"
ANOTHER = "licences_another"

SCENARIOS: Mapping[str, Text] = {
    DOWN: Text(
        "返回 503 网页，不处理（call）", "The call answers 503 with a web page and does nothing."
    ),
    SLOW: Text(
        "延迟应答（seconds，默认15秒；call）", "The call answers late: after `seconds` (15)."
    ),
    RESET_CONNECTION: Text("不应答即断开连接（call）", "The connection breaks without an answer."),
    NOT_ADMITTED: Text(
        "应用未获准入，返回403（call）", "The application is not admitted: code 403."
    ),
    TOKEN_DIES: Text("令牌提前失效", "The token is not accepted any more before its time."),
    QUOTA: Text("调用过于频繁，返回429", "Too many calls: code 429."),
    FAILURE: Text(
        "返回其他代码（code，默认500）", "Another code than 200 comes back (`code`, 500)."
    ),
    NOT_FOUND: Text("查无此企业", "The company is not in the register."),
    GARBLED: Text("应答不是 JSON", "The answer is no JSON."),
    ALL_TEXTS: Text("各层 data 均为 JSON 文本", "`data` is a text of JSON at each level."),
    NO_TEXTS: Text("各层 data 均为对象", "`data` is an object at each level."),
    REVOKED: Text("企业已被吊销，未注销", "The company's licence is revoked."),
    CANCELLED: Text("企业已注销", "The company is cancelled."),
    MASKED: Text("证件号码中间以*号代替", "Document numbers come with stars in the middle."),
    ANOTHER: Text("返回另一家企业的登记信息", "Another company's entry comes back."),
}
