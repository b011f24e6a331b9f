"""Everything the process is told from outside, read once, typed and frozen.

No secret has a default. What is missing is listed all at once, by name, and never with a value.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from adapters.aishandong.settings import GUESSED_LEVELS, AiShandongSettings
from adapters.alipay.settings import AlipaySettings
from adapters.esign.settings import ESignatureSettings
from adapters.identity.settings import IdentityRegisterSettings
from adapters.jpaas import GATEWAY_PATH, GatewaySettings
from adapters.licences.settings import LicenceSettings
from adapters.names.settings import INTERFACES as NAME_INTERFACES
from adapters.names.settings import NameLibrarySettings
from adapters.province.settings import ProvinceSettings
from adapters.scanning.settings import BYTES_MAX as SCANNER_BYTES_MAX
from adapters.scanning.settings import ScannerSettings
from adapters.storage.settings import S3Settings
from adapters.wechat.settings import WeChatSettings
from auth.terminal import Terminal
from bff.environment import EnvironmentReader
from kit.secrets import Secret
from miniprogram_api.materials.intake import KEPT_BYTES_MAX


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

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "DatabaseSettings":
        """For commands that need nothing else. Raises SettingsIncomplete."""
        read = EnvironmentReader(environ)
        settings = _database(read, Path(read.text("DATA_DIR", ".data")).resolve())
        if read.faults:
            raise SettingsIncomplete(read.faults)
        return settings

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
    """Not used where there is an object store."""
    object_store: S3Settings | None
    scanner: ScannerSettings | None
    """None: files are not scanned."""
    wechat: WeChatSettings
    alipay: AlipaySettings | None
    """None where the mini-program is not offered there; the same for those below."""
    aishandong: AiShandongSettings | None
    identity_register: IdentityRegisterSettings | None
    name_library: NameLibrarySettings | None
    licences: LicenceSettings | None
    e_signature: ESignatureSettings | None
    """None: nothing that has to be signed can be submitted."""
    province: ProvinceSettings
    province_timeout_s: int
    """How long one call to the province may take; its departments' servers are slow."""
    terminals: tuple[Terminal, ...]
    """The counters and kiosks to which a person may hand over a draft."""
    minimum_versions: Mapping[str, str]
    log_level: str

    @property
    def embedded(self) -> bool:
        """One process does everything: it serves, relays and owns its data folder."""
        return self.database.embedded

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """Raises SettingsIncomplete with every missing or malformed name."""
        read = EnvironmentReader(environ)
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
        database = _database(read, data_dir)
        keys = KeySettings(
            field_keys=read.keys("FIELD_KEYS"),
            field_key_current=read.text("FIELD_KEY_CURRENT"),
            index_key=read.key("INDEX_KEY"),
            token_keys=read.keys("TOKEN_KEYS"),
        )
        redis_url = environ.get("REDIS_URL") or None
        wechat, province = _wechat(read), _province(read)
        alipay, aishandong, identity_register = _alipay(read), _aishandong(read), _register(read)
        licences = _licences(read)
        object_store, scanner = _object_store(read), _scanner(read)
        name_library, e_signature = _name_library(read), _e_signature(read)
        terminals = _terminals(read)
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
            object_store=object_store,
            scanner=scanner,
            wechat=wechat,
            alipay=alipay,
            aishandong=aishandong,
            identity_register=identity_register,
            name_library=name_library,
            licences=licences,
            e_signature=e_signature,
            province=province,
            province_timeout_s=read.number("PROVINCE_TIMEOUT_S", 15),
            terminals=terminals,
            minimum_versions=read.pairs("MINIMUM_VERSIONS"),
            log_level=read.text("LOG_LEVEL", "info"),
        )


def _database(read: EnvironmentReader, data_dir: Path) -> DatabaseSettings:
    return DatabaseSettings(
        url=read.text("DATABASE_URL", f"sqlite:///{data_dir}/bff.sqlite3"),
        connections_max=read.number("DATABASE_CONNECTIONS_MAX", 20),
    )


def _object_store(read: EnvironmentReader) -> S3Settings | None:
    if not read.has("STORAGE_URL"):
        return None
    values = {
        "url": read.text("STORAGE_URL"),
        "endpoint": read.text("STORAGE_ENDPOINT"),
        "region": read.text("STORAGE_REGION", "us-east-1"),
        "access_key": read.text("STORAGE_ACCESS_KEY"),
        "secret_key": read.secret("STORAGE_SECRET_KEY"),
        "path_style": read.text("STORAGE_PATH_STYLE", "no"),
    }
    return read.checked("STORAGE_", S3Settings, values)


def _scanner(read: EnvironmentReader) -> ScannerSettings | None:
    if not read.has("SCANNER_URL"):
        return None
    bytes_max = read.number("SCANNER_BYTES_MAX", SCANNER_BYTES_MAX)
    if bytes_max < KEPT_BYTES_MAX:
        read.faults.append(f"SCANNER_BYTES_MAX: at least {KEPT_BYTES_MAX}, the largest file kept")
    values = {"url": read.text("SCANNER_URL"), "bytes_max": bytes_max}
    return read.checked("SCANNER_", ScannerSettings, values)


_ALIPAY_CERTIFICATES = {
    "app_certificate": "appCertPublicKey.crt",
    "alipay_certificate": "alipayCertPublicKey_RSA2.crt",
    "root_certificates": "alipayRootCert.crt",
}
"""As they are downloaded from Alipay, the first without the app id in its name."""


def _wechat(read: EnvironmentReader) -> WeChatSettings | None:
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


def _alipay(read: EnvironmentReader) -> AlipaySettings | None:
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


def _aishandong(read: EnvironmentReader) -> AiShandongSettings | None:
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


def _gateway(read: EnvironmentReader, prefix: str) -> GatewaySettings | None:
    """One of the province's services: each has an application, and perhaps an address, of its
    own."""
    values = {
        "base_url": read.text(f"{prefix}BASE_URL"),
        "app_id": read.text(f"{prefix}APP_ID"),
        "platform_public_key": read.text(f"{prefix}PLATFORM_PUBLIC_KEY"),
        "private_key": read.secret(f"{prefix}PRIVATE_KEY"),
        "origin": read.text(f"{prefix}ORIGIN", "0"),
        "path": read.text(f"{prefix}PATH", GATEWAY_PATH),
        "form": read.cipher_form(f"{prefix}CIPHER_FORM"),
    }
    return read.checked(prefix, GatewaySettings, values)


def _register(read: EnvironmentReader) -> IdentityRegisterSettings | None:
    if not read.has("IDENTITY_REGISTER_APP_ID"):
        return None
    gateway = _gateway(read, "IDENTITY_REGISTER_")
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


def _licences(read: EnvironmentReader) -> LicenceSettings | None:
    if not read.has("LICENCES_CLIENT_ID"):
        return None
    values = {
        "base_url": read.text("LICENCES_BASE_URL"),
        "token_path": read.text("LICENCES_TOKEN_PATH"),
        "query_path": read.text("LICENCES_QUERY_PATH"),
        "api_key": read.secret("LICENCES_API_KEY"),
        "client_id": read.text("LICENCES_CLIENT_ID"),
        "client_secret": read.secret("LICENCES_CLIENT_SECRET"),
    }
    return read.checked("LICENCES_", LicenceSettings, values)


def _name_library(read: EnvironmentReader) -> NameLibrarySettings | None:
    if not read.has("NAME_LIBRARY_APP_ID"):
        return None
    gateway = _gateway(read, "NAME_LIBRARY_")
    interfaces = {**NAME_INTERFACES, **read.pairs("NAME_LIBRARY_INTERFACES")}
    if gateway is None:
        return None
    told = {"gateway": gateway, "interfaces": interfaces}
    return read.checked("NAME_LIBRARY_", NameLibrarySettings, told)


def _e_signature(read: EnvironmentReader) -> ESignatureSettings | None:
    if not read.has("ESIGN_APP_ID"):
        return None
    gateway = _gateway(read, "ESIGN_")
    told = {
        "gateway": gateway,
        "authorities": read.text("ESIGN_AUTHORITIES"),
        "begin_interface": read.text("ESIGN_BEGIN_INTERFACE", "beginSignature"),
        "find_interface": read.text("ESIGN_FIND_INTERFACE", "findSignature"),
    }
    return read.checked("ESIGN_", ESignatureSettings, told) if gateway is not None else None


def _terminals(read: EnvironmentReader) -> tuple[Terminal, ...]:
    """``TERMINALS`` has id, kind and name of each, ``TERMINAL_SECRETS`` id and secret."""
    described, secrets = read.pairs("TERMINALS"), read.pairs("TERMINAL_SECRETS")
    if set(described) != set(secrets):
        read.faults.append("TERMINAL_SECRETS: names other terminals than TERMINALS")
        return ()
    found = [
        read.checked(
            "TERMINALS",
            Terminal,
            {
                "id": terminal,
                "kind": told.partition(":")[0],
                "name": told.partition(":")[2],
                "secret": Secret(secrets[terminal]),
            },
        )
        for terminal, told in described.items()
    ]
    return tuple(terminal for terminal in found if terminal is not None)


def _province(read: EnvironmentReader) -> ProvinceSettings | None:
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
