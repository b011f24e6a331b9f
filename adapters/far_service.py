"""What the far sides of the province's services share: results in their envelope, and a service
behind the jpaas gateway with its faults.

What the gateway does is known. The ``retcode`` values of failures are made up: the real ones are
not published.
"""

import asyncio
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp import web

from adapters.far_side import FarSide
from adapters.far_wire import compact, handler, hung_up, json_answer
from adapters.gm import SM2Form, new_key_pair
from adapters.jpaas import GATEWAY_PATH, GatewayFarSide, GatewayRefusal, refusal_envelope
from kit.secrets import Secret
from kit.text import Text

Parameters = Mapping[str, Any]
Answering = Callable[[str, Parameters], dict[str, Any]]
"""What is made of a question and its parameters: a result's ``data``; :class:`Failure`."""

CREDIT_CODE_LENGTH = 18


class UnknownPerson(LookupError):
    """No person of that key has been registered."""


class Failure(Exception):
    """A result with another ``retcode`` than success."""

    def __init__(self, retcode: str, words: str) -> None:
        super().__init__(f"{retcode} {words}")
        self.retcode = retcode
        self.words = words


def success(data: object) -> dict[str, Any]:
    return {"retcode": "000000", "msg": "success", "data": data}


def failed(failure: Failure) -> dict[str, Any]:
    return {"retcode": failure.retcode, "msg": failure.words, "data": None}


async def read_form(request: web.Request) -> dict[str, str]:
    return {name: text for name, text in (await request.post()).items() if isinstance(text, str)}


def read_parameters(params: object) -> dict[str, Any]:
    """``params`` is a text of JSON; :class:`~adapters.jpaas.GatewayRefusal`."""
    try:
        parameters = json.loads(params) if isinstance(params, str) else None
    except ValueError:
        parameters = None
    if not isinstance(parameters, dict):
        raise GatewayRefusal("400", "params is no JSON object")
    return parameters


def garbled(sealed: str) -> str:
    """One digit in the middle is another; it stays hexadecimal or Base64."""
    at = len(sealed) // 2
    return sealed[:at] + ("1" if sealed[at] == "0" else "0") + sealed[at + 1 :]


def whole(value: object) -> int:
    """A page's number or size; zero for what is none."""
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else 0


def gateway_keys(prefix: str) -> dict[str, str]:
    """Fresh environment values for a mock of its own, those of the far side among them."""
    app_private_key, _ = new_key_pair()
    platform_private_key, platform_public_key = new_key_pair()
    return {
        f"{prefix}_APP_ID": f"sd{secrets.token_hex(6)}",
        f"{prefix}_PRIVATE_KEY": app_private_key.reveal(),
        f"{prefix}_PLATFORM_PUBLIC_KEY": platform_public_key,
        f"{prefix}_PLATFORM_PRIVATE_KEY": platform_private_key.reveal(),
    }


@dataclass(frozen=True, slots=True)
class ServiceSide:
    """What the platform knows of one application, and its own key."""

    app_id: str
    app_public_key: str
    """SM2, for the answers."""
    platform_private_key: Secret
    """SM2, for the questions."""
    cipher_form: SM2Form = field(default_factory=SM2Form)
    escape_quotes: bool = False
    calls_a_minute_max: int = 600
    """Of the application, over all services; the numbers are made up."""
    calls_a_day_max: int | None = None


def service_scenarios(prefix: str) -> Mapping[str, Text]:
    """The faults of :class:`ServiceEndpoint`. All take ``service`` to wait for one question."""
    faults = {
        "down": Text(
            "返回 503 网页，不处理", "The call answers 503 with a web page and does nothing."
        ),
        "slow": Text(
            "延迟应答（seconds，默认15秒）", "The call answers late: after `seconds` (15)."
        ),
        "reset_connection": Text("不处理即断开连接", "The connection breaks; nothing was done."),
        "lost_answer": Text("处理完成后断开连接", "It is done, and then the connection breaks."),
        "gateway_refuses": Text(
            "网关返回非200（code，默认403）",
            "The gateway answers another code than 200 (`code`, 403).",
        ),
        "not_permitted": Text("应用无此服务权限", "The application may not ask this."),
        "quota": Text("应用配额已用完", "The application's quota is used up."),
        "failure": Text(
            "业务返回非000000（retcode，默认999999）",
            "The result inside is a failure (`retcode`, 999999).",
        ),
        "garbled": Text("应答密文损坏", "The cipher text of an answer is damaged."),
        "other_shapes": Text(
            "应答形式互换：文本与对象、数字与文本",
            "Texts of JSON come as objects, codes and counts in the other of text and number.",
        ),
    }
    return {f"{prefix}_{fault}": words for fault, words in faults.items()}


class ServiceEndpoint:
    """The gateway's one path. The journal names the question and why it was refused; the documents
    hold people and what they ask about, and are not written down.

    ``interfaces``: the interface id of each service. ``prefix`` begins the names of the faults.
    """

    def __init__(
        self,
        far_side: FarSide,
        side: ServiceSide,
        interfaces: Mapping[str, str],
        prefix: str,
        answering: Answering,
    ) -> None:
        self._far = far_side
        self._app_id = side.app_id
        self._services = {interface: service for service, interface in interfaces.items()}
        self._prefix = prefix
        self._answering = answering
        self._minute_max = side.calls_a_minute_max
        self._day_max = side.calls_a_day_max
        self._gateway = GatewayFarSide(
            side.app_id,
            side.app_public_key,
            side.platform_private_key,
            side.cipher_form,
            escape_quotes=side.escape_quotes,
        )

    async def handle(self, request: web.Request) -> web.StreamResponse:
        try:
            service, parameters = await self._question(await read_form(request))
            if gate := self._armed("gateway_refuses", service):
                raise GatewayRefusal(str(gate.get("code", "403")), "scenario: not admitted")
        except GatewayRefusal as refusal:
            self._record("", 200, str(refusal))
            return json_answer(refusal_envelope(refusal))
        if self._armed("reset_connection", service):
            return self._broken_off(request, service, "reset_connection")
        if self._armed("down", service):
            self._record(service, 503, f"scenario {self._prefix}_down")
            return web.Response(status=503, text="<html>503 Service Unavailable</html>")
        answer = await self._answer(service, parameters)
        if self._armed("lost_answer", service):
            return self._broken_off(request, service, "lost_answer")
        if slow := self._armed("slow", service):
            await asyncio.sleep(float(slow.get("seconds", 15)))
        return json_answer(answer)

    def _broken_off(self, request: web.Request, service: str, fault: str) -> web.Response:
        self._record(service, 0, f"scenario {self._prefix}_{fault}")
        return hung_up(request)

    async def _question(self, form: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
        call = await self._gateway.read(form)
        service = self._services.get(call.interface_id)
        if service is None:
            raise GatewayRefusal("404", "interface_id is unknown")
        if call.document.get("appMark") != self._app_id:
            raise GatewayRefusal("401", "biz_content is of another application")
        return service, read_parameters(call.document.get("params"))

    async def _answer(self, service: str, parameters: Parameters) -> dict[str, Any]:
        refused = ""
        swapped = self._armed("other_shapes", service) is not None
        try:
            data = self._data(service, parameters)
            result = success(_swapped(data) if swapped else compact(data))
        except Failure as failure:
            refused = str(failure)
            result = failed(failure)
        answer = await self._gateway.answer(compact(result).encode())
        if swapped:
            answer["code"] = 200
        if self._armed("garbled", service):
            answer["data"] = garbled(str(answer["data"]))
        self._record(service, 200, refused)
        return answer

    def _data(self, service: str, parameters: Parameters) -> dict[str, Any]:
        if self._armed("not_permitted", service):
            raise Failure("100201", "scenario: application is not admitted to this service")
        if self._armed("quota", service):
            raise Failure("100301", "scenario: quota is used up")
        self._count()
        if failing := self._armed("failure", service):
            raise Failure(str(failing.get("retcode", "999999")), "scenario: system error")
        return self._answering(service, parameters)

    def _count(self) -> None:
        """One call of this minute and of this day, as the platform's clock has them (facts
        ``quota``)."""
        seconds = int(self._far.clock.now().timestamp())
        periods = (
            ("minute", seconds // 60, self._minute_max, "100301"),
            ("day", (seconds + 8 * 3600) // 86400, self._day_max, "100302"),
        )
        used = {}
        for name, number, calls_max, retcode in periods:
            kept = self._far.get("quota", name)
            calls = int(kept["calls"]) if kept is not None and kept["number"] == number else 0
            if calls_max is not None and calls >= calls_max:
                raise Failure(retcode, f"quota of the {name} is used up")
            used[name] = {"number": number, "calls": calls + 1}
        for name, body in used.items():
            self._far.put("quota", name, body)

    def _armed(self, fault: str, service: str) -> dict[str, Any] | None:
        return self._far.take(f"{self._prefix}_{fault}", service=service)

    def _record(self, service: str, status: int, refused: str) -> None:
        self._far.record("inbound", f"POST {GATEWAY_PATH}", status, refused, service=service)


class ServiceSimulator:
    """Implements :class:`adapters.far_side.Simulator`. All that it knows is in its far side's file.

    Serve :meth:`application` without an access log.
    """

    name: str

    def __init__(self, endpoint: ServiceEndpoint) -> None:
        self._endpoint = endpoint

    def application(self) -> web.Application:
        application = web.Application(client_max_size=1024 * 1024)
        application.router.add_post(GATEWAY_PATH, handler(self._endpoint.handle))
        return application

    # What the far side does by itself: nothing, it waits to be asked; what is kept runs out by the
    # clock when it is looked at.

    def next_due(self) -> datetime | None:
        return None

    async def run_due(self) -> int:
        return 0


def _swapped(data: Parameters) -> dict[str, Any]:
    """Codes that are digits come as numbers, also those of each line, and counts as text; a credit
    code is none of them."""
    swapped: dict[str, Any] = {}
    for name, value in data.items():
        if isinstance(value, list):
            swapped[name] = [_swapped(line) for line in value]
        elif isinstance(value, int):
            swapped[name] = str(value)
        elif str(value).isdecimal() and len(value) < CREDIT_CODE_LENGTH:
            swapped[name] = int(value)
        else:
            swapped[name] = value
    return swapped
