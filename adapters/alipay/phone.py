"""What ``my.getPhoneNumber`` gave the page: signed by Alipay, sealed with the app's content key."""

import base64
import binascii
import json
import re
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from adapters.alipay.errors import PEER, SUCCESS, failure
from adapters.alipay.signing import SIGN_TYPE
from adapters.alipay.trust import AlipayTrust
from adapters.errors import Misconfigured, Refused
from kit.secrets import PhoneNumber

RESPONSE_CHARACTERS_MAX = 8192
"""A real one is about 700."""

_NUMBER = re.compile(r"\+?[0-9][0-9-]{4,19}")
_BLOCK_BITS = 128
_ZERO_IV = bytes(16)


def read_phone(response: str, key: bytes, trust: AlipayTrust) -> PhoneNumber:
    """Only what is sealed *and* signed can name a number; a plain object can only be a refusal."""
    if len(response) > RESPONSE_CHARACTERS_MAX:
        raise Refused(PEER, "phone_not_authentic")
    outer = _object(response)
    sealed = outer.get("response", outer)
    plain = _object(sealed) if isinstance(sealed, str) else sealed
    if isinstance(plain, dict) and _is_refusal(plain):
        # Nobody signed it, so it may be anybody's: good for a refusal, not for an alarm.
        raise _not_given(plain)
    if not isinstance(sealed, str) or outer.get("sign_type", SIGN_TYPE) != SIGN_TYPE:
        raise Refused(PEER, "phone_not_authentic")
    signature = outer.get("sign")
    # Sealed content is signed with the quotes that it wears as a JSON string.
    if not isinstance(signature, str) or not trust.verifies_by_any(
        f'"{sealed}"'.encode(errors="replace"), signature
    ):
        raise Refused(PEER, "phone_not_authentic")
    return _number(_opened(sealed, key))


def _number(answer: dict[str, Any]) -> PhoneNumber:
    if str(answer.get("code")) != SUCCESS:
        error = failure(str(answer.get("code")), _reason(answer), _reason(answer))
        raise _not_given(answer) if isinstance(error, Refused) else error
    mobile = answer.get("mobile")
    if not isinstance(mobile, str) or _NUMBER.fullmatch(mobile) is None:
        raise Refused(PEER, "phone_not_authentic")
    return PhoneNumber(mobile)


def _opened(sealed: str, key: bytes) -> dict[str, Any]:
    """AES-CBC with an iv of zeros, as Alipay has it. Opened only after the signature was found
    good, so that nobody can learn from us by altering it; what still does not open has another
    key."""
    try:
        decryptor = Cipher(algorithms.AES(key), modes.CBC(_ZERO_IV)).decryptor()
        padded = decryptor.update(base64.b64decode(sealed, validate=True)) + decryptor.finalize()
        remover = PKCS7(_BLOCK_BITS).unpadder()
        answer = json.loads(remover.update(padded) + remover.finalize())
    except (binascii.Error, ValueError):
        raise Misconfigured(PEER, "content_key_wrong") from None
    if not isinstance(answer, dict):
        raise Misconfigured(PEER, "content_key_wrong")
    return answer


def _object(text: str) -> dict[str, Any]:
    """Empty for anything that is not a JSON object."""
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _is_refusal(answer: dict[str, Any]) -> bool:
    return "code" in answer and str(answer["code"]) != SUCCESS


def _not_given(answer: dict[str, Any]) -> Refused:
    return Refused(PEER, "phone_not_given", _reason(answer))


def _reason(answer: dict[str, Any]) -> str:
    """This answer writes ``subCode`` where all others write ``sub_code``."""
    return str(answer.get("subCode") or answer.get("sub_code") or "")[:64]
