"""What must be known to speak to Alipay for one mini-program."""

import base64
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import rsa

from adapters.alipay.certificates import (
    anchors_of,
    chains_to,
    public_key,
    read_certificates,
    read_roots,
)
from adapters.alipay.signing import are_a_pair, read_private_key, read_public_key
from kit.secrets import Secret

_APP_ID = re.compile(r"[0-9]{1,32}")


@dataclass(frozen=True, slots=True)
class AlipaySettings:
    """``ValueError`` when something cannot be right. No secret has a default.

    Either ``alipay_public_key`` (key mode) or the three certificates (certificate mode), as the app
    was set up at Alipay: it answers in that mode only.
    """

    app_id: str
    private_key: Secret
    """Our own key: PEM or bare base64, PKCS#1 or PKCS#8. Its public half was handed to Alipay."""
    content_key: Secret
    """接口内容加密: the AES key in base64, 16 bytes. Opens the phone number."""
    alipay_public_key: str = field(default="", repr=False)
    """支付宝公钥, which Alipay shows after ours (应用公钥) was handed in. They are easily mixed
    up."""
    app_certificate: str = field(default="", repr=False)
    """The text of ``appCertPublicKey_*.crt``."""
    alipay_certificate: str = field(default="", repr=False)
    """The text of ``alipayCertPublicKey_RSA2.crt``, with the issuing certificate that follows."""
    root_certificates: str = field(default="", repr=False)
    """The text of ``alipayRootCert.crt``."""
    gateway_url: str = "https://openapi.alipay.com/gateway.do"

    def __post_init__(self) -> None:
        if _APP_ID.fullmatch(self.app_id) is None:
            raise ValueError("an Alipay app id is 1 to 32 digits")
        content_key(self.content_key)
        address = urlsplit(self.gateway_url)
        if address.scheme not in {"http", "https"} or not address.netloc or not address.path:
            raise ValueError("the gateway's address is a URL with a path")
        certificates = (self.app_certificate, self.alipay_certificate, self.root_certificates)
        if bool(self.alipay_public_key) == any(certificates):
            raise ValueError("give either Alipay's public key or the three certificates")
        own = read_private_key(self.private_key)
        if self.alipay_public_key:
            alipay = read_public_key(self.alipay_public_key)
        elif all(certificates):
            alipay = self._checked_certificates(own)
        else:
            raise ValueError("certificate mode needs all three certificates")
        if are_a_pair(own, alipay):
            raise ValueError("what is set as Alipay's public key is the app's own")

    @property
    def uses_certificates(self) -> bool:
        return not self.alipay_public_key

    def _checked_certificates(self, own: rsa.RSAPrivateKey) -> rsa.RSAPublicKey:
        """Alipay's key. Whether the certificates are still valid is asked when they are used: a
        process must be able to start, and say so, on the day after."""
        try:
            app = read_certificates(self.app_certificate)[0]
            alipay, *between = read_certificates(self.alipay_certificate)
            roots = read_roots(self.root_certificates)
            app_key, alipay_key = public_key(app), public_key(alipay)
        except ValueError as error:
            raise ValueError(f"the certificates cannot be used: {error}") from None
        if not are_a_pair(own, app_key):
            raise ValueError("the app's certificate is not that of the private key")
        if not chains_to(alipay, (), anchors_of(roots, between), None):
            raise ValueError("Alipay's certificate does not lead to the root certificates")
        return alipay_key


def content_key(encoded: Secret) -> bytes:
    """The 16 bytes of the content key; ``ValueError`` for anything else."""
    try:
        key = base64.b64decode(encoded.reveal(), validate=True)
    except ValueError:
        key = b""
    if len(key) != 16:
        raise ValueError("the content key is 16 bytes in base64")
    return key
