"""A world: the product, the outside systems it talks to, their clock, all over one data folder."""

import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from adapters.far_side import FarSide
from adapters.province import scenarios as province_scenarios
from adapters.province.outgoing import FarProvince
from adapters.province.simulator import ProvinceSimulator
from adapters.wechat.simulator import WeChatSimulator
from adapters.wechat.simulator import scenarios as wechat_scenarios
from adapters.wechat.simulator.wire import WeChatSide
from adapters.wechat.templates import load_templates, registered_templates
from bff.installs.conventions import PLATFORMS
from bff.mock.driver import Driver
from bff.mock.folder import DataFolder
from bff.mock.personas import PERSONAS
from bff.mock.problems import UnknownScenario
from bff.services import Services
from bff.settings import Settings
from bff.wiring import assemble
from kit.clock import ShiftableClock
from kit.tasks import TaskCrew
from kit.workdays import WorkCalendar

STOP_DEADLINE_S = 5.0


@dataclass
class World:
    folder: DataFolder
    clock: ShiftableClock
    calendar: WorkCalendar
    services: Services
    wechat: WeChatSimulator
    province: ProvinceSimulator
    far_sides: Mapping[str, FarSide]
    """Each simulator's memory by its peer's name, and the near side's journal as ``bff``."""
    driver: Driver
    sockets: Mapping[str, socket.socket]

    def populate(self) -> None:
        """Make the personas known to the far side; a second time changes nothing."""
        for persona in PERSONAS.values():
            self.wechat.register_person(
                persona.key,
                persona.name.reveal(),
                persona.id_number.reveal(),
                persona.phone.reveal(),
            )

    def scenario_side(self, name: str) -> FarSide:
        """The far side that a scenario belongs to; UnknownScenario for a name of none."""
        if name in province_scenarios.SCENARIOS:
            return self.far_sides["province"]
        if name in wechat_scenarios.SCENARIOS:
            return self.far_sides["wechat"]
        raise UnknownScenario

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The far side first, so that the product finds its peers; closed in reverse."""
        async with AsyncExitStack() as stack:
            for far_side in self.far_sides.values():
                stack.callback(far_side.close)
            for name, application in (
                ("wechat", self.wechat.application()),
                ("province", self.province.application()),
            ):
                await stack.enter_async_context(_served(application, self.sockets[name]))
            await stack.enter_async_context(self.services.running(relaying=True, alone=True))
            crew = TaskCrew()
            crew.start("far side", self.driver.run)
            stack.push_async_callback(crew.stop, STOP_DEADLINE_S)
            yield


def create_world(folder: DataFolder, environ: Mapping[str, str]) -> World:
    """``environ`` may override everything the folder makes up: the database, Redis, the keys."""
    clock = folder.clock()
    calendar = WorkCalendar()
    sockets = {name: _listening() for name in ("wechat", "province")}
    templates = load_templates()
    made_up = {
        "DATA_DIR": str(folder.path),
        "PUBLIC_URL": _own_address(environ),
        "WECHAT_BASE_URL": _address(sockets["wechat"]),
        "WECHAT_TEMPLATES": ",".join(f"{key}:tmpl-{key}" for key in templates),
        "MINIMUM_VERSIONS": ",".join(f"{platform}:0.1.0" for platform in sorted(PLATFORMS)),
        "PROVINCE_BASE_URL": _address(sockets["province"]),
        **folder.development_keys(),
    }
    settings = Settings.from_env({**made_up, **environ})
    far_sides = {
        name: FarSide(folder.far_side(name), name, clock) for name in ("wechat", "province", "bff")
    }
    services = assemble(settings, clock=clock, calendar=calendar)
    wechat = _wechat(settings, far_sides["wechat"])
    province = _province(settings, far_sides["province"], calendar)
    world = World(
        folder=folder,
        clock=clock,
        calendar=calendar,
        services=services,
        wechat=wechat,
        province=province,
        far_sides=far_sides,
        driver=Driver(clock, services.relay, (wechat, province)),
        sockets=sockets,
    )
    world.populate()
    return world


def _wechat(settings: Settings, far_side: FarSide) -> WeChatSimulator:
    own = settings.wechat
    side = WeChatSide(
        app_id=own.app_id,
        app_secret=own.app_secret,
        original_id=own.original_id,
        message_token=own.message_token,
        message_aes_key=own.message_aes_key,
        callback_url=f"{settings.http.public_url}/api/v1/callbacks/wechat",
        templates=registered_templates(own.templates),
    )
    return WeChatSimulator(far_side, side)


def _province(settings: Settings, far_side: FarSide, calendar: WorkCalendar) -> ProvinceSimulator:
    own = settings.province
    told = FarProvince(
        app_key=own.app_key,
        encrypt_key=own.encrypt_key,
        callback_base_url=f"{settings.http.public_url}/api/v1",
        callback_token=own.callback_token,
        document_token=own.document_token,
        token_path=own.token_path,
    )
    return ProvinceSimulator(far_side, calendar, told)


def _own_address(environ: Mapping[str, str]) -> str:
    """Where the far side reaches the product: this machine, whatever address it listens on."""
    host = environ.get("HOST") or "127.0.0.1"
    reachable = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 - compared only.
    return f"http://{reachable}:{environ.get('PORT') or 8000}"


def _listening() -> socket.socket:
    """A free port, held from now on, so that its address is known before anything runs."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    return listening


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()
    return f"http://{host}:{port}"


@asynccontextmanager
async def _served(application: web.Application, listening: socket.socket) -> AsyncIterator[None]:
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.SockSite(runner, listening).start()
    try:
        yield
    finally:
        await runner.cleanup()
