"""One life cycle of the database for the app, the worker, the commands and the tests."""

import asyncio
import contextlib
import fcntl
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote, urlsplit

import structlog
from tortoise import Tortoise
from tortoise.connection import get_connection
from tortoise.exceptions import OperationalError

from bff.settings import DatabaseSettings
from kit.database.statement import Statement

log = structlog.get_logger("database")

APP_LABEL = "models"
MODEL_MODULES = (
    "adapters.outbox.models",
    "auth.models",
    "kit.idempotency",
    "miniprogram_api.applications.models",
    "miniprogram_api.catalogue.models",
    "miniprogram_api.drafts.models",
    "miniprogram_api.invitations.models",
    "miniprogram_api.materials.models",
    "miniprogram_api.names.models",
    "miniprogram_api.signatures.models",
    "push.models",
)
HEAD = Path(__file__).parent / "migrations" / "HEAD"
"""The newest migration's name, so that two parallel ones meet as a conflict in git."""
MIGRATE_LOCK_S = 60
CLOSE_TIMEOUT_S = 10

_APPLIED = Statement("SELECT id FROM tortoise_migrations WHERE app = ? AND name = ?")


def tortoise_config(settings: DatabaseSettings) -> dict[str, Any]:
    return {
        "connections": {"default": _connection(settings)},
        "apps": {
            APP_LABEL: {
                "models": list(MODEL_MODULES),
                "default_connection": "default",
                "migrations": "bff.migrations",
            }
        },
        "use_tz": True,
        "timezone": "UTC",
    }


def _connection(settings: DatabaseSettings) -> dict[str, Any]:
    url = urlsplit(settings.url)
    if url.scheme == "sqlite":
        # synchronous=FULL: what was acknowledged survives a power cut, not only a kill.
        credentials: dict[str, Any] = {"file_path": url.path, "synchronous": "FULL"}
        return {"engine": "kit.database.sqlite", "credentials": credentials}
    if url.scheme == "mysql+aiomysql":
        # Tortoise takes asyncmy whenever it can be imported; this hides it.
        sys.modules.setdefault("asyncmy", None)  # type: ignore[arg-type]
    return {
        "engine": "kit.database.mysql",
        "credentials": {
            "host": url.hostname or "127.0.0.1",
            "port": url.port or 3306,
            "user": unquote(url.username or ""),
            "password": unquote(url.password or ""),
            "database": url.path.lstrip("/"),
            "minsize": 1,
            "maxsize": settings.connections_max,
        },
    }


@contextlib.asynccontextmanager
async def open_database(settings: DatabaseSettings) -> AsyncIterator[None]:
    """Open on entry, close on exit; a close that hangs (a crashed server) is given up."""
    if settings.embedded:
        Path(urlsplit(settings.url).path).parent.mkdir(parents=True, exist_ok=True)
    await Tortoise.init(config=tortoise_config(settings), _enable_global_fallback=True)
    try:
        yield
    finally:
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await Tortoise.close_connections()
        except TimeoutError:
            log.error("database_close_timed_out")


async def migrate(settings: DatabaseSettings) -> None:
    """Bring an open database to the newest schema; safe from several processes at once."""
    if await is_at_head():
        return
    # Tortoise's migration engine takes 19 MB that a serving process would keep for ever.
    from tortoise.migrations.executor import MigrationExecutor  # noqa: PLC0415

    config = tortoise_config(settings)
    async with _migrate_lock(settings):
        await MigrationExecutor(get_connection("default"), config["apps"]).migrate()


async def is_at_head() -> bool:
    """Whether an open database has the newest migration; serving needs that."""
    try:
        rows = await _APPLIED.fetch(APP_LABEL, HEAD.read_text().strip())
    except OperationalError:
        # An empty database has no table of migrations either; one that is away answers nothing.
        await get_connection("default").execute_query("SELECT 1")
        return False
    return bool(rows)


@contextlib.asynccontextmanager
async def _migrate_lock(settings: DatabaseSettings) -> AsyncIterator[None]:
    """Tortoise has no lock of its own: of four replicas migrating at once one failed."""
    if settings.embedded:
        file = await asyncio.to_thread(_locked, f"{urlsplit(settings.url).path}.migrate-lock")
        try:
            yield
        finally:
            file.close()
        return
    connection = get_connection("default")
    async with connection.acquire_connection() as held, held.cursor() as cursor:
        await cursor.execute("SELECT GET_LOCK('bff:migrate', %s)", (MIGRATE_LOCK_S,))
        if (await cursor.fetchone())[0] != 1:
            raise TimeoutError("another process is migrating")
        try:
            yield
        finally:
            await cursor.execute("SELECT RELEASE_LOCK('bff:migrate')")


def _locked(path: str) -> IO[str]:
    file = open(path, "w")  # noqa: SIM115 - the lock lives as long as the file is open.
    fcntl.flock(file, fcntl.LOCK_EX)
    return file


async def is_reachable() -> bool:
    """One trivial query, within two seconds."""
    try:
        async with asyncio.timeout(2):
            await get_connection("default").execute_query("SELECT 1")
    except Exception:  # noqa: BLE001
        # Whatever the driver raises, the answer to "can we serve?" is no.
        log.warning("database_unreachable")
        return False
    return True
