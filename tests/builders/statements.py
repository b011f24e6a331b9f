"""Which statements reach the database, for tests of how many there are."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

_SQL = logging.getLogger("tortoise.db_client")


class _Keeping(logging.Handler):
    def __init__(self, table: str) -> None:
        super().__init__(logging.DEBUG)
        self.statements: list[str] = []
        self._table = table

    def emit(self, record: logging.LogRecord) -> None:
        # The statement's text without its values.
        text = str(record.args[0]) if isinstance(record.args, tuple) and record.args else ""
        if self._table in text:
            self.statements.append(text)


@contextmanager
def statements_on(table: str) -> Iterator[list[str]]:
    """Those that name the table and begin in the block. The relay's own are on other tables. None
    on MariaDB, whose client tells nobody; they are the same there."""
    keeping = _Keeping(table)
    level, propagate = _SQL.level, _SQL.propagate
    _SQL.addHandler(keeping)
    _SQL.setLevel(logging.DEBUG)
    _SQL.propagate = False
    try:
        yield keeping.statements
    finally:
        _SQL.removeHandler(keeping)
        _SQL.setLevel(level)
        _SQL.propagate = propagate
