"""The wire of the far side: requests, answers, faults, the journal."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from adapters.esign.simulator import scenarios
from adapters.esign.simulator.bureau import Bureau, Failure, armed, compact
from adapters.far_side import FarSide
from adapters.gm import SM2Form
from adapters.jpaas import GATEWAY_PATH, GatewayFarSide, GatewayRefusal, refusal_envelope
from kit.secrets import Secret


@dataclass(frozen=True, slots=True)
class ESignatureSide:
    """What the platform knows of one application, and its own keys."""

    app_id: str
    app_public_key: str
    """SM2, for the answers."""
    platform_private_key: Secret
    """SM2, for the questions."""
    authority_private_key: Secret
    """SM2, for the certificates of those who sign."""
    page_url: str
    """Where a person would sign."""
    cipher_form: SM2Form = field(default_factory=SM2Form)
    begin_interface: str = "beginSignature"
    find_interface: str = "findSignature"


class Endpoint:
    """The gateway's one path. The journal names the question and why it was refused; the documents
    hold people, and are not written down."""

    def __init__(self, far_side: FarSide, side: ESignatureSide, bureau: Bureau) -> None:
        self._far = far_side
        self._app_id = side.app_id
        self._services = {
            side.begin_interface: ("begin", bureau.begin),
            side.find_interface: ("find", bureau.find),
        }
        self._gateway = GatewayFarSide(
            side.app_id, side.app_public_key, side.platform_private_key, side.cipher_form
        )

    async def handle(self, request: web.Request) -> web.StreamResponse:
        form = {
            name: text for name, text in (await request.post()).items() if isinstance(text, str)
        }
        try:
            service, parameters = await self._question(form)
        except GatewayRefusal as refusal:
            self._record("", 200, str(refusal))
            return _json(refusal_envelope(refusal))
        name = service[0]
        if armed(self._far, scenarios.DOWN, name):
            self._record(name, 503, f"scenario {scenarios.DOWN}")
            return web.Response(status=503, text="<html>503 Service Unavailable</html>")
        answer = await self._answer(service, parameters)
        if armed(self._far, scenarios.LOST_ANSWER, name):
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        if slow := armed(self._far, scenarios.SLOW, name):
            await asyncio.sleep(float(slow.get("seconds", 15)))
        return _json(answer)

    async def _question(self, form: Mapping[str, str]) -> tuple[Any, dict[str, Any]]:
        call = await self._gateway.read(form)
        service = self._services.get(call.interface_id)
        if service is None:
            raise GatewayRefusal("404", "interface_id is unknown")
        if call.document.get("appMark") != self._app_id:
            raise GatewayRefusal("401", "biz_content is of another application")
        params = call.document.get("params")
        try:
            parameters = json.loads(params) if isinstance(params, str) else None
        except ValueError:
            parameters = None
        if not isinstance(parameters, dict):
            raise GatewayRefusal("400", "params is no JSON object")
        return service, parameters

    async def _answer(self, service: Any, parameters: dict[str, Any]) -> dict[str, Any]:
        name, serve = service
        refused = ""
        swapped = armed(self._far, scenarios.OTHER_SHAPES, name) is not None
        try:
            self._refuse_as_armed(name)
            data = serve(parameters)
            if swapped:
                data = {key: _swapped(key, value) for key, value in data.items()}
            result: dict[str, Any] = {
                "retcode": "000000",
                "msg": "success",
                "data": data if swapped else compact(data),
            }
        except Failure as failure:
            refused = str(failure)
            result = {"retcode": failure.retcode, "msg": failure.words, "data": None}
        answer = await self._gateway.answer(compact(result).encode())
        if armed(self._far, scenarios.GARBLED, name):
            answer["data"] = _garbled(str(answer["data"]))
        self._record(name, 200, refused)
        return answer

    def _refuse_as_armed(self, name: str) -> None:
        if armed(self._far, scenarios.NOT_PERMITTED, name):
            raise Failure("100201", "scenario: application is not admitted to this service")
        if armed(self._far, scenarios.QUOTA, name):
            raise Failure("100301", "scenario: quota is used up")
        if failing := armed(self._far, scenarios.FAILURE, name):
            raise Failure(str(failing.get("retcode", "999999")), "scenario: system error")

    def _record(self, service: str, status: int, refused: str) -> None:
        self._far.record("inbound", f"POST {GATEWAY_PATH}", status, refused, service=service)


def _swapped(key: str, value: object) -> object:
    if key == "status":
        return int(str(value))
    return str(value) if isinstance(value, int) else value


def _garbled(sealed: str) -> str:
    """One digit in the middle is another; it stays hexadecimal or Base64."""
    at = len(sealed) // 2
    return sealed[:at] + ("1" if sealed[at] == "0" else "0") + sealed[at + 1 :]


def _json(answer: Mapping[str, Any]) -> web.Response:
    text = json.dumps(answer, ensure_ascii=False)
    return web.Response(text=text, content_type="application/json", charset="utf-8")
