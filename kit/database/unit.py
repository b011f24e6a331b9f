"""A unit of work: one transaction, what follows its commit, and who may try it again."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import TypeVar

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import IntegrityError, OperationalError
from tortoise.transactions import in_transaction

from kit.problems import TemporarilyUnavailable

T = TypeVar("T")
TRIES = 3

_RETRYABLE_ERRORS = {1205, 1213, 2006, 2013}
"""Lock wait, deadlock, connection gone before or during the statement (MariaDB error numbers)."""
_OUTAGE_ERRORS = {2002, 2003, 2006, 2013}
"""No way to the server; connection gone before or during the statement."""

_following: ContextVar[list[Callable[[], None]] | None] = ContextVar("following", default=None)


@asynccontextmanager
async def unit_of_work() -> AsyncIterator[BaseDBAsyncClient]:
    """All or nothing. No call to the outside inside it: a transaction holds locks (and, on SQLite,
    the only connection) while it waits."""
    following: list[Callable[[], None]] = []
    async with in_transaction("default") as connection:
        token = _following.set(following)
        try:
            yield connection
        finally:
            _following.reset(token)
    for callback in following:
        callback()


def after_commit(callback: Callable[[], None]) -> None:
    """Call ``callback`` once the surrounding unit has committed; at once when there is none. For
    wake-ups only: what must happen is a row in the outbox."""
    following = _following.get()
    if following is None:
        callback()
    else:
        following.append(callback)


def is_contention(error: BaseException) -> bool:
    """Whether repeating the whole unit of work is likely to succeed."""
    if isinstance(error, IntegrityError):
        return False
    if isinstance(error, OperationalError):
        return _number(error) in _RETRYABLE_ERRORS or "database is locked" in str(error)
    # aiomysql's "not connected" reaches us untranslated.
    return type(error).__module__.startswith("pymysql") and type(error).__name__ == "InterfaceError"


def is_outage(error: BaseException) -> bool:
    """Whether the database could not be reached, or went away: try again, but not at once."""
    return _number(error) in _OUTAGE_ERRORS


def _number(error: BaseException) -> object:
    """The server's or driver's number. Tortoise wraps what a statement raises; connecting and
    committing raise the driver's own errors."""
    cause: object = None
    if isinstance(error, OperationalError):
        cause = error.args[0] if error.args else None
    elif type(error).__module__.partition(".")[0] in {"asyncmy", "pymysql"}:
        cause = error
    return cause.args[0] if isinstance(cause, Exception) and cause.args else None


async def until_committed(unit: Callable[[], Awaitable[T]]) -> T:
    """Repeat ``unit`` when it lost a race for a row; for units that nobody else repeats, because
    what came before them (a one-time code) cannot be done twice."""
    for _ in range(TRIES):
        try:
            return await unit()
        except Exception as error:
            if not (isinstance(error, IntegrityError) or is_contention(error)):
                raise
    raise TemporarilyUnavailable
