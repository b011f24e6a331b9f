"""Questions to the province's services (registers, the library of names, electronic signatures):
what is asked and answered inside the gateway's envelope.

LOW CONFIDENCE, assumptions of ours: the shapes follow what integrators' code shows of the
neighbouring services behind the same gateway (person and company lookups of the single sign-on). A
question is ``{"appMark": .., "params": "<JSON>"}``, a result ``{"retcode": "000000", "msg": "..",
"data": ..}`` whose ``data`` is an object or a text of JSON. The failing retcodes are made up.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
import structlog

from adapters.errors import AdapterError, Meaning, Misconfigured, Refused, Unreachable
from adapters.http import Peer
from adapters.jpaas import Gateway, GatewaySettings
from kit.clock import Clock

log = structlog.get_logger("adapters.gateway_service")

SUCCESS = "000000"
PASSING = frozenset({"broken_answer", "undecipherable", "no_connection", "gateway_error"})
"""Told at once, and mostly right the next time. A slow peer is not asked again: somebody waits."""

SHARED_FAILURES: Mapping[str, Meaning] = {
    "100102": Meaning(Misconfigured, "request_wrong"),  # a parameter is missing
    "100201": Meaning(Misconfigured, "not_permitted"),  # the application may not ask this
    "100301": Meaning(Refused, "too_many_requests"),  # the minute's quota is used up
}


class Result(msgspec.Struct):
    retcode: str | int
    msg: str = ""
    data: Any = None


class GatewayService:
    """One service behind its gateway. ``failures``: what each retcode of its own means, besides
    :data:`SHARED_FAILURES`."""

    def __init__(
        self, settings: GatewaySettings, peer: Peer, clock: Clock, failures: Mapping[str, Meaning]
    ) -> None:
        self._app_id = settings.app_id
        self._peer = peer.name
        self._gateway = Gateway(settings, peer, clock)
        self._failures = {**SHARED_FAILURES, **failures}

    async def ask(self, interface_id: str, **parameters: object) -> Mapping[str, Any]:
        """Once more when it costs the waiting person nothing: a question changes nothing."""
        try:
            return await self.call(interface_id, **parameters)
        except Unreachable as failed:
            if failed.code not in PASSING:
                raise
        return await self.call(interface_id, **parameters)

    async def call(self, interface_id: str, **parameters: object) -> Mapping[str, Any]:
        """A success's ``data``; one of the adapter errors for anything else. Made once."""
        params = msgspec.json.encode(parameters).decode()
        document = {"appMark": self._app_id, "params": params}
        return self._data(await self._gateway.call(interface_id, document))

    def _data(self, answer: bytes) -> Mapping[str, Any]:
        try:
            result = msgspec.json.decode(answer, type=Result)
            if str(result.retcode) != SUCCESS:
                raise self._failure(str(result.retcode), result.msg)
            data = result.data
            return msgspec.convert(
                msgspec.json.decode(data) if isinstance(data, str) else data, dict[str, Any]
            )
        except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
            raise Unreachable(self._peer, "broken_answer") from error

    def _failure(self, retcode: str, words: str) -> AdapterError:
        is_code = retcode.isascii() and retcode.isdigit() and len(retcode) <= 8
        shown = retcode if is_code else "other"
        meaning = self._failures.get(retcode)
        if meaning is None:
            log.warning("service_retcode_unknown", peer=self._peer, retcode=shown)
            return Unreachable(self._peer, f"unknown_{shown}", words)
        if meaning.kind is Misconfigured:
            log.warning("service_call_failed", peer=self._peer, retcode=shown, code=meaning.code)
        return meaning.error(self._peer, words)
