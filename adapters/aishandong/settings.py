"""What must be known to speak to the provincial identity platform for one application."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from adapters.aishandong.rsa import rsa_private_key
from adapters.gm import SM2Form, SM2PrivateKey
from adapters.jpaas import GATEWAY_PATH, ORIGINS, GatewaySettings
from kit.secrets import Secret

Dialect = Literal["A", "C", "D"]
"""A: the old ``interface.do`` with MD5. C: the current gateway of Shandong, whose sign is fetched
from an endpoint. D: the generic jpaas gateway with SM2 and SM3."""
AnswerCipher = Literal["SM2", "RSA"]
Assurance = Literal["none", "real_name", "real_person"]

OLD_INTERFACE_PATH = "/JIS/sso/interface.do"

GUESSED_LEVELS: Mapping[str, Assurance] = {"1": "none", "2": "real_name", "3": "real_person"}
"""LOW CONFIDENCE, a guess: the platform's table of ``authLevel`` is not published. That 1 is
registered only, 2 name and number, 3 seen in person or by face is how similar portals number
theirs. To be set by what the platform says when the application is admitted."""


@dataclass(frozen=True, slots=True)
class AiShandongSettings:
    """``ValueError`` when something cannot be right. No secret has a default."""

    dialect: Dialect
    app_id: str
    """The application's mark: ``appmark`` (A), ``app_id`` (C and D)."""
    base_url: str
    """Scheme and host of the gateway, or of the old interface."""
    path: str = ""
    """Empty: the dialect's usual path; C has none and must be told."""
    sign_base_url: str = ""
    """C: scheme and host of the endpoint that signs; empty: the gateway's."""
    sign_path: str = ""
    """C only."""
    app_word: Secret | None = None
    """A only: 16 ASCII characters, both the salt of the sign and the AES key of the answers."""
    private_key: Secret | None = None
    """C and D: ours, for the answers. SM2 in hexadecimal; RSA as PEM or as Base64 of PKCS#8."""
    platform_public_key: str = ""
    """D only: SM2 in hexadecimal, for what we send."""
    answer_cipher: AnswerCipher = "SM2"
    """C only: what the platform encrypts its answers with; RSA in older deployments."""
    cipher_form: SM2Form = field(default_factory=SM2Form)
    origin: str = "1"
    """Where the person is: 0 a browser, 1 the app 爱山东, 2 Alipay, 3 WeChat."""
    escape_quotes: bool = False
    """D only: whether the sign is made over values with each ``"`` written ``&quot;``."""
    levels: Mapping[str, Assurance] = field(default_factory=lambda: dict(GUESSED_LEVELS))

    def __post_init__(self) -> None:
        if not self.app_id:
            raise ValueError("the platform knows us by an app id")
        if self.origin not in ORIGINS:
            raise ValueError(f"the origin is one of {sorted(ORIGINS)}")
        if not set(self.levels.values()) <= {"none", "real_name", "real_person"}:
            raise ValueError("a level means none, real_name or real_person")
        for url in (self.base_url, self.sign_base_url or self.base_url):
            if not url.startswith(("http://", "https://")):
                raise ValueError("an address begins with http:// or https://")
        self._check_dialect()

    def assurance_of(self, level: str) -> Assurance:
        """What an ``authLevel`` proves. A value that nobody explained proves nothing."""
        return self.levels.get(level, "none")

    def word(self) -> str:
        """A: the application's word; ``ValueError`` when it cannot be one."""
        word = self.app_word.reveal() if self.app_word is not None else ""
        if len(word) != 16 or not word.isascii():
            raise ValueError("dialect A needs an app word of 16 ASCII characters")
        return word

    def sm2_private_key(self) -> SM2PrivateKey:
        return SM2PrivateKey(self._private_key())

    def rsa_private_key(self) -> RSAPrivateKey:
        return rsa_private_key(self._private_key())

    def gateway(self) -> GatewaySettings:
        """D: the generic gateway's settings."""
        return GatewaySettings(
            base_url=self.base_url,
            app_id=self.app_id,
            platform_public_key=self.platform_public_key,
            private_key=self._private_key(),
            origin=self.origin,
            path=self.path or GATEWAY_PATH,
            form=self.cipher_form,
            escape_quotes=self.escape_quotes,
        )

    def _check_dialect(self) -> None:
        match self.dialect:
            case "A":
                self.word()
            case "C":
                self._check_c()
            case "D":
                self.gateway()
            case _:
                raise ValueError("the dialect is A, C or D")

    def _check_c(self) -> None:
        if not self.path or not self.sign_path:
            raise ValueError("dialect C needs the paths of the gateway and of the sign endpoint")
        match self.answer_cipher:
            case "SM2":
                self.sm2_private_key()
            case "RSA":
                self.rsa_private_key()
            case _:
                raise ValueError("answers are encrypted with SM2 or RSA")

    def _private_key(self) -> Secret:
        if self.private_key is None:
            raise ValueError(f"dialect {self.dialect} needs the application's private key")
        return self.private_key
