"""What an operator does by hand."""

import asyncio

from adapters.outbox.models import OutboxEntry
from auth.audit import FIRST, first_broken
from auth.models import Audit
from bff.database import open_database
from bff.startup import settings_or_exit
from kit.clock import SystemClock

AUDIT_PAGE = 1000


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


def check_audit() -> int:
    """Read the whole trail of what was done to accounts; exit code 1 when a line does not follow
    from the one before. The newest hash is printed, to be compared with one noted elsewhere: only
    so is it found that the last lines are missing."""
    settings = settings_or_exit()

    async def run() -> int:
        before, count = FIRST, 0
        async with open_database(settings.database):
            while lines := await Audit.filter(seq__gt=count).order_by("seq").limit(AUDIT_PAGE):
                broken = first_broken(lines, before, count)
                if broken is not None:
                    print(f"line {broken} does not follow from the one before it")
                    return 1
                before, count = lines[-1].hash, lines[-1].seq
        print(f"{count} lines, each follows from the one before; the newest hash is {before}")
        return 0

    return asyncio.run(run())
