"""A phone's HTTP: JSON in and out, an access token, and a surprise for every unexpected status."""

from collections.abc import Mapping
from typing import Any

import aiohttp

from kit.ids import new_id


class Surprise(Exception):
    """Something the story did not expect; its text is for a terminal."""


class Answer:
    def __init__(self, status: int, headers: Mapping[str, str], body: Any) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def __getitem__(self, name: str) -> Any:
        return self.body[name]


class Phone:
    """One device of one person on one platform. ``api`` goes below ``/api/v1``, ``mock`` below
    ``/mock/api``."""

    def __init__(self, session: aiohttp.ClientSession, base: str, platform: str = "wechat") -> None:
        self._session = session
        self.base = base.rstrip("/")
        self.platform = platform
        self.device = f"journey-{new_id()[-16:]}"
        self.token: str | None = None
        self._refresh_token = ""

    def elsewhere(self, platform: str) -> "Phone":
        """A phone that knows nothing yet, where another mini-program is opened."""
        return Phone(self._session, self.base, platform)

    async def api(self, method: str, path: str, *, expect: int = 200, **how: Any) -> Answer:
        """One call; an access token that has run out is renewed first, as on a real phone."""
        url = f"{self.base}/api/v1{path}"
        answer = await self._call(method, url, **how)
        if answer.status == 401 and answer.body.get("code") == "access_token_expired":
            await self._renew()
            answer = await self._call(method, url, **how)
        return _expected(answer, expect, f"{method} {url}")

    def keep(self, session: Mapping[str, Any]) -> None:
        """The tokens of a fresh login or renewal."""
        self.token, self._refresh_token = session["access_token"], session["refresh_token"]

    async def _renew(self) -> None:
        self.token = None
        url = f"{self.base}/api/v1/auth/refresh"
        answer = await self._call("POST", url, json={"refresh_token": self._refresh_token})
        self.keep(_expected(answer, 200, "POST /auth/refresh").body)

    async def mock(self, method: str, path: str, *, expect: int = 200, **how: Any) -> Answer:
        url = f"{self.base}/mock/api{path}"
        return _expected(await self._call(method, url, **how), expect, f"{method} {url}")

    async def fetch(self, url: str) -> bytes:
        """The bytes behind an address of the mock's own."""
        target = url if url.startswith("http") else self.base + url
        async with self._session.get(target) as answer:
            if answer.status != 200:
                raise Surprise(f"GET {url} answered {answer.status}")
            return await answer.read()

    async def _call(
        self,
        method: str,
        url: str,
        *,
        json: Any = None,
        data: Any = None,
        key: str | None = None,
    ) -> Answer:
        headers = {"X-Device-Id": self.device, "X-Client-Platform": self.platform}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        if key is not None:
            headers["Idempotency-Key"] = key
        async with self._session.request(
            method, url, json=json, data=data, headers=headers
        ) as answer:
            body = await answer.json(content_type=None) if answer.status != 204 else None
            return Answer(answer.status, dict(answer.headers), body)


def _expected(answer: Answer, status: int, call: str) -> Answer:
    if answer.status != status:
        raise Surprise(f"{call} answered {answer.status}, not {status}: {answer.body}")
    return answer
