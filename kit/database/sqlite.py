"""The SQLite engine: Tortoise's client with two repairs.

* ``BEGIN IMMEDIATE``: with a deferred BEGIN, two processes that read and then write fail at once
  with "database is locked", whatever the busy time-out.
* A transaction whose BEGIN is cancelled or fails gives the connection lock back; otherwise every
  later query of the process hangs for ever.
"""

import sqlite3
from typing import Any

from tortoise.backends.base.client import TransactionalDBClient, TransactionContext
from tortoise.backends.sqlite.client import (
    SqliteClient,
    SqliteTransactionContext,
    SqliteTransactionWrapper,
)
from tortoise.connection import get_connections
from tortoise.exceptions import OperationalError


class _ImmediateTransaction(SqliteTransactionWrapper):
    async def begin(self) -> None:
        try:
            await self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise OperationalError(error) from error


class _ReleasingContext(SqliteTransactionContext):
    async def __aenter__(self) -> TransactionalDBClient:
        await self._trxlock.acquire()
        try:
            await self.ensure_connection()
            await self.connection.begin()
        except BaseException:
            await self._undo()
            raise
        self.token = get_connections().set(self.connection_name, self.connection)
        return self.connection  # type: ignore[no-any-return]

    async def _undo(self) -> None:
        try:
            connection = self.connection._connection
            # A cancelled BEGIN may still have run in SQLite's thread, behind this rollback.
            if connection is not None:
                await connection.rollback()
        finally:
            self._trxlock.release()


class PatientSqliteClient(SqliteClient):
    """Used through ``engine: kit.database.sqlite``."""

    def _in_transaction(self) -> TransactionContext:
        return _ReleasingContext(_ImmediateTransaction(self), self._lock)


def get_client_class(db_info: dict[str, Any]) -> type[SqliteClient]:
    return PatientSqliteClient


client_class = PatientSqliteClient
