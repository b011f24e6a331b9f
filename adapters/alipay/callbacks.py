"""Alipay's notices to us: who sent one, for whom, when."""

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import structlog

from adapters.alipay.errors import word
from adapters.alipay.port import AlipayNotice, NotAuthentic
from adapters.alipay.settings import AlipaySettings
from adapters.alipay.signing import SIGN_TYPE, notice_text
from adapters.alipay.trust import AlipayTrust
from kit.clock import CHINA, Clock

log = structlog.get_logger("adapters.alipay")

CLOCK_DIFFERENCE_MAX_S = 15 * 60
"""As for requests. Alipay repeats a notice for a day; the time in it is that of its sending, so a
repeat is as new as the first (that repeats are stamped anew is from memory; confidence:
middling)."""
FORM_BYTES_MAX = 256 * 1024
FIELDS_MAX = 200


class AlipayNotices:
    """Implements :class:`adapters.alipay.port.AlipayCallbacks`."""

    def __init__(self, settings: AlipaySettings, trust: AlipayTrust, clock: Clock) -> None:
        self._app_id = settings.app_id
        self._trust = trust
        self._clock = clock

    def read_notify(self, form: bytes) -> AlipayNotice:
        """A notice signed with a certificate that this process has not learnt yet is refused as
        ``certificate_unknown``: Alipay sends it again after minutes, and any call to Alipay made
        meanwhile learns the certificate."""
        fields = _fields(form)
        self._prove(fields)
        if fields.get("app_id") != self._app_id:
            raise NotAuthentic("foreign_app")
        at = _sent_at(fields)
        if at is None:
            raise NotAuthentic("no_timestamp")
        if abs((self._clock.now() - at).total_seconds()) > CLOCK_DIFFERENCE_MAX_S:
            raise NotAuthentic("stale")
        notify_id = fields.get("notify_id", "")
        if not notify_id:
            raise NotAuthentic("no_notify_id")
        method = fields.get("msg_method") or fields.get("notify_type", "")
        signed = {k: v for k, v in fields.items() if k not in {"sign", "sign_type"}}
        log.info("alipay_notice_read", method=word(method))
        return AlipayNotice(notify_id, method, self._app_id, signed, at)

    def _prove(self, fields: Mapping[str, str]) -> None:
        if fields.get("sign_type") != SIGN_TYPE:
            raise NotAuthentic("sign_type")
        certificate_sn = fields.get("alipay_cert_sn", "")
        if not self._trust.knows(certificate_sn):
            raise NotAuthentic("certificate_unknown")
        signed, signature = notice_text(fields).encode(), fields.get("sign", "")
        if not self._trust.verifies(signed, signature, certificate_sn):
            raise NotAuthentic("wrong_signature")


def _fields(form: bytes) -> dict[str, str]:
    """Each name once: of a name that comes twice two readers could take two values."""
    if len(form) > FORM_BYTES_MAX:
        raise NotAuthentic("unreadable")
    try:
        pairs = parse_qsl(
            form.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=FIELDS_MAX,
        )
    except ValueError:
        raise NotAuthentic("unreadable") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise NotAuthentic("unreadable")
    return fields


def _sent_at(fields: Mapping[str, str]) -> datetime | None:
    """``notify_time`` is Beijing's, to the second; a message has ``utc_timestamp``, in milliseconds
    since 1970 (from memory)."""
    try:
        if "notify_time" in fields:
            naive = datetime.strptime(fields["notify_time"], "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007
            return naive.replace(tzinfo=CHINA).astimezone(UTC)
        return datetime.fromtimestamp(int(fields["utc_timestamp"]) / 1000, UTC)
    except (KeyError, ValueError, OverflowError, OSError):
        return None
