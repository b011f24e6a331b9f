"""The far side of the wire: a provincial one-window system that works by itself.

It serves the calls of :mod:`adapters.province.client` over HTTP and pushes to our callbacks, with
the known peer's oddities: it is not idempotent, wraps exceptions in another envelope, and expects
an escaped-string answer. What it knows is in its :class:`adapters.far_side.FarSide`.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import msgspec
from aiohttp import web

from adapters.far_side import Deed, FarSide
from adapters.province import scenarios
from adapters.province.crypto import token_signature
from adapters.province.departments import DEFAULT_PACE, Departments, Pace
from adapters.province.intake import NotTaken, read_filing
from adapters.province.outgoing import FarProvince, Outgoing
from adapters.province.wire import QUERY_PATH, SUBMIT_PATH, TOKEN_REFUSED
from kit.ids import new_id
from kit.workdays import WorkCalendar

TOKEN_LIFE = timedelta(hours=2)
# The known peer's tolerance is unknown; ours keeps a replayed header from living for ever.
TIMESTAMP_TOLERANCE_S = 600
BODY_BYTES_MAX = 32 * 1024 * 1024
REFUSED_BY_SCENARIO = "申请信息未通过校验，请核对后重新提交！"
_NONCE = re.compile(r"[0-9a-f]{10}")

_Handler = Callable[[Mapping[str, Any]], Awaitable[web.Response]]


class ProvinceSimulator:
    """``application`` is to be served by whoever assembles; ``run_due`` to be called whenever
    ``next_due`` has come. Calls of ``act`` and ``cases`` are the mock's and take no network."""

    name = "province"

    def __init__(
        self,
        far_side: FarSide,
        calendar: WorkCalendar,
        told: FarProvince,
        pace: Mapping[str, Pace] = DEFAULT_PACE,
    ) -> None:
        self._far_side = far_side
        self._told = told
        self._outgoing = Outgoing(far_side, told)
        self._departments = Departments(far_side, calendar, self._outgoing, pace)
        self._one_at_a_time = asyncio.Lock()

    def application(self) -> web.Application:
        app = web.Application(client_max_size=BODY_BYTES_MAX)
        app.router.add_post(self._told.token_path, self._give_token)
        app.router.add_post(SUBMIT_PATH, partial(self._call, "submit", self._submit))
        app.router.add_post(QUERY_PATH, partial(self._call, "query", self._query))
        return app

    def next_due(self) -> datetime | None:
        return self._far_side.next_due()

    async def run_due(self) -> int:
        done = 0
        async with self._one_at_a_time:
            # Deeds make new ones, and some of those are due at once.
            while due := self._far_side.due():
                for deed in due:
                    await self._do(deed)
                done += len(due)
        return done

    def cases(self) -> list[dict[str, Any]]:
        """Newest first; items carry the peer's codes and states in our words."""
        cases = [
            {
                "upstream_no": case_no,
                "serial_no": case["serial_no"],
                "reference_no": case["reference_no"],
                "region": case["regcode"][:6],
                "received_at": case["received_at"],
                "items": [{"item": row["item"], "state": row["state"]} for row in case["items"]],
                "documents": [
                    {"document_id": document["id"], "state": document["state"]}
                    for document in case["documents"]
                ],
            }
            for case_no, case in self._far_side.all("case")
        ]
        return sorted(cases, key=lambda case: str(case["upstream_no"]), reverse=True)

    def act(
        self,
        upstream_no: str,
        item: str,
        action: str,
        fields: Sequence[str] = (),
        materials: Sequence[str] = (),
        reason: str = "",
    ) -> None:
        """What a department does by hand; :data:`adapters.province.departments.ACTS` has the
        actions. Raises :class:`adapters.province.departments.ActNotPossible`."""
        self._departments.act(
            upstream_no, item, action, fields=fields, materials=materials, reason=reason
        )

    async def _do(self, deed: Deed) -> None:
        kind, case_no = deed.body["kind"], deed.body["case"]
        if kind == "work":
            self._departments.work(deed)
            return
        if kind == "deliver":
            await self._outgoing.deliver(case_no)
        else:
            await self._outgoing.fetch(case_no, deed.body["tries"])
        self._far_side.done(deed.id)

    async def _give_token(self, request: web.Request) -> web.Response:
        fault = self._signature_fault(request.headers)
        self._far_side.record("inbound", "token", 200, fault)
        if fault:
            return web.json_response({"code": "0", "msg": "签名验证失败！"})
        now = self._far_side.clock.now()
        for old, given in self._far_side.all("token"):
            if datetime.fromisoformat(given["expires_at"]) <= now:
                self._far_side.drop("token", old)
        token = new_id()
        self._far_side.put("token", token, {"expires_at": (now + TOKEN_LIFE).isoformat()})
        return web.json_response({"token": token})

    def _signature_fault(self, headers: Mapping[str, str]) -> str:
        app_key = self._told.app_key.reveal()
        timestamp, nonce = headers.get("x-aep-timestamp", ""), headers.get("x-aep-nonce", "")
        if headers.get("x-aep-appkey") != app_key:
            return "wrong_app_key"
        if not re.fullmatch(r"[0-9]{10}", timestamp) or not _NONCE.fullmatch(nonce):
            return "malformed_headers"
        now_s = self._far_side.clock.now().timestamp()
        if abs(now_s - int(timestamp)) > TIMESTAMP_TOLERANCE_S:
            return "stale_timestamp"
        if headers.get("x-aep-signature") != token_signature(int(timestamp), app_key, nonce):
            return "wrong_signature"
        return ""

    async def _call(self, what: str, handle: _Handler, request: web.Request) -> web.Response:
        """What all calls share: JSON, the token, the refusals, and a scenario's broken wire."""
        if self._is_down(what, request):
            return web.Response(status=500, text="Internal Server Error")
        try:
            message = msgspec.json.decode(await request.read())
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return self._exception(what, "not_json")
        if not isinstance(message, dict):
            return self._exception(what, "not_an_object")
        if not self._is_good(message.get("token")):
            return self._no(what, "token", TOKEN_REFUSED)
        try:
            return await handle(message)
        except NotTaken as refusal:
            return self._no(what, refusal.code, refusal.text)

    def _is_down(self, what: str, request: web.Request) -> bool:
        if self._far_side.take(scenarios.RESET_CONNECTION):
            self._far_side.record("inbound", what, 0, "scenario")
            if request.transport is not None:
                request.transport.abort()
            return True
        if self._far_side.take(scenarios.HTTP_500):
            self._far_side.record("inbound", what, 500, "scenario")
            return True
        return False

    async def _submit(self, message: Mapping[str, Any]) -> web.Response:
        """Every accepted call makes a case of its own, whatever its serial number: so the known
        peer behaves, and so a filing that is sent twice is handled twice."""
        if self._far_side.take(scenarios.EXCEPTION_ENVELOPE):
            return self._exception("submit", "scenario")
        if armed := self._far_side.take(scenarios.REFUSE):
            raise NotTaken("scenario", str(armed.get("text", REFUSED_BY_SCENARIO)))
        if armed := self._far_side.take(scenarios.COMMIT_AFTER_TIMEOUT):
            # Shielded by nothing of ours: the known peer goes on when its caller has hung up.
            await asyncio.sleep(float(armed.get("delay_s", 30)))
        case_no, now = new_id(), self._far_side.clock.now()
        case = read_filing(message.get("params"), now, self._told.regions, self._told.items)
        with self._far_side.together():
            self._departments.open(case_no, case, now)
            if case["documents"]:
                self._outgoing.fetch_documents(case_no, now)
        if armed := self._far_side.take(scenarios.ANSWER_AFTER_TIMEOUT):
            await asyncio.sleep(float(armed.get("delay_s", 30)))
        return self._yes(
            "submit",
            case_no,
            case["serial_no"],
            has_applicant=case["has_applicant"],
            has_company=case["has_company"],
            withheld=[row["item"] for row in case["items"] if row["withheld"]],
        )

    async def _query(self, message: Mapping[str, Any]) -> web.Response:
        params = message.get("params")
        serial_no = params.get("serialNo") if isinstance(params, dict) else None
        if not isinstance(serial_no, str) or not serial_no:
            raise NotTaken("serialNo_empty", "字段serialNo为空！")
        # Case numbers are ordered by time: the first case of a serial number is the one meant.
        found = (no for no, case in self._far_side.all("case") if case["serial_no"] == serial_no)
        return self._yes("query", next(found, ""), serial_no)

    def _is_good(self, token: object) -> bool:
        if not isinstance(token, str):
            return False
        if self._far_side.take(scenarios.TOKEN_EXPIRED):
            self._far_side.drop("token", token)
        given = self._far_side.get("token", token)
        return (
            given is not None
            and datetime.fromisoformat(given["expires_at"]) > self._far_side.clock.now()
        )

    def _yes(self, what: str, case_no: str, serial_no: str, **more: Any) -> web.Response:
        self._far_side.record("inbound", what, 200, case=case_no, serial_no=serial_no, **more)
        return web.json_response(
            {"state": "200", "error": "", "bizId": case_no, "receiveId": serial_no}
        )

    def _no(self, what: str, code: str, text: str) -> web.Response:
        self._far_side.record("inbound", what, 200, code)
        return web.json_response({"state": "300", "error": text, "bizId": "", "receiveId": ""})

    def _exception(self, what: str, code: str) -> web.Response:
        """The other envelope, which the known peer's framework sends when its code fails."""
        self._far_side.record("inbound", what, 200, code)
        return web.json_response(
            {
                "custom": {"code": "0", "text": "获取信息失败！"},
                "status": {"code": "200", "text": "OK"},
            }
        )
