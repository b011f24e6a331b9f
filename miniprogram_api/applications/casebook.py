"""What follows from news of an application: lines, states, clocks, timers, tellings.

Everything here happens inside the caller's unit, which holds the application's row, so that two
pieces of news about one application are taken one after the other, whoever brings them.
"""

from datetime import datetime

import msgspec
import structlog

from adapters.outbox.put import Outbox
from kit.clock import Clock
from kit.database.fields import ID_LENGTH
from kit.database.unit import after_commit
from kit.ids import new_id
from kit.secrets import KeyRing
from kit.workdays import WorkCalendar
from miniprogram_api.applications.case import Case, News, promise_of
from miniprogram_api.applications.clocks import clock_of, started_at
from miniprogram_api.applications.log import (
    APPLICATION,
    CERTIFICATE,
    OVERDUE,
    STATE,
    ApplicationLog,
    Body,
    Entry,
    Line,
    Private,
)
from miniprogram_api.applications.models import Application, Matter
from miniprogram_api.applications.states import (
    ENDED,
    TERMINAL,
    ApplicationState,
    MatterState,
    application_state,
    holder_of,
)
from miniprogram_api.applications.waiting import Waiters

log = structlog.get_logger("applications")

TELL_TOPIC = "applicant.tell"
OVERDUE_TOPIC = "matter.overdue"


class Casebook:
    def __init__(
        self,
        application_log: ApplicationLog,
        outbox: Outbox,
        calendar: WorkCalendar,
        waiters: Waiters,
        ring: KeyRing,
        clock: Clock,
    ) -> None:
        self._log = application_log
        self._outbox = outbox
        self._calendar = calendar
        self._waiters = waiters
        self._ring = ring
        self._clock = clock

    async def open(self, application: Application, matters: list[Matter]) -> Case:
        """Write the first line of a new application, which is saved already."""
        case = Case(application, matters, [])
        state = ApplicationState.SUBMITTED
        body = Body(state=state, now=state, items=[matter.item_code for matter in matters])
        line = await self._write(case, Entry(APPLICATION, body, application.submitted_at))
        await self._follow(case)
        await self._tell(case, line, None)
        await self._save(case)
        return case

    async def take_up(self, application_id: str) -> Case | None:
        """The case, held until the unit ends; None when there is no such application."""
        if len(application_id) != ID_LENGTH:
            return None
        held = Application.filter(id=application_id).select_for_update()
        application = await held.get_or_none()
        if application is None:
            return None
        matters = await Matter.filter(application_id=application_id).order_by("position")
        return Case(application, matters, await self._log.lines(application_id))

    async def take_news(self, case: Case, news: News) -> None:
        """Put news on record and let everything follow from them. Repeats change nothing."""
        if news.event_id and case.knows(news.event_id):
            return
        line = await self._write(case, case.entry_of(news, self._clock.now()))
        if line.kind == STATE:
            moved = [matter for matter in case.matters if line.concerns(matter.item_code)]
            for matter in moved:
                matter.reason_cipher = self._sealed_reason(matter, news.private)
                case.changed.add(matter.item_code)
            await self._follow(case)
            await self._tell(case, line, moved[0] if line.matter else None)
            await self._note_the_end(case)
        else:
            log.warning("odd_news", application_id=case.application.id, why=line.body.why)
        await self._save(case)

    async def keep_certificate(
        self, case: Case, item_code: str, body: Body, private: Private
    ) -> None:
        """A licence or another result. One that is no matter's belongs to the application."""
        if case.knows(body.event_id):
            return
        matter = case.matter(item_code)
        code = matter.item_code if matter else None
        await self._write(case, Entry(CERTIFICATE, body, self._clock.now(), code, private))
        if matter is not None:
            plain = msgspec.json.encode((body.name, private))
            matter.result_cipher = self._ring.seal(plain, result_context(matter))
            case.changed.add(matter.item_code)
        await self._save(case)

    async def note_overdue(self, case: Case, matter: Matter) -> None:
        body = Body(state=matter.state, due_at=matter.due_at)
        line = await self._write(case, Entry(OVERDUE, body, self._clock.now(), matter.item_code))
        log.warning("matter_overdue", application_id=case.application.id, item=matter.item_code)
        await self._tell(case, line, matter)
        await self._save(case)

    async def _write(self, case: Case, entry: Entry) -> Line:
        line = await self._log.append(case.application, entry)
        case.lines.append(line)
        return line

    async def _follow(self, case: Case) -> None:
        """Bring states and clocks to what the log says."""
        walked = {matter.item_code: case.moves(matter.item_code) for matter in case.matters}
        completed_at = {
            item: moves[-1].step.at
            for item, moves in walked.items()
            if moves[-1].step.state == MatterState.COMPLETED
        }
        for matter in case.matters:
            moves = walked[matter.item_code]
            state = moves[-1].step.state
            promise = promise_of(matter)
            begun = started_at(promise, case.application.submitted_at, completed_at)
            clock = clock_of(promise, begun, moves, self._calendar)
            if clock.due_at not in {None, matter.due_at} and state not in TERMINAL:
                await self._set_timer(matter, clock.due_at)
            was = (matter.state, matter.due_at, matter.clock_used_s)
            if was != (state, clock.due_at, clock.used_s):
                matter.state, matter.holder = state, holder_of(state)
                matter.due_at, matter.clock_used_s = clock.due_at, clock.used_s
                case.changed.add(matter.item_code)

    async def _set_timer(self, matter: Matter, due_at: datetime | None) -> None:
        """A timer has a key of its own: it must not hold up what is due earlier."""
        body = {"matter_id": matter.id, "due_at": due_at}
        await self._outbox.put(OVERDUE_TOPIC, f"overdue:{new_id()}", body, due_at)

    async def _note_the_end(self, case: Case) -> None:
        state = application_state([MatterState(matter.state) for matter in case.matters])
        has_ended = state in ENDED and case.application.state != state
        case.application.state = state
        if has_ended:
            body = Body(state=state, now=state)
            line = await self._write(case, Entry(APPLICATION, body, self._clock.now()))
            await self._tell(case, line, None)

    async def _tell(self, case: Case, line: Line, matter: Matter | None) -> None:
        """Whether and how is for push to decide; this says what happened, without personal data.
        Nobody is there to be told of an application whose person's account was deleted."""
        application = case.application
        if application.restricted_at is not None:
            return
        happening = {
            "event_id": line.id,
            "person_id": application.person_id,
            "application_id": application.id,
            "reference_no": application.reference_no,
            "kind": line.kind,
            "seq": line.seq,
            "at": line.at,
            "state": line.body.now or line.body.state,
            "item": matter.item_code if matter else None,
            "item_name": matter.name if matter else None,
            "department": matter.department if matter else None,
            "points": line.body.points,
            "promised_at": matter.due_at if matter else None,
            "provisional": self._is_provisional(matter),
            "delivery": application.delivery_method,
        }
        await self._outbox.put(TELL_TOPIC, f"tell:{application.id}", happening)

    def _is_provisional(self, matter: Matter | None) -> bool:
        due_at = matter.due_at if matter else None
        return due_at is not None and self._calendar.is_provisional(due_at)

    async def _save(self, case: Case) -> None:
        """The row goes last: it carries the end of the log."""
        for matter in case.matters:
            if matter.item_code in case.changed:
                await matter.save()
        case.changed.clear()
        # Not the frozen content: it never changes, and it is the largest part of the row.
        await case.application.save(update_fields=("state", "upstream_no", "last_seq", "last_hash"))
        application_id = case.application.id
        after_commit(lambda: self._waiters.ring(application_id))

    def _sealed_reason(self, matter: Matter, private: Private | None) -> bytes | None:
        """The newest reason; a move without one ends what the last reason was about."""
        if private is None or not private.reason:
            return None
        return self._ring.seal(private.reason.encode(), reason_context(matter))


def reason_context(matter: Matter) -> str:
    return f"matter.reason_cipher|{matter.id}"


def result_context(matter: Matter) -> str:
    return f"matter.result_cipher|{matter.id}"
