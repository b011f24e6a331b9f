"""The wire of the far side: tokens, questions, answers, faults, the journal."""

import asyncio
import base64
import binascii
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from adapters.far_side import FarSide
from adapters.far_wire import compact, hung_up, json_answer
from adapters.licences.simulator import scenarios
from adapters.licences.simulator.register import Register, cancelled, masked, revoked
from kit.secrets import Secret

LIFE_S = 7200


@dataclass(frozen=True, slots=True)
class LicencesSide:
    """What the service knows of one application."""

    token_path: str
    query_path: str
    api_key: Secret
    client_id: str
    client_secret: Secret


class _Refusal(Exception):
    def __init__(self, code: str, words: str) -> None:
        super().__init__(f"{code} {words}")
        self.code = code
        self.words = words


class Endpoint:
    """Facts ``token`` (by its value). The journal tells the call and why it was refused; whom it
    was about is not written down."""

    def __init__(self, far_side: FarSide, side: LicencesSide, register: Register) -> None:
        self._far = far_side
        self._side = side
        self._register = register

    async def token(self, request: web.Request) -> web.StreamResponse:
        if fault := await self._fault(request, "token"):
            return fault
        try:
            self._refuse_if_armed("token")
            self._check_client(request.headers)
        except _Refusal as refusal:
            return self._answer(request, {"code": refusal.code, "msg": refusal.words}, str(refusal))
        value = secrets.token_hex(32)
        until = self._far.clock.now().timestamp() + LIFE_S
        self._far.put("token", value, {"expires_at": until})
        told = {
            "access_token": value,
            "token_type": "bearer",
            "expires_in": LIFE_S - 6,
            "scope": "all",
        }
        return self._answer(request, {"code": "200", "data": {"code": "200", "data": told}})

    async def query(self, request: web.Request) -> web.StreamResponse:
        if fault := await self._fault(request, "query"):
            return fault
        try:
            self._check_bearer(request.headers)
            self._refuse_if_armed("query")
            found = self._found(str((await request.post()).get("q") or ""))
        except _Refusal as refusal:
            return self._answer(request, {"code": refusal.code, "msg": refusal.words}, str(refusal))
        if found is None:
            inner: dict[str, Any] = {"header": {"status": "0", "msg": "未查询到数据"}, "data": None}
            return self._answer(request, self._wrapped(inner), "not in the register")
        success = {"status": "1", "msg": "查询成功"}
        if self._far.take(scenarios.ALL_TEXTS):
            inner = {"header": success, "data": compact(found)}
            return self._answer(request, {"code": 200, "data": compact(self._wrapped(inner))})
        inner = {"header": success, "data": found}
        if self._far.take(scenarios.NO_TEXTS):
            return self._answer(request, {"code": "200", "data": {"code": "200", "data": inner}})
        return self._answer(request, self._wrapped(inner))

    def _wrapped(self, inner: dict[str, Any]) -> dict[str, Any]:
        """As it mostly comes: the innermost envelope is a text."""
        return {"code": "200", "data": {"code": "200", "data": compact(inner)}}

    def _found(self, uscc: str) -> dict[str, Any] | None:
        if not uscc:
            raise _Refusal("400", "q is missing")
        if self._far.take(scenarios.NOT_FOUND):
            return None
        found = self._register.company(uscc)
        if found is None:
            return None
        if self._far.take(scenarios.ANOTHER):
            found = {**found, "baseinfo": {**found["baseinfo"], "uniscid": "91370100MA3XXXXX0A"}}
        for scenario, changed in (
            (scenarios.REVOKED, revoked),
            (scenarios.CANCELLED, cancelled),
            (scenarios.MASKED, masked),
        ):
            if self._far.take(scenario):
                found = changed(found)
        return found

    def _check_client(self, headers: Mapping[str, str]) -> None:
        side = self._side
        if not _equal(headers.get("Apikey", ""), side.api_key.reveal()):
            raise _Refusal("403", "Apikey is unknown")
        if not headers.get("X-BizId"):
            raise _Refusal("400", "X-BizId is missing")
        scheme, _, given = headers.get("Authorization", "").partition(" ")
        try:
            plain = base64.b64decode(given, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            plain = ""
        wanted = f"{side.client_id}:{side.client_secret.reveal()}"
        if scheme != "Basic" or not _equal(plain, wanted):
            raise _Refusal("401", "client is unknown")

    def _check_bearer(self, headers: Mapping[str, str]) -> None:
        scheme, _, value = headers.get("Authorization", "").partition(" ")
        token = self._far.get("token", value) if scheme == "Bearer" else None
        if token is not None and self._far.take(scenarios.TOKEN_DIES):
            self._far.drop("token", value)
            token = None
        if token is None or token["expires_at"] <= self._far.clock.now().timestamp():
            raise _Refusal("401", "access_token is not valid")

    def _refuse_if_armed(self, call: str) -> None:
        if self._far.take(scenarios.NOT_ADMITTED, call=call):
            raise _Refusal("403", "scenario: not admitted")
        if call != "query":
            return
        if self._far.take(scenarios.QUOTA):
            raise _Refusal("429", "scenario: too many calls")
        if failing := self._far.take(scenarios.FAILURE):
            raise _Refusal(str(failing.get("code", "500")), "scenario: failure")

    async def _fault(self, request: web.Request, call: str) -> web.StreamResponse | None:
        if slow := self._far.take(scenarios.SLOW, call=call):
            await asyncio.sleep(float(slow.get("seconds", 15)))
        if self._far.take(scenarios.RESET_CONNECTION, call=call):
            self._record(request, 0, f"scenario {scenarios.RESET_CONNECTION}")
            return hung_up(request)
        if self._far.take(scenarios.DOWN, call=call):
            self._record(request, 503, f"scenario {scenarios.DOWN}")
            return web.Response(status=503, text="<html>503 Service Unavailable</html>")
        if call == "query" and self._far.take(scenarios.GARBLED):
            self._record(request, 200, f"scenario {scenarios.GARBLED}")
            return web.Response(text='{"code":"200","data":', content_type="application/json")
        return None

    def _answer(
        self, request: web.Request, body: Mapping[str, Any], refused: str = ""
    ) -> web.Response:
        # A token that is not valid is told in the HTTP status, everything else in the code alone.
        status = 401 if body.get("code") == "401" else 200
        self._record(request, status, refused)
        return json_answer(body, status)

    def _record(self, request: web.Request, status: int, refused: str) -> None:
        self._far.record("inbound", f"{request.method} {request.path}", status, refused)


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
