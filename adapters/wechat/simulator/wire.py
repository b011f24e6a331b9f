"""The wire of the far side: the account's settings, requests, answers, faults, the journal."""

import asyncio
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from adapters.far_side import FarSide
from adapters.far_wire import hung_up, json_answer
from adapters.wechat.port import SubscribeTemplate
from adapters.wechat.simulator.scenarios import REFUSALS
from kit.secrets import Secret


@dataclass(frozen=True, slots=True)
class WeChatSide:
    """What the platform knows of one mini-program's account."""

    app_id: str
    app_secret: Secret
    original_id: str
    message_token: Secret
    message_aes_key: Secret | None
    callback_url: str
    """Where pushes go; empty: nowhere."""
    templates: Mapping[str, SubscribeTemplate] = field(default_factory=dict)
    """By template id."""
    pages: frozenset[str] = frozenset()
    """The pages of the released mini-program, without queries; empty: any page exists."""
    open_platform_id: str = ""
    """The open-platform account that the app is bound to; without one there are no union ids."""
    push_format: str = "json"
    """Or ``xml``: how the account wants its pushes."""


class Refusal(Exception):
    """The platform says no. The words are those of the real one, the rid comes with the answer."""

    def __init__(self, errcode: int, errmsg: str) -> None:
        super().__init__(errcode)
        self.errcode = errcode
        self.errmsg = errmsg


@dataclass(frozen=True, slots=True)
class Call:
    """One request, read. ``body`` is None when there was none."""

    path: str
    query: Mapping[str, str]
    body: dict[str, Any] | None

    def member(self, name: str) -> Any:
        return (self.body or {}).get(name)

    def text(self, name: str) -> str:
        """A string member of the body; empty when it is absent or something else."""
        value = self.member(name)
        return value if isinstance(value, str) else ""


Answering = Callable[[Call], dict[str, Any]]


def equal(claimed: str, true: Secret) -> bool:
    return hmac.compare_digest(claimed.encode(), true.reveal().encode())


def new_rid() -> str:
    return "-".join(secrets.token_hex(4) for _ in range(3))


def armed_refusal(far_side: FarSide, path: str) -> Refusal | None:
    for name, _ in far_side.all("scenario"):
        refusal = REFUSALS.get(name)
        if (
            refusal is not None
            and path in refusal.paths
            and (how := far_side.take(name, path=path))
        ):
            return Refusal(int(how.get("errcode", refusal.errcode)), refusal.errmsg)
    return None


class Endpoint:
    """One path of the API: reads the request, lets faults have their way, answers, keeps a journal.

    The journal names the path and why it was refused; queries and bodies hold secrets, codes,
    openids and people, and are not written down.
    """

    def __init__(self, far_side: FarSide, method: str, path: str, answering: Answering) -> None:
        self.far_side = far_side
        self.method = method
        self.path = path
        self.answering = answering

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if fault := self.far_side.take("wechat.reset_connection", path=self.path):
            if fault.get("after_acting"):
                self._answer(await self._read(request))
            return self._hang_up(request)
        if self.far_side.take("wechat.bad_gateway", path=self.path):
            self._record(502, "scenario wechat.bad_gateway")
            return web.Response(status=502, text="<html>502 Bad Gateway</html>")
        answer = self._answer(await self._read(request))
        if slow := self.far_side.take("wechat.slow", path=self.path):
            await asyncio.sleep(float(slow.get("seconds", 15)))
        return json_answer(answer)

    async def _read(self, request: web.Request) -> Call | Refusal:
        if request.method != self.method:
            wrong = (
                (43001, "require GET method")
                if self.method == "GET"
                else (43002, "require POST method")
            )
            return Refusal(*wrong)
        if self.method == "GET":
            return Call(self.path, dict(request.query), None)
        raw = await request.read()
        if not raw:
            return Refusal(44002, "empty post data")
        try:
            body = json.loads(raw)
        except ValueError:
            return Refusal(47001, "data format error")
        if not isinstance(body, dict):
            return Refusal(47001, "data format error")
        return Call(self.path, dict(request.query), body)

    def _answer(self, call: Call | Refusal) -> dict[str, Any]:
        try:
            if isinstance(call, Refusal):
                raise call
            if self.far_side.take("wechat.system_error", path=self.path):
                raise Refusal(-1, "system error")
            if refusal := armed_refusal(self.far_side, self.path):
                raise refusal
            answer = self.answering(call)
        except Refusal as refusal:
            self._record(200, f"{refusal.errcode} {refusal.errmsg}", errcode=refusal.errcode)
            return {
                "errcode": refusal.errcode,
                "errmsg": f"{refusal.errmsg} rid: {new_rid()}",
            }
        self._record(200, "", errcode=0)
        return answer

    def _hang_up(self, request: web.Request) -> web.StreamResponse:
        self._record(0, "scenario wechat.reset_connection")
        return hung_up(request)

    def _record(self, status: int, refused: str, **more: Any) -> None:
        self.far_side.record("inbound", f"{self.method} {self.path}", status, refused, **more)
