"""WeChat's error numbers and what each means for us.

The numbers are those of the platform's global table and of the tables of the calls we make, the
vendor's words beside each. A number that is not here counts as a passing fault and is reported.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from adapters.errors import AdapterError, Meaning, Misconfigured, Refused, Unreachable
from kit.clock import CHINA

PEER = "wechat"

BUSY = frozenset({-1, 20001})
"""The peer asks to try again at once."""

TOKEN_REJECTED = frozenset({40001, 40014, 42001})
"""The access token is wrong, not the newest, or expired."""


_NOT_THIS_WAY = Meaning(Misconfigured, "request_wrong")
_NOT_THIS_CODE = Meaning(Refused, "code_invalid")
_NOT_THIS_TOKEN = Meaning(Misconfigured, "token_rejected")
_NOT_THIS_ADDRESS = Meaning(Misconfigured, "ip_not_allowed")
_BUSY = Meaning(Unreachable, "system_busy")
_BAD_CERTIFICATE = Meaning(Refused, "certificate_invalid")

MEANINGS: Mapping[int, Meaning] = {
    -1: _BUSY,  # system error
    20001: _BUSY,  # system error
    # Our account, our secret, our address.
    40001: _NOT_THIS_TOKEN,  # invalid credential, access_token is invalid or not latest
    40014: _NOT_THIS_TOKEN,  # invalid access_token
    42001: _NOT_THIS_TOKEN,  # access_token expired
    41001: _NOT_THIS_TOKEN,  # access_token missing
    40013: Meaning(Misconfigured, "app_id_invalid"),  # invalid appid
    40125: Meaning(Misconfigured, "app_secret_invalid"),  # invalid appsecret
    41002: _NOT_THIS_WAY,  # appid missing
    41004: _NOT_THIS_WAY,  # appsecret missing
    40164: _NOT_THIS_ADDRESS,  # invalid ip, not in whitelist
    89503: _NOT_THIS_ADDRESS,  # this ip needs the administrator's confirmation
    89506: _NOT_THIS_ADDRESS,  # the administrator refused this ip, try in 24 h
    89507: _NOT_THIS_ADDRESS,  # the administrator refused this ip, try in 1 h
    50004: Meaning(Misconfigured, "account_frozen"),
    50007: Meaning(Misconfigured, "account_frozen"),
    48001: Meaning(Misconfigured, "not_permitted"),  # api unauthorized
    48004: Meaning(Misconfigured, "not_permitted"),  # api forbidden
    # The form of our request.
    40002: _NOT_THIS_WAY,  # invalid grant_type
    40097: _NOT_THIS_WAY,  # invalid args
    43001: _NOT_THIS_WAY,  # require GET method
    43002: _NOT_THIS_WAY,  # require POST method
    44002: _NOT_THIS_WAY,  # empty post data
    47001: _NOT_THIS_WAY,  # data format error
    # Limits.
    45009: Meaning(Unreachable, "daily_quota"),  # reach max api daily quota limit
    45011: Meaning(Refused, "too_many_requests"),  # api minute-quota reached for this user
    # Login and phone.
    40029: _NOT_THIS_CODE,  # invalid code
    40163: _NOT_THIS_CODE,  # code been used
    41008: _NOT_THIS_CODE,  # missing code
    40226: Meaning(Refused, "user_blocked"),  # high-risk user, code blocked
    40003: Meaning(Refused, "open_id_invalid"),  # invalid openid
    # Subscribe messages.
    40037: Meaning(Misconfigured, "template_invalid"),  # invalid template_id
    41030: Meaning(Misconfigured, "page_invalid"),  # invalid page
    43101: Meaning(Refused, "not_subscribed"),  # user refuse to accept the msg
    43107: Meaning(Misconfigured, "subscribe_banned"),  # subscribe capability banned
    43116: Meaning(Misconfigured, "template_banned"),  # this template_id is banned
    47003: Meaning(Misconfigured, "keyword_refused"),  # argument invalid! data.x.value invalid
    # Face check.
    84010: _NOT_THIS_WAY,  # out_seq_no missing
    84011: _NOT_THIS_WAY,  # out_seq_no malformed
    84012: _NOT_THIS_WAY,  # cert_info missing
    84013: _BAD_CERTIFICATE,  # kind of certificate
    84014: _BAD_CERTIFICATE,  # name
    84015: _BAD_CERTIFICATE,  # number
    84016: _NOT_THIS_WAY,  # openid missing
    84017: Meaning(Refused, "open_id_mismatch"),  # not the openid of getVerifyId
    84018: Meaning(Refused, "certificate_mismatch"),  # cert_hash is not of that cert_info
    84019: Meaning(Refused, "sequence_taken"),  # out_seq_no exists, take another
    84020: Meaning(Refused, "sequence_mismatch"),  # not the out_seq_no of getVerifyId
    84021: _NOT_THIS_WAY,  # verify_id missing
    84022: Meaning(Refused, "face_check_expired"),  # a verify_id lives one hour
}

_RID = re.compile(r"\brid: ([0-9a-f-]{8,64})")


def failure(errcode: int, errmsg: str, now: datetime) -> AdapterError:
    """The adapter error for an answer that is not a success."""
    meaning = MEANINGS.get(errcode)
    if meaning is None:
        return Unreachable(PEER, f"unknown_{errcode}", errmsg)
    if meaning.code == "daily_quota":
        wait_s = seconds_to_next_day(now)
        return Unreachable(PEER, meaning.code, errmsg, may_have_acted=False, retry_after_s=wait_s)
    return meaning.error(PEER, errmsg)


def seconds_to_next_day(now: datetime) -> float:
    """Daily quotas begin anew at midnight in China."""
    today = now.astimezone(CHINA).replace(hour=0, minute=0, second=0, microsecond=0)
    return (today + timedelta(days=1) - now).total_seconds()


def rid_of(errmsg: str) -> str | None:
    """The request's number at WeChat, by which its ``rid/get`` explains the call for seven days."""
    found = _RID.search(errmsg)
    return found.group(1) if found else None
