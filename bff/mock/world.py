"""A world: the product, the outside systems it talks to, their clock, all over one data folder."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from adapters.aishandong.simulator import AiShandongSimulator
from adapters.alipay.simulator import AlipaySimulator
from adapters.far_side import FarSide
from adapters.province.simulator import ProvinceSimulator
from adapters.wechat.simulator import WeChatSimulator
from adapters.wechat.templates import load_templates
from bff.installs.conventions import PLATFORMS
from bff.mock.driver import Driver
from bff.mock.far_peers import (
    PEERS,
    FarPeers,
    addresses,
    build_far_peers,
    listen,
    peer_of_scenario,
    ports_of,
)
from bff.mock.folder import DataFolder
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
    peers: FarPeers
    far_sides: Mapping[str, FarSide]
    """Each simulator's memory by its peer's name, and the near side's journal as ``bff``."""
    driver: Driver

    @property
    def wechat(self) -> WeChatSimulator:
        return self.peers.wechat

    @property
    def alipay(self) -> AlipaySimulator:
        return self.peers.alipay

    @property
    def aishandong(self) -> AiShandongSimulator:
        return self.peers.aishandong

    @property
    def province(self) -> ProvinceSimulator:
        return self.peers.province

    def populate(self) -> None:
        """Make the personas known to the far side; a second time changes nothing."""
        self.peers.populate()

    def scenario_side(self, name: str) -> FarSide:
        """The far side that a scenario belongs to; UnknownScenario for a name of none."""
        return self.far_sides[peer_of_scenario(name)]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The far side first, so that the product finds its peers; closed in reverse."""
        async with AsyncExitStack() as stack:
            for far_side in self.far_sides.values():
                stack.callback(far_side.close)
            await stack.enter_async_context(self.peers.served())
            await stack.enter_async_context(self.services.running(relaying=True, alone=True))
            crew = TaskCrew()
            crew.start("far side", self.driver.run)
            stack.push_async_callback(crew.stop, STOP_DEADLINE_S)
            yield


def create_world(folder: DataFolder, environ: Mapping[str, str]) -> World:
    """``environ`` may override everything the folder makes up: the database, Redis, the keys."""
    clock = folder.clock()
    calendar = WorkCalendar()
    sockets = listen()
    templates = load_templates()
    values = {
        "DATA_DIR": str(folder.path),
        "PUBLIC_URL": _own_address(environ),
        "WECHAT_TEMPLATES": ",".join(f"{key}:tmpl-{key}" for key in templates),
        "MINIMUM_VERSIONS": ",".join(f"{platform}:0.1.0" for platform in sorted(PLATFORMS)),
        **addresses(ports_of(sockets)),
        **folder.development_keys(),
        **environ,
    }
    settings = Settings.from_env(values)
    far_sides = {name: FarSide(folder.far_side(name), name, clock) for name in (*PEERS, "bff")}
    services = assemble(settings, clock=clock, calendar=calendar)
    peers = build_far_peers(settings, values, far_sides, sockets, calendar)
    world = World(
        folder=folder,
        clock=clock,
        calendar=calendar,
        services=services,
        peers=peers,
        far_sides=far_sides,
        driver=Driver(clock, services.relay, peers.simulators, services.sweep),
    )
    world.populate()
    return world


def _own_address(environ: Mapping[str, str]) -> str:
    """Where the far side reaches the product: this machine, whatever address it listens on."""
    host = environ.get("HOST") or "127.0.0.1"
    reachable = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 - compared only.
    return f"http://{reachable}:{environ.get('PORT') or 8000}"
