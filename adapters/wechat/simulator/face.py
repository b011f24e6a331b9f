"""The far side's face check (second version; the first one was shut down on 2026-06-30)."""

import base64
import hashlib
import re
import secrets
from typing import Any, Literal

from adapters.far_side import FarSide
from adapters.wechat.simulator.people import People
from adapters.wechat.simulator.wire import Call, Refusal

LIFE_S = 3600
PASSED = 10000
NUMBER_DIFFERS = 10003
FACE_DIFFERS = 10004
COMPARING = 10005
ILLEGAL_ID = 10017
ILLEGAL_USER = 10041
NOT_FINISHED = 10300
CANCELLED = 90002
FAILED = 90199

Outcome = Literal["pass", "fail", "cancel"]

_SEQUENCE = re.compile(r"[A-Za-z0-9_-]{5,32}")
_NUMBER = re.compile(r"[0-9]{17}[0-9Xx]")


class UnknownFaceCheck(LookupError):
    """No check of that id, or its hour is over: the phone shows an error instead of the dialog."""


class FaceChecks:
    """Facts ``face`` (by verify id) and ``face_sequence`` (by out_seq_no)."""

    def __init__(self, people: People, far_side: FarSide) -> None:
        self._people = people
        self._far = far_side

    def get_verify_id(self, call: Call) -> dict[str, Any]:
        sequence, open_id = call.text("out_seq_no"), call.text("openid")
        name, number = self._certificate(call)
        self._people.key_of(open_id)
        if self._far.get("face_sequence", sequence) is not None:
            raise Refusal(84019, "out_seq_no exists")
        verify_id = secrets.token_urlsafe(48)
        check = {
            "sequence": sequence,
            "open_id": open_id,
            "name": name,
            "number": number,
            "until": self._now() + LIFE_S,
            "result": NOT_FINISHED,
        }
        with self._far.together():
            self._far.put("face", verify_id, check)
            self._far.put("face_sequence", sequence, {"verify_id": verify_id})
        return {"errcode": 0, "errmsg": "ok", "verify_id": verify_id, "expires_in": LIFE_S}

    def query_verify_info(self, call: Call) -> dict[str, Any]:
        """What does not belong to the check is an errcode; how the check went is ``verify_ret``."""
        for member, errcode in (("verify_id", 84021), ("out_seq_no", 84010), ("openid", 84016)):
            if not call.text(member):
                raise Refusal(errcode, f"{member} missing")
        check = self._far.get("face", call.text("verify_id"))
        if check is None:
            return {"errcode": 0, "errmsg": "ok", "verify_ret": ILLEGAL_ID}
        self._check_belongs(check, call)
        result = check["result"]
        if result != NOT_FINISHED and self._far.take("wechat.face_pending", path=call.path):
            result = COMPARING
        if forced := self._far.take("wechat.face_result", path=call.path):
            result = int(forced.get("verify_ret", FAILED))
        return {"errcode": 0, "errmsg": "ok", "verify_ret": result}

    def _check_belongs(self, check: dict[str, Any], call: Call) -> None:
        if check["sequence"] != call.text("out_seq_no"):
            raise Refusal(84020, "out_seq_no mismatch")
        if check["open_id"] != call.text("openid"):
            raise Refusal(84017, "openid mismatch")
        if call.text("cert_hash") != _certificate_hash(check["name"], check["number"]):
            raise Refusal(84018, "cert_hash invalid or mismatch")
        if check["until"] <= self._now():
            raise Refusal(84022, "verify_id expired")

    def answer_dialog(self, verify_id: str, person_key: str, outcome: Outcome) -> int:
        """What the dialog on this person's phone comes to. A check that has passed stays passed."""
        check = self._far.get("face", verify_id)
        if check is None or check["until"] <= self._now():
            raise UnknownFaceCheck(verify_id)
        if check["result"] != PASSED:
            check["result"] = self._result(check, person_key, outcome)
            self._far.put("face", verify_id, check)
        return int(check["result"])

    def _result(self, check: dict[str, Any], person_key: str, outcome: Outcome) -> int:
        person = self._people.get(person_key)
        if check["open_id"] != self._people.open_id(person_key):
            return ILLEGAL_USER
        if outcome != "pass":
            return CANCELLED if outcome == "cancel" else FACE_DIFFERS
        same = (check["name"], check["number"].upper()) == (person["name"], person["id_number"])
        return PASSED if same else NUMBER_DIFFERS

    def _certificate(self, call: Call) -> tuple[str, str]:
        """Name and number, after the documented checks in the documented order of their codes."""
        if not call.text("out_seq_no"):
            raise Refusal(84010, "out_seq_no missing")
        if _SEQUENCE.fullmatch(call.text("out_seq_no")) is None:
            raise Refusal(84011, "out_seq_no invalid")
        certificate = call.member("cert_info")
        if not isinstance(certificate, dict):
            raise Refusal(84012, "cert_info missing")
        if certificate.get("cert_type") != "IDENTITY_CARD":
            raise Refusal(84013, "cert_type invalid")
        name, number = certificate.get("cert_name"), certificate.get("cert_no")
        if not isinstance(name, str) or not name.strip():
            raise Refusal(84014, "cert_name invalid")
        if not isinstance(number, str) or _NUMBER.fullmatch(number) is None:
            raise Refusal(84015, "cert_no invalid")
        if not call.text("openid"):
            raise Refusal(84016, "openid missing")
        return name, number

    def _now(self) -> float:
        return self._far.clock.now().timestamp()


def _certificate_hash(name: str, number: str) -> str:
    """Written apart from the client's, so that one mistake cannot agree with itself."""
    type64, name64, number64 = (
        base64.b64encode(each.encode("utf-8")).decode("ascii")
        for each in ("IDENTITY_CARD", name, number)
    )
    text = f"cert_type={type64}&cert_name={name64}&cert_no={number64}"
    return hashlib.sha256(text.encode("ascii")).hexdigest()
