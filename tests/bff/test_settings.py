"""Settings come from the environment, complete or not at all."""

import pytest

from bff.mock.folder import _new_keys
from bff.settings import Settings, SettingsIncomplete


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


def faults(environ: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsIncomplete) as refused:
        Settings.from_env(environ)
    return refused.value.faults


def test_a_complete_environment_is_read(environ) -> None:
    settings = Settings.from_env(environ)
    assert settings.http.public_url == "https://bff.example.org"
    assert not settings.embedded
    assert settings.wechat.base_url == "https://api.weixin.qq.com"


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
