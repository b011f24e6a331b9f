"""The vendor's vectors, and vectors computed apart from this code."""

import json

import pytest

from adapters.wechat.crypto import (
    certificate_hash,
    decrypt_push,
    open_data_is_signed,
    read_open_data,
    same,
    signature,
)
from adapters.wechat.port import NotAuthentic
from adapters.wechat.settings import WeChatSettings, aes_key
from kit.secrets import IdNumber, PersonName, Secret
from tests.adapters.wechat.world import settings

# The vendor's own demonstration of encrypted open data.
DEMO_APP = "wx4f4bc4dec97d474b"
DEMO_KEY = Secret("tiihtNczf5v6AKRyjwEUhQ==")
DEMO_IV = "r7BXXKkLb8qrSNn05n0qiA=="
DEMO_DATA = (
    "CiyLU1Aw2KjvrjMdj8YKliAjtP4gsMZMQmRzooG2xrDcvSnxIMXFufNstNGTyaGS9uT5geRa0W4oTOb1WT7fJlAC+oNPdbB+"
    "3hVbJSRgv+4lGOETKUQz6OYStslQ142dNCuabNPGBzlooOmB231qMM85d2/fV6ChevvXvQP8Hkue1poOFtnEtpyxVLW1zAo6"
    "/1Xx1COxFvrc2d7UL/lmHInNlxuacJXwu0fjpXfz/YqYzBIBzD6WUfTIF9GRHpOn/Hz7saL8xz+W//FRAUid1OksQaQx4CMs"
    "8LOddcQhULW4ucetDf96JcR3g0gfRK4PC7E/r7Z6xNrXd2UIeorGj5Ef7b1pJAYB6Y5anaHqZ9J6nKEBvB4DnNLIVWSgARns"
    "/8wR2SiRS7MNACwTyrGvt9ts8p12PKFdlqYTopNHR1Vf7XjfhQlVsAJdNiKdYmYVoKlaRv85IfVunYzO0IKXsyl7JCUjCpoG"
    "20f0a04COwfneQAGGwd5oa+T8yO5hzuyDb/XcxxmK01EpqOyuxINew=="
)

RAW_DATA = (
    '{"nickName":"Band","gender":1,"language":"zh_CN","city":"Guangzhou","province":"Guangdong",'
    '"country":"CN","avatarUrl":"http://wx.qlogo.cn/mmopen/vi_32/1vZvI39NWFQ9XM4LtQpFrQJ1xlgZxx3w7bQx'
    'KARol6503Iuswjjn6nIGBiaycAjAtpujxyzYsrztuuICqIM5ibXQ/0"}'
)
RAW_DATA_KEY = Secret("HyVFkGl5F5OQWJZZaNzBBg==")
RAW_DATA_SIGNATURE = "75e81ceda165f4ffa64f4068af58c64b8f54b88c"

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


def test_the_signature_of_open_data_matches_the_vendors_example() -> None:
    assert open_data_is_signed(RAW_DATA, RAW_DATA_SIGNATURE, RAW_DATA_KEY)
    assert not open_data_is_signed(RAW_DATA + " ", RAW_DATA_SIGNATURE, RAW_DATA_KEY)


def test_encrypted_open_data_is_read_as_in_the_vendors_example() -> None:
    opened = read_open_data(DEMO_DATA, DEMO_IV, DEMO_KEY, DEMO_APP)
    assert opened["openId"] == "oGZUI0egBJY1zhBYw2KhdUfwVJJE"
    assert opened["unionId"] == "ocMvos6NjeKLIBqg5Mr9QjxrP1FA"
    assert opened["watermark"]["timestamp"] == 1477314187


@pytest.mark.parametrize(
    ("data", "iv", "key", "app_id", "reason"),
    [
        (DEMO_DATA, DEMO_IV, DEMO_KEY, "wx_another_app", "foreign_app"),
        (DEMO_DATA, DEMO_IV, RAW_DATA_KEY, DEMO_APP, "unreadable"),
        (DEMO_DATA[:64], DEMO_IV, DEMO_KEY, DEMO_APP, "unreadable"),
        (DEMO_DATA, "AAAA", DEMO_KEY, DEMO_APP, "unreadable"),
        ("", DEMO_IV, DEMO_KEY, DEMO_APP, "unreadable"),
    ],
)
def test_open_data_of_another_session_or_app_is_not_authentic(
    data: str, iv: str, key: Secret, app_id: str, reason: str
) -> None:
    with pytest.raises(NotAuthentic, match=reason):
        read_open_data(data, iv, key, app_id)


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
