"""The faults and oddities that can be armed for a number of calls (``FarSide.arm``).

All take ``service`` to wait for one of the two alone: ``begin`` or ``find``.
"""

from collections.abc import Mapping

from kit.text import Text

DOWN = "esign_down"
SLOW = "esign_slow"
LOST_ANSWER = "esign_lost_answer"
NOT_PERMITTED = "esign_not_permitted"
QUOTA = "esign_quota"
FAILURE = "esign_failure"
GARBLED = "esign_garbled"
NO_CERTIFICATE = "esign_no_certificate"
WRONG_CERTIFICATE = "esign_wrong_certificate"
EXPIRED_CERTIFICATE = "esign_expired_certificate"
FOREIGN_AUTHORITY = "esign_foreign_authority"
WRONG_KEY = "esign_wrong_key"
WRONG_DIGEST = "esign_wrong_digest"
REPLAYED = "esign_replayed"
OTHER_SHAPES = "esign_other_shapes"

SCENARIOS: Mapping[str, Text] = {
    DOWN: Text("返回 503 网页，不处理", "The call answers 503 with a web page and does nothing."),
    SLOW: Text("延迟应答（seconds，默认15秒）", "The call answers late: after `seconds` (15)."),
    LOST_ANSWER: Text(
        "已处理，但应答丢失", "The call is carried out and the connection breaks without an answer."
    ),
    NOT_PERMITTED: Text("应用无此服务权限", "The application may not ask this."),
    QUOTA: Text("应用配额已用完", "The application's quota is used up."),
    FAILURE: Text(
        "业务返回非000000（retcode，默认999999）",
        "The result inside is a failure (`retcode`, 999999).",
    ),
    GARBLED: Text("应答密文损坏", "The cipher text of an answer is damaged."),
    NO_CERTIFICATE: Text("不给此人发证书", "The service gives this person no certificate."),
    WRONG_CERTIFICATE: Text("证书是另一个人的", "The certificate is somebody else's."),
    EXPIRED_CERTIFICATE: Text("证书已过期", "The certificate was over when it was signed with."),
    FOREIGN_AUTHORITY: Text(
        "证书由不受信任的机构签发", "Another authority issued the certificate."
    ),
    WRONG_KEY: Text("签名不是证书的密钥所签", "Another key than the certificate's signed."),
    WRONG_DIGEST: Text("签的是别的内容", "Something else was signed."),
    REPLAYED: Text(
        "应答是此人另一次签名的", "The answer is that of another signature of the same person."
    ),
    OTHER_SHAPES: Text(
        "应答形式互换：文本与对象、数字与文本",
        "Texts of JSON come as objects, codes in the other of text and number.",
    ),
}
