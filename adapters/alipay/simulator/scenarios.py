"""The faults and oddities that can be armed for a number of calls (``FarSide.arm``).

Those that concern a call take ``method="alipay.system.oauth.token"`` or the like to wait for that
call alone; without it they take the next call, a certificate's download excepted.
"""

from collections.abc import Mapping

from kit.text import Text

BUSY = "alipay_busy"
TOO_FREQUENT = "alipay_too_frequent"
NOT_PERMITTED = "alipay_not_permitted"
CLOCK_WRONG = "alipay_clock_wrong"
CODE_USED = "alipay_code_used"
UNKNOWN_CODE = "alipay_unknown_code"
UNSIGNED_ERROR = "alipay_unsigned_error"
ERROR_IN_ANSWER = "alipay_error_in_answer"
USER_ID = "alipay_user_id"
CERTIFICATE_INVALID = "alipay_certificate_invalid"
CERTIFICATION_PENDING = "alipay_certification_pending"
CERTIFICATION_UNKNOWN = "alipay_certification_unknown"
WRONG_SIGNATURE = "alipay_wrong_signature"
NO_SIGNATURE = "alipay_no_signature"
GARBAGE = "alipay_garbage"
SLOW = "alipay_slow"
RESET_CONNECTION = "alipay_reset_connection"
BAD_GATEWAY = "alipay_bad_gateway"
CERTIFICATE_ROTATED = "alipay_certificate_rotated"
CERTIFICATE_FORGED = "alipay_certificate_forged"
CERTIFICATE_EXPIRED = "alipay_certificate_expired"
CERTIFICATE_OF_MERCHANT = "alipay_certificate_of_merchant"
CERTIFICATE_WITHHELD = "alipay_certificate_withheld"
PHONE_NOT_PERMITTED = "alipay_phone_not_permitted"
PHONE_FORGED = "alipay_phone_forged"
NOTICE_LOST = "alipay_notice_lost"
NOTICE_REPEATED = "alipay_notice_repeated"
NOTICE_FORGED = "alipay_notice_forged"

SCENARIOS: Mapping[str, Text] = {
    BUSY: Text(
        "返回 20000 服务不可用；after_acting 为真时已处理",
        "The call answers 20000, unavailable; with `after_acting` it has acted.",
    ),
    TOO_FREQUENT: Text("返回 40005 调用频次超限", "The call answers 40005, too many calls."),
    NOT_PERMITTED: Text("返回 40006 权限不足", "The call answers 40006, the app may not do this."),
    CLOCK_WRONG: Text(
        "拒绝时间戳（isv.invalid-timestamp）", "The call's time stamp is refused as if off."
    ),
    CODE_USED: Text(
        "登录授权码视为已使用（isv.code-invalid）", "A good login code is taken for a used one."
    ),
    UNKNOWN_CODE: Text("返回未公布的网关码 49999", "The call answers 49999, a code of no table."),
    UNSIGNED_ERROR: Text("错误应答不带签名", "An error comes without a signature."),
    ERROR_IN_ANSWER: Text(
        "错误放在接口应答名下而不是 error_response",
        "An error comes under the call's own name instead of error_response, or the other way.",
    ),
    USER_ID: Text(
        "登录返回 user_id 而不是 open_id", "A login gives user_id, as to old apps, and no open_id."
    ),
    CERTIFICATE_INVALID: Text(
        "认证初始化拒绝姓名证件号（isv.invalid-parameter）",
        "Beginning a certification refuses the name and number.",
    ),
    CERTIFICATION_PENDING: Text(
        "认证已完成但查询仍未出结果", "A finished certification still shows no result."
    ),
    CERTIFICATION_UNKNOWN: Text(
        "查询返回认证单不存在", "A query answers OPEN_CERTIFY_BILL_NOT_EXIST."
    ),
    WRONG_SIGNATURE: Text(
        "应答签名与内容不符", "The call acts; its answer was altered after it was signed."
    ),
    NO_SIGNATURE: Text("成功应答不带签名", "The call acts and answers without a signature."),
    GARBAGE: Text(
        "应答不是网关格式（body 可指定内容）", "The answer is no JSON (or what `body` says)."
    ),
    SLOW: Text(
        "处理后延迟应答（seconds，默认15秒）",
        "The call acts, then answers late: after `seconds` (15).",
    ),
    RESET_CONNECTION: Text(
        "不应答即断开连接；after_acting 为真时先处理",
        "The connection breaks without an answer; with `after_acting` the call has acted.",
    ),
    BAD_GATEWAY: Text("返回 502 网页", "The call answers 502 with a web page and does nothing."),
    CERTIFICATE_ROTATED: Text(
        "（证书模式）支付宝更换公钥证书，可下载",
        "Certificate mode: Alipay changes to a new certificate, which can be downloaded.",
    ),
    CERTIFICATE_FORGED: Text(
        "（证书模式）应答由伪造机构的证书签名",
        "Certificate mode: an answer is signed by a certificate of another authority's making.",
    ),
    CERTIFICATE_EXPIRED: Text(
        "（证书模式）应答由已过期的证书签名",
        "Certificate mode: an answer is signed by a certificate whose time is over.",
    ),
    CERTIFICATE_OF_MERCHANT: Text(
        "（证书模式）应答由同一机构签发的商户证书签名",
        "Certificate mode: an answer is signed by a merchant's certificate of the same issuer.",
    ),
    CERTIFICATE_WITHHELD: Text(
        "（证书模式）更换后的证书下载不到", "Certificate mode: a certificate cannot be downloaded."
    ),
    PHONE_NOT_PERMITTED: Text(
        "手机号不予提供（shape：plain、nested、sealed）",
        "The phone button gives 40003 instead of a number, in the `shape` plain, nested or sealed.",
    ),
    PHONE_FORGED: Text("手机号密文由他人签名", "The phone number is signed by somebody else."),
    NOTICE_LOST: Text(
        "通知一次未到达，稍后重发", "One try of a notice does not arrive; the next comes later."
    ),
    NOTICE_REPEATED: Text(
        "通知成功后重复推送", "A notice that was answered comes again 4 minutes later."
    ),
    NOTICE_FORGED: Text("通知由他人签名", "A notice is signed by somebody else."),
}
