"""Reading typed values out of the environment, with every fault collected."""

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from adapters.gm import SM2Form
from kit.secrets import Secret

Group = TypeVar("Group")


class EnvironmentReader:
    """Reads names and collects faults, so that an operator sees all of them at the first start."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.faults: list[str] = []

    def text(self, name: str, default: str | None = None) -> str:
        value = self._environ.get(name) or default
        if value is None:
            self.faults.append(f"{name}: missing")
            return ""
        return value

    def has(self, name: str) -> bool:
        return bool(self._environ.get(name))

    def optional(self, name: str) -> str:
        return self._environ.get(name) or ""

    def file(self, name: str, path: Path) -> str:
        """The text of a file that ``name`` led to."""
        try:
            return path.read_text()
        except (OSError, UnicodeDecodeError):
            self.faults.append(f"{name}: {path.name} cannot be read there")
            return ""

    def cipher_form(self, name: str) -> SM2Form:
        """``C1C3C2,04,hex``: the order, ``04`` or ``bare``, the encoding; that is the default."""
        order, prefix, encoding = ((self.optional(name) or "C1C3C2,04,hex") + ",,").split(",")[:3]
        try:
            if prefix not in {"04", "bare"}:
                raise ValueError("04 or bare expected")
            values: Any = {"order": order, "prefixed": prefix == "04", "encoding": encoding}
            return SM2Form(**values)
        except ValueError as error:
            self.faults.append(f"{name}: {error}")
            return SM2Form()

    def secret(self, name: str) -> Secret:
        return Secret(self.text(name))

    def number(self, name: str, default: int) -> int:
        value = self._environ.get(name)
        if not value:
            return default
        if not value.isascii() or not value.isdigit():
            self.faults.append(f"{name}: a whole number expected")
            return default
        return int(value)

    def key(self, name: str) -> bytes:
        return self._decoded(name, self.text(name))

    def keys(self, name: str) -> dict[str, bytes]:
        """``id:base64,id:base64``, 32 bytes each."""
        return {
            key_id: self._decoded(name, value) for key_id, value in self.pairs(name, ...).items()
        }

    def pairs(self, name: str, default: Any = "") -> dict[str, str]:
        """``key:value,key:value``; the default is no pair."""
        text = self.text(name, None if default is ... else default or " ").strip()
        pairs = {}
        for part in filter(None, text.split(",")):
            key, colon, value = part.strip().partition(":")
            if not colon or not key or not value:
                self.faults.append(f"{name}: key:value pairs expected, separated by commas")
                return {}
            pairs[key] = value
        return pairs

    def checked(self, prefix: str, kind: type[Group], values: dict[str, Any]) -> Group | None:
        """An adapter's own settings; what it will not have becomes a fault like the others."""
        if any(fault.startswith(prefix) for fault in self.faults):
            return None
        try:
            return kind(**values)
        except ValueError as error:
            self.faults.append(f"{prefix}*: {error}")
            return None

    def _decoded(self, name: str, value: str) -> bytes:
        try:
            key = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if value and len(key) != 32:
            self.faults.append(f"{name}: 32 bytes in base64 expected")
        return key
