"""What the product needs of WeChat (domain facts: code2Session, phone by code, face check v2,
subscribe messages, message push). Errors are those of :mod:`adapters.errors`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from kit.secrets import IdNumber, PersonName, PhoneNumber
from kit.text import Text


@dataclass(frozen=True, slots=True)
class WeChatLogin:
    """Who a login code stands for. WeChat's ``session_key`` is left where it came: phone numbers
    come by codes, so nothing here decrypts what it protects."""

    open_id: str
    union_id: str | None


@dataclass(frozen=True, slots=True)
class FaceCheckTicket:
    """What the phone needs for ``wx.requestFacialVerify``."""

    verify_id: str
    expires_in_s: int


@dataclass(frozen=True, slots=True)
class FaceCheckResult:
    """``passed`` only when the server-side query said so; ``code`` is WeChat's ``verify_ret``;
    ``pending`` while the person has not finished the dialog."""

    passed: bool
    pending: bool
    code: str


@dataclass(frozen=True, slots=True)
class SubscribeTemplate:
    """One of our subscribe messages. ``keywords`` is what must be filled, each with its label."""

    key: str
    title: Text
    long_term: bool
    """Long-term: one consent, any number of messages. Otherwise each consent is good for one."""
    keywords: Mapping[str, Text]
    choices: Mapping[str, frozenset[str]]
    """The values that an ``enum`` keyword may have."""


@dataclass(frozen=True, slots=True)
class SubscribeMessage:
    open_id: str
    template_id: str
    page: str
    data: Mapping[str, str]
    """Keyword (``thing1``, ``phrase2``, ``time3`` ...) to its value, before any shortening: all and
    only the template's keywords."""


@dataclass(frozen=True, slots=True)
class SubscribeAnswer:
    """One template's line of a ``subscribe_msg_*_event``."""

    event_id: str
    """Equal for repeats of the same event, different otherwise."""
    event: str
    """``popup``, ``change`` or ``sent``."""
    open_id: str
    template_id: str
    status: str
    """popup, change: accept, reject; sent: success, or the peer's failure word."""
    message_id: str | None
    at: datetime


class WeChat(Protocol):
    """Calls to WeChat for one mini-program."""

    async def exchange_code(self, code: str) -> WeChatLogin:
        """Refused for a wrong, used or expired code (code ``code_invalid``), a blocked user
        (``user_blocked``) or too many tries (``too_many_requests``)."""
        ...

    async def phone_number(self, code: str, open_id: str) -> PhoneNumber:
        """The code is that of the phone button, not the login code. Eleven digits for the mainland,
        ``+`` with the country code for others. Refused with ``code_invalid``, or with
        ``phone_not_authentic`` when the answer is not for us or not of now."""
        ...

    async def begin_face_check(
        self, sequence_no: str, open_id: str, name: PersonName, id_number: IdNumber
    ) -> FaceCheckTicket:
        """``sequence_no`` is ours, 5 to 32 of ``[A-Za-z0-9_-]``, a fresh one for every call.

        Refused with ``sequence_taken`` when it was used before: also after a call whose answer was
        lost, so then begin again with a new one. ``certificate_invalid`` for a name or number that
        cannot be, ``open_id_invalid`` for another app's person.
        """
        ...

    async def face_check_result(
        self, verify_id: str, sequence_no: str, open_id: str, name: PersonName, id_number: IdNumber
    ) -> FaceCheckResult:
        """All as given to, and by, :meth:`begin_face_check`. Refused with ``face_check_expired``
        after an hour, with ``certificate_mismatch``, ``open_id_mismatch`` or ``sequence_mismatch``
        when they are not of that check.
        """
        ...

    async def send_subscribe_message(self, message: SubscribeMessage) -> str:
        """The peer's message id. Types and lengths are checked before sending: values are shortened
        where the type allows it, otherwise Misconfigured. Refused with code ``not_subscribed``
        when the person never agreed or the quota is used up."""
        ...


class WeChatCallbacks(Protocol):
    """WeChat's message push to us, plain and AES mode."""

    def answer_url_check(self, signature: str, timestamp: str, nonce: str, echo: str) -> str:
        """The echo to answer. Raises NotAuthentic."""
        ...

    def read_events(self, query: Mapping[str, str], body: bytes) -> list[SubscribeAnswer]:
        """The subscribe events in one push (other events give an empty list). Raises NotAuthentic
        for a wrong signature, a foreign app id or a timestamp more than 300 s off the clock."""
        ...


class NotAuthentic(Exception):
    """The sender did not prove to be WeChat. ``args[0]`` is a short reason without data."""
