"""The outside systems as a process of their own, with a hand on them.

``python -m bench.far_side``, with the product's environment.
"""

import asyncio
import os
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

from adapters.esign.simulator import ESignatureSide, ESignatureSimulator
from adapters.far_side import FarSide
from adapters.gm import SM2PrivateKey
from adapters.province.outgoing import FarProvince
from adapters.province.simulator import ProvinceSimulator
from adapters.wechat.simulator import WeChatSimulator
from adapters.wechat.simulator.wire import WeChatSide
from adapters.wechat.templates import registered_templates
from bff.settings import Settings
from kit.clock import SystemClock
from kit.secrets import Secret
from kit.workdays import WorkCalendar

POLL_S = 0.2
JOURNAL_ROWS = 1000


class Hand:
    """What people do with their phones and departments at their desks, told over HTTP."""

    def __init__(
        self,
        wechat: WeChatSimulator,
        signing: ESignatureSimulator,
        province: ProvinceSimulator,
        journal: FarSide,
    ) -> None:
        self._wechat = wechat
        self._signing = signing
        self._province = province
        self._journal = journal

    def application(self) -> web.Application:
        application = web.Application()
        application.router.add_post("/people", self._people)
        application.router.add_post("/codes", self._codes)
        application.router.add_post("/face", self._face)
        application.router.add_post("/sign", self._sign)
        application.router.add_get("/cases", self._cases)
        application.router.add_get("/received", self._received)
        application.router.add_post("/act", self._act)
        return application

    async def _people(self, request: web.Request) -> web.Response:
        for person in (await request.json())["people"]:
            self._wechat.register_person(
                person["key"], person["name"], person["id_number"], person["phone"]
            )
            self._signing.register_person(person["key"], person["name"], person["id_number"])
        return web.json_response({})

    async def _codes(self, request: web.Request) -> web.Response:
        keys = (await request.json())["people"]
        return web.json_response({"codes": [self._wechat.issue_login_code(key) for key in keys]})

    async def _face(self, request: web.Request) -> web.Response:
        asked = await request.json()
        self._wechat.answer_face_dialog(asked["verify_id"], asked["person"], "pass")
        return web.json_response({})

    async def _sign(self, request: web.Request) -> web.Response:
        asked = await request.json()
        self._signing.answer(asked["flow_id"], asked["person"], "sign")
        return web.json_response({})

    async def _cases(self, request: web.Request) -> web.Response:
        return web.json_response({"items": self._province.cases()})

    async def _received(self, request: web.Request) -> web.Response:
        """When each submission came in, to the microsecond."""
        rows = [
            {"serial_no": row["serial_no"], "at": row["at"]}
            for row in self._journal.exchanges(JOURNAL_ROWS)
            if row["what"] == "submit" and "serial_no" in row
        ]
        return web.json_response({"items": rows})

    async def _act(self, request: web.Request) -> web.Response:
        """Answered when the news of it were delivered."""
        asked = await request.json()
        self._province.act(asked["upstream_no"], asked["item"], asked["action"])
        await self._province.run_due()
        return web.json_response({})


async def _serve(application: web.Application, port: int) -> None:
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()


def _port(url: str) -> int:
    return urlsplit(url).port or 80


def _signing(settings: Settings, far_side: FarSide) -> ESignatureSimulator:
    own = settings.e_signature
    assert own is not None
    side = ESignatureSide(
        app_id=own.gateway.app_id,
        app_public_key=SM2PrivateKey(own.gateway.private_key).public_key(),
        platform_private_key=Secret(os.environ["ESIGN_PLATFORM_PRIVATE_KEY"]),
        authority_private_key=Secret(os.environ["ESIGN_AUTHORITY_PRIVATE_KEY"]),
        page_url="http://127.0.0.1/sign",
    )
    return ESignatureSimulator(far_side, side)


async def main() -> None:
    settings = Settings.from_env(os.environ)
    folder = Path(os.environ["BENCH_FAR_SIDE"])
    clock = SystemClock()
    wechat = WeChatSimulator(
        FarSide(folder / "wechat.sqlite3", "wechat", clock),
        WeChatSide(
            app_id=settings.wechat.app_id,
            app_secret=settings.wechat.app_secret,
            original_id=settings.wechat.original_id,
            message_token=settings.wechat.message_token,
            message_aes_key=settings.wechat.message_aes_key,
            callback_url="",
            templates=registered_templates(settings.wechat.templates),
        ),
    )
    signing = _signing(settings, FarSide(folder / "e_signature.sqlite3", "e_signature", clock))
    journal = FarSide(folder / "province.sqlite3", "province", clock)
    province = ProvinceSimulator(
        journal,
        WorkCalendar(),
        FarProvince(
            app_key=settings.province.app_key,
            encrypt_key=settings.province.encrypt_key,
            callback_base_url=f"{settings.http.public_url}/api/v1",
            callback_token=settings.province.callback_token,
            document_token=settings.province.document_token,
            token_path=settings.province.token_path,
        ),
    )
    await _serve(wechat.application(), _port(settings.wechat.base_url))
    own = settings.e_signature
    assert own is not None
    await _serve(signing.application(), _port(own.gateway.base_url))
    await _serve(province.application(), _port(settings.province.base_url))
    hand = Hand(wechat, signing, province, journal)
    await _serve(hand.application(), int(os.environ["BENCH_CONTROL_PORT"]))
    while True:
        await province.run_due()
        await asyncio.sleep(POLL_S)


if __name__ == "__main__":
    asyncio.run(main())
