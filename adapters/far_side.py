"""What the simulators of outside systems share: their memory, their timers, their journal.

A simulator stands on the far side of the wire. It speaks its system's real protocol over HTTP and
keeps what it knows in one SQLite file of its own in the data folder, beside and never inside the
product's database, so that it survives a kill like the real system would.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from kit.clock import Clock

EXCHANGES_KEPT = 2000
KEY = "key"
"""The kind of the facts that are a far side's own keys."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something the far side will do by itself: call us back, work on a case."""

    id: int
    due_at: datetime
    body: dict[str, Any]


class Simulator(Protocol):
    """What the mock needs of each simulator besides its web application."""

    name: str

    def next_due(self) -> datetime | None:
        """When the far side will next act by itself; None when it waits for us."""
        ...

    async def run_due(self) -> int:
        """Do every deed that is due by the clock, in order; how many were done."""
        ...


class FarSide:
    """One simulator's file. Calls are synchronous: single rows of a local file, far below 1 ms."""

    def __init__(self, path: Path | str, name: str, clock: Clock) -> None:
        self.name = name
        self.clock = clock
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(
            """
            CREATE TABLE IF NOT EXISTS fact (
              kind TEXT, key TEXT, body TEXT NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID;
            CREATE TABLE IF NOT EXISTS deed (
              id INTEGER PRIMARY KEY, due_at TEXT NOT NULL, body TEXT NOT NULL);
            CREATE INDEX IF NOT EXISTS deed_due ON deed (due_at, id);
            CREATE TABLE IF NOT EXISTS exchange (
              id INTEGER PRIMARY KEY, at TEXT NOT NULL, body TEXT NOT NULL);
            """
        )

    def close(self) -> None:
        self._db.close()

    def clear(self) -> None:
        """Forget everything, as on the first day, but its own keys: its peers have their halves."""
        self._db.execute("DELETE FROM fact WHERE kind <> ?", (KEY,))
        self._db.execute("DELETE FROM deed")
        self._db.execute("DELETE FROM exchange")

    @contextmanager
    def together(self) -> Iterator[None]:
        """All or nothing for several facts and deeds; not across an ``await``."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # Facts: one JSON object for each (kind, key).

    def get(self, kind: str, key: str) -> dict[str, Any] | None:
        row = self._db.execute(
            "SELECT body FROM fact WHERE kind = ? AND key = ?", (kind, key)
        ).fetchone()
        return json.loads(row[0]) if row else None

    def put(self, kind: str, key: str, body: dict[str, Any]) -> None:
        self._db.execute(
            "INSERT INTO fact VALUES (?, ?, ?) "
            "ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body",
            (kind, key, json.dumps(body, ensure_ascii=False)),
        )

    def drop(self, kind: str, key: str) -> None:
        self._db.execute("DELETE FROM fact WHERE kind = ? AND key = ?", (kind, key))

    def all(self, kind: str) -> list[tuple[str, dict[str, Any]]]:
        rows = self._db.execute("SELECT key, body FROM fact WHERE kind = ? ORDER BY key", (kind,))
        return [(key, json.loads(body)) for key, body in rows]

    # Deeds: what this far side will do by itself.

    def schedule(self, due_at: datetime, body: dict[str, Any]) -> int:
        cursor = self._db.execute(
            "INSERT INTO deed (due_at, body) VALUES (?, ?)",
            (_stamp(due_at), json.dumps(body, ensure_ascii=False)),
        )
        return int(cursor.lastrowid or 0)

    def due(self) -> list[Deed]:
        rows = self._db.execute(
            "SELECT id, due_at, body FROM deed WHERE due_at <= ? ORDER BY due_at, id",
            (_stamp(self.clock.now()),),
        )
        return [Deed(i, datetime.fromisoformat(at), json.loads(body)) for i, at, body in rows]

    def deeds(self) -> list[Deed]:
        rows = self._db.execute("SELECT id, due_at, body FROM deed ORDER BY due_at, id")
        return [Deed(i, datetime.fromisoformat(at), json.loads(body)) for i, at, body in rows]

    def next_due(self) -> datetime | None:
        row = self._db.execute("SELECT MIN(due_at) FROM deed").fetchone()
        return datetime.fromisoformat(row[0]) if row[0] else None

    def done(self, deed_id: int) -> None:
        self._db.execute("DELETE FROM deed WHERE id = ?", (deed_id,))

    # Scenarios: named faults and oddities, armed for a number of calls.

    def arm(self, scenario: str, times: int, **how: Any) -> None:
        self.put("scenario", scenario, {"times": times, **how})

    def take(self, scenario: str, **call: str) -> dict[str, Any] | None:
        """The armed scenario's settings, using up one of its times; None when it is not armed, or
        armed for other calls: one of its settings goes by a name in ``call`` and is another."""
        armed = self.get("scenario", scenario)
        if armed is None or any(armed.get(name) not in {None, told} for name, told in call.items()):
            return None
        armed["times"] -= 1
        if armed["times"] > 0:
            self.put("scenario", scenario, armed)
        else:
            self.drop("scenario", scenario)
        return armed

    # The journal: every exchange as the far side saw it, for front-end developers.

    def record(
        self, direction: str, what: str, status: int, refused: str = "", **more: Any
    ) -> None:
        """``direction`` is "inbound" (we were called) or "outbound"; ``refused`` says why not."""
        body = {
            "peer": self.name,
            "direction": direction,
            "what": what,
            "status": status,
            "refused": refused,
            **more,
        }
        cursor = self._db.execute(
            "INSERT INTO exchange (at, body) VALUES (?, ?)",
            (_stamp(self.clock.now()), json.dumps(body, ensure_ascii=False)),
        )
        newest = int(cursor.lastrowid or 0)
        if newest % 100 == 0:
            self._db.execute("DELETE FROM exchange WHERE id <= ?", (newest - EXCHANGES_KEPT,))

    def exchanges(self, limit: int = 200) -> list[dict[str, Any]]:
        """The newest first."""
        rows = self._db.execute(
            "SELECT id, at, body FROM exchange ORDER BY id DESC LIMIT ?", (limit,)
        )
        return [{"id": i, "at": at, **json.loads(body)} for i, at, body in rows]


def _stamp(instant: datetime) -> str:
    """A fixed-width UTC text, so that text order is time order."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")
