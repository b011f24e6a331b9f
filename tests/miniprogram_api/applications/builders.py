"""Applications that did not come from a draft, and an office that takes news of them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import msgspec

from adapters.outbox.delivery import Delivery, TopicHandler
from adapters.outbox.models import OutboxEntry
from adapters.outbox.put import Inbox, Outbox
from adapters.province.port import CertificateNotice, StatusNotice
from kit.clock import Clock, ShiftableClock
from kit.coordination.memory import MemoryNotifier
from kit.database.unit import unit_of_work
from kit.ids import new_id, new_reference_no
from kit.secrets import KeyRing
from kit.workdays import WorkCalendar
from miniprogram_api.applications.case import News
from miniprogram_api.applications.casebook import OVERDUE_TOPIC, TELL_TOPIC, Casebook
from miniprogram_api.applications.clocks import Promise
from miniprogram_api.applications.log import ApplicationLog, Line
from miniprogram_api.applications.models import Application, Matter
from miniprogram_api.applications.notices import (
    CERTIFICATE_TOPIC,
    STATUS_TOPIC,
    CertificateHandler,
    StatusHandler,
)
from miniprogram_api.applications.overdue import OverdueHandler
from miniprogram_api.applications.schemas import ApplicationView
from miniprogram_api.applications.states import MatterState
from miniprogram_api.applications.views import ApplicationViews
from miniprogram_api.applications.waiting import Waiters

HALF_A_DAY = Promise(4, "working_hours", None)
AFTER_LICENCE = Promise(2, "working_hours", "business_licence")
UNPROMISED = Promise(None, None, None)
PROMISES = {"business_licence": HALF_A_DAY, "seal": AFTER_LICENCE}
NAMES = {"business_licence": "营业执照", "seal": "印章刻制", "food_operation": "食品经营许可"}


FAR = timedelta(days=365)


class HeldOutbox(Outbox):
    """Its rows are not due: the relay of the running world, which has other keys, leaves them to
    the office."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._far = clock.now() + FAR

    async def put(
        self, topic: str, key: str, body: Mapping[str, object], due_at: datetime | None = None
    ) -> str:
        return await super().put(topic, key, body, due_at or self._far)


class Office:
    """Takes news the way the product does: inbox, outbox, handlers."""

    def __init__(self) -> None:
        self.clock = ShiftableClock()
        self.ring = KeyRing({"1": b"k" * 32}, "1", b"i" * 32)
        self.outbox = HeldOutbox(self.clock)
        self.inbox = Inbox(self.outbox, self.ring, self.clock)
        self.calendar = WorkCalendar()
        self.waiters = Waiters(MemoryNotifier())
        self.log = ApplicationLog(self.ring)
        self.views = ApplicationViews(self.ring, self.calendar, self.clock)
        self.casebook = Casebook(
            self.log, self.outbox, self.calendar, self.waiters, self.ring, self.clock
        )
        self.handlers: dict[str, TopicHandler] = {
            STATUS_TOPIC: StatusHandler(self.casebook, self.inbox),
            CERTIFICATE_TOPIC: CertificateHandler(self.casebook, self.inbox),
            OVERDUE_TOPIC: OverdueHandler(self.casebook, self.clock),
        }

    async def open(self, *items: str) -> Application:
        """A submitted application of these items."""
        now, application_id = self.clock.now(), new_id()
        application = Application(
            id=application_id,
            reference_no=new_reference_no(now),
            person_id="p" * 32,
            draft_id=new_id(),
            revision=1,
            operation="open",
            region="370102",
            theme="restaurant",
            catalogue_version="test",
            delivery_method="window",
            frozen_cipher=b"",
            content_hash=sha256(application_id.encode()).hexdigest(),
            state="submitted",
            submitted_at=now,
            last_seq=0,
            last_hash=sha256(application_id.encode()).hexdigest(),
        )
        matters = [
            Matter(
                id=new_id(),
                application_id=application_id,
                position=position,
                item_code=item,
                name=NAMES[item],
                department="审批服务局",
                state="submitted",
                holder="us",
                promise=msgspec.json.encode(PROMISES.get(item, UNPROMISED)).decode(),
                clock_used_s=0,
            )
            for position, item in enumerate(items)
        ]
        async with unit_of_work():
            await application.save(force_create=True)
            for matter in matters:
                await matter.save(force_create=True)
            await self.casebook.open(application, matters)
        return application

    async def own(self, application: Application, state: MatterState) -> None:
        """Something that we do to all matters."""
        async with unit_of_work():
            case = await self.casebook.take_up(application.id)
            assert case is not None
            items = tuple(matter.item_code for matter in case.matters)
            await self.casebook.take_news(case, News(state=state, items=items, from_peer=False))

    async def told(self, *notices: StatusNotice | CertificateNotice) -> None:
        """The province says this, in this order, and each is acted on before the next."""
        for notice in notices:
            topic = STATUS_TOPIC if isinstance(notice, StatusNotice) else CERTIFICATE_TOPIC
            key = f"application:{notice.serial_no}"
            await self.inbox.receive(topic, notice.event_id, notice, topic, key)
            await self.work()

    async def work(self) -> None:
        """Do what was put, in order; timers when their time has come."""
        open_rows = OutboxEntry.filter(settled_at__isnull=True, topic__in=list(self.handlers))
        for row in await open_rows.order_by("id"):
            if row.topic == OVERDUE_TOPIC and row.due_at > self.clock.now():
                continue
            await OutboxEntry.filter(id=row.id).update(claimed_by="office")
            body = msgspec.json.decode(row.body)
            delivery = Delivery(
                row.id, row.topic, row.key, body, 1, row.created_at, "office", self.clock
            )
            await self.handlers[row.topic].handle(delivery)
            assert delivery.settled

    async def view(self, application: Application) -> ApplicationView:
        row = await Application.get(id=application.id)
        matters = await Matter.filter(application_id=row.id).order_by("position")
        return self.views.of(row, matters, "zh")

    async def state(self, application: Application, item: str) -> str:
        return (await Matter.get(application_id=application.id, item_code=item)).state

    async def lines(self, application: Application) -> list[Line]:
        return await self.log.lines(application.id)


async def tellings() -> list[dict[str, object]]:
    """What was put into the outbox for the applicant, in order."""
    rows = await OutboxEntry.filter(topic=TELL_TOPIC).order_by("id")
    return [msgspec.json.decode(row.body) for row in rows]


def a_notice(
    application: Application,
    state: str,
    *,
    item: str = "business_licence",
    sequence: int | None = None,
    peer_time: datetime | None = None,
    reason: str = "",
    fields: tuple[str, ...] = (),
    event_id: str | None = None,
) -> StatusNotice:
    return StatusNotice(
        event_id=event_id or new_id(),
        serial_no=application.id,
        item_code=item,
        state=state,
        peer_code="02",
        peer_time=peer_time or datetime.now(UTC),
        peer_sequence=sequence,
        reason=reason,
        fields=fields,
    )


def a_certificate(application: Application, *, item: str = "business_licence") -> CertificateNotice:
    return CertificateNotice(
        event_id=new_id(),
        serial_no=application.id,
        item_code=item,
        name="营业执照",
        certificate_no="91370102MA3TEST01X",
        issued_by="济南市市场监督管理局",
        issued_on="2026-11-20",
        face={"legalPerson": "测试人甲", "registeredCapital": "100万元"},
    )
