"""Where an object store is and as whom we come."""

from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from kit.secrets import Secret


@dataclass(frozen=True, slots=True)
class S3Settings:
    """``ValueError`` when something cannot be right."""

    url: str
    """``s3://bucket`` or ``s3://bucket/prefix``."""
    endpoint: str
    """Scheme and host of the store, without the bucket."""
    region: str
    access_key: str
    secret_key: Secret
    path_style: str = "no"
    """Where the bucket is named: ``yes``, first in the path (MinIO, Ceph); ``no``, in the host."""

    def __post_init__(self) -> None:
        parts = self._parts
        if parts.scheme != "s3" or not parts.netloc or parts.query or parts.fragment:
            raise ValueError("s3://bucket or s3://bucket/prefix expected")
        host = urlsplit(self.endpoint)
        if host.scheme not in {"http", "https"} or not host.netloc or host.path not in {"", "/"}:
            raise ValueError("the endpoint is https://host or http://host:port")
        if self.path_style not in {"yes", "no"}:
            raise ValueError("path style is yes or no")

    @property
    def _parts(self) -> SplitResult:
        return urlsplit(self.url)

    @property
    def bucket(self) -> str:
        return self._parts.netloc

    @property
    def prefix(self) -> str | None:
        return self._parts.path.strip("/") or None

    @property
    def address(self) -> str:
        """Where requests go: the endpoint, or the bucket's own host there."""
        if self.path_style == "yes":
            return self.endpoint.rstrip("/")
        host = urlsplit(self.endpoint)
        return f"{host.scheme}://{self.bucket}.{host.netloc}"
