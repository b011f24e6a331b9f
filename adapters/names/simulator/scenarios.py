"""The faults and oddities that can be armed for a number of calls (``FarSide.arm``).

All take ``service`` to wait for one question alone: ``check``, ``reserve``, ``find`` or
``release``.
"""

from collections.abc import Mapping

from kit.text import Text

DOWN = "names_down"
SLOW = "names_slow"
RESET_CONNECTION = "names_reset_connection"
GATEWAY_REFUSES = "names_gateway_refuses"
NOT_PERMITTED = "names_not_permitted"
QUOTA = "names_quota"
FAILURE = "names_failure"
GARBLED = "names_garbled"
OTHER_SHAPES = "names_other_shapes"
LOST_ANSWER = "names_lost_answer"
TAKEN = "names_taken"
SIMILAR = "names_similar"
NOT_ALLOWED = "names_not_allowed"
STRANGE_LINE = "names_strange_line"

SCENARIOS: Mapping[str, Text] = {
    DOWN: Text("返回 503 网页，不处理", "The call answers 503 with a web page and does nothing."),
    SLOW: Text("延迟应答（seconds，默认15秒）", "The call answers late: after `seconds` (15)."),
    RESET_CONNECTION: Text("不处理即断开连接", "The connection breaks; nothing was done."),
    LOST_ANSWER: Text("处理完成后断开连接", "It is done, and then the connection breaks."),
    GATEWAY_REFUSES: Text(
        "网关返回非200（code，默认403）",
        "The gateway answers another code than 200 (`code`, 403).",
    ),
    NOT_PERMITTED: Text("应用无此服务权限", "The application may not ask this."),
    QUOTA: Text("应用配额已用完", "The application's quota is used up."),
    FAILURE: Text(
        "业务返回非000000（retcode，默认999999）",
        "The result inside is a failure (`retcode`, 999999).",
    ),
    GARBLED: Text("应答密文损坏", "The cipher text of an answer is damaged."),
    OTHER_SHAPES: Text(
        "应答形式互换：文本与对象、数字与文本",
        "Texts of JSON come as objects, codes in the other of text and number.",
    ),
    TAKEN: Text("名称已被他人占用", "Somebody has the name already, whatever it is."),
    SIMILAR: Text("有近似名称", "There is a similar name, whatever it is."),
    NOT_ALLOWED: Text("名称因禁限用规则不予保留", "The rules forbid to keep the name."),
    STRANGE_LINE: Text(
        "名称列表中有无法识别的类型9", "One of the names found is of kind 9, which means nothing."
    ),
}
