"""What the simulated province sends to us: status and certificate pushes, and document downloads.

News of one case leave in the order in which they happened. One that we did not take is sent again
later and holds back those behind it; only a scenario lets news overtake each other.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

import aiohttp

from adapters.far_side import FarSide
from adapters.province import scenarios
from adapters.province.crypto import encrypt
from kit.clock import CHINA
from kit.retry import RetrySchedule
from kit.secrets import Secret

STATUS_PATH = "/callbacks/province/status"
CERTIFICATE_PATH = "/callbacks/province/certificate"
DOCUMENT_PATH = "/callbacks/province/document"

# Exact waits, so that a test and a shifted clock know when the next try is due.
PUSH_RETRIES = RetrySchedule(first_s=1, factor=2, cap_s=600, attempts_max=40, jitter=0)
DOCUMENT_RETRIES = RetrySchedule(first_s=5, factor=4, cap_s=3600, attempts_max=6, jitter=0)
DOCUMENT_BYTES_MAX = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class FarProvince:
    """What the far side was told about us: the other half of our ``ProvinceSettings``."""

    app_key: Secret
    encrypt_key: Secret
    callback_base_url: str
    """Where we take callbacks; the paths above are added."""
    callback_token: Secret
    document_token: Secret
    token_path: str = "/rest/aep/token"  # noqa: S105 - an address
    regions: frozenset[str] | None = None
    """Six-digit regions that have packages; None serves all of Shandong."""
    items: frozenset[str] | None = None
    """Item codes that are in the packages; None serves any."""
    callback_timeout_s: float = 10
    push_retries: RetrySchedule = field(default=PUSH_RETRIES)
    document_retries: RetrySchedule = field(default=DOCUMENT_RETRIES)


class Outgoing:
    """The case's facts are changed by whoever calls; pushes and their timers are kept here."""

    def __init__(self, far_side: FarSide, told: FarProvince) -> None:
        self._far_side = far_side
        self._told = told

    def announce(
        self, case_no: str, case: dict[str, Any], row: dict[str, Any], at: datetime, **news: Any
    ) -> None:
        """Put one matter's status into the case's queue. ``case`` and ``row`` are counted up."""
        row["seq"] += 1
        entry = {
            "serialNo": case["serial_no"],
            "state": news.pop("state"),
            "item": row["item"],
            "time": at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S"),
            "seq": row["seq"],
            **{name: value for name, value in news.items() if value},
        }
        push: dict[str, Any] = {"channel": "status", "entry": entry, "copies": 1}
        now = self._far_side.clock.now()
        if self._far_side.take(scenarios.DUPLICATE_STATUS):
            push["copies"] = 2
        if armed := self._far_side.take(scenarios.LATE_STATUS):
            push["held_until"] = self._hold(case_no, now, armed.get("delay_s", 600))
        elif armed := self._far_side.take(scenarios.REORDER_STATUS):
            push["held_until"] = self._hold(case_no, now, armed.get("hold_s", 3600))
            push["after_next"] = True
        self._queue(case_no, case, push, at)

    def certify(
        self, case_no: str, case: dict[str, Any], certificate: Mapping[str, Any], at: datetime
    ) -> None:
        self._queue(
            case_no, case, {"channel": "certificate", "entry": certificate, "copies": 1}, at
        )

    def fetch_documents(self, case_no: str, at: datetime) -> None:
        self._far_side.schedule(at, {"kind": "fetch", "case": case_no, "tries": 0})

    async def deliver(self, case_no: str) -> None:
        """Send what may be sent of this case, until the queue is empty or something must wait."""
        async with self._session() as session:
            while (found := self._next(case_no)) is not None:
                key, push = found
                if await self._send(session, case_no, key, push):
                    self._settle(case_no, key, push)
                elif not self._postpone(case_no, key, push):
                    return

    async def fetch(self, case_no: str, tries: int) -> None:
        """Fetch the filed documents that are still missing; those that fail are asked for later."""
        case = self._far_side.get("case", case_no)
        if case is None:
            return
        states: dict[str, str] = {}
        async with self._session() as session:
            for document in case["documents"]:
                if document["state"] != "held":
                    states[document["id"]] = await self._download(session, case_no, document)
        with self._far_side.together():
            case = self._far_side.get("case", case_no) or case
            for document in case["documents"]:
                document["state"] = states.get(document["id"], document["state"])
            self._far_side.put("case", case_no, case)
            retries = self._told.document_retries
            if any(state != "held" for state in states.values()) and not retries.exhausted(tries):
                self._far_side.schedule(
                    self._far_side.clock.now() + _wait(retries, tries),
                    {"kind": "fetch", "case": case_no, "tries": tries + 1},
                )

    def _session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=self._told.callback_timeout_s), trust_env=False
        )

    def _hold(self, case_no: str, now: datetime, seconds: float) -> str:
        until = now + timedelta(seconds=seconds)
        self._wake(case_no, until)
        return until.isoformat()

    def _queue(
        self, case_no: str, case: dict[str, Any], push: dict[str, Any], at: datetime
    ) -> None:
        case["news"] += 1
        self._far_side.put(f"push:{case_no}", f"{case['news']:06d}", {"tries": 0, **push})
        self._wake(case_no, at)

    def _wake(self, case_no: str, at: datetime) -> None:
        self._far_side.schedule(at, {"kind": "deliver", "case": case_no})

    def _next(self, case_no: str) -> tuple[str, dict[str, Any]] | None:
        now = self._far_side.clock.now()
        for key, push in self._far_side.all(f"push:{case_no}"):
            if _is_after(push.get("held_until"), now):
                continue
            return None if _is_after(push.get("retry_at"), now) else (key, push)
        return None

    def _settle(self, case_no: str, key: str, push: dict[str, Any]) -> None:
        queue = f"push:{case_no}"
        with self._far_side.together():
            if push["copies"] > 1:
                self._far_side.put(queue, key, {**push, "copies": push["copies"] - 1})
                return
            self._far_side.drop(queue, key)
            for other_key, other in self._far_side.all(queue):
                is_due = other.get("after_next") and other_key < key
                if is_due and other["entry"]["item"] == push["entry"]["item"]:
                    self._far_side.put(queue, other_key, {**other, "held_until": None})

    def _postpone(self, case_no: str, key: str, push: dict[str, Any]) -> bool:
        """Whether the news was given up, so that those behind it may go on."""
        tries, retries = push["tries"] + 1, self._told.push_retries
        with self._far_side.together():
            if retries.exhausted(tries):
                self._far_side.drop(f"push:{case_no}", key)
                self._far_side.record("outbound", push["channel"], 0, "given_up", case=case_no)
                return True
            retry_at = self._far_side.clock.now() + _wait(retries, push["tries"])
            self._far_side.put(
                f"push:{case_no}", key, {**push, "tries": tries, "retry_at": retry_at.isoformat()}
            )
            self._wake(case_no, retry_at)
            return False

    async def _send(
        self, session: aiohttp.ClientSession, case_no: str, key: str, push: Mapping[str, Any]
    ) -> bool:
        """Every second status goes the way of the other known caller; certificates have one."""
        entry = dict(push["entry"])
        told = {"case": case_no, "item": entry.get("itemCode", entry["item"])}
        content: object = [entry]
        path, form_field = STATUS_PATH, "data" if int(key) % 2 else None
        if push["channel"] == "certificate":
            content = {"serialNo": entry.pop("serialNo"), "data": [entry]}
            path, form_field = CERTIFICATE_PATH, "param"
        else:
            told |= {"state": entry["state"], "seq": entry["seq"]}
        status, refused = await self._post(session, path, self._wrapped(content), form_field)
        self._far_side.record(
            "outbound", push["channel"], status, refused, caller=form_field or "json", **told
        )
        return not refused

    async def _post(
        self, session: aiohttp.ClientSession, path: str, text: str, form_field: str | None
    ) -> tuple[int, str]:
        """The HTTP status, 0 without one, and why the push does not count as taken."""
        form = {form_field: text} if form_field else None
        headers = None if form_field else {"Content-Type": "application/json"}
        try:
            async with session.post(
                self._told.callback_base_url + path, data=form or text.encode(), headers=headers
            ) as answer:
                status, said = answer.status, await answer.text()
        except (aiohttp.ClientError, TimeoutError, UnicodeDecodeError):
            return 0, "no_answer"
        return status, "" if _says_success(said) else "not_acknowledged"

    def _wrapped(self, content: object) -> str:
        plain = json.dumps(content, ensure_ascii=False)
        return json.dumps(
            {
                "token": self._told.callback_token.reveal(),
                "appKey": self._told.app_key.reveal(),
                "data": encrypt(plain, self._told.encrypt_key.reveal()),
            }
        )

    async def _download(
        self, session: aiohttp.ClientSession, case_no: str, document: Mapping[str, str]
    ) -> str:
        query = {"docId": document["id"], "token": self._told.document_token.reveal()}
        digest, size, status = hashlib.sha256(), 0, 0
        try:
            async with session.get(
                self._told.callback_base_url + DOCUMENT_PATH, params=query
            ) as answer:
                status = answer.status
                async for chunk in answer.content.iter_chunked(256 * 1024):
                    size += len(chunk)
                    digest.update(chunk)
                    if size > DOCUMENT_BYTES_MAX:
                        break
        except (aiohttp.ClientError, TimeoutError):
            status = 0
        state = _document_state(status, size, digest.hexdigest(), document["sha256"])
        self._far_side.record(
            "outbound",
            "document",
            status,
            "" if state == "held" else state,
            case=case_no,
            document=document["id"],
        )
        return state


def _document_state(status: int, size: int, digest: str, promised: str) -> str:
    if status != 200:
        return "missing"
    if not 0 < size <= DOCUMENT_BYTES_MAX:
        return "empty_or_too_large"
    return "held" if not promised or digest == promised else "damaged"


def _says_success(text: str) -> bool:
    """Reads the odd answer as the known peer does: unescape, strip the quotes, parse."""
    try:
        answer = json.loads(text.strip().replace('\\"', '"').strip('"'))
    except ValueError:
        return False
    return isinstance(answer, dict) and str(answer.get("status")) == "1"


def _is_after(instant: str | None, now: datetime) -> bool:
    return instant is not None and datetime.fromisoformat(instant) > now


def _wait(retries: RetrySchedule, tries: int) -> timedelta:
    return timedelta(seconds=retries.delay(tries + 1, Random(0)))  # noqa: S311 - no jitter is set
