"""WeChat's signatures and envelopes.

wechatpy does the ciphers; comparing is ours, in constant time (its own compares with ``!=``).
"""

import base64
import hashlib
import hmac
import struct

from adapters.wechat.port import NotAuthentic
from kit.secrets import IdNumber, PersonName

IDENTITY_CARD = "IDENTITY_CARD"


def signature(*parts: str) -> str:
    """SHA-1 over the parts, sorted and joined: the platform's signature of pushes."""
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def same(claimed: str, expected: str) -> bool:
    """In constant time, for any claimed text (``compare_digest`` takes no non-ASCII ``str``)."""
    return hmac.compare_digest(claimed.encode(), expected.encode())


def decrypt_push(encrypted: str, key: bytes, app_id: str) -> str:
    """The message in an encrypted push; :class:`NotAuthentic` if altered or another app's."""
    # With the first push: the package loads all of its clients, 7 MB that no other request needs.
    # It carries no types.
    from wechatpy.crypto import PrpCrypto  # type: ignore[import-untyped]  # noqa: PLC0415
    from wechatpy.exceptions import (  # type: ignore[import-untyped]  # noqa: PLC0415
        InvalidAppIdException,
    )

    try:
        return str(PrpCrypto(key).decrypt(encrypted, app_id))
    except InvalidAppIdException:
        raise NotAuthentic("foreign_app") from None
    except (ValueError, IndexError, struct.error):
        raise NotAuthentic("unreadable") from None


def certificate_hash(name: PersonName, id_number: IdNumber) -> str:
    """``cert_hash`` of the face check: it binds the result to the person we asked about."""
    fields = (
        ("cert_type", IDENTITY_CARD),
        ("cert_name", name.reveal()),
        ("cert_no", id_number.reveal()),
    )
    joined = "&".join(f"{key}={base64.b64encode(value.encode()).decode()}" for key, value in fields)
    return hashlib.sha256(joined.encode()).hexdigest()
