"""Alipay's notices to us: signed, and sent again until somebody answers ``success``."""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import aiohttp

from adapters.alipay.simulator import scenarios
from adapters.alipay.simulator.authority import new_key
from adapters.alipay.simulator.keys import Signer
from adapters.alipay.simulator.wire import AlipaySide
from adapters.far_side import Deed, FarSide
from kit.clock import CHINA

TRIES_APART = tuple(timedelta(minutes=m) for m in (4, 10, 10, 60, 120, 360, 900))
"""Between the eight tries."""
ANSWER_WITHIN_S = 5.0
TAKEN = b"success"


class Notices:
    def __init__(self, side: AlipaySide, far_side: FarSide, signer: Callable[[], Signer]) -> None:
        self._side = side
        self._far = far_side
        self._signer = signer
        self._one_at_a_time = asyncio.Lock()

    def schedule(self, method: str, fields: Mapping[str, str]) -> str:
        """Due at once. ``method`` with dots is that of a message, else an older notice's type. The
        notify id."""
        notify_id = secrets.token_hex(17)
        deed = {"notify_id": notify_id, "method": method, "fields": dict(fields), "tries": 0}
        self._far.schedule(self._far.clock.now(), deed)
        return notify_id

    async def run_due(self) -> int:
        async with self._one_at_a_time:
            due = self._far.due()
            if not due:
                return 0
            timeout = aiohttp.ClientTimeout(total=ANSWER_WITHIN_S)
            async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as session:
                for deed in due:
                    await self._try(session, deed)
            return len(due)

    async def _try(self, session: aiohttp.ClientSession, deed: Deed) -> None:
        status, refused = await self._deliver(session, deed.body)
        tries = deed.body["tries"] + 1
        what = f"notice {deed.body['method']}"
        self._far.record("outbound", what, status, refused, tries=tries)
        again = bool(refused)
        if not refused and self._far.take(scenarios.NOTICE_REPEATED) is not None:
            again = True
        with self._far.together():
            self._far.done(deed.id)
            if again and tries <= len(TRIES_APART):
                later = self._far.clock.now() + TRIES_APART[tries - 1]
                self._far.schedule(later, deed.body | {"tries": tries})

    async def _deliver(
        self, session: aiohttp.ClientSession, deed: dict[str, Any]
    ) -> tuple[int, str]:
        """The status, and why it does not count as delivered (empty when it does)."""
        if not self._side.notify_url:
            return 0, "no notify address is set"
        if self._far.take(scenarios.NOTICE_LOST) is not None:
            return 0, f"scenario {scenarios.NOTICE_LOST}"
        try:
            async with session.post(
                self._side.notify_url,
                data=self._signed(deed),
                headers={"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
                allow_redirects=False,
            ) as answer:
                taken = await answer.content.read(len(TAKEN) + 1)
                if answer.status != 200 or taken != TAKEN:
                    return answer.status, "not answered with success"
                return 200, ""
        except (aiohttp.ClientError, TimeoutError) as error:
            return 0, type(error).__name__

    def _signed(self, deed: dict[str, Any]) -> bytes:
        """Stamped and signed anew for each try."""
        now, method = self._far.clock.now(), deed["method"]
        signer = self._signer()
        fields: dict[str, str] = {
            "app_id": self._side.app_id,
            "charset": "utf-8",
            "notify_id": deed["notify_id"],
            "version": "1.1" if "." in method else "1.0",
        }
        if "." in method:
            fields |= {"msg_method": method, "utc_timestamp": str(int(now.timestamp() * 1000))}
        else:
            stamp = f"{now.astimezone(CHINA):%Y-%m-%d %H:%M:%S}"
            fields |= {"notify_type": method, "notify_time": stamp}
        if signer.serial:
            fields["alipay_cert_sn"] = signer.serial
        if self._far.take(scenarios.NOTICE_FORGED) is not None:
            signer = Signer(new_key(), signer.serial)
        fields |= deed["fields"]
        text = "&".join("=".join(pair) for pair in sorted(fields.items()))
        fields |= {"sign": signer.sign(text.encode()), "sign_type": "RSA2"}
        return urlencode(fields).encode("ascii")
