"""The MariaDB/MySQL engine: Tortoise's pooled client with three repairs.

* A connection whose BEGIN fails or is cancelled is closed and given back; otherwise its place in
  the pool is lost for ever and closing the pool hangs.
* Every pooled connection runs in UTC and READ COMMITTED (Tortoise sets the first one only).
* Row counts are of matched rows, as on SQLite (``CLIENT.FOUND_ROWS``).
"""

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tortoise.backends.base.client import (
    TransactionalDBClient,
    TransactionContext,
    TransactionContextPooled,
)
from tortoise.backends.mysql import client as tortoise_mysql
from tortoise.backends.mysql.client import (
    MySQLClient,
    TransactionWrapper,
    translate_exceptions,
)
from tortoise.connection import get_connections
from tortoise.exceptions import OperationalError

FOUND_ROWS = 2
POOL_RECYCLE_S = 1800
CONNECT_TIMEOUT_S = 5
PREPARED_STATEMENTS = 128
"""For each connection; the product has fewer different ones on its hot paths."""


_CONNECTION_GONE = (
    tortoise_mysql.errors.Error,  # type: ignore[attr-defined]
    OSError,
    OperationalError,
)


class _ReleasingContext(TransactionContextPooled):
    async def __aenter__(self) -> TransactionalDBClient:
        await self.ensure_connection()
        pool = self.client._parent._pool
        connection = await pool.acquire()
        self.client._connection = connection
        try:
            await self.client.begin()
        except BaseException:
            # Closed first: its protocol state is unknown, so nobody may get it again.
            connection.close()
            await pool.release(connection)
            raise
        self.token = get_connections().set(self.connection_name, self.client)
        return self.client

    async def __aexit__(self, kind: Any, error: Any, trace: Any) -> None:
        """As the base class; but a connection that was cut (a cancelled statement, a server gone)
        cannot roll back, and the reason it was cut for is what the caller must see."""
        try:
            if error is None:
                await self.client.commit()
            elif not self.client._finalized:
                with contextlib.suppress(*_CONNECTION_GONE):
                    await self.client.rollback()
        finally:
            get_connections().reset(self.token)
            pool = self.client._parent._pool
            if pool is not None:
                await pool.release(self.client._connection)


class _Prepared:
    """Statements with parameters run as server-side prepared ones where the driver can (asyncmy):
    as texts, it escapes bytes that are not ASCII one by one, 87 us for a KB of a sealed value."""

    if TYPE_CHECKING:
        acquire_connection: Callable[[], Any]

    @translate_exceptions
    async def execute_query(
        self, query: str, values: list[Any] | None = None
    ) -> tuple[int, list[dict[str, Any]]]:
        """As the base class; the names come from ``description``, which both protocols fill."""
        async with self.acquire_connection() as connection, connection.cursor() as cursor:
            await cursor.execute(query, values)
            rows = await cursor.fetchall()
            if not rows:
                return cursor.rowcount, []
            names = [column[0] for column in cursor.description]
            return cursor.rowcount, [dict(zip(names, row, strict=True)) for row in rows]


class _SteadyTransaction(_Prepared, TransactionWrapper):
    """The same inside a transaction."""


class SteadyMySQLClient(_Prepared, MySQLClient):
    """Used through ``engine: kit.database.mysql``."""

    def __init__(self, **credentials: Any) -> None:
        credentials.setdefault("client_flag", FOUND_ROWS)
        credentials.setdefault("pool_recycle", POOL_RECYCLE_S)
        credentials.setdefault("connect_timeout", CONNECT_TIMEOUT_S)
        if "asyncmy" in tortoise_mysql.mysql.__name__:  # type: ignore[attr-defined]
            credentials.setdefault("stmt_cache_size", PREPARED_STATEMENTS)
        super().__init__(**credentials)

    def acquire_connection(self) -> Any:
        """The pool's own way, which waits for nothing when a connection is free; Tortoise's takes
        three more coroutines for each statement."""
        return super().acquire_connection() if self._pool is None else self._pool.acquire()

    async def create_connection(self, with_db: bool) -> None:
        self.extra["init_command"] = await self._session_settings()
        await super().create_connection(with_db)

    async def _session_settings(self) -> str:
        """One SET statement; the isolation variable's name differs between the two families."""
        probe = await tortoise_mysql.mysql.connect(  # type: ignore[attr-defined]
            host=self.host,
            port=self.port,
            user=self.user,
            password=self.password,
            connect_timeout=CONNECT_TIMEOUT_S,
        )
        try:
            is_mariadb = "mariadb" in probe.get_server_info().lower()
        finally:
            probe.close()
        isolation = "tx_isolation" if is_mariadb else "transaction_isolation"
        return f"SET SESSION time_zone='+00:00', SESSION {isolation}='READ-COMMITTED'"

    def _in_transaction(self) -> TransactionContext:
        return _ReleasingContext(_SteadyTransaction(self), self._pool_init_lock)


client_class = SteadyMySQLClient
