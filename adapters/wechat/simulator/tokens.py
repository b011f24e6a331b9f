"""The far side's access tokens: the stable one and the old one, isolated from each other."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from adapters.far_side import FarSide
from adapters.wechat.simulator.wire import Call, Refusal, WeChatSide, equal
from kit.clock import CHINA

LIFE_S = 7200
OVERLAP_S = 300
FORCED_A_DAY_MAX = 20
FORCED_APART_S = 30
NORMAL_A_MINUTE_MAX = 10_000

INVALID = (
    "invalid credential, access_token is invalid or not latest, could get access_token by "
    "getStableAccessToken, more details at https://mmbizurl.cn/s/JtxxFh33r"
)


class TokenOffice:
    """Facts ``token`` (one for each living or dead token) and ``token_state``."""

    def __init__(self, side: WeChatSide, far_side: FarSide) -> None:
        self._side = side
        self._far = far_side

    def stable_token(self, call: Call) -> dict[str, Any]:
        self._check_account(call.text("grant_type"), call.text("appid"), call.text("secret"))
        if call.member("force_refresh") is True:
            return self._forced()
        if not counted(self._far, "stable_token", self._now(), NORMAL_A_MINUTE_MAX):
            raise Refusal(45011, "api minute-quota reach limit, must slower retry next minute")
        value, expires_at = self._current("stable")
        if expires_at - self._now().timestamp() <= OVERLAP_S:
            # The old one goes on to its end, at most five minutes from now.
            value, expires_at = self._issued("stable")
        return self._shown(value, expires_at)

    def old_token(self, call: Call) -> dict[str, Any]:
        """Every call makes a new one; the one before it lives five more minutes."""
        self._check_account(*(call.query.get(k, "") for k in ("grant_type", "appid", "secret")))
        previous, expires_at = self._current("plain")
        if previous:
            self._end(previous, min(expires_at, self._now().timestamp() + OVERLAP_S))
        return self._shown(*self._issued("plain"))

    def check(self, call: Call) -> None:
        """Every other call shows its token in the query."""
        value = call.query.get("access_token", "")
        if not value:
            raise Refusal(41001, "access_token missing")
        if self._far.take("wechat.token_revoked", path=call.path):
            self.revoke()
        if self._far.take("wechat.token_invalid", path=call.path):
            raise Refusal(40001, INVALID)
        token = self._far.get("token", value)
        if token is None or token["revoked"]:
            raise Refusal(40001, INVALID)
        if token["expires_at"] <= self._now().timestamp():
            raise Refusal(42001, "access_token expired")

    def revoke(self) -> None:
        """The stable token dies at once, as when somebody forces a refresh elsewhere."""
        value, _ = self._current("stable")
        if value:
            self._far.put("token", value, {"expires_at": 0, "revoked": True})
            self._far.drop("token_state", "stable")

    def _forced(self) -> dict[str, Any]:
        now = self._now()
        day = now.astimezone(CHINA).date().isoformat()
        state = self._far.get("token_state", "forced") or {"day": day, "times": 0, "at": 0.0}
        times = state["times"] if state["day"] == day else 0
        if times >= FORCED_A_DAY_MAX:
            raise Refusal(45009, "reach max api daily quota limit")
        if now.timestamp() - state["at"] < FORCED_APART_S:
            raise Refusal(45011, "api freq out of limit")
        self.revoke()
        self._far.put(
            "token_state", "forced", {"day": day, "times": times + 1, "at": now.timestamp()}
        )
        return self._shown(*self._issued("stable"))

    def _check_account(self, grant_type: str, app_id: str, app_secret: str) -> None:
        if not app_id:
            raise Refusal(41002, "appid missing")
        if not app_secret:
            raise Refusal(41004, "appsecret missing")
        if grant_type != "client_credential":
            raise Refusal(40002, "invalid grant_type")
        if app_id != self._side.app_id:
            raise Refusal(40013, "invalid appid")
        if not equal(app_secret, self._side.app_secret):
            raise Refusal(40125, "invalid appsecret")

    def _current(self, kind: str) -> tuple[str, float]:
        state = self._far.get("token_state", kind)
        return (state["value"], state["expires_at"]) if state else ("", 0.0)

    def _issued(self, kind: str) -> tuple[str, float]:
        value = f"{secrets.randbelow(90) + 10}_{secrets.token_urlsafe(114)}"
        expires_at = (self._now() + timedelta(seconds=LIFE_S)).timestamp()
        self._far.put("token", value, {"expires_at": expires_at, "revoked": False})
        self._far.put("token_state", kind, {"value": value, "expires_at": expires_at})
        return value, expires_at

    def _end(self, value: str, at: float) -> None:
        self._far.put("token", value, {"expires_at": at, "revoked": False})

    def _shown(self, value: str, expires_at: float) -> dict[str, Any]:
        return {
            "access_token": value,
            "expires_in": int(expires_at - self._now().timestamp() + 0.5),
        }

    def _now(self) -> datetime:
        return self._far.clock.now()


def counted(far_side: FarSide, name: str, now: datetime, minute_max: int) -> bool:
    """Count one call in this minute; False when there were too many already."""
    minute = int(now.timestamp() // 60)
    bucket = far_side.get("bucket", name)
    calls = bucket["calls"] if bucket is not None and bucket["minute"] == minute else 0
    if calls >= minute_max:
        return False
    far_side.put("bucket", name, {"minute": minute, "calls": calls + 1})
    return True
