"""The calls to WeChat, over HTTP, for one mini-program."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from random import Random
from typing import TypeVar

import msgspec
import structlog

from adapters.access_tokens import FETCH_S_MAX, SharedTokens
from adapters.errors import Misconfigured, Refused, Unreachable
from adapters.http import HTTPClients, Peer, PeerLimits
from adapters.wechat.answers import (
    Answer,
    PhoneAnswer,
    SentAnswer,
    SessionAnswer,
    VerifyIdAnswer,
    VerifyResultAnswer,
)
from adapters.wechat.crypto import IDENTITY_CARD, certificate_hash
from adapters.wechat.errors import BUSY, MEANINGS, PEER, TOKEN_REJECTED, failure, rid_of
from adapters.wechat.keywords import Unfit, fit
from adapters.wechat.port import FaceCheckResult, FaceCheckTicket, SubscribeMessage, WeChatLogin
from adapters.wechat.settings import WeChatSettings
from adapters.wechat.templates import registered_templates
from adapters.wechat.tokens import MARGINS, fetch_token
from kit.clock import Clock
from kit.coordination.ports import Cache, Locks
from kit.retry import RetrySchedule
from kit.secrets import IdNumber, PersonName, PhoneNumber

log = structlog.get_logger("adapters.wechat")

A = TypeVar("A", bound=Answer)

BUSY_SCHEDULE = RetrySchedule(first_s=0.1, cap_s=1.0, attempts_max=3)
"""The peer's "system busy" passes in an instant; the caller is waiting, so not for long."""
WATERMARK_AGE_MAX_S = 600
"""A phone code lives five minutes; as much again for clocks that differ."""
FACE_PASSED = 10000
FACE_PENDING = frozenset({10005, 10300})
"""Being compared; not finished by the person."""
FACE_NOT_PERMITTED = 10006
"""This app may not do face checks."""


class WeChatClient:
    """Implements :class:`adapters.wechat.port.WeChat`."""

    def __init__(
        self,
        settings: WeChatSettings,
        http: HTTPClients,
        cache: Cache,
        locks: Locks,
        clock: Clock,
        limits: PeerLimits | None = None,
    ) -> None:
        self._settings = settings
        self._peer = http.peer(PEER, settings.base_url, limits)
        fetch = partial(fetch_token, settings, _token_peer(settings, http, limits), clock)
        self._tokens = SharedTokens(PEER, settings.app_id, fetch, MARGINS, cache, locks, clock)
        self._templates = registered_templates(settings.templates)
        self._clock = clock
        self._random = Random()  # noqa: S311 - spreads retries, protects nothing

    async def exchange_code(self, code: str) -> WeChatLogin:
        path = "/sns/jscode2session"
        query = {
            "appid": self._settings.app_id,
            "secret": self._settings.app_secret.reveal(),
            "js_code": code,
            "grant_type": "authorization_code",
        }
        answer = await self._answer(SessionAnswer, "GET", path, query, None)
        self._check(path, answer)
        if not answer.openid:
            raise Unreachable(PEER, "broken_answer")
        return WeChatLogin(answer.openid, answer.unionid)

    async def phone_number(self, code: str, open_id: str) -> PhoneNumber:
        answer = await self._call(
            PhoneAnswer, "/wxa/business/getuserphonenumber", {"code": code, "openid": open_id}
        )
        phone = answer.phone_info
        if phone is None:
            raise Unreachable(PEER, "broken_answer")
        age_s = self._clock.now().timestamp() - phone.watermark.timestamp
        if phone.watermark.appid != self._settings.app_id or abs(age_s) > WATERMARK_AGE_MAX_S:
            raise Refused(PEER, "phone_not_authentic")
        if str(phone.country_code) == "86":
            return PhoneNumber(phone.pure_phone_number)
        return PhoneNumber(f"+{phone.country_code}{phone.pure_phone_number}")

    async def begin_face_check(
        self, sequence_no: str, open_id: str, name: PersonName, id_number: IdNumber
    ) -> FaceCheckTicket:
        body = {
            "out_seq_no": sequence_no,
            "openid": open_id,
            "cert_info": {
                "cert_type": IDENTITY_CARD,
                "cert_name": name.reveal(),
                "cert_no": id_number.reveal(),
            },
        }
        answer = await self._call(VerifyIdAnswer, "/cityservice/face/identify/getverifyid", body)
        if not answer.verify_id or answer.expires_in <= 0:
            raise Unreachable(PEER, "broken_answer")
        return FaceCheckTicket(answer.verify_id, answer.expires_in)

    async def face_check_result(
        self, verify_id: str, sequence_no: str, open_id: str, name: PersonName, id_number: IdNumber
    ) -> FaceCheckResult:
        body = {
            "verify_id": verify_id,
            "out_seq_no": sequence_no,
            "openid": open_id,
            "cert_hash": certificate_hash(name, id_number),
        }
        answer = await self._call(
            VerifyResultAnswer, "/cityservice/face/identify/queryverifyinfo", body
        )
        if answer.verify_ret is None:
            raise Unreachable(PEER, "broken_answer")
        if answer.verify_ret == FACE_NOT_PERMITTED:
            raise Misconfigured(PEER, "face_check_not_permitted")
        return FaceCheckResult(
            passed=answer.verify_ret == FACE_PASSED,
            pending=answer.verify_ret in FACE_PENDING,
            code=str(answer.verify_ret),
        )

    async def send_subscribe_message(self, message: SubscribeMessage) -> str:
        body = {
            "touser": message.open_id,
            "template_id": message.template_id,
            "page": message.page,
            "miniprogram_state": self._settings.miniprogram_state,
            "lang": "zh_CN",
            "data": {key: {"value": value} for key, value in self._fitted(message).items()},
        }
        answer = await self._call(SentAnswer, "/cgi-bin/message/subscribe/send", body)
        return str(answer.msgid or "")

    def _fitted(self, message: SubscribeMessage) -> dict[str, str]:
        """The template's keywords, all and only those, each in its type's form."""
        template = self._templates.get(message.template_id)
        if template is None:
            raise Misconfigured(PEER, "template_unknown")
        if message.data.keys() != template.keywords.keys():
            raise Misconfigured(PEER, "keywords_differ")
        try:
            return {
                keyword: fit(keyword, message.data[keyword], template.choices.get(keyword, ()))
                for keyword in template.keywords
            }
        except Unfit as unfit:
            raise Misconfigured(PEER, "keyword_unfit", str(unfit)) from unfit

    async def _call(self, kind: type[A], path: str, body: Mapping[str, object]) -> A:
        """One call that needs the access token; a rejected token is replaced once."""
        token = await self._tokens.current()
        answer = await self._answer(
            kind, "POST", path, {"access_token": token.value.reveal()}, body
        )
        if answer.errcode in TOKEN_REJECTED:
            token = await self._tokens.instead_of(token)
            answer = await self._answer(
                kind, "POST", path, {"access_token": token.value.reveal()}, body
            )
        self._check(path, answer)
        return answer

    async def _answer(
        self,
        kind: type[A],
        method: str,
        path: str,
        query: Mapping[str, str],
        body: Mapping[str, object] | None,
    ) -> A:
        """What the peer says, asked again while it says that it is busy."""
        attempts = 1
        answer = await self._once(kind, method, path, query, body)
        while answer.errcode in BUSY and not BUSY_SCHEDULE.exhausted(attempts):
            await asyncio.sleep(BUSY_SCHEDULE.delay(attempts, self._random))
            attempts += 1
            answer = await self._once(kind, method, path, query, body)
        return answer

    async def _once(
        self,
        kind: type[A],
        method: str,
        path: str,
        query: Mapping[str, str],
        body: Mapping[str, object] | None,
    ) -> A:
        reply = await self._peer.request(method, path, query=query, json=body)
        try:
            return msgspec.json.decode(reply.body, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Unreachable(PEER, "broken_answer") from error

    def _check(self, path: str, answer: Answer) -> None:
        if answer.ok or answer.errcode is None:
            return
        error = failure(answer.errcode, answer.errmsg, self._clock.now())
        noted = {"path": path, "errcode": answer.errcode, "rid": rid_of(answer.errmsg)}
        if answer.errcode not in MEANINGS:
            log.warning("wechat_errcode_unknown", **noted)
        elif isinstance(error, Refused):
            # Expected and many (43101 above all): not worth an operator's attention.
            log.debug("wechat_refused", **noted)
        else:
            log.warning("wechat_call_failed", code=error.code, **noted)
        raise error


def _token_peer(settings: WeChatSettings, http: HTTPClients, limits: PeerLimits | None) -> Peer:
    """Apart from the business calls: those that hang must not keep the token's call waiting."""
    given = limits or PeerLimits()
    shorter = replace(given, total_s=min(given.total_s, FETCH_S_MAX))
    return http.peer(PEER, settings.base_url, shorter)
