"""Alipay's notices to the app: proved, kept, answered; what follows is done by the relay."""

from typing import Final

import msgspec
import structlog

from adapters.alipay.port import AlipayCallbacks, NotAuthentic
from adapters.outbox.delivery import Delivery
from adapters.outbox.put import Inbox
from auth.models import PlatformAccount, Session
from auth.problems import CallbackNotAuthentic
from auth.sessions import SessionService
from kit.problems import NotFound

log = structlog.get_logger("auth")

TOPIC = "alipay.notice"
AUTHORISATION_CANCELLED: Final = "alipay.open.auth.userauth.cancelled"
"""The person took back at Alipay what he had allowed this mini-program. The word and its field
``open_id`` (``user_id`` for older apps) are from memory, confidence low; notices of any other name
are kept and move nothing."""


class _Notice(msgspec.Struct, frozen=True):
    method: str
    open_id: str


class AlipayNotices:
    """``callbacks`` is None where Alipay is not used: then there is no such address."""

    def __init__(self, callbacks: AlipayCallbacks | None, inbox: Inbox) -> None:
        self._callbacks = callbacks
        self._inbox = inbox

    async def keep(self, form: bytes) -> None:
        """Raises CallbackNotAuthentic or NotFound, and keeps nothing then."""
        if self._callbacks is None:
            raise NotFound
        try:
            notice = self._callbacks.read_notify(form)
        except NotAuthentic as error:
            log.warning("alipay_notice_not_authentic", reason=error.args[0])
            raise CallbackNotAuthentic from error
        content = _content(notice.fields.get("biz_content", ""))
        open_id = content.get("open_id") or content.get("user_id") or ""
        kept = _Notice(notice.method, str(open_id))
        event_id = notice.notify_id[:64]
        await self._inbox.receive(TOPIC, event_id, kept, TOPIC, f"alipay:{event_id}")


class AlipayNoticeHandler:
    def __init__(self, inbox: Inbox, sessions: SessionService) -> None:
        self._inbox = inbox
        self._sessions = sessions

    async def handle(self, delivery: Delivery) -> None:
        inbox_id = delivery.body["inbox_id"]
        notice = msgspec.json.decode(await self._inbox.read(inbox_id), type=_Notice)
        ended: list[str] = []
        async with delivery.settling():
            await self._inbox.settle(inbox_id)
            if notice.method == AUTHORISATION_CANCELLED:
                ended = await self._end_sessions(notice.open_id)
            else:
                log.info("alipay_notice_without_meaning", method=notice.method[:64])
        await self._sessions.forget(ended)

    async def park(self, delivery: Delivery, error_code: str) -> None:
        log.error("alipay_notice_parked", inbox_id=delivery.body["inbox_id"], code=error_code)

    async def _end_sessions(self, open_id: str) -> list[str]:
        # More than one only for an old ``user_id``, which is the same for all mini-programs.
        accounts = await PlatformAccount.filter(platform="alipay", open_id=open_id)
        sessions = await Session.filter(
            account_id__in=[account.id for account in accounts], revoked_at__isnull=True
        )
        for session in sessions:
            await self._sessions.revoke(session.id, "authorisation_cancelled")
        return [session.id for session in sessions]


def _content(text: str) -> dict[str, object]:
    try:
        return msgspec.json.decode(text.encode(), type=dict[str, object]) if text else {}
    except msgspec.MsgspecError:
        return {}
