"""The mock's data folder: one process at a time, keys made on the first start, the clock kept."""

import base64
import fcntl
import json
import os
import secrets
import string
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import IO

from adapters.aishandong import simulator as aishandong
from adapters.alipay import simulator as alipay
from adapters.esign import simulator as e_signature
from adapters.far_side import FarSide
from adapters.identity import simulator as identity_register
from adapters.licences import simulator as licences
from adapters.names import simulator as name_library
from bff.mock import terminals
from kit.clock import ShiftableClock

_KEYS_FILE = "development-keys.json"
_CLOCK_FILE = "clock.json"
_MADE_FOR = "4"
"""Counted up when :func:`_new_keys` makes keys that it did not make before."""


class FolderInUse(Exception):
    """Another process serves this folder."""


class DataFolder:
    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.path.mkdir(parents=True, exist_ok=True)
        (self.path / "far-side").mkdir(exist_ok=True)
        self._lock: IO[str] | None = None

    def lock(self) -> None:
        """Held until the process ends, however it ends."""
        lock = (self.path / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise FolderInUse(str(self.path)) from None
        self._lock = lock

    def unlock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def far_side(self, name: str) -> Path:
        return self.path / "far-side" / f"{name}.sqlite3"

    def development_keys(self) -> dict[str, str]:
        """Environment values of this folder's own keys; for development only."""
        file = self.path / _KEYS_FILE
        kept: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
        if kept.get("MADE_FOR") != _MADE_FOR:
            # A folder that an older release made gets what this one needs besides.
            with closing(FarSide(self.far_side("alipay"), "alipay", self.clock())) as far_side:
                made = _new_keys() | _platform_keys(far_side)
            kept = {**made, **kept, "MADE_FOR": _MADE_FOR}
            self._write(file, json.dumps(kept, indent=1))
        return kept

    def clock(self) -> ShiftableClock:
        """The folder's clock, as far ahead as it was left."""
        file = self.path / _CLOCK_FILE
        ahead_s = json.loads(file.read_text())["ahead_s"] if file.exists() else 0.0
        return ShiftableClock(timedelta(seconds=ahead_s), on_shift=self._keep_clock)

    def _keep_clock(self, offset: timedelta) -> None:
        content = json.dumps({"ahead_s": offset.total_seconds()})
        self._write(self.path / _CLOCK_FILE, content)

    def _write(self, file: Path, content: str) -> None:
        """Whole or not at all, readable by the owner only."""
        draft = file.with_suffix(".new")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(file)


def _new_keys() -> dict[str, str]:
    def key() -> str:
        return base64.b64encode(secrets.token_bytes(32)).decode()

    def text(length: int) -> str:
        letters = string.ascii_letters + string.digits
        return "".join(secrets.choice(letters) for _ in range(length))

    return {
        "FIELD_KEYS": f"dev1:{key()}",
        "FIELD_KEY_CURRENT": "dev1",
        "INDEX_KEY": key(),
        "TOKEN_KEYS": f"dev1:{key()}",
        "WECHAT_APP_ID": f"wx{secrets.token_hex(8)}",
        "WECHAT_APP_SECRET": secrets.token_hex(16),
        "WECHAT_MESSAGE_TOKEN": text(16),
        "WECHAT_MESSAGE_AES_KEY": text(43),
        "WECHAT_ORIGINAL_ID": f"gh_{secrets.token_hex(6)}",
        "PROVINCE_APP_KEY": text(20),
        "PROVINCE_ENCRYPT_KEY": text(16),
        "PROVINCE_CALLBACK_TOKEN": text(32),
        "PROVINCE_DOCUMENT_TOKEN": text(32),
    }


def _platform_keys(alipay_side: FarSide) -> dict[str, str]:
    """Of the platforms that a process may do without, and of their far sides."""
    return {
        **aishandong.development_keys(),
        **identity_register.development_keys(),
        **name_library.development_keys(),
        **licences.development_keys(),
        **terminals.development_keys(),
        **e_signature.development_keys(),
        **alipay.development_keys(alipay_side),
    }
