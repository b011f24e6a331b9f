"""Short-lived links to one's own files.

A mini-program shows images and downloads files with components that send no headers of ours, so the
link itself must open the file: it names the file and its end, and nobody else can make one.
"""

import base64
import hmac
from typing import NamedTuple

from kit.clock import Clock
from kit.secrets import KeyRing

LIFE_S = 600
"""A link lives at least this and at most twice as long. All links made within one such span are
equal, so that an unchanged draft is shown with unchanged bytes."""


class Holder(NamedTuple):
    """Somebody to whom files are shown of a draft that need not be his: his link is worth nothing
    any more as soon as he may not see them. ``person_id``: a person's, or a hand-over's id."""

    person_id: str
    draft_id: str
    task_id: str = ""
    """What he was asked to sign; empty for whoever was let in."""

    @classmethod
    def read(cls, text: str) -> "Holder":
        """Only of a text that we signed."""
        return cls(*text.split("."))

    def __str__(self) -> str:
        return ".".join(self).rstrip(".")


class FileLinks:
    """``prefix`` is what stands before ``/files``: a path, or a whole address."""

    def __init__(self, ring: KeyRing, clock: Clock, prefix: str = "/api/v1") -> None:
        self._ring = ring
        self._clock = clock
        self._prefix = prefix

    def url(self, file_id: str, holder: Holder | None = None) -> str:
        """``holder``: None for the file's owner, who is never shut out."""
        expires, held = (self.span() + 2) * LIFE_S, "" if holder is None else str(holder)
        signature = self._signature(file_id, expires, held)
        link = f"{self._prefix}/files/{file_id}?expires={expires}&signature={signature}"
        return f"{link}&holder={held}" if held else link

    def span(self) -> int:
        """A number that changes whenever new links would differ from old ones."""
        return int(self._clock.now().timestamp()) // LIFE_S

    def genuine(self, file_id: str, expires: int, signature: str, holder: str = "") -> bool:
        """Whether we made this link, for that holder; it may have expired since."""
        ours = self._signature(file_id, expires, holder).encode()
        return hmac.compare_digest(ours, signature.encode())

    def expired(self, expires: int) -> bool:
        return self._clock.now().timestamp() >= expires

    def _signature(self, file_id: str, expires: int, holder: str) -> str:
        held = (holder,) if holder else ()
        secret = self._ring.derive("file link", file_id, str(expires), *held)
        return base64.urlsafe_b64encode(secret).decode().rstrip("=")
