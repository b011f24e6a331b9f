"""The province's pushes, read: who sent it, what it says, and the answer that the peer expects.

Two callers of the known peer exist: one posts a form whose field holds JSON text, the other posts
the JSON itself. Inside stands an encrypted list. A peer that sends only ``serialNo``, ``state``
and ``item`` is understood; whatever else is read here is our own extension and optional.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from adapters.province.crypto import Undecipherable, decrypt
from adapters.province.port import (
    CertificateNotice,
    NotAuthentic,
    NotUnderstood,
    StatusNotice,
)
from adapters.province.settings import ProvinceSettings
from adapters.province.states import our_state
from adapters.province.wire import NotUnderstoodAnswer, unwrapped
from kit.clock import CHINA

ENTRIES_MAX = 500
REASON_CHARACTERS_MAX = 2000

# The name that stands in for the certificate of a whole 一业一证 application.
JOINT_CERTIFICATE = "YYYZ_HYZH_XK"
JOINT_CERTIFICATE_NAME = "行业综合许可证"


class ProvincePush:
    def __init__(self, settings: ProvinceSettings) -> None:
        self._settings = settings

    def read_status(self, content_type: str, body: bytes) -> list[StatusNotice]:
        entries = self._opened(content_type, body, form_field="data")
        if not isinstance(entries, list) or len(entries) > ENTRIES_MAX:
            raise NotUnderstood("not_a_list")
        return [self._status(_an_object(entry)) for entry in entries]

    def read_certificate(self, content_type: str, body: bytes) -> list[CertificateNotice]:
        content = _an_object(self._opened(content_type, body, form_field="param"))
        serial_no, entries = _required(content, "serialNo"), content.get("data")
        if not isinstance(entries, list) or len(entries) > ENTRIES_MAX:
            raise NotUnderstood("not_a_list")
        return [self._certificate(serial_no, _an_object(entry)) for entry in entries]

    def allows_document_download(self, token: str) -> bool:
        return _same(token, self._settings.document_token.reveal())

    def answer(self, ok: bool) -> bytes:
        word, status = ("success", "1") if ok else ("fail", "0")
        inner = json.dumps({"massage": word, "status": status}, separators=(",", ":"))
        return json.dumps(inner).encode()

    def _opened(self, content_type: str, body: bytes, form_field: str) -> object:
        """What stands inside, once the sender is known to be the province."""
        wrapper = _wrapper(content_type, body, form_field)
        settings = self._settings
        if not _same(wrapper.get("token"), settings.callback_token.reveal()):
            raise NotAuthentic("wrong_token")
        if not _same(wrapper.get("appKey"), settings.app_key.reveal()):
            raise NotAuthentic("wrong_app_key")
        sealed = wrapper.get("data")
        if not isinstance(sealed, str):
            raise NotAuthentic("no_data")
        try:
            return unwrapped(decrypt(sealed, settings.encrypt_key.reveal()).encode())
        except Undecipherable as error:
            raise NotAuthentic("undecipherable") from error
        except NotUnderstoodAnswer as error:
            # Without an integrity check of its own, an altered text can still be unpadded.
            raise NotAuthentic("not_json_inside") from error

    def _status(self, entry: Mapping[str, Any]) -> StatusNotice:
        state = _required(entry, "state")
        return StatusNotice(
            event_id=_event_id("status", entry),
            serial_no=_required(entry, "serialNo"),
            item_code=self._settings.own_item(_required(entry, "item")),
            state=our_state(
                state,
                node=_word(entry, "node"),
                conditional=_word(entry, "rongque"),
                node_result=_word(entry, "noderesult"),
            ),
            peer_code=state,
            peer_time=_time(entry.get("time")),
            peer_sequence=_sequence(entry.get("seq")),
            reason=_word(entry, "reason")[:REASON_CHARACTERS_MAX],
            fields=_codes(entry.get("fields")),
            materials=_codes(entry.get("materials")),
        )

    def _certificate(self, serial_no: str, entry: Mapping[str, Any]) -> CertificateNotice:
        named, face = _required(entry, "item"), _an_object(entry.get("certInfo"))
        own_code = _word(entry, "itemCode")
        return CertificateNotice(
            event_id=_event_id("certificate", {"serialNo": serial_no, **entry}),
            serial_no=serial_no,
            item_code=(
                self._settings.own_item(own_code)
                if own_code
                else self._settings.certificate_items.get(named, "")
            ),
            name=JOINT_CERTIFICATE_NAME if named == JOINT_CERTIFICATE else named,
            certificate_no=_word(face, "certNo") or _word(face, "socialCode"),
            issued_by=_word(face, "issueDept"),
            issued_on=_word(face, "issueDate"),
            face=face,
        )


def _wrapper(content_type: str, body: bytes, form_field: str) -> Mapping[str, Any]:
    if content_type.partition(";")[0].strip().lower() == "application/x-www-form-urlencoded":
        try:
            values = parse_qs(body.decode(), max_num_fields=20).get(form_field)
        except ValueError as error:
            raise NotAuthentic("unreadable_form") from error
        if not values:
            raise NotAuthentic("no_form_field")
        body = values[0].encode()
    try:
        wrapper = unwrapped(body)
    except NotUnderstoodAnswer as error:
        raise NotAuthentic("not_json") from error
    if not isinstance(wrapper, dict):
        raise NotAuthentic("not_an_object")
    return wrapper


def _same(shown: object, ours: str) -> bool:
    """In a time that does not depend on the content; nothing matches an empty secret."""
    return (
        isinstance(shown, str) and bool(ours) and hmac.compare_digest(shown.encode(), ours.encode())
    )


def _an_object(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise NotUnderstood("not_an_object")
    return value


def _required(entry: Mapping[str, Any], name: str) -> str:
    value = _word(entry, name)
    if not value:
        raise NotUnderstood(f"without_{name}")
    return value


def _word(entry: Mapping[str, Any], name: str) -> str:
    """A member as text; numbers are taken too, since peers differ on ``"1"`` and ``1``."""
    value = entry.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value).strip()


def _time(value: object) -> datetime | None:
    """Beijing time without a zone. A time that cannot be read is as good as none."""
    if not isinstance(value, str):
        return None
    try:
        at = datetime.strptime(value, "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA)
    except ValueError:
        return None
    # Far years overflow when a clock is reckoned from them.
    return at.astimezone(UTC) if 2000 <= at.year <= 2100 else None


def _sequence(value: object) -> int | None:
    """A counter of at most 18 digits, written as a number or as text."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 18:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**18:
        return value
    return None


def _codes(value: object) -> Sequence[str]:
    """A list of codes, or the same joined by ``;`` as the department interface writes them."""
    if isinstance(value, str):
        value = value.split(";")
    if not isinstance(value, list):
        return ()
    return tuple(code.strip() for code in value if isinstance(code, str) and code.strip())


def _event_id(kind: str, entry: Mapping[str, Any]) -> str:
    """A digest of the notice itself: the same for a repeat, however it was wrapped or ordered."""
    canonical = json.dumps(entry, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(f"{kind}\0{canonical}".encode()).hexdigest()
