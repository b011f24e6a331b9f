"""The wire of the far side: requests, answers, faults, the journal. Each path has its dialect."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from adapters.aishandong.dialect import Service
from adapters.aishandong.simulator import scenarios
from adapters.aishandong.simulator.people import Register
from adapters.far_service import Failure, garbled, read_form
from adapters.far_side import FarSide
from adapters.far_wire import compact, hung_up, json_answer
from adapters.gm import SM2Form
from adapters.jpaas import GatewayRefusal
from kit.secrets import Secret


@dataclass(frozen=True, slots=True)
class AiShandongSide:
    """What the platform knows of one application, and its own key."""

    app_id: str
    app_word: Secret
    """Of dialect A: 16 ASCII characters."""
    app_public_key: str
    """SM2, for the answers of C and D."""
    platform_private_key: Secret
    """SM2: opens the questions of D; the sign endpoint of C signs with it."""
    app_rsa_public_key: RSAPublicKey | None = None
    """C answers with RSA when there is one."""
    cipher_form: SM2Form = field(default_factory=SM2Form)
    escape_quotes: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """One question, taken out of its wrapping."""

    service: Service
    parameters: Mapping[str, Any]


Shape = Callable[[dict[str, Any]], object]
"""How an object is put into another: as itself or as a text of JSON."""


class FarDialect(Protocol):
    """One dialect as the platform speaks it."""

    async def read(self, fields: Mapping[str, str]) -> Asked:
        """:class:`~adapters.jpaas.GatewayRefusal` when the wrapping is wrong."""
        ...

    async def answer(self, asked: Asked, data: dict[str, Any], shape: Shape) -> dict[str, Any]:
        """The whole answer of a success."""
        ...

    async def failure(self, failure: Failure) -> dict[str, Any]:
        """The whole answer when the result inside is a failure."""
        ...

    def refusal(self, refusal: GatewayRefusal) -> dict[str, Any]:
        """The whole answer when nothing was asked."""
        ...


class Endpoint:
    """One path: reads the question, lets faults have their way, answers, keeps a journal.

    The journal names path, service and why it was refused; forms hold tickets, tokens and people.
    """

    def __init__(
        self, far_side: FarSide, register: Register, path: str, dialect: FarDialect
    ) -> None:
        self._far = far_side
        self._register = register
        self.path = path
        self._dialect = dialect

    async def handle(self, request: web.Request) -> web.StreamResponse:
        try:
            asked = await self._dialect.read(await read_form(request))
            if gate := self._far.take(scenarios.GATEWAY_REFUSES, service=asked.service.value):
                raise GatewayRefusal(str(gate.get("code", "403")), "scenario: not admitted")
        except GatewayRefusal as refusal:
            self._record(200, str(refusal))
            return json_answer(self._dialect.refusal(refusal))
        name = asked.service.value
        if fault := self._far.take(scenarios.RESET_CONNECTION, service=name):
            if fault.get("after_acting"):
                await self._answered(asked)
            self._record(0, f"scenario {scenarios.RESET_CONNECTION}", asked)
            return hung_up(request)
        if self._far.take(scenarios.BAD_GATEWAY, service=name):
            self._record(502, f"scenario {scenarios.BAD_GATEWAY}", asked)
            return web.Response(status=502, text="<html>502 Bad Gateway</html>")
        answer = await self._answered(asked)
        if slow := self._far.take(scenarios.SLOW, service=name):
            await asyncio.sleep(float(slow.get("seconds", 15)))
        return json_answer(answer)

    async def _answered(self, asked: Asked) -> dict[str, Any]:
        name = asked.service.value
        try:
            data = self._register.answer(asked.service, asked.parameters)
        except Failure as failure:
            self._record(200, str(failure), asked)
            return await self._dialect.failure(failure)
        swapped = self._far.take(scenarios.OTHER_SHAPES, service=name)
        shape: Shape = (lambda made: made) if swapped else compact
        answer = await self._dialect.answer(asked, data, shape)
        if swapped and "code" in answer:
            answer["code"] = int(answer["code"])
        if self._far.take(scenarios.CIPHER_GARBLED, service=name):
            answer["data"] = garbled(str(answer["data"]))
        self._record(200, "", asked)
        return answer

    def _record(self, status: int, refused: str, asked: Asked | None = None) -> None:
        service = {"service": asked.service.value} if asked is not None else {}
        self._far.record("inbound", f"POST {self.path}", status, refused, **service)
