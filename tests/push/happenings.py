"""Things that happen to applications, as ``applicant.tell`` has them."""

from datetime import UTC, datetime

from kit.ids import new_id
from push.rules import Happening

AT = datetime(2026, 11, 20, 2, 30, tzinfo=UTC)


def a_happening(
    state: str = "completed",
    *,
    kind: str = "state",
    person_id: str = "p" * 32,
    item_name: str | None = "食品经营许可",
    department: str | None = "济南市行政审批服务局",
    points: int = 0,
    promised_at: datetime | None = None,
    delivery: str = "window",
    event_id: str | None = None,
) -> Happening:
    return Happening(
        event_id=event_id or new_id(),
        person_id=person_id,
        application_id="a" * 32,
        reference_no="SD20261120ABCDEFGH",
        kind=kind,
        seq=3,
        at=AT,
        state=state,
        item="food_operation" if item_name else None,
        item_name=item_name,
        department=department,
        points=points,
        promised_at=promised_at,
        delivery=delivery,
    )
