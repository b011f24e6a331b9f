"""The platform's pushes to us: signed, encrypted as the account is set, tried three times."""

import asyncio
import base64
import hashlib
import json
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import aiohttp
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from adapters.far_side import Deed, FarSide
from adapters.wechat.simulator.wire import WeChatSide
from kit.secrets import Secret

TRIES_MAX = 3
TRIES_APART_S = 5
ANSWER_WITHIN_S = 5.0
ACCEPTED = frozenset({"success", ""})

_XML_NAMES = {
    "subscribe_msg_popup_event": "SubscribeMsgPopupEvent",
    "subscribe_msg_change_event": "SubscribeMsgChangeEvent",
    "subscribe_msg_sent_event": "SubscribeMsgSentEvent",
}


class Pushes:
    def __init__(self, side: WeChatSide, far_side: FarSide) -> None:
        self._side = side
        self._far = far_side
        self._one_at_a_time = asyncio.Lock()

    def schedule(
        self,
        open_id: str,
        event: str,
        lines: Sequence[dict[str, str]],
        after: timedelta = timedelta(0),
    ) -> None:
        due_at = self._far.clock.now() + after
        deed = {
            "open_id": open_id,
            "event": event,
            "lines": list(lines),
            "created": int(due_at.timestamp()),
            "tries": 0,
        }
        self._far.schedule(due_at, deed)

    async def run_due(self) -> int:
        async with self._one_at_a_time:
            due = self._far.due()
            if not due:
                return 0
            timeout = aiohttp.ClientTimeout(total=ANSWER_WITHIN_S)
            async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as session:
                for deed in due:
                    await self._try(session, deed)
            return len(due)

    async def _try(self, session: aiohttp.ClientSession, deed: Deed) -> None:
        status, refused = await self._deliver(session, deed.body)
        tries = deed.body["tries"] + 1
        what = f"push {deed.body['event']}"
        self._far.record("outbound", what, status, refused, tries=tries)
        again = bool(refused) and tries < TRIES_MAX
        if not refused and self._far.take("wechat.push_repeated") is not None:
            again = True
        with self._far.together():
            self._far.done(deed.id)
            if again:
                later = self._far.clock.now() + timedelta(seconds=TRIES_APART_S)
                self._far.schedule(later, deed.body | {"tries": tries})

    async def _deliver(
        self, session: aiohttp.ClientSession, deed: dict[str, Any]
    ) -> tuple[int, str]:
        """The status, and why it does not count as delivered (empty when it does)."""
        if not self._side.callback_url:
            return 0, "no callback address is set"
        if self._far.take("wechat.push_lost") is not None:
            return 0, "scenario wechat.push_lost"
        query, body = self._signed(deed)
        media_type = "text/xml" if self._side.push_format == "xml" else "application/json"
        try:
            async with session.post(
                self._side.callback_url,
                params=query,
                data=body,
                headers={"Content-Type": media_type},
                allow_redirects=False,
            ) as answer:
                text = (await answer.content.read(64)).decode("utf-8", "replace")
                if answer.status != 200 or text.strip() not in ACCEPTED:
                    return answer.status, "not answered with success"
                return 200, ""
        except (aiohttp.ClientError, TimeoutError) as error:
            return 0, type(error).__name__

    def _signed(self, deed: dict[str, Any]) -> tuple[dict[str, str], bytes]:
        timestamp = str(int(self._far.clock.now().timestamp()))
        nonce = str(secrets.randbelow(10**10))
        query = {
            "signature": self._signature(timestamp, nonce),
            "timestamp": timestamp,
            "nonce": nonce,
            "openid": deed["open_id"],
        }
        message = self._message(deed)
        if self._side.message_aes_key is None:
            return query, message.encode()
        encrypted = self._encrypted(message, self._side.message_aes_key)
        query["encrypt_type"] = "aes"
        query["msg_signature"] = self._signature(timestamp, nonce, encrypted)
        return query, self._envelope(encrypted).encode()

    def _message(self, deed: dict[str, Any]) -> str:
        """In JSON one line is an object and several are an array; the time is a number in one event
        and a text in the other. All as the real one has it."""
        head: dict[str, Any] = {
            "ToUserName": self._side.original_id,
            "FromUserName": deed["open_id"],
            "CreateTime": deed["created"],
            "MsgType": "event",
            "Event": deed["event"],
        }
        lines = deed["lines"]
        if self._side.push_format == "xml":
            return _xml({**head, _XML_NAMES[deed["event"]]: {"List": lines}})
        if deed["event"] == "subscribe_msg_sent_event":
            head["CreateTime"] = str(deed["created"])
        return json.dumps({**head, "List": lines[0] if len(lines) == 1 else lines})

    def _envelope(self, encrypted: str) -> str:
        envelope = {"ToUserName": self._side.original_id, "Encrypt": encrypted}
        return _xml(envelope) if self._side.push_format == "xml" else json.dumps(envelope)

    def _signature(self, *parts: str) -> str:
        joined = "".join(sorted((self._side.message_token.reveal(), *parts)))
        return hashlib.sha1(joined.encode(), usedforsecurity=False).hexdigest()

    def _encrypted(self, message: str, encoding_key: Secret) -> str:
        """Written apart from the client's (which uses wechatpy), so that they check each other."""
        key = base64.b64decode(encoding_key.reveal() + "=")
        text = message.encode()
        plain = secrets.token_bytes(16) + len(text).to_bytes(4, "big") + text
        plain += self._side.app_id.encode()
        padding = 32 - len(plain) % 32
        encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
        sealed = encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()
        return base64.b64encode(sealed).decode()


def _xml(message: dict[str, Any]) -> str:
    return f"<xml>{_elements(message)}</xml>"


def _elements(members: dict[str, Any]) -> str:
    """Ids, words and numbers only: nothing in a push needs escaping beyond CDATA."""
    parts = []
    for name, value in members.items():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict):
                inner = _elements(each)
            else:
                inner = str(each) if isinstance(each, int) else f"<![CDATA[{each}]]>"
            parts.append(f"<{name}>{inner}</{name}>")
    return "".join(parts)
