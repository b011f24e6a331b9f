"""What the product needs of Alipay (domain facts: login by auth code, the phone button, identity
certification, notices). Errors are those of :mod:`adapters.errors`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from kit.secrets import IdNumber, PersonName, PhoneNumber

NOTICE_TAKEN = "success"
"""The whole body that answers a notice. Anything else, also other case, and Alipay sends it
again."""


@dataclass(frozen=True, slots=True)
class AlipayLogin:
    """Who a login code stands for."""

    open_id: str
    """The person with this app; the older ``user_id`` for apps that have not moved to open ids."""
    union_id: str | None


@dataclass(frozen=True, slots=True)
class Certification:
    """What the phone needs for ``my.startAPVerify``."""

    certify_id: str
    url: str
    """A signed address that carries the ``certify_id`` and nothing of the person. Its time stamp is
    that of the making, and Alipay takes one that is about 15 minutes off: open it at once."""


@dataclass(frozen=True, slots=True)
class CertificationResult:
    """``passed`` only when the server-side query said so; ``pending`` while the person has not
    finished.

    That an unfinished one answers ``passed=F`` without ``fail_reason`` is our assumption, written
    nowhere that we could read (confidence: low)."""

    passed: bool
    pending: bool
    code: str
    """``passed``, ``pending``, or Alipay's ``fail_reason`` where that is a code, else
    ``failed``."""


@dataclass(frozen=True, slots=True)
class AlipayNotice:
    """Something that Alipay tells us. The same ``notify_id`` is the same notice sent again."""

    notify_id: str
    method: str
    """``msg_method`` of a message, ``notify_type`` of the older notices."""
    app_id: str
    fields: Mapping[str, str] = field(repr=False)
    """All of the form but ``sign`` and ``sign_type``, as they were signed; may be personal."""
    at: datetime
    """When this copy was sent."""


class Alipay(Protocol):
    """Calls to Alipay for one mini-program."""

    async def exchange_code(self, code: str) -> AlipayLogin:
        """Refused for a wrong, used or expired code (``code_invalid``) or too many calls
        (``too_many_requests``). A code is good for one call: after an unknown outcome the phone has
        to give a new one."""
        ...

    def read_phone(self, response: str) -> PhoneNumber:
        """``response`` is what ``my.getPhoneNumber`` gave the page, as it is. No network.

        Refused with ``phone_not_authentic`` when it is not from Alipay, ``phone_not_given`` when
        Alipay says that the app may not have it or the person did not agree. It names neither a
        person nor a time, so Alipay does not say *whose* number it is or how old the answer is:
        bind it to the session in which it came, and do not join people by it.
        """
        ...

    async def begin_certification(
        self, order_no: str, name: PersonName, id_number: IdNumber
    ) -> Certification:
        """``order_no`` is ours, 1 to 32 letters and digits, a fresh one for every call, also after
        a call whose answer was lost.

        Refused with ``certificate_invalid`` when Alipay does not take the name and number, with
        ``business_failed`` for other reasons of its own (a used ``order_no`` among them), with
        ``too_many_requests``.
        """
        ...

    async def certification_result(self, certify_id: str) -> CertificationResult:
        """Good for three months, changes only in the first 23 hours. Refused with
        ``certification_unknown``."""
        ...


class AlipayCallbacks(Protocol):
    """Alipay's notices to us. Answer one that was taken with :data:`NOTICE_TAKEN`."""

    def read_notify(self, form: bytes) -> AlipayNotice:
        """``form`` is the body as it came. Raises NotAuthentic for a wrong signature, a foreign app
        or a time too far from the clock."""
        ...


class NotAuthentic(Exception):
    """The sender did not prove to be Alipay. ``args[0]`` is a short reason without data."""
