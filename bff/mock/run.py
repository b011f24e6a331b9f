"""``run`` and ``mock``: the product over simulated outside systems, in one process."""

import os
import sys
from pathlib import Path

from bff.app import App, create_app
from bff.installs import logging, metrics
from bff.mock import exchanges
from bff.mock.folder import DataFolder, FolderInUse
from bff.mock.routes import bp as mock_blueprint
from bff.mock.world import World, create_world
from bff.settings import SettingsIncomplete
from bff.wiring import PRODUCT_BLUEPRINTS

PAGE = Path(__file__).parent / "page"
_WELCOME = """
  模拟后端已就绪  The mock is ready:  {address}
  控制台    Console:                  {address}/mock/
  接口文档  API documents:            {address}/docs
  数据目录  Data folder:              {folder}

  试一试  Try:
    curl {address}/mock/api/personas
    curl '{address}/api/v1/catalogue/themes?operation=open&region=370102'
    make journey BASE={address}

  Ctrl-C 停止，再启动接着用同一份数据。  Ctrl-C stops; the next start goes on with this data.
"""


def create_mock_app(world: World) -> App:
    """The product's app with the mock's API at its side."""
    settings = world.services.settings
    world.services.provided[World] = world
    app = create_app(
        settings,
        world.services.provided,
        PRODUCT_BLUEPRINTS,
        world.running,
        extra=(metrics.bp, mock_blueprint),
    )
    exchanges.install(app, world.far_sides["bff"])
    app.static("/mock/page", PAGE, name="mock_page_parts")
    app.static(
        "/mock/", PAGE / "index.html", name="mock_page", content_type="text/html; charset=utf-8"
    )
    return app


def run() -> int:
    folder = DataFolder(Path(os.environ.get("DATA_DIR") or ".data"))
    try:
        folder.lock()
        world = create_world(folder, os.environ)
    except FolderInUse:
        print(f"Another process serves {folder.path}; stop it or set DATA_DIR.", file=sys.stderr)
        return 1
    except SettingsIncomplete as incomplete:
        print("Cannot start:", *incomplete.faults, sep="\n  ", file=sys.stderr)
        return 1
    settings = world.services.settings
    logging.configure(settings.log_level, pretty=sys.stderr.isatty())
    app = create_mock_app(world)
    address = settings.http.public_url

    @app.after_server_start
    async def welcome(app: App) -> None:
        print(_WELCOME.format(address=address, folder=folder.path), flush=True)

    app.run(
        host=settings.http.host,
        port=settings.http.port,
        single_process=True,
        motd=False,
        access_log=False,
    )
    return 0
