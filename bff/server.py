"""``serve``: environment, settings, wiring, app. One process a replica."""

import asyncio

from bff.app import create_app
from bff.database import migrate, open_database
from bff.installs import metrics
from bff.startup import settings_or_exit
from bff.wiring import PRODUCT_BLUEPRINTS, assemble


def serve() -> int:
    settings = settings_or_exit()
    services = assemble(settings)
    own_port = settings.http.metrics_port
    app = create_app(
        settings,
        services.provided,
        PRODUCT_BLUEPRINTS,
        lambda: services.running(relaying=settings.embedded),
        extra=() if own_port else (metrics.bp,),
    )
    if own_port:
        app.ctx.provided[metrics.Metrics].serve(settings.http.host, own_port)
    app.run(
        host=settings.http.host,
        port=settings.http.port,
        single_process=True,
        motd=False,
        access_log=False,
    )
    return 0


def migrate_database() -> int:
    settings = settings_or_exit()

    async def run() -> None:
        async with open_database(settings.database):
            await migrate(settings.database)

    asyncio.run(run())
    return 0
