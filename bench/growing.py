"""Whether saving and resuming cost more where more drafts lie, or where one draft has a long past.

Number of drafts: two products on two databases of one server, which differ in nothing else. Length
of the past: one product, some of its drafts with many rows. In each line the many stand beside the
few, in turns, so that the ratio is the figure.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncmy

from bench.people import OpenDraft
from bench.rounds import CONNECTIONS, Figure, Pace, Side, compare
from bench.samples import Samples
from bench.saving import phones_saving
from bench.stack import DATABASE, Server, Stack
from bench.wire import Rotation, Surprise, fetch, request, request_head
from bff.settings import Settings
from kit.secrets import KeyRing
from miniprogram_api.drafts.log import row_id, sealing_context

MANY_DATABASE = "bff_bench_many"
FEW_DRAFTS, MANY_DRAFTS = 1_000, 100_000
MANY_REVISIONS = 2_000
MARK = 0.8
"""Of the rate with few. It should be 1; a machine that others use, too, is not that exact."""
AT_ONCE = 10_000
"""Rows of one INSERT."""

_NUMBERS = "WITH RECURSIVE numbers (n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n < {last})"  # noqa: E501
_NO_BOUND = "SET SESSION max_recursive_iterations = 1000000"
# Older than any draft of the run, in the order in which they would have been made.
_INVENTED = "CONCAT('0100', LPAD(LOWER(HEX(n)), 28, '0'))"


@dataclass(frozen=True, slots=True)
class Shares:
    """Each person saves at most 120 times at once, so every contest has drafts of its own."""

    counted: Sequence[OpenDraft]
    short: Sequence[OpenDraft]
    long: Sequence[OpenDraft]

    @classmethod
    def of(cls, drafts: Sequence[OpenDraft]) -> "Shares":
        third = len(drafts) // 3
        return cls(drafts[:third], drafts[third : 2 * third], drafts[2 * third :])


async def measure(
    stack: Stack, drafts: Sequence[OpenDraft], samples: Samples, pace: Pace
) -> list[Figure]:
    shares = Shares.of(drafts)
    lines = await _by_number(stack, shares.counted, samples, pace)
    return [*lines, *await _by_past(stack, shares, samples, pace)]


async def _by_number(
    stack: Stack, drafts: Sequence[OpenDraft], samples: Samples, pace: Pace
) -> list[Figure]:
    await _copy_database(stack)
    await _add_drafts(stack, DATABASE, drafts[0], FEW_DRAFTS)
    await _add_drafts(stack, MANY_DATABASE, drafts[0], MANY_DRAFTS)
    few = Server(stack.product_port, stack.product)
    async with stack.another_product(MANY_DATABASE) as many:
        copies = [OpenDraft(one.id, one.token, one.revision) for one in drafts]
        named = f"{MANY_DRAFTS:,} drafts beside {FEW_DRAFTS:,}"
        return [
            await compare(
                f"save, {named}",
                Side(many, phones_saving(copies, samples.steps)),
                Side(few, phones_saving(drafts, samples.steps)),
                pace,
                MARK,
            ),
            await compare(
                f"resume, {named}",
                Side(many, await _readers(many, copies)),
                Side(few, await _readers(few, drafts)),
                pace,
                MARK,
            ),
        ]


async def _by_past(stack: Stack, shares: Shares, samples: Samples, pace: Pace) -> list[Figure]:
    few = shares.short[0].revision
    await _lengthen(stack, shares.long)
    server = Server(stack.product_port, stack.product)
    named = f"{MANY_REVISIONS:,} revisions beside {few}"
    return [
        await compare(
            f"save, {named}",
            Side(server, phones_saving(shares.long, samples.steps)),
            Side(server, phones_saving(shares.short, samples.steps)),
            pace,
            MARK,
        ),
        await compare(
            f"resume, {named}",
            Side(server, await _readers(server, shares.long)),
            Side(server, await _readers(server, shares.short)),
            pace,
            MARK,
        ),
    ]


async def _readers(server: Server, drafts: Sequence[OpenDraft]) -> list[Rotation]:
    asking, size = [], 0
    for draft in drafts:
        asking.append(request(request_head("GET", f"/api/v1/drafts/{draft.id}", draft.token)))
        status, _, body = await fetch(server.port, asking[-1])
        if status != 200:
            raise Surprise(f"{status} {body[:300]!r}")
        size = len(body)
    starts = [number * len(asking) // CONNECTIONS for number in range(CONNECTIONS)]
    return [Rotation(asking, 200, size, start) for start in starts]


async def _copy_database(stack: Stack) -> None:
    stack.mariadb.create_database(MANY_DATABASE)
    tables = await stack.query("SHOW TABLES")
    stack.mariadb.execute(
        *(
            statement
            for (table,) in tables
            for statement in (
                f"CREATE TABLE {MANY_DATABASE}.`{table}` LIKE {DATABASE}.`{table}`",
                f"INSERT INTO {MANY_DATABASE}.`{table}` SELECT * FROM {DATABASE}.`{table}`",  # noqa: S608 - our own tables.
            )
        )
    )


async def _add_drafts(stack: Stack, database: str, like: OpenDraft, count: int) -> None:
    """Of somebody else, each with two rows: just made, and half filled in. Nobody can open their
    seal, and nobody tries."""
    there = (await stack.query("SELECT COUNT(*) FROM draft"))[0][0]
    owner = "REVERSE(" + _INVENTED + ")"
    drafts = await _copying(
        stack, "draft", {"id": _INVENTED, "person_id": owner}, f"id = '{like.id}'"
    )
    # By their keys: the table has no other index, and grows to a multiple of the server's memory.
    half = row_id(like.id, 1), row_id(like.id, (like.revision + 1) // 2)
    rows = await _copying(
        stack,
        "draft_save",
        {"id": f"CONCAT({_INVENTED}, RIGHT(id, 8))", "draft_id": _INVENTED, "person_id": owner},
        f"id IN {half}",
    )
    for first in range(1, count - there + 1, AT_ONCE):
        last = min(first + AT_ONCE - 1, count - there)
        numbers = _NUMBERS.format(first=first, last=last)
        stack.mariadb.execute(
            f"USE {database}",
            _NO_BOUND,
            *(
                f"INSERT INTO {table} ({columns}) {numbers} {chosen}"
                for table, columns, chosen in (drafts, rows)
            ),
        )


async def _lengthen(stack: Stack, drafts: Sequence[OpenDraft]) -> None:
    """A long past: rows of which only the newest is ever opened, so only that one is sealed for its
    place."""
    keys = Settings.from_env(stack.environ).keys
    ring = KeyRing(keys.field_keys, keys.field_key_current, keys.index_key)
    connection = await asyncmy.connect(
        host="127.0.0.1", port=stack.mariadb.port, user="root", db=DATABASE, autocommit=True
    )
    async with connection.cursor() as cursor:
        await cursor.execute(_NO_BOUND)
        for draft in drafts:
            before = row_id(draft.id, draft.revision)
            await cursor.execute("SELECT answers_cipher FROM draft_save WHERE id = %s", (before,))
            ((sealed,),) = await cursor.fetchall()
            plain = ring.open(sealed, sealing_context(draft.id, draft.revision))
            table, columns, chosen = await _copying(
                stack,
                "draft_save",
                {"id": "CONCAT(draft_id, LPAD(LOWER(HEX(n)), 8, '0'))", "revision": "n"},
                f"id = '{row_id(draft.id, 1)}'",
            )
            numbers = _NUMBERS.format(first=draft.revision + 1, last=MANY_REVISIONS - 1)
            await cursor.execute(f"INSERT INTO {table} ({columns}) {numbers} {chosen}")
            table, columns, chosen = await _copying(
                stack,
                "draft_save",
                {
                    "id": "%s",
                    "revision": str(MANY_REVISIONS),
                    "answers_cipher": "%s",
                },
                "id = %s",
            )
            newest = row_id(draft.id, MANY_REVISIONS)
            again = ring.seal(plain, sealing_context(draft.id, MANY_REVISIONS))
            numbers = _NUMBERS.format(first=1, last=1)
            await cursor.execute(
                f"INSERT INTO {table} ({columns}) {numbers} {chosen}",
                _in_order(columns, {"id": newest, "answers_cipher": again}, before),
            )
            draft.revision = MANY_REVISIONS
    connection.close()


def _in_order(columns: str, values: dict[str, object], last: str) -> tuple[object, ...]:
    names = [name.strip("`") for name in columns.split(", ")]
    return (*(values[name] for name in names if name in values), last)


async def _copying(
    stack: Stack, table: str, changed: dict[str, str], where: str
) -> tuple[str, str, str]:
    """A table, its columns, and what copies rows of it, once for each number."""
    names = [row[0] for row in await stack.query(f"SHOW COLUMNS FROM {table}")]
    values = ", ".join(changed.get(name, f"`{name}`") for name in names)
    columns = ", ".join(f"`{name}`" for name in names)
    return table, columns, f"SELECT {values} FROM {table} CROSS JOIN numbers WHERE {where}"  # noqa: S608 - our own tables.
