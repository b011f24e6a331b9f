"""Short-lived links to one's own files.

A mini-program shows images and downloads files with components that send no headers of ours, so the
link itself must open the file: it names the file and its end, and nobody else can make one.
"""

import base64
import hmac

from kit.clock import Clock
from kit.secrets import KeyRing

LIFE_S = 600
"""A link lives at least this and at most twice as long. All links made within one such span are
equal, so that an unchanged draft is shown with unchanged bytes."""


class FileLinks:
    """``prefix`` is what stands before ``/files``: a path, or a whole address."""

    def __init__(self, ring: KeyRing, clock: Clock, prefix: str = "/api/v1") -> None:
        self._ring = ring
        self._clock = clock
        self._prefix = prefix

    def url(self, file_id: str) -> str:
        expires = (self.span() + 2) * LIFE_S
        signature = self._signature(file_id, expires)
        return f"{self._prefix}/files/{file_id}?expires={expires}&signature={signature}"

    def span(self) -> int:
        """A number that changes whenever new links would differ from old ones."""
        return int(self._clock.now().timestamp()) // LIFE_S

    def genuine(self, file_id: str, expires: int, signature: str) -> bool:
        """Whether we made this link; it may have expired since."""
        ours = self._signature(file_id, expires).encode()
        return hmac.compare_digest(ours, signature.encode())

    def expired(self, expires: int) -> bool:
        return self._clock.now().timestamp() >= expires

    def _signature(self, file_id: str, expires: int) -> str:
        secret = self._ring.derive("file link", file_id, str(expires))
        return base64.urlsafe_b64encode(secret).decode().rstrip("=")
