"""``worker``: the relay and the housekeeping as a process of their own. Run as many as needed."""

import asyncio
import signal

from bff.startup import settings_or_exit
from bff.wiring import assemble


def work() -> int:
    settings = settings_or_exit()
    services = assemble(settings)

    async def run() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, stop.set)
        async with services.running(relaying=True):
            await stop.wait()

    asyncio.run(run())
    return 0
