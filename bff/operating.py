"""What an operator does by hand."""

import asyncio

from adapters.outbox.models import OutboxEntry
from bff.database import open_database
from bff.startup import settings_or_exit
from kit.clock import SystemClock


def unpark() -> int:
    """Let every parked row run again; the exit code. Attempts start at one, not at none: from the
    second try on a handler asks the peer before it sends anything."""
    settings = settings_or_exit()

    async def run() -> int:
        async with open_database(settings.database):
            return await OutboxEntry.filter(outcome="parked").update(
                settled_at=None, outcome=None, attempts=1, due_at=SystemClock().now()
            )

    print(f"{asyncio.run(run())} rows will be tried again")
    return 0
