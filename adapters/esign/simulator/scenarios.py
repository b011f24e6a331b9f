"""The faults and oddities that can be armed for a number of calls (``FarSide.arm``).

All take ``service`` to wait for one of the two alone: ``begin`` or ``find``.
"""

from collections.abc import Mapping

from adapters.far_service import service_scenarios
from kit.text import Text

PREFIX = "esign"
NO_CERTIFICATE = "esign_no_certificate"
WRONG_CERTIFICATE = "esign_wrong_certificate"
EXPIRED_CERTIFICATE = "esign_expired_certificate"
FOREIGN_AUTHORITY = "esign_foreign_authority"
WRONG_KEY = "esign_wrong_key"
WRONG_DIGEST = "esign_wrong_digest"
REPLAYED = "esign_replayed"

SCENARIOS: Mapping[str, Text] = {
    **service_scenarios(PREFIX),
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
}
