"""Dialect A, the old ``interface.do``: an MD5 sign, people encrypted with AES under the app word.

``params`` is a text of JSON. A ticket's result is a text of JSON in the clear; a person's or a
company's is AES/ECB/PKCS7 in hexadecimal. The names in a company's result were not found anywhere:
those of the newer company list are looked for (inferred). There is no list of companies.
"""

import binascii
import hashlib
from collections.abc import Mapping

import msgspec
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.padding import PKCS7

from adapters.aishandong.dialect import PEER, Members, Service, log, read_result, unfolded
from adapters.aishandong.settings import OLD_INTERFACE_PATH, AiShandongSettings
from adapters.errors import Misconfigured, Unreachable
from adapters.gm import CannotDecrypt
from adapters.http import Peer
from kit.clock import CHINA, Clock

SERVICE_NAMES: Mapping[Service, str] = {
    Service.TICKET: "ticketValidate",
    Service.PERSON: "findOutsideUserByToken",
    Service.CORPORATION: "findCorUserByToken",
}


class DialectA:
    def __init__(self, settings: AiShandongSettings, peer: Peer, clock: Clock) -> None:
        self._settings = settings
        self._word = settings.word()
        self._peer = peer
        self._clock = clock

    async def ask(self, service: Service, parameters: Mapping[str, str]) -> Members:
        name = SERVICE_NAMES.get(service)
        if name is None:
            raise Misconfigured(PEER, "not_in_this_dialect")
        time = self._clock.now().astimezone(CHINA).strftime("%Y%m%d%H%M%S")
        form = {
            "appmark": self._settings.app_id,
            "time": time,
            "sign": old_sign(self._settings.app_id, self._word, time),
            "servicename": name,
            "params": msgspec.json.encode(parameters).decode(),
        }
        path = self._settings.path or OLD_INTERFACE_PATH
        reply = await self._peer.request("POST", path, form=form)
        if reply.status >= 400:
            raise Misconfigured(PEER, "gateway_refused")
        data = read_result(service, reply.body)
        if service is Service.TICKET or not isinstance(data, str):
            return unfolded(data)
        try:
            return unfolded(old_open(data, self._word))
        except CannotDecrypt as error:
            log.warning("aishandong_answer_undecipherable", service=service.value)
            raise Unreachable(PEER, "undecipherable") from error


def old_sign(app_mark: str, app_word: str, time: str) -> str:
    """MD5 in hexadecimal of the three, one after the other: the platform's rule."""
    text = f"{app_mark}{app_word}{time}"
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def old_seal(plain: str, app_word: str) -> str:
    padder = PKCS7(AES.block_size).padder()
    padded = padder.update(plain.encode()) + padder.finalize()
    encryptor = Cipher(AES(app_word.encode()), ECB()).encryptor()  # noqa: S305 - the peer's choice
    return (encryptor.update(padded) + encryptor.finalize()).hex()


def old_open(sealed: str, app_word: str) -> bytes:
    """:class:`~adapters.gm.CannotDecrypt`. ECB has no check: damage may come out as noise."""
    try:
        raw = binascii.unhexlify(sealed)
        decryptor = Cipher(AES(app_word.encode()), ECB()).decryptor()  # noqa: S305 - as above
        padded = decryptor.update(raw) + decryptor.finalize()
        unpadder = PKCS7(AES.block_size).unpadder()
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError as error:
        raise CannotDecrypt("form or padding") from error
