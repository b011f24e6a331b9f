"""A little world for the tests: the product's adapter, the simulated province, and what stands in
for the product's callback routes, all talking HTTP over the loopback."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import web

from adapters.far_side import FarSide
from adapters.http import HTTPClients, PeerLimits
from adapters.province.callbacks import ProvincePush
from adapters.province.client import ProvinceClient
from adapters.province.outgoing import FarProvince
from adapters.province.port import (
    CertificateNotice,
    FiledDocument,
    FiledItem,
    FiledMaterial,
    Filing,
    NotAuthentic,
    NotUnderstood,
    StatusNotice,
)
from adapters.province.settings import ProvinceSettings
from adapters.province.simulator import ProvinceSimulator
from kit.clock import CHINA
from kit.secrets import Secret
from kit.workdays import WorkCalendar

PERSONAL = {
    "王小明",
    "13800000007",
    "370102199001011230",
    "济南市历下区示例路7号",
    "示例餐饮有限公司",
}
APP_KEY = "testappkey0001"
ENCRYPT_KEY = "0123456789abcdef"
CALLBACK_TOKEN = "callback-token-of-the-tests"
DOCUMENT_TOKEN = "document-token-of-the-tests"


def beijing(text: str) -> datetime:
    """``beijing("2026-02-13 17:00")``"""
    return datetime.fromisoformat(text).replace(tzinfo=CHINA).astimezone(UTC)


MONDAY_MORNING = beijing("2026-11-23 09:00")


class StoppedClock:
    """Stands still until a test moves it."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


def settings(base_url: str = "http://127.0.0.1:1", **changed: Any) -> ProvinceSettings:
    return ProvinceSettings(
        **{
            "base_url": base_url,
            "app_key": Secret(APP_KEY),
            "encrypt_key": Secret(ENCRYPT_KEY),
            "callback_token": Secret(CALLBACK_TOKEN),
            "document_token": Secret(DOCUMENT_TOKEN),
            **changed,
        }
    )


ITEM_NAMES = {
    "business_licence": "营业执照",
    "seal": "印章刻制",
    "tax_registration": "涉税办理",
    "social_insurance": "社会保险登记",
    "food_operation": "食品经营许可",
    "fire_safety_check": "公众聚集场所投入使用、营业前消防安全检查",
}


def a_filing(
    *items: str, serial_no: str = "8ab0a2967283edb9017283edb9c00000", **changed: Any
) -> Filing:
    codes = items or ("business_licence", "food_operation")
    answers = {
        "entity_name": "示例餐饮有限公司",
        "legal_representative_name": "王小明",
        "legal_representative_id_number": "370102199001011230",
        "contact_phone": "13800000007",
        "premises_address": "济南市历下区示例路7号",
    }
    return Filing(
        **{
            "serial_no": serial_no,
            "reference_no": "SD20261123ABCDEFGH",
            "operation": "open",
            "region": "370102",
            "industry_code": "6210",
            "industry_name": "正餐服务",
            "applied_at": MONDAY_MORNING,
            "answers": answers,
            "items": [FiledItem(code, ITEM_NAMES.get(code, code), answers) for code in codes],
            "materials": [],
            **changed,
        }
    )


def a_material(*documents: tuple[str, bytes]) -> FiledMaterial:
    return FiledMaterial(
        code="premises_use_proof",
        name="经营场所使用证明",
        serves=("business_licence",),
        documents=[
            FiledDocument(
                document_id=document_id,
                name="lease.pdf",
                media_type="application/pdf",
                sha256=hashlib.sha256(content).hexdigest(),
                submitted_at=MONDAY_MORNING,
            )
            for document_id, content in documents
        ],
    )


@dataclass
class Callbacks:
    """What the product's callback routes would do, in small."""

    push: ProvincePush
    statuses: list[StatusNotice] = field(default_factory=list)
    certificates: list[CertificateNotice] = field(default_factory=list)
    content_types: list[str] = field(default_factory=list)
    documents: dict[str, bytes] = field(default_factory=dict)
    refused: int = 0
    fail_next: int = 0

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/callbacks/province/status", self._status)
        app.router.add_post("/callbacks/province/certificate", self._certificate)
        app.router.add_get("/callbacks/province/document", self._document)
        return app

    def states_of(self, item: str) -> list[str]:
        return [notice.state for notice in self.statuses if notice.item_code == item]

    async def _status(self, request: web.Request) -> web.Response:
        body = await request.read()
        return self._answered(
            lambda: self.statuses.extend(self.push.read_status(request.content_type, body)),
            request,
        )

    async def _certificate(self, request: web.Request) -> web.Response:
        body = await request.read()
        return self._answered(
            lambda: self.certificates.extend(
                self.push.read_certificate(request.content_type, body)
            ),
            request,
        )

    def _answered(self, take: Any, request: web.Request) -> web.Response:
        if self.fail_next:
            self.fail_next -= 1
            return web.Response(status=503)
        self.content_types.append(request.content_type)
        try:
            take()
        except (NotAuthentic, NotUnderstood):
            self.refused += 1
            return web.Response(body=self.push.answer(ok=False))
        return web.Response(body=self.push.answer(ok=True))

    async def _document(self, request: web.Request) -> web.Response:
        if not self.push.allows_document_download(request.query.get("token", "")):
            return web.Response(status=404)
        content = self.documents.get(request.query.get("docId", ""))
        return web.Response(body=content) if content is not None else web.Response(status=404)


@asynccontextmanager
async def served(app: web.Application) -> AsyncIterator[str]:
    """The base URL of ``app`` on a free port of the loopback."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield site.name
    finally:
        await runner.cleanup()


@dataclass
class World:
    clock: StoppedClock
    far_side: FarSide
    simulator: ProvinceSimulator
    client: ProvinceClient
    callbacks: Callbacks
    base_url: str
    told: FarProvince

    async def pass_time(self, until: datetime) -> None:
        """Let everything happen, at its time, up to ``until``."""
        while (due := self.simulator.next_due()) is not None and due <= until:
            self.clock.at = max(self.clock.at, due)
            await self.simulator.run_due()
        self.clock.at = max(self.clock.at, until)

    async def pass_days(self, days: float) -> None:
        await self.pass_time(self.clock.at + timedelta(days=days))

    def arm(self, scenario: str, times: int = 1, **how: Any) -> None:
        self.far_side.arm(scenario, times, **how)

    def states(self) -> dict[str, str]:
        """Of the newest case."""
        return {row["item"]: row["state"] for row in self.simulator.cases()[0]["items"]}

    def exchanges(self, what: str) -> list[dict[str, Any]]:
        return [entry for entry in self.far_side.exchanges() if entry["what"] == what]


@asynccontextmanager
async def a_world(
    folder: Path, *, at: datetime = MONDAY_MORNING, total_s: float = 5, **told: Any
) -> AsyncIterator[World]:
    clock = StoppedClock(at)
    far_side = FarSide(folder / "province.sqlite3", "province", clock)
    callbacks = Callbacks(ProvincePush(settings()))
    try:
        async with served(callbacks.application()) as callback_url, HTTPClients() as http:
            far = FarProvince(
                **{
                    "app_key": Secret(APP_KEY),
                    "encrypt_key": Secret(ENCRYPT_KEY),
                    "callback_base_url": callback_url,
                    "callback_token": Secret(CALLBACK_TOKEN),
                    "document_token": Secret(DOCUMENT_TOKEN),
                    **told,
                }
            )
            simulator = ProvinceSimulator(far_side, WorkCalendar(), far)
            async with served(simulator.application()) as base_url:
                limits = PeerLimits(total_s=total_s, breaker_failures=50)
                peer = http.peer("province", base_url, limits)
                client = ProvinceClient(peer, settings(base_url), clock)
                yield World(clock, far_side, simulator, client, callbacks, base_url, far)
    finally:
        far_side.close()
