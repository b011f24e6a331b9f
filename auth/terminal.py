"""A counter or kiosk of a service hall, as it is configured."""

import re
from dataclasses import dataclass
from typing import Literal

from kit.secrets import Secret

TerminalKind = Literal["counter", "kiosk"]
SECRET_LENGTH_MIN = 32

_ID = re.compile(r"[a-z0-9][a-z0-9-]{2,31}")


@dataclass(frozen=True, slots=True)
class Terminal:
    """``name`` is what people are shown. Raises ValueError."""

    id: str
    kind: TerminalKind
    name: str
    secret: Secret

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise ValueError("an id of 3 to 32 lower-case letters, digits and hyphens expected")
        if self.kind not in {"counter", "kiosk"}:
            raise ValueError(f"{self.id}: counter or kiosk expected")
        if not 1 <= len(self.name) <= 64:
            raise ValueError(f"{self.id}: a name of 1 to 64 characters expected")
        if len(self.secret.reveal()) < SECRET_LENGTH_MIN:
            raise ValueError(f"{self.id}: a secret of {SECRET_LENGTH_MIN} characters expected")
