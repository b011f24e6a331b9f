"""What cannot be right is refused when the process starts."""

from typing import Any

import pytest

from adapters.aishandong.settings import AiShandongSettings, Dialect
from adapters.aishandong.simulator import development_keys
from adapters.gm import SM2PrivateKey
from kit.secrets import Secret
from tests.adapters.aishandong.world import APP_WORD, PRIVATE_KEY, rsa_pem, settings


@pytest.mark.parametrize(
    ("dialect", "wrong"),
    [
        ("B", {}),
        ("A", {"app_id": ""}),
        ("A", {"base_url": ""}),
        ("A", {"app_word": None}),
        ("A", {"app_word": Secret("short")}),
        ("A", {"app_word": Secret("密" * 16)}),
        ("A", {"origin": "9"}),
        ("A", {"levels": {"1": "certain"}}),
        ("C", {"private_key": None}),
        ("C", {"private_key": Secret("00")}),
        ("C", {"path": ""}),
        ("C", {"sign_path": ""}),
        ("C", {"sign_base_url": "sign.example"}),
        ("C", {"answer_cipher": "RSA"}),
        ("C", {"answer_cipher": "DES"}),
        ("C", {"answer_cipher": "SM2", "private_key": rsa_pem()}),
        ("D", {"private_key": None}),
        ("D", {"platform_public_key": ""}),
    ],
)
def test_what_cannot_be_right_is_refused(dialect: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        settings(dialect, **wrong)
    assert APP_WORD not in str(refused.value)
    assert PRIVATE_KEY.reveal() not in str(refused.value)


def test_each_dialect_needs_only_its_own_keys() -> None:
    settings("A", private_key=None, platform_public_key="")
    settings("C", app_word=None, platform_public_key="")
    settings("C", app_word=None, answer_cipher="RSA", private_key=rsa_pem())
    settings("D", app_word=None, path="", sign_path="")


def test_settings_show_no_key() -> None:
    shown = repr(settings("D"))
    assert APP_WORD not in shown
    assert PRIVATE_KEY.reveal() not in shown


def test_levels_are_a_setting_and_an_unexplained_level_proves_nothing() -> None:
    guessed = settings("D")
    assert [guessed.assurance_of(level) for level in ("1", "2", "3", "4", "", "高")] == [
        "none",
        "real_name",
        "real_person",
        "none",
        "none",
        "none",
    ]
    told = settings("D", levels={"L4": "real_person"})
    assert (told.assurance_of("L4"), told.assurance_of("3")) == ("real_person", "none")


def test_development_keys_fit_together_and_are_fresh() -> None:
    keys = development_keys()
    platform = SM2PrivateKey(Secret(keys["AISHANDONG_PLATFORM_PRIVATE_KEY"]))
    assert platform.public_key() == keys["AISHANDONG_PLATFORM_PUBLIC_KEY"]
    dialects: tuple[Dialect, ...] = ("A", "C", "D")
    for dialect in dialects:
        AiShandongSettings(
            dialect=dialect,
            app_id=keys["AISHANDONG_APP_ID"],
            base_url="http://127.0.0.1:9",
            path="/p",
            sign_path="/s",
            app_word=Secret(keys["AISHANDONG_APP_WORD"]),
            private_key=Secret(keys["AISHANDONG_PRIVATE_KEY"]),
            platform_public_key=keys["AISHANDONG_PLATFORM_PUBLIC_KEY"],
        )
    assert set(development_keys().values()).isdisjoint(keys.values())
