"""The dialects as the platform speaks them: each reads a question and wraps a result."""

import asyncio
import hmac
import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from adapters.aishandong.dialect import Service
from adapters.aishandong.dialect_a import SERVICE_NAMES, old_seal, old_sign
from adapters.aishandong.gateway_documents import INTERFACE_IDS
from adapters.aishandong.rsa import rsa_seal
from adapters.aishandong.simulator import scenarios
from adapters.aishandong.simulator.wire import AiShandongSide, Asked, Shape
from adapters.far_service import Failure, failed, read_form, read_parameters, success
from adapters.far_side import FarSide
from adapters.far_wire import compact
from adapters.gm import SM2PublicKey, hmac_sm3_hex
from adapters.jpaas import (
    SIGNED_FIELDS,
    GatewayFarSide,
    GatewayRefusal,
    check_fields,
    read_document,
    refusal_envelope,
    success_envelope,
)

_OLD_SERVICES = {name: service for service, name in SERVICE_NAMES.items()}
_SERVICES = {interface_id: service for service, interface_id in INTERFACE_IDS.items()}
_OLD_NAMES = {
    "loginName": "loginname",
    "certNo": "cardid",
    "authLevel": "authlevel",
    "corUserRole": "corrole",
    "corporationName": "corname",
    "creditCode": "cornumber",
    "corUserName": "corusername",
    "corUserCertNo": "corusercardid",
}


class FarDialectA:
    def __init__(self, side: AiShandongSide) -> None:
        self._side = side
        self._word = side.app_word.reveal()

    async def read(self, fields: Mapping[str, str]) -> Asked:
        time = fields.get("time", "")
        if fields.get("appmark") != self._side.app_id:
            raise GatewayRefusal("100001", "appmark is unknown")
        if not (time.isascii() and time.isdigit() and len(time) in {13, 14}):
            raise GatewayRefusal("100002", "time is no time")
        wanted = old_sign(self._side.app_id, self._word, time)
        if not hmac.compare_digest(fields.get("sign", "").encode(), wanted.encode()):
            raise GatewayRefusal("100003", "sign is wrong")
        service = _OLD_SERVICES.get(fields.get("servicename", ""))
        if service is None:
            raise GatewayRefusal("100004", "servicename is unknown")
        return Asked(service, read_parameters(fields.get("params")))

    async def answer(self, asked: Asked, data: dict[str, Any], shape: Shape) -> dict[str, Any]:
        if asked.service is Service.TICKET:
            return success(shape({"token": data["token"]}))
        old = {_OLD_NAMES.get(name, name): value for name, value in data.items()}
        return success(old_seal(compact(old), self._word))

    async def failure(self, failure: Failure) -> dict[str, Any]:
        return failed(failure)

    def refusal(self, refusal: GatewayRefusal) -> dict[str, Any]:
        return failed(Failure(refusal.code, refusal.words))


class FarDialectC:
    def __init__(self, side: AiShandongSide) -> None:
        self._side = side
        self._public_key = SM2PublicKey(side.app_public_key)

    async def read(self, fields: Mapping[str, str]) -> Asked:
        check_fields(fields, self._side.app_id)
        if not hmac.compare_digest(fields.get("sign", "").encode(), self.sign(fields).encode()):
            raise GatewayRefusal("401", "sign is wrong")
        document = read_document(fields["biz_content"])
        return _asked(self._side.app_id, fields["interface_id"], document)

    def sign(self, fields: Mapping[str, str]) -> str:
        """How the real endpoint signs is its own affair; this one binds every field."""
        text = json.dumps([fields.get(name, "") for name in SIGNED_FIELDS])
        return hmac_sm3_hex(self._side.platform_private_key.reveal().encode(), text.encode())

    async def answer(self, asked: Asked, data: dict[str, Any], shape: Shape) -> dict[str, Any]:
        return await self._sealed(success(shape(data)))

    async def failure(self, failure: Failure) -> dict[str, Any]:
        return await self._sealed(failed(failure))

    def refusal(self, refusal: GatewayRefusal) -> dict[str, Any]:
        return refusal_envelope(refusal)

    async def _sealed(self, result: dict[str, Any]) -> dict[str, Any]:
        plain = compact(result).encode()
        if self._side.app_rsa_public_key is not None:
            return success_envelope(rsa_seal(plain, self._side.app_rsa_public_key))
        form = self._side.cipher_form
        return success_envelope(await asyncio.to_thread(self._public_key.encrypt, plain, form))


class SignEndpoint:
    """Of dialect C: anybody who can reach it gets a sign for what they show."""

    def __init__(
        self, far_side: FarSide, side: AiShandongSide, path: str, dialect: FarDialectC
    ) -> None:
        self._far = far_side
        self._side = side
        self.path = path
        self._dialect = dialect

    async def handle(self, request: web.Request) -> web.Response:
        fields = await read_form(request)
        service = _SERVICES.get(fields.get("interface_id", ""))
        name = service.value if service is not None else ""
        if self._far.take(scenarios.SIGN_ENDPOINT_DOWN, service=name):
            self._record(503, f"scenario {scenarios.SIGN_ENDPOINT_DOWN}")
            return web.Response(status=503, text="<html>503</html>")
        try:
            check_fields(fields, self._side.app_id)
            if self._far.take(scenarios.SIGN_REFUSED, service=name):
                raise GatewayRefusal("403", f"scenario {scenarios.SIGN_REFUSED}")
        except GatewayRefusal as refusal:
            self._record(200, str(refusal))
            return web.json_response({"success": False, "msg": refusal.words})
        self._record(200, "")
        signed: object = {"sign": self._dialect.sign(fields)}
        waiting = self._far.get("scenario", scenarios.OTHER_SHAPES)
        if waiting is not None and waiting.get("service") in {None, name}:
            # Not used up here: it is for the call itself, which comes next.
            signed = json.dumps(signed)
        return web.json_response({"success": True, "data": signed})

    def _record(self, status: int, refused: str) -> None:
        self._far.record("inbound", f"POST {self.path}", status, refused)


class FarDialectD:
    def __init__(self, side: AiShandongSide) -> None:
        self._side = side
        self._gateway = GatewayFarSide(
            side.app_id,
            side.app_public_key,
            side.platform_private_key,
            side.cipher_form,
            escape_quotes=side.escape_quotes,
        )

    async def read(self, fields: Mapping[str, str]) -> Asked:
        call = await self._gateway.read(fields)
        return _asked(self._side.app_id, call.interface_id, call.document)

    async def answer(self, asked: Asked, data: dict[str, Any], shape: Shape) -> dict[str, Any]:
        return await self._gateway.answer(compact(success(shape(data))).encode())

    async def failure(self, failure: Failure) -> dict[str, Any]:
        return await self._gateway.answer(compact(failed(failure)).encode())

    def refusal(self, refusal: GatewayRefusal) -> dict[str, Any]:
        return refusal_envelope(refusal)


def _asked(app_id: str, interface_id: str, document: Mapping[str, Any]) -> Asked:
    service = _SERVICES.get(interface_id)
    if service is None:
        raise GatewayRefusal("404", "interface_id is unknown")
    of_companies = service is Service.COMPANIES
    if document.get("app_id" if of_companies else "appMark") != app_id:
        raise GatewayRefusal("401", "biz_content is of another application")
    if of_companies and document.get("servicename") != "findCorporationByToken":
        raise GatewayRefusal("404", "servicename is unknown")
    return Asked(service, read_parameters(document.get("params")))
