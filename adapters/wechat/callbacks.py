"""WeChat's message push to us: who sent it, and the subscribe events in it."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from xml.parsers.expat import ExpatError

import msgspec
import structlog
import xmltodict  # type: ignore[import-untyped]

from adapters.wechat.crypto import decrypt_push, same, signature
from adapters.wechat.port import NotAuthentic, SubscribeAnswer
from adapters.wechat.settings import WeChatSettings, aes_key
from kit.clock import Clock

log = structlog.get_logger("adapters.wechat")

CLOCK_DIFFERENCE_MAX_S = 300
"""The platform names no window; a repeat comes within seconds and is signed anew."""

_KINDS = {
    "subscribe_msg_popup_event": "popup",
    "subscribe_msg_change_event": "change",
    "subscribe_msg_sent_event": "sent",
}
_NESTED = {
    "subscribe_msg_popup_event": "SubscribeMsgPopupEvent",
    "subscribe_msg_change_event": "SubscribeMsgChangeEvent",
    "subscribe_msg_sent_event": "SubscribeMsgSentEvent",
}


class WeChatMessagePush:
    """Implements :class:`adapters.wechat.port.WeChatCallbacks`."""

    def __init__(self, settings: WeChatSettings, clock: Clock) -> None:
        self._token = settings.message_token.reveal()
        self._app_id = settings.app_id
        self._original_id = settings.original_id
        self._clock = clock
        key = settings.message_aes_key
        self._key = None if key is None else aes_key(key)

    def answer_url_check(self, signature: str, timestamp: str, nonce: str, echo: str) -> str:
        self._check(signature, timestamp, nonce)
        return echo

    def read_events(self, query: Mapping[str, str], body: bytes) -> list[SubscribeAnswer]:
        message = self._opened(query, body)
        if message.get("ToUserName") != self._original_id:
            raise NotAuthentic("foreign_account")
        event = _text(message.get("Event"))
        if event not in _KINDS:
            return []
        answers = _answers(message, event, self._clock.now())
        log.info("wechat_push_read", kind=_KINDS[event], lines=len(answers))
        return answers

    def _opened(self, query: Mapping[str, str], body: bytes) -> Mapping[str, object]:
        """The message, once it is proved. With a key only an encrypted one is taken: in plain mode
        the signature does not cover the body."""
        timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        if self._key is None:
            self._check(query.get("signature", ""), timestamp, nonce)
            return _parsed(body)
        encrypted = _parsed(body).get("Encrypt")
        if not isinstance(encrypted, str):
            raise NotAuthentic("not_encrypted")
        self._check(query.get("msg_signature", ""), timestamp, nonce, encrypted)
        return _parsed(decrypt_push(encrypted, self._key, self._app_id).encode())

    def _check(self, claimed: str, timestamp: str, nonce: str, *signed: str) -> None:
        if not same(claimed, signature(self._token, timestamp, nonce, *signed)):
            raise NotAuthentic("wrong_signature")
        sent_at = _epoch_s(timestamp)
        if sent_at is None:
            raise NotAuthentic("no_timestamp")
        if abs(self._clock.now().timestamp() - sent_at) > CLOCK_DIFFERENCE_MAX_S:
            raise NotAuthentic("stale")


def _parsed(body: bytes) -> Mapping[str, object]:
    """JSON or XML, as the account is set. xmltodict refuses entities and makes a list of repeated
    elements, so the shapes of both forms are the same."""
    try:
        if body.lstrip()[:1] == b"<":
            parsed = xmltodict.parse(body).get("xml")
        else:
            parsed = msgspec.json.decode(body)
    except (msgspec.DecodeError, ExpatError, ValueError):
        raise NotAuthentic("unreadable") from None
    if not isinstance(parsed, dict):
        raise NotAuthentic("unreadable")
    return parsed


def _answers(message: Mapping[str, object], event: str, now: datetime) -> list[SubscribeAnswer]:
    """One for each line. ``List`` is an object for one template, an array for several; in XML, and
    in some JSON, it sits one level deeper."""
    nested = message.get(_NESTED[event])
    holder = nested if isinstance(nested, dict) else message
    lines = holder.get("List")
    open_id, created = _text(message.get("FromUserName")), _text(message.get("CreateTime"))
    created_s = _epoch_s(created)
    at = now if created_s is None else datetime.fromtimestamp(created_s, UTC)
    return [
        _answer(line, event, open_id, created, at)
        for line in (lines if isinstance(lines, list) else [lines])
        if isinstance(line, dict)
    ]


def _answer(
    line: Mapping[str, object], event: str, open_id: str, created: str, at: datetime
) -> SubscribeAnswer:
    template_id = _text(line.get("TemplateId"))
    message_id = _text(line.get("MsgID") or line.get("MsgId"))
    if event == "subscribe_msg_sent_event":
        status = _text(line.get("ErrorStatus")) or f"error_{_text(line.get('ErrorCode'))}"
    else:
        status = _text(line.get("SubscribeStatusString"))
    # Hashed: the person's openid should not travel as part of a key.
    parts = "\0".join((open_id, created, event, template_id, message_id))
    return SubscribeAnswer(
        event_id=hashlib.sha256(parts.encode()).hexdigest()[:32],
        event=_KINDS[event],
        open_id=open_id,
        template_id=template_id,
        status=status,
        message_id=message_id or None,
        at=at,
    )


def _text(value: object) -> str:
    """The platform writes the same field as a string here and as a number there."""
    return str(value) if isinstance(value, str | int) else ""


def _epoch_s(text: str) -> int | None:
    """Seconds since 1970, of this century and the next."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else None
