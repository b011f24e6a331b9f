"""The outside systems of a world, each on a port of its own, and the people whom they know."""

import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from adapters.aishandong.simulator import PATH_C, SIGN_PATH_C, AiShandongSide, AiShandongSimulator
from adapters.aishandong.simulator import scenarios as aishandong_scenarios
from adapters.alipay.simulator import AlipaySide, AlipaySimulator
from adapters.alipay.simulator import scenarios as alipay_scenarios
from adapters.esign.simulator import ESignatureSide, ESignatureSimulator
from adapters.esign.simulator import scenarios as esign_scenarios
from adapters.far_side import FarSide, Simulator
from adapters.gm import SM2PrivateKey
from adapters.identity.simulator import IdentityRegisterSide, IdentityRegisterSimulator
from adapters.identity.simulator import scenarios as service_scenarios
from adapters.licences.simulator import QUERY_PATH as LICENCES_QUERY_PATH
from adapters.licences.simulator import TOKEN_PATH as LICENCES_TOKEN_PATH
from adapters.licences.simulator import LicencesSide, LicencesSimulator
from adapters.licences.simulator import scenarios as licences_scenarios
from adapters.names.simulator import NameLibrarySide, NameLibrarySimulator
from adapters.names.simulator import scenarios as names_scenarios
from adapters.province import scenarios as province_scenarios
from adapters.province.outgoing import FarProvince
from adapters.province.simulator import ProvinceSimulator
from adapters.scanning.simulator import ScannerSimulator
from adapters.scanning.simulator import scenarios as scanner_scenarios
from adapters.wechat.simulator import WeChatSimulator
from adapters.wechat.simulator import scenarios as wechat_scenarios
from adapters.wechat.simulator.wire import WeChatSide
from adapters.wechat.templates import registered_templates
from bff.mock.licences import entered
from bff.mock.personas import COMPANIES, PERSONAS, REGISTERED_NAMES
from bff.mock.problems import UnknownScenario
from bff.settings import Settings
from kit.secrets import Secret
from kit.text import Text
from kit.workdays import WorkCalendar

PEERS = (
    "wechat",
    "alipay",
    "aishandong",
    "identity_register",
    "licences",
    "name_library",
    "e_signature",
    "scanner",
    "province",
)
_SCENARIOS: Mapping[str, Mapping[str, Text]] = {
    "wechat": wechat_scenarios.SCENARIOS,
    "alipay": alipay_scenarios.SCENARIOS,
    "aishandong": aishandong_scenarios.SCENARIOS,
    "identity_register": service_scenarios.SCENARIOS,
    "licences": licences_scenarios.SCENARIOS,
    "name_library": names_scenarios.SCENARIOS,
    "e_signature": esign_scenarios.SCENARIOS,
    "scanner": scanner_scenarios.SCENARIOS,
    "province": province_scenarios.SCENARIOS,
}


@dataclass(frozen=True)
class FarPeers:
    wechat: WeChatSimulator
    alipay: AlipaySimulator
    aishandong: AiShandongSimulator
    identity_register: IdentityRegisterSimulator
    name_library: NameLibrarySimulator
    licences: LicencesSimulator
    e_signature: ESignatureSimulator
    scanner: ScannerSimulator
    province: ProvinceSimulator
    sockets: Mapping[str, socket.socket]

    @property
    def simulators(self) -> tuple[Simulator, ...]:
        return (
            self.wechat,
            self.alipay,
            self.aishandong,
            self.identity_register,
            self.licences,
            self.name_library,
            self.e_signature,
            self.scanner,
            self.province,
        )

    def populate(self) -> None:
        """Make the personas and their companies known everywhere; a second time changes nothing."""
        for persona in PERSONAS.values():
            key, name, number = persona.key, persona.name.reveal(), persona.id_number.reveal()
            phone = persona.phone.reveal()
            self.wechat.register_person(key, name, number, phone)
            self.alipay.register_person(key, name, number, phone)
            self.aishandong.register_person(key, name, number, phone, persona.level)
            self.identity_register.register_person(key, name, number)
            self.e_signature.register_person(key, name, number)
        for company in COMPANIES:
            self.aishandong.register_company(company.uscc, company.name, company.roles)
            self.identity_register.register_company(company.uscc, company.name, company.roles)
            self.licences.register_company(entered(company))
        for region_code, parts, industry_code in REGISTERED_NAMES:
            self.name_library.register_name(region_code, parts, industry_code)

    @asynccontextmanager
    async def served(self) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for name, application in self._applications():
                await stack.enter_async_context(_served(application, self.sockets[name]))
            await stack.enter_async_context(self.scanner.serving(self.sockets["scanner"]))
            yield

    def _applications(self) -> Iterator[tuple[str, web.Application]]:
        yield "wechat", self.wechat.application()
        yield "alipay", self.alipay.application()
        yield "aishandong", self.aishandong.application()
        yield "identity_register", self.identity_register.application()
        yield "licences", self.licences.application()
        yield "name_library", self.name_library.application()
        yield "e_signature", self.e_signature.application()
        yield "province", self.province.application()


def peer_of_scenario(name: str) -> str:
    """Whose scenario it is; UnknownScenario for a name of none."""
    for peer, scenarios in _SCENARIOS.items():
        if name in scenarios:
            return peer
    raise UnknownScenario


def every_scenario() -> Iterator[tuple[str, str, Text]]:
    """Peer, name, and what happens."""
    for peer, scenarios in _SCENARIOS.items():
        for name, text in scenarios.items():
            yield peer, name, text


def addresses(ports: Mapping[str, int]) -> dict[str, str]:
    """Environment values by which the product finds each peer at its port of this machine."""
    at = {name: f"http://127.0.0.1:{ports[name]}" for name in PEERS}
    return {
        "WECHAT_BASE_URL": at["wechat"],
        "ALIPAY_GATEWAY_URL": f"{at['alipay']}/gateway.do",
        "AISHANDONG_DIALECT": "C",
        "AISHANDONG_BASE_URL": at["aishandong"],
        "AISHANDONG_PATH": PATH_C,
        "AISHANDONG_SIGN_PATH": SIGN_PATH_C,
        "IDENTITY_REGISTER_BASE_URL": at["identity_register"],
        "LICENCES_BASE_URL": at["licences"],
        "LICENCES_TOKEN_PATH": LICENCES_TOKEN_PATH,
        "LICENCES_QUERY_PATH": LICENCES_QUERY_PATH,
        "NAME_LIBRARY_BASE_URL": at["name_library"],
        "ESIGN_BASE_URL": at["e_signature"],
        "SCANNER_URL": f"clamd://127.0.0.1:{ports['scanner']}",
        "PROVINCE_BASE_URL": at["province"],
    }


def ports_of(sockets: Mapping[str, socket.socket]) -> dict[str, int]:
    return {name: listening.getsockname()[1] for name, listening in sockets.items()}


def listen() -> dict[str, socket.socket]:
    """Free ports, held from now on, so that their addresses are known before anything runs."""
    return {name: _listening() for name in PEERS}


def build_far_peers(
    settings: Settings,
    keys: Mapping[str, str],
    far_sides: Mapping[str, FarSide],
    sockets: Mapping[str, socket.socket],
    calendar: WorkCalendar,
) -> FarPeers:
    """``keys``: the far side's own, beside the product's settings."""
    return FarPeers(
        wechat=WeChatSimulator(far_sides["wechat"], _wechat(settings)),
        alipay=AlipaySimulator(far_sides["alipay"], _alipay(settings)),
        aishandong=AiShandongSimulator(far_sides["aishandong"], _aishandong(settings, keys)),
        identity_register=IdentityRegisterSimulator(
            far_sides["identity_register"], _identity_register(settings, keys)
        ),
        licences=LicencesSimulator(far_sides["licences"], _licences(settings)),
        name_library=NameLibrarySimulator(far_sides["name_library"], _name_library(settings, keys)),
        e_signature=ESignatureSimulator(far_sides["e_signature"], _e_signature(settings, keys)),
        scanner=ScannerSimulator(far_sides["scanner"]),
        province=ProvinceSimulator(far_sides["province"], calendar, _province(settings)),
        sockets=sockets,
    )


def _wechat(settings: Settings) -> WeChatSide:
    own = settings.wechat
    return WeChatSide(
        app_id=own.app_id,
        app_secret=own.app_secret,
        original_id=own.original_id,
        message_token=own.message_token,
        message_aes_key=own.message_aes_key,
        callback_url=f"{settings.http.public_url}/api/v1/callbacks/wechat",
        templates=registered_templates(own.templates),
    )


def _alipay(settings: Settings) -> AlipaySide:
    own = settings.alipay
    assert own is not None  # noqa: S101 - a mock has all platforms
    return AlipaySide.of(own, f"{settings.http.public_url}/api/v1/callbacks/alipay")


def _aishandong(settings: Settings, keys: Mapping[str, str]) -> AiShandongSide:
    own = settings.aishandong
    assert own is not None  # noqa: S101 - as above
    return AiShandongSide(
        app_id=own.app_id,
        app_word=Secret(keys["AISHANDONG_APP_WORD"]),
        app_public_key=own.sm2_private_key().public_key(),
        platform_private_key=Secret(keys["AISHANDONG_PLATFORM_PRIVATE_KEY"]),
        cipher_form=own.cipher_form,
    )


def _identity_register(settings: Settings, keys: Mapping[str, str]) -> IdentityRegisterSide:
    own = settings.identity_register
    assert own is not None  # noqa: S101 - as above
    return IdentityRegisterSide(
        app_id=own.gateway.app_id,
        app_public_key=SM2PrivateKey(own.gateway.private_key).public_key(),
        platform_private_key=Secret(keys["IDENTITY_REGISTER_PLATFORM_PRIVATE_KEY"]),
        cipher_form=own.gateway.form,
        match_interface=own.match_interface,
        companies_interface=own.companies_interface,
    )


def _licences(settings: Settings) -> LicencesSide:
    own = settings.licences
    assert own is not None  # noqa: S101 - as above
    return LicencesSide(
        token_path=own.token_path,
        query_path=own.query_path,
        api_key=own.api_key,
        client_id=own.client_id,
        client_secret=own.client_secret,
    )


def _name_library(settings: Settings, keys: Mapping[str, str]) -> NameLibrarySide:
    own = settings.name_library
    assert own is not None  # noqa: S101 - as above
    return NameLibrarySide(
        app_id=own.gateway.app_id,
        app_public_key=SM2PrivateKey(own.gateway.private_key).public_key(),
        platform_private_key=Secret(keys["NAME_LIBRARY_PLATFORM_PRIVATE_KEY"]),
        cipher_form=own.gateway.form,
        interfaces=own.interfaces,
    )


def _e_signature(settings: Settings, keys: Mapping[str, str]) -> ESignatureSide:
    own = settings.e_signature
    assert own is not None  # noqa: S101 - as above
    return ESignatureSide(
        app_id=own.gateway.app_id,
        app_public_key=SM2PrivateKey(own.gateway.private_key).public_key(),
        platform_private_key=Secret(keys["ESIGN_PLATFORM_PRIVATE_KEY"]),
        authority_private_key=Secret(keys["ESIGN_AUTHORITY_PRIVATE_KEY"]),
        page_url=f"{settings.http.public_url}/mock/",
        cipher_form=own.gateway.form,
        begin_interface=own.begin_interface,
        find_interface=own.find_interface,
    )


def _province(settings: Settings) -> FarProvince:
    own = settings.province
    return FarProvince(
        app_key=own.app_key,
        encrypt_key=own.encrypt_key,
        callback_base_url=f"{settings.http.public_url}/api/v1",
        callback_token=own.callback_token,
        document_token=own.document_token,
        token_path=own.token_path,
    )


def _listening() -> socket.socket:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    return listening


@asynccontextmanager
async def _served(application: web.Application, listening: socket.socket) -> AsyncIterator[None]:
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.SockSite(runner, listening).start()
    try:
        yield
    finally:
        await runner.cleanup()
