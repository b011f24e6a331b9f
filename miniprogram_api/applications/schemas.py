"""What the routes of applications take and show."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from auth.schemas import MainlandRegion
from kit.database.fields import ID_LENGTH
from kit.lines import END
from miniprogram_api.applications.states import Holder
from miniprogram_api.drafts.service import SharingView

Id = Annotated[str, Meta(min_length=ID_LENGTH, max_length=ID_LENGTH, pattern="^[0-9a-f]{32}$")]
PlaceCode = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{1,63}" + END)]
PAGE_MAX = 50
EVENTS_MAX = 200
WAIT_MAX_S = 30


class WindowDelivery(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="method", tag="window"
):
    """Fetched at a service window; ``place``: one of ``collection_places``."""

    place: PlaceCode | UnsetType = UNSET


class KioskDelivery(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="method", tag="kiosk"
):
    """Taken from a self-service machine; ``place``: one of ``collection_places``."""

    place: PlaceCode | UnsetType = UNSET


class CourierDelivery(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="method", tag="courier"
):
    """Sent by mail, free of charge. What the form asks as well may be left out; the rest is needed:
    name, phone and address. ``region``: six digits of a county or city in the mainland (GB/T 2260),
    then ``address`` is what stands below it."""

    name: Annotated[str, Meta(min_length=1, max_length=50)] | UnsetType = UNSET
    phone: Annotated[str, Meta(pattern=r"^(\+86)?[0-9][0-9-]{6,18}" + END)] | UnsetType = UNSET
    address: Annotated[str, Meta(min_length=5, max_length=200)] | UnsetType = UNSET
    region: MainlandRegion | UnsetType = UNSET
    postal_code: Annotated[str, Meta(max_length=6, pattern="^[0-9]{6}$")] | UnsetType = UNSET


DeliveryChoice = WindowDelivery | CourierDelivery | KioskDelivery


class SubmitApplication(Struct, frozen=True, forbid_unknown_fields=True):
    draft_id: Id
    revision: Annotated[int, Meta(ge=0, le=1_000_000)]
    declaration: bool
    """所填内容和材料真实有效: only ``true`` is accepted."""
    delivery: DeliveryChoice


class ApplicationsQuery(Struct, frozen=True, forbid_unknown_fields=True):
    cursor: Id | None = None
    limit: Annotated[int, Meta(ge=1, le=PAGE_MAX)] = 20


class TimelineQuery(Struct, frozen=True, forbid_unknown_fields=True):
    after: Annotated[int, Meta(ge=0, le=1_000_000_000)] = 0


class WaitQuery(Struct, frozen=True, forbid_unknown_fields=True):
    after: Annotated[int, Meta(ge=0, le=1_000_000_000)] = 0
    timeout_s: Annotated[int, Meta(ge=0, le=WAIT_MAX_S)] = 25


class DocumentQuery(Struct, frozen=True):
    """As the province asks for a filed document."""

    docId: Annotated[str, Meta(max_length=64)] = ""  # noqa: N815 - the peer's own spelling
    token: Annotated[str, Meta(max_length=256)] = ""


class ResultView(Struct, frozen=True):
    name: str
    certificate_no: str
    issued_by: str
    issued_on: str


class MatterView(Struct, frozen=True):
    """``promised_at`` is null where nothing reliable is promised, while the clock has not started,
    and while it stands still because the ball is with the applicant."""

    item: str
    name: str
    department: str
    state: str
    state_text: str
    holder: Holder
    promised_at: str | None
    provisional: bool
    """``promised_at`` lies in a year whose holidays are not announced yet: it may still move, and
    ``promise_note`` says so."""
    promise_note: str | None
    overdue: bool
    reason: str | None
    """The department's own words about the present state."""
    result: ResultView | None
    upstream_no: str | None


class ApplicationView(Struct, frozen=True):
    id: str
    reference_no: str
    draft_id: str
    operation: str
    region: str
    theme: str
    state: str
    state_text: str
    submitted_at: str
    content_hash: str
    delivery_method: str
    matters: list[MatterView]
    consents: list[SharingView]
    """Receivers outside, and what the applicant had agreed to when submitting."""
    last_seq: int


class ApplicationPage(Struct, frozen=True):
    items: list[ApplicationView]
    next_cursor: str | None


class EventView(Struct, frozen=True):
    """``data`` holds codes, states and counts, never personal data."""

    seq: int
    at: str
    matter: str | None
    kind: str
    text: str
    data: dict[str, str | int]


class EventPage(Struct, frozen=True):
    """``last_seq`` is what to wait ``after`` next."""

    items: list[EventView]
    next_cursor: str | None
    last_seq: int
