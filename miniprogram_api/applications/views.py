"""Applications, matters and events as they are shown."""

from collections.abc import Mapping, Sequence

import msgspec

from kit.clock import Clock, in_china
from kit.secrets import KeyRing
from kit.text import Language, Text
from kit.workdays import WorkCalendar
from miniprogram_api.applications.casebook import reason_context, result_context
from miniprogram_api.applications.clocks import is_overdue
from miniprogram_api.applications.log import APPLICATION, CERTIFICATE, OVERDUE, Line, Private
from miniprogram_api.applications.models import Application, Matter
from miniprogram_api.applications.schemas import (
    ApplicationView,
    EventView,
    MatterView,
    ResultView,
)
from miniprogram_api.applications.states import (
    APPLICATION_PHRASES,
    PHRASES,
    ApplicationState,
    MatterState,
    holder_of,
)
from miniprogram_api.applications.texts import text_of
from miniprogram_api.drafts.service import SharingView, sharing_view

PROVISIONAL = Text(
    "暂按周末计",
    "Provisional: that year's holidays are not announced yet, so only weekends are counted",
)


class ApplicationViews:
    def __init__(self, ring: KeyRing, calendar: WorkCalendar, clock: Clock) -> None:
        self._ring = ring
        self._calendar = calendar
        self._clock = clock

    def of(
        self, application: Application, matters: Sequence[Matter], language: Language
    ) -> ApplicationView:
        state = ApplicationState(application.state)
        return ApplicationView(
            id=application.id,
            reference_no=application.reference_no,
            draft_id=application.draft_id,
            operation=application.operation,
            region=application.region,
            theme=application.theme,
            state=state,
            state_text=APPLICATION_PHRASES[state].in_language(language),
            submitted_at=in_china(application.submitted_at),
            content_hash=application.content_hash,
            delivery_method=application.delivery_method,
            matters=[self._matter(matter, language) for matter in matters],
            consents=_sharings(matters, language),
            last_seq=application.last_seq,
        )

    def _matter(self, matter: Matter, language: Language) -> MatterView:
        state = MatterState(matter.state)
        provisional = matter.due_at is not None and self._calendar.is_provisional(matter.due_at)
        return MatterView(
            item=matter.item_code,
            name=matter.name,
            department=matter.department,
            state=state,
            state_text=PHRASES[state].in_language(language),
            holder=holder_of(state),
            promised_at=in_china(matter.due_at) if matter.due_at else None,
            provisional=provisional,
            promise_note=PROVISIONAL.in_language(language) if provisional else None,
            overdue=is_overdue(state, matter.due_at, self._clock.now()),
            reason=self._reason(matter),
            result=self._result(matter),
            upstream_no=matter.upstream_no,
        )

    def _reason(self, matter: Matter) -> str | None:
        if matter.reason_cipher is None:
            return None
        return self._ring.open(matter.reason_cipher, reason_context(matter)).decode()

    def _result(self, matter: Matter) -> ResultView | None:
        if matter.result_cipher is None:
            return None
        plain = self._ring.open(matter.result_cipher, result_context(matter))
        name, private = msgspec.json.decode(plain, type=tuple[str, Private])
        return ResultView(name, private.certificate_no, private.issued_by, private.issued_on)


def _sharings(matters: Sequence[Matter], language: Language) -> list[SharingView]:
    by_consent: dict[tuple[str, bool], list[tuple[str, Text]]] = {}
    for matter in matters:
        if matter.consent is not None:
            consent = matter.consent, bool(matter.consent_granted)
            # As it was called when it was submitted; that name is official, and Chinese.
            name = Text(matter.name, matter.name)
            by_consent.setdefault(consent, []).append((matter.item_code, name))
    return [
        sharing_view(purpose, items, language, granted=granted)
        for (purpose, granted), items in by_consent.items()
    ]


def event_view(line: Line, names: Mapping[str, str], language: Language) -> EventView:
    """``names``: of the application's items, by code."""
    item_name = names.get(line.matter) if line.matter else None
    return EventView(
        seq=line.seq,
        at=in_china(line.at),
        matter=line.matter,
        kind=line.kind,
        text=text_of(line, item_name).in_language(language),
        data=_data(line),
    )


def _data(line: Line) -> dict[str, str | int]:
    body = line.body
    if line.kind == CERTIFICATE:
        return {"name": body.name}
    if line.kind == OVERDUE:
        return {"promised_at": in_china(body.due_at)} if body.due_at else {}
    data: dict[str, str | int] = {"state": body.now or body.state}
    if line.kind == APPLICATION:
        return data
    if body.points:
        data["points"] = body.points
    if body.why:
        data["why"] = body.why
    return data


def etag_of(view: ApplicationView, language: Language) -> str:
    """The log's end says it all, but for the language and for a promise that has just run out."""
    late = sum(matter.overdue for matter in view.matters)
    return f"{view.last_seq}" + (f".{late}" if late else "") + ("" if language == "zh" else ".en")
