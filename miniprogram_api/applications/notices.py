"""The province's pushes: kept first, answered, then acted on.

What is kept is sealed in the inbox under the notice's own id, so a repeat is known as one. What
cannot be understood or belongs to nobody stays on record and is logged; it moves nothing.
"""

from collections.abc import Awaitable
from typing import NamedTuple

import msgspec
import structlog

from adapters.outbox.delivery import Delivery
from adapters.outbox.put import Inbox
from adapters.province.port import (
    CertificateNotice,
    NotAuthentic,
    NotUnderstood,
    OneWindowCallbacks,
    StatusNotice,
)
from miniprogram_api.applications.case import News
from miniprogram_api.applications.casebook import Casebook
from miniprogram_api.applications.forwarding import application_key
from miniprogram_api.applications.log import Body, Private

log = structlog.get_logger("applications")

STATUS_TOPIC = "province.status"
CERTIFICATE_TOPIC = "province.certificate"


class Answered(NamedTuple):
    """What the peer gets: an HTTP status and its own kind of body."""

    status: int
    body: bytes


class ProvincePushes:
    """Keeps what the province sent, then answers it. Only what is on disk is answered with success;
    anything else the peer keeps and sends again."""

    def __init__(self, callbacks: OneWindowCallbacks, inbox: Inbox) -> None:
        self._callbacks = callbacks
        self._inbox = inbox

    async def take_status(self, content_type: str, body: bytes) -> Answered:
        return await self._answered(self._keep_status(content_type, body))

    async def take_certificates(self, content_type: str, body: bytes) -> Answered:
        return await self._answered(self._keep_certificates(content_type, body))

    async def _answered(self, keeping: Awaitable[None]) -> Answered:
        try:
            await keeping
        except NotAuthentic as error:
            log.warning("province_push_not_authentic", reason=error.args[0])
            return Answered(401, self._callbacks.answer(False))
        except NotUnderstood as error:
            log.error("province_push_not_understood", reason=error.args[0])
            return Answered(200, self._callbacks.answer(False))
        return Answered(200, self._callbacks.answer(True))

    async def _keep_status(self, content_type: str, body: bytes) -> None:
        for notice in self._callbacks.read_status(content_type, body):
            await self._keep(STATUS_TOPIC, notice)

    async def _keep_certificates(self, content_type: str, body: bytes) -> None:
        for notice in self._callbacks.read_certificate(content_type, body):
            await self._keep(CERTIFICATE_TOPIC, notice)

    async def _keep(self, topic: str, notice: StatusNotice | CertificateNotice) -> None:
        key = application_key(notice.serial_no)
        await self._inbox.receive(topic, notice.event_id, notice, topic, key)


class StatusHandler:
    """``province.status``"""

    def __init__(self, casebook: Casebook, inbox: Inbox) -> None:
        self._casebook = casebook
        self._inbox = inbox

    async def handle(self, delivery: Delivery) -> None:
        inbox_id = delivery.body["inbox_id"]
        notice = msgspec.json.decode(await self._inbox.read(inbox_id), type=StatusNotice)
        async with delivery.settling():
            await self._inbox.settle(inbox_id)
            case = await self._casebook.take_up(notice.serial_no)
            if case is None:
                log.warning("notice_of_unknown_application", inbox_id=inbox_id)
                return
            await self._casebook.take_news(case, _news(notice))

    async def park(self, delivery: Delivery, error_code: str) -> None:
        log.error("notice_parked", inbox_id=delivery.body["inbox_id"], code=error_code)


class CertificateHandler:
    """``province.certificate``"""

    def __init__(self, casebook: Casebook, inbox: Inbox) -> None:
        self._casebook = casebook
        self._inbox = inbox

    async def handle(self, delivery: Delivery) -> None:
        inbox_id = delivery.body["inbox_id"]
        notice = msgspec.json.decode(await self._inbox.read(inbox_id), type=CertificateNotice)
        async with delivery.settling():
            await self._inbox.settle(inbox_id)
            case = await self._casebook.take_up(notice.serial_no)
            if case is None:
                log.warning("certificate_of_unknown_application", inbox_id=inbox_id)
                return
            body = Body(name=notice.name, event_id=notice.event_id, from_peer=True)
            private = Private(
                certificate_no=notice.certificate_no,
                issued_by=notice.issued_by,
                issued_on=notice.issued_on,
                face=dict(notice.face),
            )
            await self._casebook.keep_certificate(case, notice.item_code, body, private)

    async def park(self, delivery: Delivery, error_code: str) -> None:
        log.error("certificate_parked", inbox_id=delivery.body["inbox_id"], code=error_code)


def _news(notice: StatusNotice) -> News:
    return News(
        state=notice.state,
        items=(notice.item_code,),
        from_peer=True,
        event_id=notice.event_id,
        sequence=notice.peer_sequence,
        peer_code=notice.peer_code,
        peer_time=notice.peer_time,
        private=Private(
            reason=notice.reason,
            fields=list(notice.fields),
            materials=list(notice.materials),
            item_code=notice.item_code,
        ),
    )
