"""Migrations: complete, in one line, from empty to head on both databases, safe side by side."""

import asyncio
import os
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from bff.database import HEAD
from bff.migrating import model_changes
from bff.mock.folder import _new_keys
from tests.databases import statements_of
from tests.processes import ROOT
from tests.servers import MariaDBServer


def environ(database_url: str) -> dict[str, str]:
    """A production process's environment over one database."""
    return {
        **_new_keys(),
        "PATH": os.environ["PATH"],
        "PUBLIC_URL": "http://127.0.0.1:1",
        "PROVINCE_BASE_URL": "http://127.0.0.1:1",
        "DATABASE_URL": database_url,
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }


async def bff(command: str, environment: dict[str, str]) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bff", command,
        env=environment, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


@pytest.mark.usefixtures("world")
async def test_the_models_have_nothing_that_no_migration_knows() -> None:
    changes = await model_changes()
    assert [writer.operations for writer in changes] == [], "run `make migrations NAME=...`"


def test_the_head_names_the_newest_migration() -> None:
    newest = max(path.stem for path in HEAD.parent.glob("[0-9]*.py"))
    assert HEAD.read_text().strip() == newest


@pytest.mark.timeout(120)
async def test_four_processes_migrate_an_empty_database_side_by_side(
    empty_database_url: Callable[[], str],
    new_database_url: Callable[[], str],
    stack: str,
    request: pytest.FixtureRequest,
) -> None:
    environment = environ(empty_database_url())
    outcomes = await asyncio.gather(*(bff("migrate", environment) for _ in range(4)))
    assert [code for code, _ in outcomes] == [0, 0, 0, 0], outcomes
    again, output = await bff("migrate", environment)
    assert again == 0, output
    server = request.getfixturevalue("mariadb_server") if stack == "servers" else None
    copied = tables(new_database_url(), server)
    assert tables(environment["DATABASE_URL"], server) == copied, "what other tests stand on"
    assert len(copied) > 30


def tables(url: str, server: MariaDBServer | None) -> list[str]:
    """How each is made, and with which indices."""
    path = urlsplit(url).path
    if server is not None:
        made = statements_of(server, path.lstrip("/"))
        return [statement for statement in made if statement.startswith("CREATE")]
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"
        return [sql for (sql,) in connection.execute(query)]


async def test_serving_refuses_an_unmigrated_database(
    empty_database_url: Callable[[], str],
) -> None:
    environment = environ(empty_database_url()) | {"PORT": "0"}
    async with asyncio.timeout(30):
        code, output = await bff("serve", environment)
    assert code != 0
    assert "migrations are missing" in output


async def test_an_empty_environment_is_refused_with_the_whole_list() -> None:
    code, output = await bff("serve", {"PATH": os.environ["PATH"]})
    assert code == 78
    for name in ("PUBLIC_URL", "FIELD_KEYS", "TOKEN_KEYS", "WECHAT_APP_ID", "PROVINCE_APP_KEY"):
        assert name in output


async def test_unparking_needs_nothing_but_the_database(
    empty_database_url: Callable[[], str],
) -> None:
    environment = environ(empty_database_url())
    await bff("migrate", environment)
    code, output = await bff("unpark", environment)
    assert (code, output.strip()) == (0, "0 rows will be tried again")
