"""Dialect C, Shandong's current gateway: the sign of each call is fetched from an endpoint first.

Questions go in the clear (inside TLS), answers come encrypted for the application with SM2, or with
RSA in older deployments. Both calls carry the same form and the same timestamp: what the sign is
bound to is not known.
"""

import asyncio
from collections.abc import Callable, Mapping

import msgspec

from adapters.aishandong.dialect import PEER, Members, Service, log, read_result, unfolded
from adapters.aishandong.gateway_documents import INTERFACE_IDS, question
from adapters.aishandong.rsa import rsa_open
from adapters.aishandong.settings import AiShandongSettings
from adapters.errors import Misconfigured, Unreachable
from adapters.gm import CannotDecrypt
from adapters.http import Peer
from adapters.jpaas import fields_of, read_envelope
from kit.clock import Clock


class DialectC:
    def __init__(
        self, settings: AiShandongSettings, gateway: Peer, signer: Peer, clock: Clock
    ) -> None:
        self._settings = settings
        self._gateway = gateway
        self._signer = signer
        self._clock = clock
        self._open = _opener(settings)
        # Python's arithmetic: two at once would only take the interpreter from each other.
        self._opening = asyncio.Lock()

    async def ask(self, service: Service, parameters: Mapping[str, str]) -> Members:
        document = question(self._settings.app_id, service, parameters)
        fields = fields_of(
            self._settings.app_id,
            INTERFACE_IDS[service],
            msgspec.json.encode(document).decode(),
            self._settings.origin,
            self._clock,
        )
        fields["sign"] = await self._sign(fields)
        reply = await self._gateway.request("POST", self._settings.path, form=fields)
        sealed = read_envelope(PEER, reply)
        try:
            async with self._opening:
                result = await asyncio.to_thread(self._open, sealed)
        except CannotDecrypt as error:
            log.warning("aishandong_answer_undecipherable", service=service.value)
            raise Unreachable(PEER, "undecipherable") from error
        return unfolded(read_result(service, result))

    async def _sign(self, fields: Mapping[str, str]) -> str:
        """Whatever goes wrong here, the gateway itself has not been asked."""
        try:
            reply = await self._signer.request("POST", self._settings.sign_path, form=fields)
            if reply.status >= 400:
                raise Misconfigured(PEER, "sign_refused")
            answer = unfolded(reply.body)
            if answer.refuses():
                raise Misconfigured(PEER, "sign_refused", answer.text("msg"))
            return unfolded(answer.data()).needed("sign")
        except Unreachable as error:
            raise Unreachable(
                PEER,
                f"sign_{error.code}",
                may_have_acted=False,
                retry_after_s=error.retry_after_s,
            ) from error


def _opener(settings: AiShandongSettings) -> Callable[[str], bytes]:
    if settings.answer_cipher == "RSA":
        rsa_key = settings.rsa_private_key()
        return lambda sealed: rsa_open(sealed, rsa_key)
    sm2_key, form = settings.sm2_private_key(), settings.cipher_form
    return lambda sealed: sm2_key.decrypt(sealed, form)
