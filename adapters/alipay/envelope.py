"""An answer of Alipay's gateway, taken apart without losing the bytes that were signed.

The signature covers the exact text of one member of the answer, so that text must be cut out of
what came over the wire: writing the parsed value again gives other spaces and other escapes. A JSON
scanner finds where the member ends; counting braces does not (a name may hold one).
"""

import json
from dataclasses import dataclass
from typing import Any

_SPACES = " \t\n\r"


class Unreadable(Exception):
    """This is no answer of the gateway."""


@dataclass(frozen=True, slots=True, repr=False)
class Envelope:
    """Not shown by ``repr``: an answer holds tokens and people."""

    content: dict[str, Any]
    signed: bytes
    """The content as it was written."""
    signature: str
    """Empty when there was none."""
    certificate_sn: str
    """In certificate mode, which of Alipay's certificates signed; else empty."""
    is_error: bool
    """It came as ``error_response`` instead of under the method's name."""


def open_envelope(body: bytes, method: str) -> Envelope:
    """:class:`Unreadable` for anything but one JSON object with the method's answer, or
    ``error_response``, as an object: also when a name comes twice, because then two readers could
    see two answers."""
    try:
        members = _members(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise Unreadable from error
    name = method.replace(".", "_") + "_response"
    found = [each for each in (name, "error_response") if each in members]
    if len(found) != 1:
        raise Unreadable
    content, written = members[found[0]]
    if not isinstance(content, dict):
        raise Unreadable
    return Envelope(
        content=content,
        signed=written.encode(),
        signature=_text(members, "sign"),
        certificate_sn=_text(members, "alipay_cert_sn"),
        is_error=found[0] == "error_response",
    )


def _members(text: str) -> dict[str, tuple[Any, str]]:
    """The members of the one object that ``text`` is, each parsed and as it was written."""
    decoder = json.JSONDecoder(parse_constant=_no_constant)
    members: dict[str, tuple[Any, str]] = {}
    at = _expect("{", text, _skip(text, 0))
    while True:
        key, at = _value(decoder, text, at)
        if not isinstance(key, str) or key in members:
            raise Unreadable
        start = _skip(text, _expect(":", text, at))
        value, end = _value(decoder, text, start)
        members[key] = (value, text[start:end])
        at = _skip(text, end)
        if text[at : at + 1] == "}":
            break
        at = _skip(text, _expect(",", text, at))
    if _skip(text, at + 1) != len(text):
        raise Unreadable
    return members


def _value(decoder: json.JSONDecoder, text: str, at: int) -> tuple[Any, int]:
    value, end = decoder.raw_decode(text, at)
    return value, end


def _expect(mark: str, text: str, at: int) -> int:
    """Past the mark that must come next, and the spaces before it."""
    at = _skip(text, at)
    if text[at : at + 1] != mark:
        raise Unreadable
    return _skip(text, at + 1)


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in _SPACES:
        at += 1
    return at


def _text(members: dict[str, tuple[Any, str]], name: str) -> str:
    value = members.get(name, ("", ""))[0]
    return value if isinstance(value, str) else ""


def _no_constant(name: str) -> Any:
    """Python reads NaN and Infinity, JSON has none."""
    raise ValueError(name)
