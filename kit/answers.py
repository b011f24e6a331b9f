"""What a handler shows, before it is bytes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

JSON_MEDIA_TYPE = "application/json; charset=utf-8"

encode_json = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Shown:
    """``body`` is a msgspec Struct (or a plain value), or bytes that are encoded already. With an
    ``etag`` a matching ``If-None-Match`` is answered 304."""

    body: Any
    status: int = 200
    etag: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = JSON_MEDIA_TYPE

    def encoded(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else encode_json(self.body)
