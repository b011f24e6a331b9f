"""Databases that are at head from the first: copies of one that was migrated once.

Migrating an empty database takes more than a second of CPU, and one run makes dozens; so only what
is about migrating begins with an empty one. All that a migration depends on is in the template's
name, the driver too: each way to migrate has been gone at least once for what is copied. Templates
lie in ``.cache`` until something changes, and are made anew then.
"""

import fcntl
import hashlib
import importlib.metadata
import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from bff.database import HEAD
from tests.servers import MariaDBServer

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / ".cache" / "databases"
_ORIGINAL = "template_original"
_MIGRATE = """
import asyncio, sys
from bff.database import migrate, open_database
from bff.settings import DatabaseSettings

async def run():
    settings = DatabaseSettings.from_env({"DATABASE_URL": sys.argv[1]})
    async with open_database(settings):
        await migrate(settings)

asyncio.run(run())
"""


def sqlite_at_head(file: Path) -> None:
    """Makes the file and its folder."""
    file.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_template("sqlite3", _write_sqlite), file)


def mariadb_at_head(server: MariaDBServer, name: str, scheme: str = "mysql") -> str:
    """Its URL. The same name again gives a fresh one."""

    def write(file: Path) -> None:
        url = server.create_database(_ORIGINAL)
        _migrate(url.replace("mysql", scheme, 1))
        file.write_text(json.dumps(statements_of(server, _ORIGINAL), ensure_ascii=False))
        server.drop_database(_ORIGINAL)

    statements = json.loads(_template(f"{scheme}.json", write).read_text())
    url = server.create_database(name)
    server.execute(f"USE `{name}`", "SET foreign_key_checks = 0", *statements)
    return url.replace("mysql", scheme, 1)


def statements_of(server: MariaDBServer, database: str) -> list[str]:
    """What makes one that is the same, its rows too."""
    statements = []
    with closing(server.connect(database)) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW TABLES")
        for (table,) in cursor.fetchall():
            cursor.execute(f"SHOW CREATE TABLE `{table}`")
            statements.append(str((cursor.fetchone() or ())[1]))
            cursor.execute(f"SELECT * FROM `{table}`")  # noqa: S608 - our own tables' names.
            for row in cursor.fetchall():
                values = ", ".join(str(connection.literal(value)) for value in row)
                statements.append(f"INSERT INTO `{table}` VALUES ({values})")  # noqa: S608
    return statements


def _template(kind: str, write: Callable[[Path], None]) -> Path:
    template = CACHE / f"{_identity()}.{kind}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not template.exists():
            for older in CACHE.glob(f"*.{kind}"):
                older.unlink()
            # Whole or not at all, whenever a run is killed.
            with tempfile.TemporaryDirectory(dir=CACHE) as beside:
                write(Path(beside) / kind)
                (Path(beside) / kind).rename(template)
    return template


def _identity() -> str:
    """Of all that a migrated database depends on."""
    folders = (HEAD.parent, ROOT / "kit" / "database")
    files = [HEAD, ROOT / "bff" / "database.py", Path(__file__)]
    files += [file for folder in folders for file in sorted(folder.glob("*.py"))]
    digest = hashlib.sha256(importlib.metadata.version("tortoise-orm").encode())
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _write_sqlite(file: Path) -> None:
    original = file.with_name("original")
    _migrate(f"sqlite:///{original}")
    with closing(sqlite3.connect(original)) as connection:
        # One file, whatever journal lies beside the original.
        connection.execute("VACUUM INTO ?", (str(file),))


def _migrate(url: str) -> None:
    """In a process of its own: Tortoise keeps one context a process."""
    subprocess.run([sys.executable, "-c", _MIGRATE, url], cwd=ROOT, check=True)
