"""The far side's gateway: one address for all calls. It lets faults have their way, answers, signs,
keeps a journal.

The journal names the call and why it was refused; parameters and answers hold codes, tokens and
people, and are not written down.
"""

import asyncio
import base64
import random
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from adapters.alipay.simulator import scenarios
from adapters.alipay.simulator.keys import KeyOffice, Signer
from adapters.alipay.simulator.odd_json import OddWriter
from adapters.alipay.simulator.requests import RequestCheck, parameters_of
from adapters.alipay.simulator.wire import (
    AlipaySide,
    Answering,
    Call,
    Refusal,
    failed,
    invalid,
    text,
)
from adapters.far_side import FarSide
from adapters.far_wire import hung_up

PATH = "/gateway.do"
PAGE = "alipay.user.certify.open.certify"
LOGIN = "alipay.system.oauth.token"
DOWNLOAD = "alipay.open.app.alipaycert.download"

_REFUSALS = {
    scenarios.TOO_FREQUENT: ("40005", "Call Limited", "isv.call-limited", "调用频次超限"),
    scenarios.NOT_PERMITTED: (
        "40006",
        "Insufficient Permissions",
        "isv.insufficient-isv-permissions",
        "ISV权限不足",
    ),
    scenarios.UNKNOWN_CODE: ("49999", "Unheard Of", "isv.unheard-of", "未知"),
}
_STRANGE_SIGNERS = {
    scenarios.CERTIFICATE_FORGED: KeyOffice.forged,
    scenarios.CERTIFICATE_EXPIRED: KeyOffice.expired,
    scenarios.CERTIFICATE_OF_MERCHANT: KeyOffice.of_a_merchant,
}


class Gateway:
    def __init__(
        self,
        side: AlipaySide,
        far_side: FarSide,
        keys: KeyOffice,
        calls: Mapping[str, Answering],
        page: Answering,
    ) -> None:
        self._side = side
        self._far = far_side
        self._keys = keys
        self._calls = {**calls, DOWNLOAD: self._download}
        self._page = page
        self._requests = RequestCheck(side, far_side, keys)
        self._writer = OddWriter(random.Random())  # noqa: S311 - makes oddities, protects nothing

    async def handle(self, request: web.Request) -> web.StreamResponse:
        parameters = await parameters_of(request)
        method = parameters.get("method", "")
        if method == PAGE:
            return self._opened(parameters)
        if fault := self._armed(scenarios.RESET_CONNECTION, method):
            if fault.get("after_acting"):
                self._answer(method, parameters)
            return self._hang_up(request)
        if self._armed(scenarios.BAD_GATEWAY, method):
            self._record(method, 502, f"scenario {scenarios.BAD_GATEWAY}")
            return web.Response(status=502, text="<html>502 Bad Gateway</html>")
        body = self._answer(method, parameters)
        if garbage := self._armed(scenarios.GARBAGE, method):
            body = str(garbage.get("body", "<html>系统繁忙</html>"))
        if slow := self._armed(scenarios.SLOW, method):
            await asyncio.sleep(float(slow.get("seconds", 15)))
        return web.Response(text=body, content_type="text/html", charset="utf-8")

    def signer(self) -> Signer:
        """Who signs for Alipay now."""
        if self._side.app_certificate:
            return self._keys.certificate_signer()
        return self._keys.key_signer()

    def _answer(self, method: str, parameters: Mapping[str, str]) -> str:
        """The whole text, signed."""
        signed = True
        try:
            call = self._requests.check(parameters)
            content, refused = self._acted(call), ""
        except Refusal as refusal:
            content, refused = refusal.content, f"{refusal.code} {refusal.sub_code}"
            signed = refusal.signed and not self._armed(scenarios.UNSIGNED_ERROR, method)
        self._record(method, 200, refused.strip())
        # Errors of the business come under the call's name, those of the gateway and of the login
        # under this one; that the real one keeps to it is not written anywhere.
        as_error = bool(refused) and (method == LOGIN or not refused.startswith("40004"))
        if refused and self._armed(scenarios.ERROR_IN_ANSWER, method):
            as_error = not as_error
        name = "error_response" if as_error else f"{method.replace('.', '_')}_response"
        written = self._writer.content(content)
        members = [(name, written)]
        if signed and not (not refused and self._armed(scenarios.NO_SIGNATURE, method)):
            signer = self._signer_of_answer(method)
            members.append(("sign", f'"{signer.sign(written.encode())}"'))
            if signer.serial:
                members.append(("alipay_cert_sn", f'"{signer.serial}"'))
        if not refused and self._armed(scenarios.WRONG_SIGNATURE, method):
            members[0] = (name, written.replace("ext_note", "ext_n0te"))
        return self._writer.answer(members)

    def _acted(self, call: Call) -> dict[str, Any]:
        busy = self._armed(scenarios.BUSY, call.method)
        unavailable = Refusal(
            "20000", "Service Currently Unavailable", "isp.unknow-error", "系统繁忙"
        )
        if busy and not busy.get("after_acting"):
            raise unavailable
        for scenario, words in _REFUSALS.items():
            if self._armed(scenario, call.method):
                raise Refusal(*words)
        answering = self._calls.get(call.method)
        if answering is None:
            raise invalid("isv.invalid-method", "不存在的方法名")
        answer = answering(call)
        if busy:
            raise unavailable
        return answer

    def _download(self, call: Call) -> dict[str, Any]:
        pem = self._keys.certificate(text(call.business(), "alipay_cert_sn", 64))
        if pem is None or self._far.take(scenarios.CERTIFICATE_WITHHELD) is not None:
            raise failed("CERT_NOT_EXIST", "证书不存在")
        content = base64.b64encode(pem.encode()).decode()
        return {"code": "10000", "msg": "Success", "alipay_cert_content": content}

    def _opened(self, parameters: Mapping[str, str]) -> web.Response:
        """The certification's page, which a real phone opens as a dialog of Alipay's own."""
        try:
            answer = self._page(self._requests.check(parameters))
        except Refusal as refusal:
            self._record(PAGE, 200, f"{refusal.code} {refusal.sub_code}")
            words = f"{refusal.code} {refusal.sub_code}"
        else:
            opens = bool(answer["opens"])
            self._record(PAGE, 200, "" if opens else "no such certification, or too late")
            words = "支付宝身份验证（模拟）" if opens else "认证已失效"
        return web.Response(
            text=f"<!doctype html><meta charset=utf-8><title>Alipay</title><p>{words}",
            content_type="text/html",
            charset="utf-8",
        )

    def _signer_of_answer(self, method: str) -> Signer:
        if self._side.app_certificate and method != DOWNLOAD:
            for scenario, made in _STRANGE_SIGNERS.items():
                if self._armed(scenario, method):
                    return made(self._keys)
            if self._armed(scenarios.CERTIFICATE_ROTATED, method):
                self._keys.rotate()
        return self.signer()

    def _armed(self, scenario: str, method: str) -> dict[str, Any] | None:
        """A download follows from another call; a scenario that does not name it waits for
        others."""
        waiting = self._far.get("scenario", scenario)
        if method == DOWNLOAD and (waiting is None or waiting.get("method") != DOWNLOAD):
            return None
        return self._far.take(scenario, method=method)

    def _hang_up(self, request: web.Request) -> web.StreamResponse:
        self._record("-", 0, f"scenario {scenarios.RESET_CONNECTION}")
        return hung_up(request)

    def _record(self, method: str, status: int, refused: str) -> None:
        known = method if method in self._calls or method == PAGE else "-"
        self._far.record("inbound", f"POST {PATH} {known}", status, refused)
