"""From the 202 to the province, and from an event to the phone that waits for it."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import asyncmy
import msgspec

from bench.people import Phone
from bench.samples import Samples
from bench.stack import DATABASE, Stack
from bench.table import Times
from bench.wire import Surprise, fetch, request, request_head
from kit.ids import new_id

RECEIVED_WITHIN_S = 20.0
SETTLED_S = 0.05
"""A long poll that was asked this long ago is waiting."""


async def measure_submitting(
    stack: Stack, phones: Sequence[Phone], samples: Samples, count: int
) -> tuple[dict[str, Phone], list[Times]]:
    """The applications' ids with whose they are; how long the 202 took, and the way from there to
    the province. The phones take turns, because saving and submitting are limited by person."""
    answered: dict[str, float] = {}
    took: list[float] = []
    owners: dict[str, Phone] = {}
    for number in range(count):
        phone = phones[number % len(phones)]
        draft = await phone.fill_draft(samples)
        for material in samples.materials:
            await phone.upload(draft, material)
        await phone.ask_for_signatures(draft, phones[0])
        newest = (await phone.call("GET", f"/drafts/{draft.id}"))["revision"]
        asked = {
            "draft_id": draft.id,
            "revision": newest,
            "declaration": True,
            "delivery": {"method": "window"},
        }
        head = request_head("POST", "/api/v1/applications", phone.token)
        head += b"\r\nIdempotency-Key: " + new_id().encode()
        begun = time.perf_counter()
        status, _, body = await fetch(stack.product_port, request(head, msgspec.json.encode(asked)))
        now, took_s = time.time(), time.perf_counter() - begun
        if status != 202:
            raise Surprise(f"submitting: {status} {body[:600]!r}")
        application = msgspec.json.decode(body)["id"]
        answered[application], owners[application] = now, phone
        took.append(took_s)
    received = await _received(stack, list(answered))
    ways = [received[id_] - at for id_, at in answered.items()]
    return owners, [Times("submit: to the 202", took), Times("202 to received", ways)]


async def _received(stack: Stack, ids: list[str]) -> dict[str, float]:
    """When the province had each case, by the province's own journal."""
    deadline = time.monotonic() + RECEIVED_WITHIN_S
    while True:
        journal = (await stack.far_side.get("/received")).json()["items"]
        at = {row["serial_no"]: datetime.fromisoformat(row["at"]).timestamp() for row in journal}
        if all(id_ in at for id_ in ids):
            return at
        if time.monotonic() > deadline:
            raise Surprise(f"only {len(at)} of {len(ids)} applications reached the province")
        await asyncio.sleep(0.05)


async def measure_waiting(stack: Stack, owners: Mapping[str, Phone], count: int) -> list[Times]:
    """The departments accept one matter after the other while the phone waits."""
    cases = (await stack.far_side.get("/cases")).json()["items"]
    matters = [
        (case["serial_no"], case["upstream_no"], item["item"])
        for case in cases
        if case["serial_no"] in owners
        for item in case["items"]
    ]
    connection = await asyncmy.connect(
        host="127.0.0.1", port=stack.mariadb.port, user="root", db=DATABASE, autocommit=True
    )
    try:
        waits = [
            await _one_wait(stack, owners[matter[0]], connection, *matter)
            for matter in matters[:count]
        ]
    finally:
        connection.close()
    return [
        Times("event committed to long poll answered", [wait for wait, _ in waits]),
        Times("  from the department's act", [way for _, way in waits]),
    ]


async def _one_wait(
    stack: Stack, phone: Phone, connection: Any, application: str, case: str, item: str
) -> tuple[float, float]:
    before = await _last_seq(connection, application)
    path = f"/api/v1/applications/{application}/wait?after={before}&timeout_s=25"
    asking = request(request_head("GET", path, phone.token))

    async def poll() -> tuple[float, bytes]:
        _, _, body = await fetch(stack.product_port, asking)
        return time.perf_counter(), body

    async def committed() -> float:
        # Another process commits it, so there is nothing to wait on but the database.
        while await _last_seq(connection, application) == before:  # noqa: ASYNC110
            await asyncio.sleep(0.0005)
        return time.perf_counter()

    async with asyncio.TaskGroup() as group:
        polling = group.create_task(poll())
        await asyncio.sleep(SETTLED_S)
        watching = group.create_task(committed())
        acted = time.perf_counter()
        await stack.hand("/act", upstream_no=case, item=item, action="accept")
    answered, body = polling.result()
    if not msgspec.json.decode(body)["items"]:
        raise Surprise("a long poll ended without news")
    # The watcher looks every half millisecond, so it may see the commit after the poll's answer.
    return max(0.0, answered - watching.result()), answered - acted


async def _last_seq(connection: Any, application: str) -> int:
    async with connection.cursor() as cursor:
        await cursor.execute("SELECT last_seq FROM application WHERE id = %s", (application,))
        (seq,) = await cursor.fetchone()
    return int(seq)
