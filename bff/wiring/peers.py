"""The outside systems, as their adapters speak to them. What is not configured is None."""

from dataclasses import dataclass

from adapters.aishandong.client import AiShandongClient
from adapters.aishandong.port import AiShandong
from adapters.alipay.callbacks import AlipayNotices
from adapters.alipay.client import AlipayClient
from adapters.alipay.port import Alipay, AlipayCallbacks
from adapters.alipay.trust import alipay_trust
from adapters.esign.client import ESignatureClient
from adapters.esign.port import ESignature
from adapters.http import PeerLimits
from adapters.identity.client import IdentityRegisterClient
from adapters.identity.port import IdentityRegister
from adapters.licences.client import LicenceClient
from adapters.licences.port import LicenceRegister
from adapters.names.client import NameLibraryClient
from adapters.names.port import NameLibrary
from adapters.province.callbacks import ProvincePush
from adapters.province.client import ProvinceClient
from adapters.province.port import OneWindow, OneWindowCallbacks
from adapters.scanning.client import ClamdScanner
from adapters.scanning.port import Scanner
from adapters.wechat.callbacks import WeChatMessagePush
from adapters.wechat.client import WeChatClient
from adapters.wechat.port import WeChat, WeChatCallbacks
from bff.wiring.ground import Ground


@dataclass(frozen=True)
class Peers:
    wechat: WeChat
    wechat_callbacks: WeChatCallbacks
    alipay: Alipay | None
    alipay_callbacks: AlipayCallbacks | None
    aishandong: AiShandong | None
    identity_register: IdentityRegister | None
    name_library: NameLibrary | None
    licences: LicenceRegister | None
    e_signature: ESignature | None
    scanner: Scanner | None
    one_window: OneWindow
    one_window_callbacks: OneWindowCallbacks


def reach_peers(ground: Ground) -> Peers:
    settings, http, clock = ground.settings, ground.http, ground.clock
    coordination = ground.coordination
    alipay, alipay_callbacks = _alipay(ground)
    aishandong, register = settings.aishandong, settings.identity_register
    name_library, e_signature = settings.name_library, settings.e_signature
    province = http.peer(
        "province",
        settings.province.base_url,
        PeerLimits(total_s=settings.province_timeout_s, concurrency=8),
    )
    return Peers(
        wechat=WeChatClient(settings.wechat, http, coordination.cache, coordination.locks, clock),
        wechat_callbacks=WeChatMessagePush(settings.wechat, clock),
        alipay=alipay,
        alipay_callbacks=alipay_callbacks,
        aishandong=AiShandongClient(aishandong, http, clock) if aishandong else None,
        identity_register=IdentityRegisterClient(register, http, clock) if register else None,
        name_library=NameLibraryClient(name_library, http, clock) if name_library else None,
        licences=_licences(ground),
        e_signature=ESignatureClient(e_signature, http, clock) if e_signature else None,
        scanner=ClamdScanner(settings.scanner) if settings.scanner else None,
        one_window=ProvinceClient(province, settings.province, clock),
        one_window_callbacks=ProvincePush(settings.province),
    )


def _licences(ground: Ground) -> LicenceRegister | None:
    settings, shared = ground.settings.licences, ground.coordination
    if settings is None:
        return None
    return LicenceClient(settings, ground.http, shared.cache, shared.locks, ground.clock)


def _alipay(ground: Ground) -> tuple[Alipay, AlipayCallbacks] | tuple[None, None]:
    settings = ground.settings.alipay
    if settings is None:
        return None, None
    trust = alipay_trust(settings, ground.clock)
    client = AlipayClient(settings, ground.http, trust, ground.clock)
    return client, AlipayNotices(settings, trust, ground.clock)
