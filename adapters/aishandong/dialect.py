"""What the dialects have in common: the services, and the result that each of them carries inside.

However it is wrapped, a result is ``{"retcode": "000000", "msg": "..", "data": ..}``. At every
level an object may stand as itself or as a text of JSON; deployments differ, so both are read
everywhere.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Protocol

import msgspec
import structlog

from adapters.errors import Refused, Unreachable

log = structlog.get_logger("adapters.aishandong")

PEER = "aishandong"
SUCCESS = "000000"
_TEXTS_DEEP_MAX = 3


class Service(Enum):
    """What can be asked. The value is for our logs; each dialect has names of its own."""

    TICKET = "ticket"
    PERSON = "person"
    CORPORATION = "corporation"
    COMPANIES = "companies"


class Dialect(Protocol):
    """One way to carry a question to the platform and its result back."""

    async def ask(self, service: Service, parameters: Mapping[str, str]) -> "Members":
        """The result's ``data``. Asks once: a question with a ticket must not be repeated."""
        ...


class Members:
    """An object of the platform. The old interface writes its names in lower case, the new ones do
    not agree among themselves: case is not looked at."""

    def __init__(self, members: Mapping[str, Any]) -> None:
        self._members = {name.lower(): value for name, value in members.items()}

    def text(self, *names: str) -> str:
        """The first of these that is there, as text; numbers are sent both ways. Else empty."""
        for name in names:
            value = self._members.get(name.lower())
            if isinstance(value, str | int) and not isinstance(value, bool):
                return str(value).strip()
        return ""

    def needed(self, *names: str) -> str:
        """As :meth:`text`; without it the answer is broken."""
        value = self.text(*names)
        if not value:
            raise Unreachable(PEER, "broken_answer")
        return value

    def data(self) -> object:
        """The member of that name, as it stands."""
        return self._members.get("data")

    def refuses(self) -> bool:
        """``success`` is there and is false."""
        return self._members.get("success") is False

    def number(self, name: str) -> int:
        """Zero when it is absent or none."""
        value = self.text(name)
        return int(value) if value.isascii() and value.isdigit() else 0

    def objects(self, name: str) -> list["Members"]:
        """A list of objects, or the text of one; what is no list is an empty one."""
        value = self._members.get(name.lower())
        if isinstance(value, str):
            value = _decoded(value)
        if not isinstance(value, list):
            return []
        return [Members(each) for each in value if isinstance(each, dict)]


def unfolded(value: object) -> Members:
    """An object, or the text of one, or the text of such a text. Unreachable for anything else."""
    for _ in range(_TEXTS_DEEP_MAX):
        if not isinstance(value, str | bytes):
            break
        value = _decoded(value)
    if not isinstance(value, dict):
        raise Unreachable(PEER, "broken_answer")
    return Members(value)


def read_result(service: Service, result: object) -> object:
    """The result's ``data``, still folded. Refused when the platform says no.

    Which ``retcode`` means what is not published, so the reason follows from what was asked.
    """
    members = unfolded(result)
    retcode = members.needed("retcode")
    if retcode != SUCCESS:
        shown = (
            retcode if retcode.isascii() and retcode.isalnum() and len(retcode) <= 8 else "other"
        )
        log.info("aishandong_refused", service=service.value, retcode=shown)
        code = "ticket_invalid" if service is Service.TICKET else "token_invalid"
        raise Refused(PEER, code, members.text("msg"))
    return members.data()


def _decoded(text: str | bytes) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unreachable(PEER, "broken_answer") from error
