"""The far side's identity certification (支付宝身份验证)."""

import secrets
from typing import Any, Literal

from adapters.alipay.simulator import scenarios
from adapters.alipay.simulator.people import People
from adapters.alipay.simulator.wire import Call, failed, invalid, member, text
from adapters.far_side import FarSide

LIFE_S = 23 * 3600
QUERIED_FOR_S = 90 * 24 * 3600
SCENES = frozenset({"FACE", "CERT_PHOTO", "CERT_PHOTO_FACE", "SMART_FACE"})
FAIL_REASON = "Z1147"
"""A real one's form; its meaning is not published."""

Outcome = Literal["pass", "fail", "cancel"]
State = Literal["pending", "passed", "failed"]


class UnknownCertification(LookupError):
    """None of that id, or its 23 hours are over: the phone shows an error instead of the dialog."""


class Certifications:
    """Facts ``certification`` (by certify id) and ``order`` (by outer_order_no)."""

    def __init__(self, people: People, far_side: FarSide) -> None:
        self._people = people
        self._far = far_side

    def begin(self, call: Call) -> dict[str, Any]:
        content = call.business()
        order_no = text(content, "outer_order_no", 32, "[A-Za-z0-9]+")
        if text(content, "biz_code", 32) not in SCENES:
            raise invalid("isv.invalid-parameter", "参数无效：biz_code")
        identity = member(content, "identity_param")
        text(identity, "identity_type", 32, "CERT_INFO")
        text(identity, "cert_type", 32, "IDENTITY_CARD")
        name = text(identity, "cert_name", 64)
        number = text(identity, "cert_no", 18, "[0-9]{17}[0-9Xx]")
        text(member(content, "merchant_config"), "return_url", 256, r"[a-z]+://.+")
        if self._far.take(scenarios.CERTIFICATE_INVALID, method=call.method):
            raise invalid("isv.invalid-parameter", "参数无效：cert_no")
        if self._far.get("order", order_no) is not None:
            # That it must be unique is published, what a second one answers is not.
            raise failed("OUTER_ORDER_NO_REPEATED", "商户请求的唯一标识重复")
        certify_id = secrets.token_hex(16)
        certification = {
            "name": name,
            "number": number.upper(),
            "begun": self._now(),
            "state": "pending",
        }
        with self._far.together():
            self._far.put("certification", certify_id, certification)
            self._far.put("order", order_no, {"certify_id": certify_id})
        return {"code": "10000", "msg": "Success", "certify_id": certify_id}

    def query(self, call: Call) -> dict[str, Any]:
        certify_id = text(call.business(), "certify_id", 32)
        found = self._far.get("certification", certify_id)
        unknown = self._far.take(scenarios.CERTIFICATION_UNKNOWN, method=call.method)
        if found is None or found["begun"] + QUERIED_FOR_S <= self._now() or unknown:
            raise failed("OPEN_CERTIFY_BILL_NOT_EXIST", "认证单据不存在")
        state: State = found["state"]
        if state != "pending" and self._far.take(
            scenarios.CERTIFICATION_PENDING, method=call.method
        ):
            state = "pending"
        answer = {
            "code": "10000",
            "msg": "Success",
            "passed": "T" if state == "passed" else "F",
            "identity_info": "{}",
            "material_info": "{}",
        }
        return answer | ({"fail_reason": FAIL_REASON} if state == "failed" else {})

    def open_page(self, call: Call) -> dict[str, Any]:
        """Whether the dialog opens."""
        certify_id = text(call.business(), "certify_id", 32)
        return {"opens": self._living(certify_id) is not None}

    def answer(self, certify_id: str, person_key: str, outcome: Outcome) -> State:
        """What the dialog in front of this person comes to. Another person's face than that of the
        one who was named fails; a cancelled dialog can be opened again; what passed stays
        passed."""
        person = self._people.get(person_key)
        found = self._living(certify_id)
        if found is None:
            raise UnknownCertification(certify_id)
        state: State = found["state"]
        if state == "passed" or outcome == "cancel":
            return state
        named = (found["name"], found["number"]) == (person["name"], person["id_number"])
        state = "passed" if outcome == "pass" and named else "failed"
        self._far.put("certification", certify_id, found | {"state": state})
        return state

    def _living(self, certify_id: str) -> dict[str, Any] | None:
        found = self._far.get("certification", certify_id)
        if found is None or found["begun"] + LIFE_S <= self._now():
            return None
        return found

    def _now(self) -> float:
        return self._far.clock.now().timestamp()
