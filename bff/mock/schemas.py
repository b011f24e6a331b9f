"""The mock API's bodies and answers."""

from typing import Annotated, Any, Literal

import msgspec

Short = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Identifier = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]


class Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is sent to the mock; unknown members are refused."""


class PersonaView(msgspec.Struct, frozen=True):
    key: str
    name: str
    id_number: str
    phone: str
    story: str
    assurance_possible: str


class CodeWanted(Body, frozen=True):
    platform: Literal["wechat"]
    persona: Short
    kind: Literal["login", "phone"] = "login"


class Credential(msgspec.Struct, frozen=True):
    credential: dict[str, str]


class FaceDialog(Body, frozen=True):
    identity_check: Short
    persona: Short
    outcome: Literal["pass", "fail", "cancel"]


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


class PersonaQuery(msgspec.Struct, frozen=True):
    persona: str | None = None


class LimitQuery(msgspec.Struct, frozen=True):
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 200
