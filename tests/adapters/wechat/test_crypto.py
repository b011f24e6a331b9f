"""The vendor's vectors, and vectors computed apart from this code."""

import json

import pytest

from adapters.wechat.crypto import (
    certificate_hash,
    decrypt_push,
    same,
    signature,
)
from adapters.wechat.port import NotAuthentic
from adapters.wechat.settings import WeChatSettings, aes_key
from kit.secrets import IdNumber, PersonName, Secret
from tests.adapters.wechat.world import settings

PUSH_APP = "wx0123456789abcdef"
PUSH_KEY = Secret("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG")
PUSH_TOKEN = "QDG6eK"
PUSH_ENCRYPTED = (
    "Q3stYC6hdFzMh9T8HCvyDB3ajVPChgrwshbDqmDBE1lKTSjqf8/OgoNZHntEbsHEAO+Ke6UwgH+FT1rM49bTrdyRKRP6j5Sb"
    "3lViSEsGcL2Ga/FyEokzwNldE5Xn5xOjXFQXx3fj5DvXzTfY57pxa9KawpPjT/JDCCj5x86P9tK/Ug+cSfAQwvK0Amvou173"
    "oRCLx2KSOOkkWBE83eg4L/rxyzq2c1QL0ZQoGxiYEC/PxQrqiRBvmSxRtZA6wwyVITWlwcnNTeqFcSmtjB28d6EmMzG1kGtb"
    "awTfstzgZ1v+IWX/MR7sxCkrhY2skamJtYlrnr790T4kgOpFxj/hmq57JbvXN3iXWLVv301EhCJLr4p7WrcrnNUDIou+7dmq"
)


def test_the_signature_of_pushes_matches_the_vendors_example() -> None:
    expected = "f464b24fc39322e44b38aa78f5edd27bd1441696"
    assert signature("AAAAA", "1714036504", "1514711492") == expected


def test_the_signature_of_an_encrypted_push_covers_its_body() -> None:
    made = signature(PUSH_TOKEN, "1714036504", "1514711492", PUSH_ENCRYPTED)
    assert made == "6609af55ea3ae3eb00a891fe408b695c85483362"


def test_any_claimed_signature_can_be_compared() -> None:
    assert same("a", "a")
    assert not same("签名", "a")
    assert not same("", "a")


def test_an_encrypted_push_is_read() -> None:
    opened = json.loads(decrypt_push(PUSH_ENCRYPTED, aes_key(PUSH_KEY), PUSH_APP))
    assert opened["Event"] == "subscribe_msg_popup_event"
    assert opened["List"]["TemplateId"] == "TPL_A"


@pytest.mark.parametrize(
    ("encrypted", "app_id", "reason"),
    [
        (PUSH_ENCRYPTED, "wx_another_app", "foreign_app"),
        (PUSH_ENCRYPTED[4:], PUSH_APP, "unreadable"),
        ("AAAA", PUSH_APP, "unreadable"),
        ("", PUSH_APP, "unreadable"),
        ("not base64 \u7801", PUSH_APP, "unreadable"),
    ],
)
def test_another_apps_or_a_broken_push_is_not_authentic(
    encrypted: str, app_id: str, reason: str
) -> None:
    with pytest.raises(NotAuthentic, match=reason):
        decrypt_push(encrypted, aes_key(PUSH_KEY), app_id)


def test_the_certificate_hash_matches_the_vendors_example() -> None:
    made = certificate_hash(PersonName("张三"), IdNumber("310101199801011234"))
    assert made == "3c241f7ff324977aeb91f173bb2a7b06569e6fd784d5573db34a636d8671108b"


@pytest.mark.parametrize(
    "key",
    ["", "A" * 42, "A" * 44, "密" * 43, "-" * 43],
    ids=["none", "short", "long", "han", "signs"],
)
def test_a_key_that_is_none_is_refused_when_the_settings_are_made(key: str) -> None:
    with pytest.raises(ValueError, match="EncodingAESKey"):
        settings(message_aes_key=Secret(key))


def test_settings_show_no_secret() -> None:
    made: WeChatSettings = settings()
    assert made.app_secret.reveal() not in repr(made)
    assert made.message_token.reveal() not in repr(made)


def test_a_state_that_no_mini_program_has_is_refused() -> None:
    with pytest.raises(ValueError, match="state"):
        settings(miniprogram_state="published")
