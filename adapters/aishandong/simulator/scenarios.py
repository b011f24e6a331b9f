"""The faults and oddities that can be armed for a number of calls (``FarSide.arm``).

All take ``service`` to wait for one call alone: ``ticket``, ``person``, ``corporation``,
``companies``; the two of the sign endpoint take it for the call that the sign is for.
"""

from collections.abc import Mapping

from kit.text import Text

TICKET_EXPIRED = "aishandong_ticket_expired"
TOKEN_INVALID = "aishandong_token_invalid"  # noqa: S105 - a name
GATEWAY_REFUSES = "aishandong_gateway_refuses"
RETCODE_FAILURE = "aishandong_retcode_failure"
FOREIGN_USER_TYPE = "aishandong_foreign_user_type"
LEVEL = "aishandong_level"
NO_ID_NUMBER = "aishandong_no_id_number"
UNKNOWN_ROLE = "aishandong_unknown_role"
OTHER_SHAPES = "aishandong_other_shapes"
CIPHER_GARBLED = "aishandong_cipher_garbled"
SIGN_ENDPOINT_DOWN = "aishandong_sign_endpoint_down"
SIGN_REFUSED = "aishandong_sign_refused"
SLOW = "aishandong_slow"
RESET_CONNECTION = "aishandong_reset_connection"
BAD_GATEWAY = "aishandong_bad_gateway"

SCENARIOS: Mapping[str, Text] = {
    TICKET_EXPIRED: Text("有效票据按过期拒绝", "A good ticket is refused as expired."),
    TOKEN_INVALID: Text("令牌失效，须重新登录", "The token dies as it is shown."),
    GATEWAY_REFUSES: Text(
        "网关返回非200（code，默认403），不处理",
        "The gateway answers another code than 200 (`code`, 403) and does nothing.",
    ),
    RETCODE_FAILURE: Text(
        "业务返回非000000（retcode，默认999999），不处理",
        "The result inside is a failure (`retcode`, 999999); nothing is done.",
    ),
    FOREIGN_USER_TYPE: Text(
        "票据兑换出另一类用户（个人与法人互换）",
        "A ticket gives the other type of user, person for company.",
    ),
    LEVEL: Text(
        "认证级别显示为 level（默认1，仅注册）",
        "A person is shown with the `authLevel` `level` (1, registered only).",
    ),
    NO_ID_NUMBER: Text(
        "个人信息不含身份证号和手机号", "A person comes without ID number and phone."
    ),
    UNKNOWN_ROLE: Text("企业角色为未知值9", "The role in a company is 9, which nobody explained."),
    OTHER_SHAPES: Text(
        "应答形式互换：文本与对象、数字与文本",
        "Texts of JSON come as objects and objects as texts, codes as numbers.",
    ),
    CIPHER_GARBLED: Text("应答密文损坏", "The cipher text of an answer is damaged."),
    SIGN_ENDPOINT_DOWN: Text("签名接口返回 503（方言C）", "The sign endpoint answers 503 (C)."),
    SIGN_REFUSED: Text("签名接口拒绝（方言C）", "The sign endpoint refuses (C)."),
    SLOW: Text(
        "处理后延迟应答（seconds，默认15秒）",
        "The call acts, then answers late: after `seconds` (15).",
    ),
    RESET_CONNECTION: Text(
        "不应答即断开连接；after_acting 为真时先处理",
        "The connection breaks without an answer; with `after_acting` the call has acted.",
    ),
    BAD_GATEWAY: Text("返回 502 网页", "The call answers 502 with a web page and does nothing."),
}
