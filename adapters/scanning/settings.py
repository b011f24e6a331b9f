"""Where the virus scanner listens and how much it takes."""

from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

PORT = 3310
"""clamd's own (clamd.conf, TCPSocket)."""
BYTES_MAX = 100 * 1024 * 1024
"""clamd's default StreamMaxLength since 1.0; it was 25 MB before."""


@dataclass(frozen=True, slots=True)
class ScannerSettings:
    """``ValueError`` when something cannot be right."""

    url: str
    """``clamd://host:port`` or ``clamd:///path/of/the/socket``."""
    bytes_max: int = BYTES_MAX
    """The scanner's StreamMaxLength: what is larger is not sent."""

    def __post_init__(self) -> None:
        parts = self._parts
        more = parts.query or parts.fragment or parts.username is not None
        if parts.scheme != "clamd" or more or bool(self.host) == bool(self.socket_path):
            raise ValueError("clamd://host:port or clamd:///path/of/the/socket expected")
        if not 0 < self.port < 65536:
            raise ValueError("the port is none")
        if self.bytes_max < 1:
            raise ValueError("the scanner must take something")

    @property
    def _parts(self) -> SplitResult:
        return urlsplit(self.url)

    @property
    def host(self) -> str:
        return self._parts.hostname or ""

    @property
    def port(self) -> int:
        port = self._parts.port
        return PORT if port is None else port

    @property
    def socket_path(self) -> str:
        """Empty where a host is asked."""
        return self._parts.path.rstrip("/")
