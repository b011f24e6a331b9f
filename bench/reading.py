"""What is only read: resuming a draft, the plan, the catalogue."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

import msgspec

from bench.people import OpenDraft
from bench.rounds import CONNECTIONS, Figure, Pace, Side, compare
from bench.samples import SELECTION, Samples
from bench.stack import Program, Server, Stack
from bench.table import Times
from bench.wire import Rotation, Surprise, fetch, request, request_head
from kit.clock import SystemClock
from miniprogram_api.catalogue.service import Catalogue, CatalogueService, Selection

MARK = 0.6
TEN_ITEMS = (
    "business_licence", "social_insurance", "medical_insurance", "housing_fund", "seal",
    "tax_registration", "bank_appointment", "food_operation", "fire_safety_check",
    "outdoor_advertising",
)  # fmt: skip
TEN_MARK = 0.5
COLD_ROUNDS = 20
"""At most 50 ms each is the mark."""
LOAD_ROUNDS = 3
ITEMS_PATH = "/api/v1/catalogue/items?operation=open&region=370102"
PLAN_PATH = "/api/v1/catalogue/plan"


@dataclass(frozen=True, slots=True)
class Reading:
    """One thing to read; asked for ``floor_asking`` the floor gives ``bare``, of the same size."""

    key: str
    name: str
    asking: Sequence[bytes]
    floor_asking: Sequence[bytes]
    status: int
    bare: str
    mark: float | None = MARK


def _tag(head: bytes) -> str:
    """The answer's ETag (heads come in lower case, and so do our tags)."""
    for line in head.split(b"\r\n"):
        if line.startswith(b"etag: "):
            return line[6:].decode()
    raise Surprise("an answer without an ETag")


async def resumptions(stack: Stack, drafts: Sequence[OpenDraft]) -> list[Reading]:
    asking, conditional, body = [], [], b""
    for draft in drafts:
        path = f"/api/v1/drafts/{draft.id}"
        asking.append(request(request_head("GET", path, draft.token)))
        status, head, body = await fetch(stack.product_port, asking[-1])
        if status != 200:
            raise Surprise(f"{status} {body[:300]!r}")
        conditional.append(request(request_head("GET", path, draft.token, _tag(head))))
    return [
        Reading(
            "resume", f"resume a draft ({len(body) // 1024} KB)", asking, asking, 200, body.decode()
        ),
        Reading("unchanged", "  unchanged: 304", conditional, conditional, 304, "", None),
    ]


async def catalogue_readings(stack: Stack, samples: Samples) -> list[Reading]:
    plan = msgspec.json.encode({**SELECTION, "answers": {}})
    ten = msgspec.json.encode({**SELECTION, "items": TEN_ITEMS, "answers": {}})
    what_if = msgspec.json.encode({**SELECTION, "answers": samples.flat})
    return [
        await _public(stack, "plan", "plan", ("POST", PLAN_PATH, plan)),
        await _public(stack, "plan-ten", "plan of ten items", ("POST", PLAN_PATH, ten), TEN_MARK),
        # Worked out anew for every set of answers, so it is not a bare answer by its nature.
        await _public(stack, "what-if", "  with all answers", ("POST", PLAN_PATH, what_if), None),
        await _public(stack, "items", "catalogue items", ("GET", ITEMS_PATH, b"")),
    ]


def cold_plans() -> Times:
    """Of ten items, in this process, by a catalogue that has made no form yet."""
    catalogue, waits = Catalogue.load(), []
    selection = msgspec.convert({**SELECTION, "items": TEN_ITEMS}, Selection)
    for _ in range(COLD_ROUNDS):
        service = CatalogueService(catalogue, SystemClock())
        before = perf_counter()
        service.compile(selection).shown()
        waits.append(perf_counter() - before)
    return Times("plan of ten items, cold (in process; mark 50 ms)", waits)


def catalogue_loads() -> Times:
    """The whole data folder read, checked and compared with itself, in this process."""
    waits = []
    for _ in range(LOAD_ROUNDS):
        before = perf_counter()
        Catalogue.load()
        waits.append(perf_counter() - before)
    return Times("catalogue loaded (in process; mark 1,500 ms)", waits)


def searches() -> Times:
    """Of the longest list, for what is not in it."""
    lookups = CatalogueService(Catalogue.load(), SystemClock()).serving.lookups
    lookups.find("regions", "xyz", 0, 50)
    waits = []
    for _ in range(COLD_ROUNDS):
        before = perf_counter()
        lookups.find("regions", "xyz", 0, 50)
        waits.append(perf_counter() - before)
    return Times("longest look-up searched (in process; mark 20 ms)", waits)


async def _public(
    stack: Stack,
    key: str,
    name: str,
    call: tuple[str, str, bytes],
    mark: float | None = MARK,
) -> Reading:
    method, path, body = call
    asking = request(request_head(method, path), body)
    status, _, answer = await fetch(stack.product_port, asking)
    if status != 200:
        raise Surprise(f"{method} {path}: {status} {answer[:600]!r}")
    floor_asking = request(request_head(method, f"/bare/{key}"), body)
    size = f"{name} ({len(answer) / 1024:.0f} KB)"
    return Reading(key, size, [asking], [floor_asking], 200, answer.decode(), mark)


async def measure(
    stack: Stack, floor_program: Program, readings: Sequence[Reading], pace: Pace
) -> list[Figure]:
    figures = []
    for reading in readings:
        product = Side(
            Server(stack.product_port, stack.product), _visitors(reading, reading.asking)
        )
        floor = Side(
            Server(stack.floor_port, floor_program), _visitors(reading, reading.floor_asking)
        )
        figures.append(await compare(reading.name, product, floor, pace, reading.mark))
    return figures


def _visitors(reading: Reading, asking: Sequence[bytes]) -> list[Rotation]:
    """Each begins elsewhere, so that they do not read one draft at the same time."""
    size = len(reading.bare.encode())
    starts = [number * len(asking) // CONNECTIONS for number in range(CONNECTIONS)]
    return [Rotation(asking, reading.status, size, start) for start in starts]
