"""Everything the process is told from outside, read once, typed and frozen.

No secret has a default. What is missing is listed all at once, by name, and never with a value.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from adapters.aishandong.settings import GUESSED_LEVELS, AiShandongSettings
from adapters.alipay.settings import AlipaySettings
from adapters.gm import SM2Form
from adapters.identity.settings import IdentityRegisterSettings
from adapters.jpaas import GATEWAY_PATH, GatewaySettings
from adapters.province.settings import ProvinceSettings
from adapters.wechat.settings import WeChatSettings
from kit.secrets import Secret

Group = TypeVar("Group")


class SettingsIncomplete(Exception):
    """The process cannot start; ``faults`` has one line for each name."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class HTTPSettings:
    host: str
    port: int
    public_url: str
    """Where phones and peers reach us, without a path or a trailing slash."""
    body_bytes_max: int
    trusted_proxies: int
    """How many reverse proxies stand before us; their ``X-Forwarded-For`` is believed, no more."""
    metrics_port: int
    """A port of its own for ``/metrics``; 0 serves them beside everything else."""
    worker_port: int
    """Where a worker tells whether it lives, and its metrics; 0: nowhere."""


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    url: str
    connections_max: int

    @property
    def embedded(self) -> bool:
        return self.url.startswith("sqlite:")


@dataclass(frozen=True, slots=True)
class KeySettings:
    """Keys by id; the first token key signs, the others only verify."""

    field_keys: Mapping[str, bytes]
    field_key_current: str
    index_key: bytes
    token_keys: Mapping[str, bytes]

    def __repr__(self) -> str:
        return "KeySettings(***)"


@dataclass(frozen=True, slots=True)
class Settings:
    data_dir: Path
    http: HTTPSettings
    database: DatabaseSettings
    redis_url: str | None
    keys: KeySettings
    storage_dir: Path
    wechat: WeChatSettings
    alipay: AlipaySettings | None
    """None where the mini-program is not offered there; the same for the two below."""
    aishandong: AiShandongSettings | None
    identity_register: IdentityRegisterSettings | None
    province: ProvinceSettings
    province_timeout_s: int
    """How long one call to the province may take; its departments' servers are slow."""
    minimum_versions: Mapping[str, str]
    log_level: str

    @property
    def embedded(self) -> bool:
        """One process does everything: it serves, relays and owns its data folder."""
        return self.database.embedded

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """Raises SettingsIncomplete with every missing or malformed name."""
        read = _Reader(environ)
        data_dir = Path(read.text("DATA_DIR", ".data")).resolve()
        http = HTTPSettings(
            host=read.text("HOST", "127.0.0.1"),
            port=read.number("PORT", 8000),
            public_url=read.text("PUBLIC_URL").rstrip("/"),
            body_bytes_max=read.number("BODY_BYTES_MAX", 12 * 1024 * 1024),
            trusted_proxies=read.number("TRUSTED_PROXIES", 0),
            metrics_port=read.number("METRICS_PORT", 0),
            worker_port=read.number("WORKER_PORT", 0),
        )
        database = DatabaseSettings(
            url=read.text("DATABASE_URL", f"sqlite:///{data_dir}/bff.sqlite3"),
            connections_max=read.number("DATABASE_CONNECTIONS_MAX", 20),
        )
        keys = KeySettings(
            field_keys=read.keys("FIELD_KEYS"),
            field_key_current=read.text("FIELD_KEY_CURRENT"),
            index_key=read.key("INDEX_KEY"),
            token_keys=read.keys("TOKEN_KEYS"),
        )
        redis_url = environ.get("REDIS_URL") or None
        wechat, province = _wechat(read), _province(read)
        alipay, aishandong, identity_register = _alipay(read), _aishandong(read), _register(read)
        read.faults += _contradictions(database, keys, redis_url)
        if read.faults or wechat is None or province is None:
            raise SettingsIncomplete(read.faults)
        return cls(
            data_dir=data_dir,
            http=http,
            database=database,
            redis_url=redis_url,
            keys=keys,
            storage_dir=Path(read.text("STORAGE_DIR", str(data_dir / "files"))),
            wechat=wechat,
            alipay=alipay,
            aishandong=aishandong,
            identity_register=identity_register,
            province=province,
            province_timeout_s=read.number("PROVINCE_TIMEOUT_S", 15),
            minimum_versions=read.pairs("MINIMUM_VERSIONS"),
            log_level=read.text("LOG_LEVEL", "info"),
        )


_ALIPAY_CERTIFICATES = {
    "app_certificate": "appCertPublicKey.crt",
    "alipay_certificate": "alipayCertPublicKey_RSA2.crt",
    "root_certificates": "alipayRootCert.crt",
}
"""As they are downloaded from Alipay, the first without the app id in its name."""


def _wechat(read: "_Reader") -> WeChatSettings | None:
    values = {
        "base_url": read.text("WECHAT_BASE_URL", "https://api.weixin.qq.com"),
        "app_id": read.text("WECHAT_APP_ID"),
        "app_secret": read.secret("WECHAT_APP_SECRET"),
        "message_token": read.secret("WECHAT_MESSAGE_TOKEN"),
        "message_aes_key": read.secret("WECHAT_MESSAGE_AES_KEY"),
        "original_id": read.text("WECHAT_ORIGINAL_ID"),
        "templates": read.pairs("WECHAT_TEMPLATES"),
        "miniprogram_state": read.text("WECHAT_MINIPROGRAM_STATE", "formal"),
    }
    return read.checked("WECHAT_", WeChatSettings, values)


def _alipay(read: "_Reader") -> AlipaySettings | None:
    if not read.has("ALIPAY_APP_ID"):
        return None
    values: dict[str, Any] = {
        "app_id": read.text("ALIPAY_APP_ID"),
        "private_key": read.secret("ALIPAY_PRIVATE_KEY"),
        "content_key": read.secret("ALIPAY_CONTENT_KEY"),
        "gateway_url": read.text("ALIPAY_GATEWAY_URL", "https://openapi.alipay.com/gateway.do"),
    }
    if read.has("ALIPAY_CERTIFICATES_DIR"):
        folder = Path(read.text("ALIPAY_CERTIFICATES_DIR"))
        values |= {
            name: read.file("ALIPAY_CERTIFICATES_DIR", folder / file)
            for name, file in _ALIPAY_CERTIFICATES.items()
        }
    else:
        values["alipay_public_key"] = read.text("ALIPAY_PUBLIC_KEY")
    return read.checked("ALIPAY_", AlipaySettings, values)


def _aishandong(read: "_Reader") -> AiShandongSettings | None:
    if not read.has("AISHANDONG_APP_ID"):
        return None
    values = {
        "dialect": read.text("AISHANDONG_DIALECT"),
        "app_id": read.text("AISHANDONG_APP_ID"),
        "base_url": read.text("AISHANDONG_BASE_URL"),
        "path": read.optional("AISHANDONG_PATH"),
        "sign_base_url": read.optional("AISHANDONG_SIGN_BASE_URL"),
        "sign_path": read.optional("AISHANDONG_SIGN_PATH"),
        "app_word": Secret(read.optional("AISHANDONG_APP_WORD")),
        "private_key": Secret(read.optional("AISHANDONG_PRIVATE_KEY")),
        "platform_public_key": read.optional("AISHANDONG_PLATFORM_PUBLIC_KEY"),
        "answer_cipher": read.text("AISHANDONG_ANSWER_CIPHER", "SM2"),
        "cipher_form": read.cipher_form("AISHANDONG_CIPHER_FORM"),
        "origin": read.text("AISHANDONG_ORIGIN", "1"),
        "escape_quotes": read.optional("AISHANDONG_ESCAPE_QUOTES") == "yes",
        "levels": read.pairs("AISHANDONG_LEVELS") or dict(GUESSED_LEVELS),
    }
    return read.checked("AISHANDONG_", AiShandongSettings, values)


def _register(read: "_Reader") -> IdentityRegisterSettings | None:
    if not read.has("IDENTITY_REGISTER_APP_ID"):
        return None
    values = {
        "base_url": read.text("IDENTITY_REGISTER_BASE_URL"),
        "app_id": read.text("IDENTITY_REGISTER_APP_ID"),
        "platform_public_key": read.text("IDENTITY_REGISTER_PLATFORM_PUBLIC_KEY"),
        "private_key": read.secret("IDENTITY_REGISTER_PRIVATE_KEY"),
        "origin": read.text("IDENTITY_REGISTER_ORIGIN", "0"),
        "path": read.text("IDENTITY_REGISTER_PATH", GATEWAY_PATH),
        "form": read.cipher_form("IDENTITY_REGISTER_CIPHER_FORM"),
    }
    gateway = read.checked("IDENTITY_REGISTER_", GatewaySettings, values)
    if gateway is None:
        return None
    interfaces = {
        "gateway": gateway,
        "match_interface": read.text("IDENTITY_REGISTER_MATCH_INTERFACE", "realNameMatch"),
        "companies_interface": read.text(
            "IDENTITY_REGISTER_COMPANIES_INTERFACE", "findCorporationsByPerson"
        ),
    }
    return read.checked("IDENTITY_REGISTER_", IdentityRegisterSettings, interfaces)


def _province(read: "_Reader") -> ProvinceSettings | None:
    values = {
        "base_url": read.text("PROVINCE_BASE_URL"),
        "app_key": read.secret("PROVINCE_APP_KEY"),
        "encrypt_key": read.secret("PROVINCE_ENCRYPT_KEY"),
        "callback_token": read.secret("PROVINCE_CALLBACK_TOKEN"),
        "document_token": read.secret("PROVINCE_DOCUMENT_TOKEN"),
    }
    return read.checked("PROVINCE_", ProvinceSettings, values)


def _contradictions(
    database: DatabaseSettings, keys: KeySettings, redis_url: str | None
) -> list[str]:
    faults = []
    if keys.field_keys and keys.field_key_current not in keys.field_keys:
        faults.append("FIELD_KEY_CURRENT: names no key of FIELD_KEYS")
    if not database.embedded and redis_url is None:
        faults.append("REDIS_URL: needed with a database server, where several processes run")
    if urlsplit(database.url).scheme not in {"sqlite", "mysql", "mysql+aiomysql"}:
        faults.append("DATABASE_URL: sqlite:///, mysql:// or mysql+aiomysql:// expected")
    return faults


class _Reader:
    """Reads names and collects faults, so that an operator sees all of them at the first start."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.faults: list[str] = []

    def text(self, name: str, default: str | None = None) -> str:
        value = self._environ.get(name) or default
        if value is None:
            self.faults.append(f"{name}: missing")
            return ""
        return value

    def has(self, name: str) -> bool:
        return bool(self._environ.get(name))

    def optional(self, name: str) -> str:
        return self._environ.get(name) or ""

    def file(self, name: str, path: Path) -> str:
        """The text of a file that ``name`` led to."""
        try:
            return path.read_text()
        except (OSError, UnicodeDecodeError):
            self.faults.append(f"{name}: {path.name} cannot be read there")
            return ""

    def cipher_form(self, name: str) -> SM2Form:
        """``C1C3C2,04,hex``: the order, ``04`` or ``bare``, the encoding; that is the default."""
        order, prefix, encoding = ((self.optional(name) or "C1C3C2,04,hex") + ",,").split(",")[:3]
        try:
            if prefix not in {"04", "bare"}:
                raise ValueError("04 or bare expected")
            values: Any = {"order": order, "prefixed": prefix == "04", "encoding": encoding}
            return SM2Form(**values)
        except ValueError as error:
            self.faults.append(f"{name}: {error}")
            return SM2Form()

    def secret(self, name: str) -> Secret:
        return Secret(self.text(name))

    def number(self, name: str, default: int) -> int:
        value = self._environ.get(name)
        if not value:
            return default
        if not value.isascii() or not value.isdigit():
            self.faults.append(f"{name}: a whole number expected")
            return default
        return int(value)

    def key(self, name: str) -> bytes:
        return self._decoded(name, self.text(name))

    def keys(self, name: str) -> dict[str, bytes]:
        """``id:base64,id:base64``, 32 bytes each."""
        return {
            key_id: self._decoded(name, value) for key_id, value in self.pairs(name, ...).items()
        }

    def pairs(self, name: str, default: Any = "") -> dict[str, str]:
        """``key:value,key:value``; the default is no pair."""
        text = self.text(name, None if default is ... else default or " ").strip()
        pairs = {}
        for part in filter(None, text.split(",")):
            key, colon, value = part.strip().partition(":")
            if not colon or not key or not value:
                self.faults.append(f"{name}: key:value pairs expected, separated by commas")
                return {}
            pairs[key] = value
        return pairs

    def checked(self, prefix: str, kind: type[Group], values: dict[str, Any]) -> Group | None:
        """An adapter's own settings; what it will not have becomes a fault like the others."""
        if any(fault.startswith(prefix) for fault in self.faults):
            return None
        try:
            return kind(**values)
        except ValueError as error:
            self.faults.append(f"{prefix}*: {error}")
            return None

    def _decoded(self, name: str, value: str) -> bytes:
        try:
            key = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if value and len(key) != 32:
            self.faults.append(f"{name}: 32 bytes in base64 expected")
        return key
