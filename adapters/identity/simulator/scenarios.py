"""The faults and oddities that can be armed for a number of calls (``FarSide.arm``).

All take ``service`` to wait for one question alone: ``match`` or ``companies``.
"""

from collections.abc import Mapping

from kit.text import Text

DOWN = "register_down"
SLOW = "register_slow"
RESET_CONNECTION = "register_reset_connection"
GATEWAY_REFUSES = "register_gateway_refuses"
NOT_PERMITTED = "register_not_permitted"
QUOTA = "register_quota"
NUMBER_INVALID = "register_number_invalid"
FAILURE = "register_failure"
MISMATCH = "register_mismatch"
UNKNOWN_NUMBER = "register_unknown_number"
GARBLED = "register_garbled"
OTHER_SHAPES = "register_other_shapes"
UNKNOWN_ROLE = "register_unknown_role"

SCENARIOS: Mapping[str, Text] = {
    DOWN: Text("返回 503 网页，不处理", "The call answers 503 with a web page and does nothing."),
    SLOW: Text("延迟应答（seconds，默认15秒）", "The call answers late: after `seconds` (15)."),
    RESET_CONNECTION: Text("不应答即断开连接", "The connection breaks without an answer."),
    GATEWAY_REFUSES: Text(
        "网关返回非200（code，默认403）",
        "The gateway answers another code than 200 (`code`, 403).",
    ),
    NOT_PERMITTED: Text("应用无此服务权限", "The application may not ask this."),
    QUOTA: Text("应用配额已用完", "The application's quota is used up."),
    NUMBER_INVALID: Text("有效证件号码按无效拒绝", "A good ID number is refused as none."),
    FAILURE: Text(
        "业务返回非000000（retcode，默认999999）",
        "The result inside is a failure (`retcode`, 999999).",
    ),
    MISMATCH: Text("姓名与证件号码比对不一致", "Name and number do not belong together."),
    UNKNOWN_NUMBER: Text("库中无此号", "There is no such number in the register."),
    GARBLED: Text("应答密文损坏", "The cipher text of an answer is damaged."),
    OTHER_SHAPES: Text(
        "应答形式互换：文本与对象、数字与文本",
        "Texts of JSON come as objects, codes and counts in the other of text and number.",
    ),
    UNKNOWN_ROLE: Text("企业角色为未知值9", "The role in every company is 9, which means nothing."),
}
