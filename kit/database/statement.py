"""Raw statements for the hot paths, written once for both databases.

The ORM costs about three times the driver's time on a single row (docs/performance.md), so saving
and resuming a draft use these. Parameters are ``?``; times are aware; bytes are bytes.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from tortoise.connection import get_connection

Row = Mapping[str, Any]


class Statement:
    """One statement. Every ``?`` is a parameter; the text has no other question or percent mark."""

    def __init__(self, text: str) -> None:
        self._texts = {"sqlite": text, "mysql": text.replace("?", "%s")}

    async def fetch(self, *values: object) -> Sequence[Row]:
        """The rows, of a query."""
        connection = get_connection("default")
        dialect = connection.capabilities.dialect
        _, rows = await connection.execute_query(
            self._texts[dialect], _to_database(dialect, values)
        )
        return rows

    async def execute(self, *values: object) -> int:
        """How many rows were matched, of a change. IntegrityError for a duplicate key."""
        connection = get_connection("default")
        dialect = connection.capabilities.dialect
        count, _ = await connection.execute_query(
            self._texts[dialect], _to_database(dialect, values)
        )
        return count


def _to_database(dialect: str, values: Sequence[object]) -> list[object]:
    return [_written(dialect, value) if isinstance(value, datetime) else value for value in values]


def _written(dialect: str, instant: datetime) -> object:
    """In the very form in which Tortoise writes times, so that both can be compared."""
    if instant.tzinfo is None:
        raise ValueError("instants are aware")
    utc = instant.astimezone(UTC)
    return utc.isoformat(" ") if dialect == "sqlite" else utc.replace(tzinfo=None)


def to_instant(value: str | datetime) -> datetime:
    """A time as a raw query returns it (text on SQLite, naive on MariaDB), made aware."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
