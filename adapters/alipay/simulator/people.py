"""The people with their phones: who they are, their login codes, the phone-number button."""

import base64
import hashlib
import json
import secrets
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from adapters.alipay.simulator import scenarios
from adapters.alipay.simulator.authority import new_key
from adapters.alipay.simulator.keys import Signer
from adapters.alipay.simulator.wire import AlipaySide, Call, invalid, missing
from adapters.far_side import FarSide
from kit.clock import CHINA

CODE_LIFE_S = 180
TOKEN_LIFE_S = 1_296_000
CODES_SWEPT_AFTER = 500


class UnknownPerson(LookupError):
    """No person of that key has been registered."""


class People:
    """Facts ``person`` and ``login_code``."""

    def __init__(self, side: AlipaySide, far_side: FarSide) -> None:
        self._side = side
        self._far = far_side

    def register(self, key: str, name: str, id_number: str, phone: str) -> None:
        person = {"name": name, "id_number": id_number.upper(), "phone": phone}
        self._far.put("person", key, person)

    def get(self, key: str) -> dict[str, Any]:
        person = self._far.get("person", key)
        if person is None:
            raise UnknownPerson(key)
        return person

    def open_id(self, key: str) -> str:
        """The same person has another openid with every app."""
        return "0" + _digest("open", self._side.app_id, key)[:43]

    def user_id(self, key: str) -> str:
        """The same with every app, which is why new apps do not get it any more."""
        return f"2088{int(hashlib.sha256(key.encode()).hexdigest(), 16) % 10**12:012d}"

    def issue_code(self, key: str) -> str:
        self.get(key)
        self._sweep()
        code = secrets.token_hex(16)
        until = self._far.clock.now().timestamp() + CODE_LIFE_S
        self._far.put("login_code", code, {"person": key, "until": until, "used": False})
        return code

    def exchange(self, call: Call) -> dict[str, Any]:
        """``alipay.system.oauth.token``. A success names no ``code``."""
        grant_type = call.parameters.get("grant_type", "")
        if not grant_type:
            raise missing("isv.missing-grant-type")
        if grant_type != "authorization_code":
            raise invalid("isv.grant-type-invalid", "授权类型grant_type无效")
        key = self._spent(call)
        answer = {
            "access_token": f"authbseB{secrets.token_hex(16)}",
            "alipay_user_id": f"2088{secrets.token_hex(14)}",
            "auth_start": f"{self._far.clock.now().astimezone(CHINA):%Y-%m-%d %H:%M:%S}",
            "expires_in": TOKEN_LIFE_S,
            "re_expires_in": TOKEN_LIFE_S * 2,
            "refresh_token": f"authbseB{secrets.token_hex(16)}",
        }
        if self._far.take(scenarios.USER_ID, method=call.method):
            return answer | {"user_id": self.user_id(key)}
        answer["open_id"] = self.open_id(key)
        if self._side.has_union_ids:
            answer["union_id"] = "1" + _digest("union", key)[:43]
        return answer

    def phone_response(self, key: str, signer: Signer) -> str:
        """What ``my.getPhoneNumber`` gives the page in ``response``."""
        person = self.get(key)
        refused = {
            "code": "40003",
            "msg": "Insufficient Conditions",
            "subCode": "isv.invalid-auth-relations",
            "subMsg": "无效的授权关系",
        }
        answer = {"code": "10000", "msg": "Success", "mobile": person["phone"]}
        if (how := self._far.take(scenarios.PHONE_NOT_PERMITTED)) is not None:
            if how.get("shape", "plain") == "plain":
                return _written(refused)
            if how["shape"] == "nested":
                return _written({"response": refused, "sign": "", "sign_type": "RSA2"})
            answer = refused
        if self._far.take(scenarios.PHONE_FORGED) is not None:
            signer = Signer(new_key(), "")
        sealed = self._sealed(_written(answer))
        return _written(
            {
                "response": sealed,
                "sign": signer.sign(f'"{sealed}"'.encode()),
                "sign_type": "RSA2",
                "encrypt_type": "AES",
                "charset": "UTF-8",
            }
        )

    def _sealed(self, plain: str) -> str:
        """Written apart from the client's opening, so that they check each other."""
        content = plain.encode()
        content += bytes([16 - len(content) % 16]) * (16 - len(content) % 16)
        key = base64.b64decode(self._side.content_key.reveal())
        encryptor = Cipher(algorithms.AES(key), modes.CBC(b"\0" * 16)).encryptor()
        return base64.b64encode(encryptor.update(content) + encryptor.finalize()).decode()

    def _spent(self, call: Call) -> str:
        """Whose code it is, once."""
        code = call.parameters.get("code", "")
        if not code:
            raise missing("isv.missing-code")
        found = self._far.get("login_code", code)
        used = (
            found is not None
            and self._far.take(scenarios.CODE_USED, method=call.method) is not None
        )
        late = found is not None and found["until"] <= self._far.clock.now().timestamp()
        if found is None or found["used"] or used or late:
            raise invalid("isv.code-invalid", "授权码code无效")
        self._far.put("login_code", code, found | {"used": True})
        return str(found["person"])

    def _sweep(self) -> None:
        """Codes past their time are forgotten now and then, so that the file stays small."""
        issued = (self._far.get("issued", "login_code") or {"codes": 0})["codes"] + 1
        self._far.put("issued", "login_code", {"codes": issued})
        if issued % CODES_SWEPT_AFTER == 0:
            now = self._far.clock.now().timestamp()
            for code, found in self._far.all("login_code"):
                if found["until"] + CODE_LIFE_S < now:
                    self._far.drop("login_code", code)


def _digest(*parts: str) -> str:
    raw = hashlib.sha512("\0".join(parts).encode()).digest()
    return base64.b64encode(raw, altchars=b"Aa").decode().rstrip("=")


def _written(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
