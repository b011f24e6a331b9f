"""The envelope of the generic jpaas gateway, which stands before several provincial systems.

A call is a form: which interface, the document as ``biz_content``, a time, where the person is, and
a ``sign``. The document is SM2-encrypted for the platform, the answer's ``data`` for the app. The
sign is SM3 over the other fields without any secret: it proves nothing about the sender. What
protects a call is TLS, the cipher of the contents and the platform's list of addresses; the sign is
made, and checked by our far sides, because the real gateway asks for it.

Source: integrators' code for such gateways in other provinces. The codes of a refusing gateway are
not known (see :func:`read_envelope`).
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import structlog

from adapters.errors import AdapterError, Misconfigured, Unreachable
from adapters.gm import CannotDecrypt, SM2Cipher, SM2Form, SM2PrivateKey, SM2PublicKey, sm3_hex
from adapters.http import Peer, Reply
from kit.clock import Clock
from kit.secrets import Secret

log = structlog.get_logger("adapters.jpaas")

GATEWAY_PATH = "/api-gateway/jpaas-jags-server/interface/gateway.do"
ORIGINS = frozenset({"0", "1", "2", "3"})
"""Where the person is: 0 a browser, 1 the platform's app, 2 Alipay, 3 WeChat."""
SIGNED_FIELDS = (
    "app_id",
    "biz_content",
    "charset",
    "interface_id",
    "origin",
    "timestamp",
    "version",
)
TOO_MANY_PAUSE_S = 60.0


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """``ValueError`` when something cannot be right. No key has a default."""

    base_url: str
    """Scheme and host; the path is ``path``."""
    app_id: str
    platform_public_key: str
    """SM2, hexadecimal, with or without its leading 04: what we send is for its owner only."""
    private_key: Secret
    """Ours, SM2, hexadecimal: what the gateway answers is for us only."""
    origin: str
    """One of :data:`ORIGINS`."""
    path: str = GATEWAY_PATH
    form: SM2Form = field(default_factory=SM2Form)
    """Of the cipher texts, both ways: C1C3C2 in hexadecimal with a leading 04 unless told else."""
    escape_quotes: bool = False
    """Whether the sign is made over values in which each ``"`` is written ``&quot;``."""

    def __post_init__(self) -> None:
        if not self.base_url.startswith(("http://", "https://")):
            raise ValueError("the gateway's address begins with http:// or https://")
        if not self.app_id:
            raise ValueError("the gateway knows us by an app id")
        if self.origin not in ORIGINS:
            raise ValueError(f"the origin is one of {sorted(ORIGINS)}")
        SM2PublicKey(self.platform_public_key)
        SM2PrivateKey(self.private_key)


class Gateway:
    """Our side of one gateway. ``peer`` leads to its ``base_url`` and names it in errors."""

    def __init__(self, settings: GatewaySettings, peer: Peer, clock: Clock) -> None:
        self._settings = settings
        self._peer = peer
        self._clock = clock
        self._cipher = SM2Cipher(settings.private_key, settings.platform_public_key, settings.form)

    async def call(self, interface_id: str, document: Mapping[str, object]) -> bytes:
        """What the interface answers to ``document``, decrypted and not yet read.

        The call is made once, never repeated. Misconfigured (``gateway_refused``) when the gateway
        does not let us in; Unreachable (``undecipherable``, ``broken_answer``, ``gateway_error``,
        and those of :class:`~adapters.http.Peer`) when it did and no usable answer came of it.
        """
        sealed = await self._cipher.seal(msgspec.json.encode(document))
        fields = fields_of(
            self._settings.app_id, interface_id, sealed, self._settings.origin, self._clock
        )
        fields["sign"] = sign_of(fields, escape_quotes=self._settings.escape_quotes)
        reply = await self._peer.request("POST", self._settings.path, form=fields)
        data = read_envelope(self._peer.name, reply)
        try:
            return await self._cipher.open(data)
        except CannotDecrypt as error:
            # A wrong key of ours looks the same as a text that was damaged on its way.
            log.warning("gateway_answer_undecipherable", peer=self._peer.name, why=str(error))
            raise Unreachable(self._peer.name, "undecipherable") from error


def fields_of(
    app_id: str, interface_id: str, biz_content: str, origin: str, clock: Clock
) -> dict[str, str]:
    """A call's form without its sign."""
    return {
        "app_id": app_id,
        "interface_id": interface_id,
        "version": "1.0",
        "biz_content": biz_content,
        "charset": "UTF-8",
        "timestamp": str(int(clock.now().timestamp() * 1000)),
        "origin": origin,
    }


def sign_of(fields: Mapping[str, str], *, escape_quotes: bool = False) -> str:
    """SM3, hexadecimal, of the sorted ``k=v`` joined by ``&``; empty values are left out."""
    pairs = (f"{name}={fields[name]}" for name in sorted(SIGNED_FIELDS) if fields.get(name))
    text = "&".join(pairs)
    return sm3_hex((text.replace('"', "&quot;") if escape_quotes else text).encode())


def read_envelope(peer: str, reply: Reply) -> str:
    """The cipher text in ``{"code": "200", "success": true, "msg": "..", "data": ".."}``.

    The code comes as text or as a number. Which codes there are besides 200 is not published; they
    are read as the HTTP statuses that 200 suggests (a guess), and what is none of them as a passing
    fault. The peer's words may repeat what we sent: they go into ``reason``, never into a log.
    """
    try:
        envelope = msgspec.json.decode(reply.body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        if reply.status >= 400:
            raise _failure(peer, str(reply.status), "") from error
        raise Unreachable(peer, "broken_answer") from error
    code, data = str(envelope.get("code", reply.status)), envelope.get("data")
    if code != "200" or envelope.get("success") is False:
        raise _failure(peer, code, str(envelope.get("msg") or ""))
    if not isinstance(data, str) or not data:
        raise Unreachable(peer, "broken_answer")
    return data


def _failure(peer: str, code: str, words: str) -> AdapterError:
    shown = code if code.isascii() and code.isdigit() and len(code) <= 8 else "other"
    log.warning("gateway_refused", peer=peer, code=shown)
    if code == "429":
        return Unreachable(
            peer,
            "too_many_requests",
            words,
            may_have_acted=False,
            retry_after_s=TOO_MANY_PAUSE_S,
        )
    if len(shown) == 3 and shown.startswith("4"):
        return Misconfigured(peer, "gateway_refused", words)
    return Unreachable(peer, "gateway_error", words)


class GatewayRefusal(Exception):
    """The far side does not take a call: its code, and words without anything that was sent."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(f"{code} {words}")
        self.code = code
        self.words = words


@dataclass(frozen=True, slots=True)
class GatewayCall:
    """One call as the far side understood it."""

    interface_id: str
    document: dict[str, Any]
    origin: str
    timestamp_ms: int


class GatewayFarSide:
    """The gateway itself, for simulators: checks and opens calls, seals answers."""

    def __init__(
        self,
        app_id: str,
        app_public_key: str,
        platform_private_key: Secret,
        form: SM2Form | None = None,
        *,
        escape_quotes: bool = False,
    ) -> None:
        self._app_id = app_id
        self._cipher = SM2Cipher(platform_private_key, app_public_key, form)
        self._escape_quotes = escape_quotes

    async def read(self, fields: Mapping[str, str]) -> GatewayCall:
        """:class:`GatewayRefusal` for a foreign app, a wrong sign or an unreadable document."""
        check_fields(fields, self._app_id)
        wanted = sign_of(fields, escape_quotes=self._escape_quotes)
        if not hmac.compare_digest(fields.get("sign", "").encode(), wanted.encode()):
            raise GatewayRefusal("401", "sign is wrong")
        try:
            plain = await self._cipher.open(fields["biz_content"])
        except CannotDecrypt as error:
            raise GatewayRefusal("400", "biz_content cannot be decrypted") from error
        return GatewayCall(
            fields["interface_id"], read_document(plain), fields["origin"], int(fields["timestamp"])
        )

    async def answer(self, document: bytes) -> dict[str, object]:
        return success_envelope(await self._cipher.seal(document))


def check_fields(fields: Mapping[str, str], app_id: str) -> None:
    """What every gateway of this family checks before the sign; :class:`GatewayRefusal`."""
    for name in SIGNED_FIELDS:
        if not fields.get(name):
            raise GatewayRefusal("400", f"{name} is missing")
    if fields["app_id"] != app_id:
        raise GatewayRefusal("401", "app_id is unknown")
    if fields["origin"] not in ORIGINS:
        raise GatewayRefusal("400", "origin is unknown")
    if not (fields["timestamp"].isascii() and fields["timestamp"].isdigit()):
        raise GatewayRefusal("400", "timestamp is no number")


def read_document(plain: bytes | str) -> dict[str, Any]:
    """A far side's reading of ``biz_content``; :class:`GatewayRefusal`."""
    try:
        return msgspec.json.decode(plain, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise GatewayRefusal("400", "biz_content is no JSON object") from error


def success_envelope(sealed: str) -> dict[str, object]:
    return {"code": "200", "success": True, "msg": "success", "data": sealed}


def refusal_envelope(refusal: GatewayRefusal) -> dict[str, object]:
    return {"code": refusal.code, "success": False, "msg": refusal.words, "data": None}
