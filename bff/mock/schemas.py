"""The mock API's bodies and answers."""

from typing import Annotated, Any, Literal

import msgspec

Short = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Identifier = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]


class Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is sent to the mock; unknown members are refused."""


class PersonaCompany(msgspec.Struct, frozen=True):
    """A company in which a persona is something; ``role`` is 爱山东's ``corUserRole``."""

    uscc: str
    name: str
    role: str
    role_text: str


class PersonaView(msgspec.Struct, frozen=True):
    key: str
    name: str
    id_number: str
    phone: str
    story: str
    assurance_possible: str
    companies: list[PersonaCompany]


class CodeWanted(Body, frozen=True):
    """``user_type`` and ``uscc`` belong to 爱山东: 2 signs in for a company."""

    platform: Literal["wechat", "alipay", "aishandong"]
    persona: Short
    kind: Literal["login", "phone"] = "login"
    user_type: Literal["1", "2"] = "1"
    uscc: Short | None = None


class Credential(msgspec.Struct, frozen=True):
    """For ``/auth/login``; or, of the kind ``phone``, the body for ``/auth/phone``."""

    credential: dict[str, str]


class FaceDialog(Body, frozen=True):
    identity_check: Short
    persona: Short
    outcome: Literal["pass", "fail", "cancel"]


class SigningPage(Body, frozen=True):
    """What the persona does on the e-signature service's page."""

    persona: Short
    outcome: Literal["sign", "refuse"]


class OpenDialog(msgspec.Struct, frozen=True):
    """An identity check that waits for somebody's face: what ``POST face`` answers."""

    identity_check: str
    persona: str
    method: str
    begun_at: str


class OpenDialogs(msgspec.Struct, frozen=True):
    items: list[OpenDialog]


class OpenPage(msgspec.Struct, frozen=True):
    """A signing that waits on the service's page: what ``POST signatures/{id}`` answers; ``flow``
    is the ``flowNo`` in the page's address."""

    signature_id: str
    persona: str
    flow: str
    begun_at: str


class OpenPages(msgspec.Struct, frozen=True):
    items: list[OpenPage]


class Done(msgspec.Struct, frozen=True):
    done: bool


class Samples(msgspec.Struct, frozen=True):
    steps: dict[str, dict[str, Any]]
    files: dict[str, str]


class ClockView(msgspec.Struct, frozen=True):
    now: str
    ahead_s: float


class ClockMove(Body, frozen=True):
    """Exactly one of the three."""

    seconds: Annotated[float, msgspec.Meta(ge=0, le=400 * 86400)] | None = None
    workdays: Annotated[int, msgspec.Meta(ge=1, le=250)] | None = None
    to: Annotated[str, msgspec.Meta(max_length=40)] | None = None


class ClockMoved(msgspec.Struct, frozen=True):
    now: str
    ahead_s: float
    stops: int
    """How many things fell due on the way."""


class Rows(msgspec.Struct, frozen=True):
    items: list[dict[str, Any]]


class DepartmentAct(Body, frozen=True):
    item: Short
    action: Short
    fields: Annotated[list[Short], msgspec.Meta(max_length=50)] = []
    materials: Annotated[list[Short], msgspec.Meta(max_length=50)] = []
    reason: Annotated[str, msgspec.Meta(max_length=500)] = ""


class Tap(Body, frozen=True):
    """The phone's answer to a subscribe dialog (``answers`` by template id), or a change in its
    notification settings (``settings``)."""

    platform: Literal["wechat"]
    persona: Short
    answers: dict[Identifier, Short] = {}
    settings: dict[Identifier, Literal["reject"]] = {}


class ScenarioArmed(Body, frozen=True):
    times: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 1
    then: dict[str, Any] = {}
    seed: int = 0


class ScenarioView(msgspec.Struct, frozen=True):
    name: str
    peer: str
    text: str


class Scenarios(msgspec.Struct, frozen=True):
    """``items`` are armed: name, peer, how many ``times`` are left, and their settings."""

    items: list[dict[str, Any]]
    available: list[ScenarioView]


class SampleQuery(msgspec.Struct, frozen=True):
    """``partner``: another persona, who holds two fifths of the shares and so has to sign too."""

    partner: str | None = None


class PersonaQuery(msgspec.Struct, frozen=True):
    persona: str | None = None


class LimitQuery(msgspec.Struct, frozen=True):
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 200


class TerminalView(msgspec.Struct, frozen=True):
    """A counter or kiosk that claims codes: ``POST terminals/{terminal}/handovers``."""

    terminal: str
    kind: str
    name: str


class HandoverClaim(Body, frozen=True):
    code: Annotated[str, msgspec.Meta(pattern="^[0-9]{8}$")]
