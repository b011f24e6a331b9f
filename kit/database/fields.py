"""Column types that mean the same on both databases."""

from datetime import UTC, datetime
from typing import Any

from tortoise import Model
from tortoise.fields import CharField, DatetimeField
from tortoise.fields.data import T_DATETIME, T_STR

ID_LENGTH = 32
"""Our identifiers: 32 lower-case hex digits."""


class UtcDatetimeField(DatetimeField[T_DATETIME]):
    """An instant. Tortoise stores ``08:00+08:00`` as 08:00 UTC; here it is converted first. A naive
    value in a query or an update is refused; when a row is made Tortoise has already taken it for
    UTC, so there the linter's rules on naive times are the guard."""

    def to_db_value(self, value: Any, instance: type[Model] | Model) -> Any:
        if isinstance(value, datetime):
            if value.tzinfo is None:
                raise ValueError("instants are aware")
            value = value.astimezone(UTC)
        return super().to_db_value(value, instance)


class BinCharField(CharField[T_STR]):
    """A text compared byte by byte. MariaDB's default collation ignores case, so that two WeChat
    openids that differ in case would be one user."""

    class _db_mysql:  # noqa: N801 - Tortoise looks for this name.
        def __init__(self, field: "BinCharField[Any]") -> None:
            self._field = field

        @property
        def SQL_TYPE(self) -> str:  # noqa: N802 - Tortoise looks for this name.
            length = self._field.max_length
            return f"VARCHAR({length}) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
