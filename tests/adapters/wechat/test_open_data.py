"""What the platform's session key signs and seals, as far as its own vectors go.

The product reads none of it (phone numbers come by codes) and has no code for it: the vectors are
held against the library that would do it, so that whoever needs it one day starts from a known
state.
"""

import hashlib
import hmac

import pytest
from wechatpy.crypto import WeChatWxaCrypto  # type: ignore[import-untyped]
from wechatpy.exceptions import InvalidAppIdException  # type: ignore[import-untyped]

# The vendor's own demonstration of encrypted open data.
DEMO_APP = "wx4f4bc4dec97d474b"
DEMO_KEY = "tiihtNczf5v6AKRyjwEUhQ=="
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
RAW_DATA_KEY = "HyVFkGl5F5OQWJZZaNzBBg=="
RAW_DATA_SIGNATURE = "75e81ceda165f4ffa64f4068af58c64b8f54b88c"

# Made with `openssl dgst -sha256 -hmac`; the platform publishes no vector of it.
CHECK_SIGNATURE = "7154f9f8b4b76b92f541cbf0e37d48840fa06e5e42da92a6f80168a1516a4735"


def opened(data: str, iv: str, key: str, app_id: str) -> dict[str, object]:
    return dict(WeChatWxaCrypto(key, iv, app_id).decrypt_message(data))


def test_encrypted_open_data_is_read_as_in_the_vendors_example() -> None:
    found = opened(DEMO_DATA, DEMO_IV, DEMO_KEY, DEMO_APP)
    assert found["openId"] == "oGZUI0egBJY1zhBYw2KhdUfwVJJE"
    assert found["unionId"] == "ocMvos6NjeKLIBqg5Mr9QjxrP1FA"
    assert found["watermark"] == {"timestamp": 1477314187, "appid": DEMO_APP}


def test_open_data_of_another_app_is_refused() -> None:
    with pytest.raises(InvalidAppIdException):
        opened(DEMO_DATA, DEMO_IV, DEMO_KEY, "wx_another_app")


def test_open_data_of_another_session_does_not_open() -> None:
    with pytest.raises((ValueError, KeyError)):
        opened(DEMO_DATA, DEMO_IV, RAW_DATA_KEY, DEMO_APP)


def test_the_signature_of_open_data_matches_the_vendors_example() -> None:
    """SHA-1 over the text as the phone gave it and the key as it is written, not decoded."""
    made = hashlib.sha1((RAW_DATA + RAW_DATA_KEY).encode(), usedforsecurity=False)
    assert made.hexdigest() == RAW_DATA_SIGNATURE


def test_the_session_keys_check_signs_nothing_with_the_key_as_it_is_written() -> None:
    """``checksession``: HMAC-SHA256 over an empty text; the key is the base64 string itself."""
    made = hmac.digest(DEMO_KEY.encode(), b"", "sha256").hex()
    assert made == CHECK_SIGNATURE
