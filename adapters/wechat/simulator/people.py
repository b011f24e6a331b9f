"""The people with their phones: who they are, their one-time codes, their sessions."""

import base64
import hashlib
import secrets
from typing import Any

from adapters.far_side import FarSide
from adapters.wechat.simulator.tokens import counted
from adapters.wechat.simulator.wire import Call, Refusal, WeChatSide, equal

CODE_LIFE_S = 300
LOGINS_A_MINUTE_MAX = 100
CODES_SWEPT_AFTER = 500


class UnknownPerson(LookupError):
    """No person of that key has been registered."""


class People:
    """Facts ``person``, ``open_id``, ``login_code``, ``phone_code``, ``session``."""

    def __init__(self, side: WeChatSide, far_side: FarSide) -> None:
        self._side = side
        self._far = far_side

    def register(self, key: str, name: str, id_number: str, phone: str) -> None:
        person = {"name": name, "id_number": id_number.upper(), "phone": phone}
        with self._far.together():
            self._far.put("person", key, person)
            self._far.put("open_id", self.open_id(key), {"person": key})

    def open_id(self, key: str) -> str:
        """The same person has another openid with every app."""
        return "o" + _digest(self._side.app_id, key)[:27]

    def get(self, key: str) -> dict[str, Any]:
        person = self._far.get("person", key)
        if person is None:
            raise UnknownPerson(key)
        return person

    def key_of(self, open_id: str) -> str:
        """Refusal 40003 for nobody's openid."""
        found = self._far.get("open_id", open_id)
        if found is None:
            raise Refusal(40003, "invalid openid")
        return str(found["person"])

    def issue_code(self, kind: str, key: str) -> str:
        """``kind`` is ``login_code`` or ``phone_code``: what the phone gets, for five minutes."""
        self.get(key)
        self._sweep(kind)
        code = (
            f"0{secrets.token_urlsafe(24)[:31]}" if kind == "login_code" else secrets.token_hex(32)
        )
        self._far.put(
            kind, code, {"person": key, "until": self._now() + CODE_LIFE_S, "used": False}
        )
        return code

    def code_to_session(self, call: Call) -> dict[str, Any]:
        """``jscode2session``. As with the real one, a success may come without ``errcode``."""
        query = call.query
        if not query.get("appid"):
            raise Refusal(41002, "appid missing")
        if query["appid"] != self._side.app_id:
            raise Refusal(40013, "invalid appid")
        if not equal(query.get("secret", ""), self._side.app_secret):
            raise Refusal(40125, "invalid appsecret")
        if query.get("grant_type") != "authorization_code":
            raise Refusal(40002, "invalid grant_type")
        if not query.get("js_code"):
            raise Refusal(41008, "missing code")
        key = self._spent("login_code", query["js_code"], used=Refusal(40163, "code been used"))
        if self._far.take("wechat.high_risk_user", path=call.path):
            raise Refusal(40226, "code blocked")
        if not counted(self._far, f"login {key}", self._far.clock.now(), LOGINS_A_MINUTE_MAX):
            raise Refusal(45011, "api minute-quota reach limit, must slower retry next minute")
        return self._session(key)

    def phone_number(self, call: Call) -> dict[str, Any]:
        key = self._spent("phone_code", call.text("code"), used=Refusal(40029, "invalid code"))
        if call.text("openid") and call.text("openid") != self.open_id(key):
            raise Refusal(40003, "invalid openid")
        country, pure = _split_phone(self.get(key)["phone"])
        foreign = self._far.take("wechat.phone_of_another_app", path=call.path) is not None
        app_id = "wx00000000another0" if foreign else self._side.app_id
        return {
            "errcode": 0,
            "errmsg": "ok",
            "phone_info": {
                "phoneNumber": pure if country == "86" else f"+{country}{pure}",
                "purePhoneNumber": pure,
                "countryCode": country,
                "watermark": {"timestamp": int(self._now()), "appid": app_id},
            },
        }

    def _session(self, key: str) -> dict[str, Any]:
        """A login replaces the session key: what was encrypted with the old one is lost."""
        open_id = self.open_id(key)
        session_key = base64.b64encode(secrets.token_bytes(16)).decode()
        self._far.put("session", open_id, {"session_key": session_key})
        answer = {"session_key": session_key, "openid": open_id}
        if self._side.open_platform_id:
            answer["unionid"] = "o" + _digest(self._side.open_platform_id, key)[:27]
        return answer

    def _spent(self, kind: str, code: str, used: Refusal) -> str:
        """Whose code it is, once."""
        found = self._far.get(kind, code)
        if found is None:
            raise Refusal(40029, "invalid code")
        if found["used"]:
            raise used
        if found["until"] <= self._now():
            raise Refusal(40029, "invalid code")
        self._far.put(kind, code, found | {"used": True})
        return str(found["person"])

    def _sweep(self, kind: str) -> None:
        """Codes past their time are forgotten now and then, so that the file stays small."""
        issued = (self._far.get("issued", kind) or {"codes": 0})["codes"] + 1
        self._far.put("issued", kind, {"codes": issued})
        if issued % CODES_SWEPT_AFTER == 0:
            for code, found in self._far.all(kind):
                if found["until"] + CODE_LIFE_S < self._now():
                    self._far.drop(kind, code)

    def _now(self) -> float:
        return self._far.clock.now().timestamp()


def _digest(*parts: str) -> str:
    raw = hashlib.sha256("\0".join(parts).encode()).digest()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _split_phone(phone: str) -> tuple[str, str]:
    """``+852 61234567`` -> (``852``, ``61234567``); without a country it is the mainland's."""
    if not phone.startswith("+"):
        return "86", phone
    country, _, pure = phone[1:].partition(" ")
    return country, pure
