"""The wire of the far side: requests, answers, faults, the journal."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from adapters.far_side import FarSide
from adapters.gm import SM2Form
from adapters.jpaas import GATEWAY_PATH, GatewayFarSide, GatewayRefusal, refusal_envelope
from adapters.names.settings import INTERFACES
from adapters.names.simulator import scenarios
from adapters.names.simulator.collection import Failure, Library, armed, compact
from kit.secrets import Secret


@dataclass(frozen=True, slots=True)
class NameLibrarySide:
    """What the platform knows of one application, and its own key."""

    app_id: str
    app_public_key: str
    """SM2, for the answers."""
    platform_private_key: Secret
    """SM2, for the questions."""
    cipher_form: SM2Form = field(default_factory=SM2Form)
    escape_quotes: bool = False
    interfaces: Mapping[str, str] = field(default_factory=lambda: dict(INTERFACES))
    calls_a_minute_max: int = 1200
    """Of the application, over all services; the number is made up."""


class Endpoint:
    """The gateway's one path. The journal names the question and why it was refused; the names that
    people ask about are not written down."""

    def __init__(self, far_side: FarSide, side: NameLibrarySide, library: Library) -> None:
        self._far = far_side
        self._app_id = side.app_id
        self._library = library
        self._services = {interface: service for service, interface in side.interfaces.items()}
        self._gateway = GatewayFarSide(
            side.app_id,
            side.app_public_key,
            side.platform_private_key,
            side.cipher_form,
            escape_quotes=side.escape_quotes,
        )

    async def handle(self, request: web.Request) -> web.StreamResponse:
        form = {
            name: text for name, text in (await request.post()).items() if isinstance(text, str)
        }
        try:
            service, parameters = await self._question(form)
            if gate := armed(self._far, scenarios.GATEWAY_REFUSES, service):
                raise GatewayRefusal(str(gate.get("code", "403")), "scenario: not admitted")
        except GatewayRefusal as refusal:
            self._record("", 200, str(refusal))
            return _json(refusal_envelope(refusal))
        if armed(self._far, scenarios.RESET_CONNECTION, service):
            return self._broken_off(request, service, scenarios.RESET_CONNECTION)
        if armed(self._far, scenarios.DOWN, service):
            self._record(service, 503, f"scenario {scenarios.DOWN}")
            return web.Response(status=503, text="<html>503 Service Unavailable</html>")
        answer = await self._answer(service, parameters)
        if armed(self._far, scenarios.LOST_ANSWER, service):
            return self._broken_off(request, service, scenarios.LOST_ANSWER)
        if slow := armed(self._far, scenarios.SLOW, service):
            await asyncio.sleep(float(slow.get("seconds", 15)))
        return _json(answer)

    def _broken_off(self, request: web.Request, service: str, scenario: str) -> web.Response:
        self._record(service, 0, f"scenario {scenario}")
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    async def _question(self, form: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
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

    async def _answer(self, service: str, parameters: dict[str, Any]) -> dict[str, Any]:
        refused = ""
        swapped = armed(self._far, scenarios.OTHER_SHAPES, service) is not None
        try:
            data = self._library.answer(service, parameters)
            result: dict[str, Any] = {
                "retcode": "000000",
                "msg": "success",
                "data": _swapped(data) if swapped else compact(data),
            }
        except Failure as failure:
            refused = str(failure)
            result = {"retcode": failure.retcode, "msg": failure.words, "data": None}
        answer = await self._gateway.answer(compact(result).encode())
        if swapped:
            answer["code"] = 200
        if armed(self._far, scenarios.GARBLED, service):
            answer["data"] = _garbled(str(answer["data"]))
        self._record(service, 200, refused)
        return answer

    def _record(self, service: str, status: int, refused: str) -> None:
        self._far.record("inbound", f"POST {GATEWAY_PATH}", status, refused, service=service)


def _swapped(data: dict[str, Any]) -> dict[str, Any]:
    """Codes that are digits come as numbers, also those of each line, and counts as text."""
    swapped: dict[str, Any] = {}
    for name, value in data.items():
        if isinstance(value, list):
            swapped[name] = [_swapped(line) for line in value]
        elif isinstance(value, int):
            swapped[name] = str(value)
        else:
            swapped[name] = int(value) if str(value).isdecimal() else value
    return swapped


def _garbled(sealed: str) -> str:
    """One digit in the middle is another; it stays hexadecimal or Base64."""
    at = len(sealed) // 2
    return sealed[:at] + ("1" if sealed[at] == "0" else "0") + sealed[at + 1 :]


def _json(answer: Mapping[str, Any]) -> web.Response:
    text = json.dumps(answer, ensure_ascii=False)
    return web.Response(text=text, content_type="application/json", charset="utf-8")
