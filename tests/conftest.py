"""What every test stands on: which stack it runs on, and where its database and Redis are.

The stack is ``embedded`` (SQLite, in-process stand-ins) or ``servers`` (private MariaDB and Redis),
from ``--stack`` or ``BFF_TEST_STACK``. Each pytest process has servers and a database of its own.
"""

import gc
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Literal

import hypothesis
import pytest
from sanic import Sanic

from tests.databases import mariadb_at_head, sqlite_at_head
from tests.servers import (
    MariaDBServer,
    RedisServer,
    missing_programs,
    running_mariadb,
    running_redis,
    servers_folder,
)

# Before the first app: Sanic otherwise rewrites its classes once for one app, and refuses a second
# app of the same name.
Sanic.test_mode = True

# The test client logs whole addresses; the log guard is to see what the product logs.
logging.getLogger("httpx").setLevel(logging.WARNING)

# All modules and tests of the suite stay as long as the process: nobody need look for garbage in
# them, neither while they are collected nor in the middle of each test.
gc.disable()

pytest_plugins = ["tests.log_guard", "tests.app"]

Stack = Literal["embedded", "servers"]
IN_CI = os.environ.get("CI") == "true"

# No deadline: the machines that run this are shared, and a slow moment is not a wrong answer.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--stack",
        choices=("embedded", "servers"),
        default=os.environ.get("BFF_TEST_STACK", "embedded"),
        help="what the suite runs on",
    )


def pytest_configure(config: pytest.Config) -> None:
    missing = missing_programs()
    if missing and (IN_CI or config.getoption("--stack") == "servers"):
        raise pytest.UsageError(f"missing here: {', '.join(missing)} (see scripts/servers.sh)")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if "server_programs" in _fixtures(item):
            item.add_marker("needs_servers")
    if config.getoption("--stack") == "servers":
        _leave_out_what_is_the_same_everywhere(config, items)


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


def _leave_out_what_is_the_same_everywhere(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What stands on neither database nor Redis, or on servers of its own, has had its run; so has
    what says that they make no difference."""
    same = [item for item in items if _is_the_same_everywhere(item)]
    config.hook.pytest_deselected(items=same)
    items[:] = [item for item in items if not _is_the_same_everywhere(item)]


def _is_the_same_everywhere(item: pytest.Item) -> bool:
    return "stack" not in _fixtures(item) or item.get_closest_marker("one_stack") is not None


def _fixtures(item: pytest.Item) -> Sequence[str]:
    return getattr(item, "fixturenames", ())


@pytest.fixture(scope="session")
def stack(pytestconfig: pytest.Config) -> Stack:
    return "servers" if pytestconfig.getoption("--stack") == "servers" else "embedded"


@pytest.fixture(scope="session")
def server_programs() -> None:
    """Skips, loudly, where MariaDB or Redis is not installed; CI does not get this far then."""
    missing = missing_programs()
    if missing:
        pytest.skip(f"NOT TESTED: missing {', '.join(missing)}; see scripts/servers.sh")


@pytest.fixture(scope="session")
def _servers_folder(server_programs: None) -> Iterator[Path]:
    with servers_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def mariadb_server(_servers_folder: Path) -> Iterator[MariaDBServer]:
    """A real MariaDB whatever the stack. Who stops or kills it starts it again."""
    with running_mariadb(_servers_folder) as server:
        yield server


@pytest.fixture(scope="session")
def redis_server(_servers_folder: Path) -> Iterator[RedisServer]:
    """A real Redis whatever the stack. Who stops or kills it starts it again."""
    with running_redis(_servers_folder) as server:
        yield server


NewDatabase = Callable[[bool], str]
"""A URL; of an empty database, or of one at head."""


@pytest.fixture(scope="session")
def _new_database(
    stack: Stack,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> NewDatabase:
    numbers = count(1)
    if stack == "embedded":
        folder = tmp_path_factory.mktemp("databases")

        def in_sqlite(empty: bool) -> str:
            file = folder / f"bff_{next(numbers)}.sqlite3"
            if not empty:
                sqlite_at_head(file)
            return f"sqlite:///{file}"

        return in_sqlite
    server: MariaDBServer = request.getfixturevalue("mariadb_server")
    # The pure-Python driver behind the same URLs; asyncmy otherwise.
    scheme = "mysql+aiomysql" if os.environ.get("BFF_TEST_DRIVER") == "aiomysql" else "mysql"

    def in_mariadb(empty: bool) -> str:
        name = f"bff_{next(numbers)}"
        if empty:
            return server.create_database(name).replace("mysql", scheme, 1)
        return mariadb_at_head(server, name, scheme)

    return in_mariadb


@pytest.fixture(scope="session")
def new_database_url(_new_database: NewDatabase) -> Callable[[], str]:
    """Each call gives the URL of one more database of the stack, at head and without rows."""
    return lambda: _new_database(False)


@pytest.fixture(scope="session")
def empty_database_url(_new_database: NewDatabase) -> Callable[[], str]:
    """Each call gives the URL of one more database of the stack in which there is nothing at all,
    for what is about migrating: that takes seconds."""
    return lambda: _new_database(True)


@pytest.fixture(scope="session")
def database_url(new_database_url: Callable[[], str]) -> str:
    """The session's own database: Tortoise keeps one context a process."""
    return new_database_url()


@pytest.fixture(scope="session")
def redis_url(stack: Stack, request: pytest.FixtureRequest) -> str | None:
    """None means the in-process stand-ins."""
    if stack == "embedded":
        return None
    server: RedisServer = request.getfixturevalue("redis_server")
    return server.url()
