"""Settings come from the environment, complete or not at all."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from adapters.far_side import FarSide
from bff.mock.folder import _new_keys, _platform_keys
from bff.settings import Settings, SettingsIncomplete
from kit.clock import SystemClock


@pytest.fixture
def environ() -> dict[str, str]:
    """Everything a production process must be told."""
    return {
        **_new_keys(),
        "PUBLIC_URL": "https://bff.example.org/",
        "PROVINCE_BASE_URL": "https://province.example.org",
        "DATABASE_URL": "mysql://bff:p%40ss@db:3306/bff",
        "REDIS_URL": "redis://cache:6379/0",
    }


@pytest.fixture(scope="module")
def platform_keys() -> Iterator[dict[str, str]]:
    with closing(FarSide(":memory:", "alipay", SystemClock())) as far_side:
        yield _platform_keys(far_side)


@pytest.fixture
def everywhere(environ, platform_keys) -> dict[str, str]:
    """And everything for the platforms that one may do without."""
    return {
        **environ,
        **platform_keys,
        "AISHANDONG_DIALECT": "C",
        "AISHANDONG_BASE_URL": "https://aishandong.example.org",
        "AISHANDONG_PATH": "/gateway",
        "AISHANDONG_SIGN_PATH": "/sign",
        "IDENTITY_REGISTER_BASE_URL": "https://register.example.org",
        "LICENCES_BASE_URL": "https://licences.example.org",
        "NAME_LIBRARY_BASE_URL": "https://names.example.org",
        "ESIGN_BASE_URL": "https://esign.example.org",
        "LICENCES_TOKEN_PATH": "/token",
        "LICENCES_QUERY_PATH": "/query",
    }


def test_terminals_are_read_with_their_secrets(environ) -> None:
    environ |= {
        "TERMINALS": "hall-1:counter:历下区3号窗口,hall-2:kiosk:历下区1号终端",
        "TERMINAL_SECRETS": f"hall-1:{'a' * 32},hall-2:{'b' * 32}",
    }
    first, second = Settings.from_env(environ).terminals
    assert (first.id, first.kind, first.name) == ("hall-1", "counter", "历下区3号窗口")
    assert (second.kind, second.secret.reveal()) == ("kiosk", "b" * 32)


@pytest.mark.parametrize(
    ("terminals", "secrets"),
    [
        ("hall-1:counter:窗口", ""),
        ("", f"hall-1:{'a' * 32}"),
        ("hall-1:window:窗口", f"hall-1:{'a' * 32}"),
        ("hall-1:counter:窗口", f"hall-1:{'a' * 31}"),
        ("hall-1:counter", f"hall-1:{'a' * 32}"),
        ("Hall 1:counter:窗口", f"Hall 1:{'a' * 32}"),
    ],
)
def test_a_terminal_that_nobody_could_trust_is_a_fault(environ, terminals, secrets) -> None:
    environ |= {"TERMINALS": terminals, "TERMINAL_SECRETS": secrets}
    (fault,) = faults(environ)
    assert fault.startswith("TERMINAL")
    assert "aaaa" not in fault


def faults(environ: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsIncomplete) as refused:
        Settings.from_env(environ)
    return refused.value.faults


def test_a_complete_environment_is_read(environ) -> None:
    settings = Settings.from_env(environ)
    assert settings.http.public_url == "https://bff.example.org"
    assert not settings.embedded
    assert settings.wechat.base_url == "https://api.weixin.qq.com"


def test_a_platform_that_is_not_configured_is_not_there(environ) -> None:
    settings = Settings.from_env(environ)
    assert (settings.alipay, settings.aishandong, settings.identity_register) == (None, None, None)


def test_all_platforms_are_read(everywhere) -> None:
    settings = Settings.from_env(everywhere)
    assert settings.alipay is not None
    assert settings.alipay.gateway_url == "https://openapi.alipay.com/gateway.do"
    assert settings.aishandong is not None
    assert settings.aishandong.assurance_of("3") == "real_person"
    assert settings.identity_register is not None
    assert settings.identity_register.match_interface == "realNameMatch"


@pytest.mark.parametrize(
    "name",
    [
        "ALIPAY_PRIVATE_KEY", "ALIPAY_PUBLIC_KEY", "ALIPAY_CONTENT_KEY", "AISHANDONG_DIALECT",
        "AISHANDONG_BASE_URL", "IDENTITY_REGISTER_PRIVATE_KEY",
        "IDENTITY_REGISTER_PLATFORM_PUBLIC_KEY", "LICENCES_API_KEY", "LICENCES_QUERY_PATH",
        "NAME_LIBRARY_BASE_URL", "NAME_LIBRARY_PRIVATE_KEY", "NAME_LIBRARY_PLATFORM_PUBLIC_KEY",
        "ESIGN_BASE_URL", "ESIGN_PRIVATE_KEY", "ESIGN_PLATFORM_PUBLIC_KEY", "ESIGN_AUTHORITIES",
    ],
)  # fmt: skip
def test_a_platform_that_is_configured_is_so_completely(everywhere, name) -> None:
    del everywhere[name]
    assert any(fault.startswith(name) for fault in faults(everywhere))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALIPAY_PRIVATE_KEY", "bm90IGEga2V5"),
        ("ALIPAY_CERTIFICATES_DIR", "/nowhere/at/all"),
        ("AISHANDONG_DIALECT", "B"),
        ("AISHANDONG_CIPHER_FORM", "C3C2C1,04,hex"),
        ("AISHANDONG_LEVELS", "3:certain"),
        ("IDENTITY_REGISTER_PRIVATE_KEY", "00"),
        ("LICENCES_TOKEN_PATH", "nowhere"),
        ("NAME_LIBRARY_PRIVATE_KEY", "00"),
        ("ESIGN_PRIVATE_KEY", "00"),
        ("ESIGN_AUTHORITIES", "no certificate"),
        ("NAME_LIBRARY_INTERFACES", "look:up"),
    ],
)
def test_a_malformed_value_of_a_platform_is_named_and_not_shown(everywhere, name, value) -> None:
    everywhere[name] = value
    named = faults(everywhere)
    prefix = name.rsplit("_", 2)[0] if name.startswith("IDENTITY") else name.split("_")[0]
    assert all(fault.startswith((name, prefix)) for fault in named)
    assert not any(value in fault for fault in named)


def test_everything_missing_is_listed_at_once() -> None:
    named = {fault.split(":")[0] for fault in faults({})}
    assert {"PUBLIC_URL", "FIELD_KEYS", "INDEX_KEY", "TOKEN_KEYS", "WECHAT_APP_SECRET"} <= named
    assert {"PROVINCE_APP_KEY", "PROVINCE_CALLBACK_TOKEN", "FIELD_KEY_CURRENT"} <= named


@pytest.mark.parametrize("name", sorted(_new_keys()))
def test_no_secret_has_a_default(environ, name) -> None:
    del environ[name]
    assert any(fault.startswith(name) for fault in faults(environ))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("INDEX_KEY", "c2hvcnQ="),
        ("FIELD_KEYS", "no-colon"),
        ("FIELD_KEY_CURRENT", "absent"),
        ("PROVINCE_ENCRYPT_KEY", "short"),
        ("WECHAT_MESSAGE_AES_KEY", "short"),
        ("DATABASE_URL", "postgres://db/x"),
    ],
)
def test_a_malformed_value_is_named_and_not_shown(environ, name, value) -> None:
    environ[name] = value
    (fault,) = faults(environ)
    assert fault.startswith((name, f"{name.split('_')[0]}_*"))
    assert value not in fault


def test_a_database_server_needs_redis(environ) -> None:
    del environ["REDIS_URL"]
    assert [fault.split(":")[0] for fault in faults(environ)] == ["REDIS_URL"]


def test_settings_do_not_show_their_secrets(environ) -> None:
    shown = repr(Settings.from_env(environ).keys) + repr(Settings.from_env(environ).wechat)
    assert environ["WECHAT_APP_SECRET"] not in shown
    assert environ["INDEX_KEY"] not in shown
