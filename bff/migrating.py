"""Writing migrations, and finding model changes that no migration knows."""

import asyncio
import sys
import tempfile

from tortoise import Tortoise
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.writer import MigrationWriter

from bff.database import HEAD, open_database, tortoise_config
from bff.settings import DatabaseSettings


async def model_changes() -> list[MigrationWriter]:
    """What the models of an initialised Tortoise have that the migrations lack."""
    apps = Tortoise.apps
    if apps is None:
        raise RuntimeError("no database is open")
    for models in apps.values():
        for model in models.values():
            # Tortoise takes a model's docstring for a comment in the schema, where a better
            # sentence would be a migration and a semicolon a syntax error.
            model._meta.table_description = ""  # noqa: SLF001 - there is no public name.
    config = tortoise_config(DatabaseSettings("sqlite:///unused", 1))
    return await MigrationAutodetector(apps, config["apps"]).changes()


def write_migration(name: str) -> int:
    """Write one file and the new head; the exit code."""

    async def run() -> list[MigrationWriter]:
        with tempfile.TemporaryDirectory() as folder:
            async with open_database(DatabaseSettings(f"sqlite:///{folder}/none.sqlite3", 1)):
                return await model_changes()

    writers = asyncio.run(run())
    if not writers:
        print("The models have not changed.", file=sys.stderr)
        return 1
    for writer in writers:
        writer.name = f"{writer.name.split('_', 1)[0]}_{name}"
        writer.write()
        HEAD.write_text(f"{writer.name}\n")
    return 0
