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
            province=province,
            province_timeout_s=read.number("PROVINCE_TIMEOUT_S", 15),
            minimum_versions=read.pairs("MINIMUM_VERSIONS"),
            log_level=read.text("LOG_LEVEL", "info"),
        )


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
