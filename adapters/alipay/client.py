"""The calls to Alipay, over HTTP, for one mini-program."""

import asyncio
import base64
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import structlog

from adapters.alipay.envelope import Envelope, Unreadable, open_envelope
from adapters.alipay.errors import (
    INVALID_PARAMETER,
    PEER,
    SUCCESS,
    failure,
    is_known,
    word,
)
from adapters.alipay.phone import read_phone
from adapters.alipay.port import AlipayLogin, Certification, CertificationResult
from adapters.alipay.settings import AlipaySettings, content_key
from adapters.alipay.signing import SIGN_TYPE, read_private_key, request_text, sign
from adapters.alipay.trust import AlipayTrust, NotTrusted
from adapters.errors import Misconfigured, Refused, Unreachable
from adapters.http import HTTPClients, PeerLimits
from kit.clock import CHINA, Clock
from kit.secrets import IdNumber, PersonName, PhoneNumber

log = structlog.get_logger("adapters.alipay")

LOGIN = "alipay.system.oauth.token"
CERTIFY_BEGIN = "alipay.user.certify.open.initialize"
CERTIFY_PAGE = "alipay.user.certify.open.certify"
CERTIFY_QUERY = "alipay.user.certify.open.query"
CERTIFICATE_DOWNLOAD = "alipay.open.app.alipaycert.download"

CODE_CHARACTERS_MAX = 128
"""A real one has 32. Longer ones are refused here, so that Alipay's opinion is not needed."""

_ORDER_NO = re.compile(r"[A-Za-z0-9]{1,32}")
_CERTIFY_ID = re.compile(r"[A-Za-z0-9]{1,64}")
_FORM = {"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"}
"""The gateway reads a form in the charset of this header, and it is not utf-8 by itself."""


class AlipayClient:
    """Implements :class:`adapters.alipay.port.Alipay`."""

    def __init__(
        self,
        settings: AlipaySettings,
        http: HTTPClients,
        trust: AlipayTrust,
        clock: Clock,
        limits: PeerLimits | None = None,
    ) -> None:
        address = urlsplit(settings.gateway_url)
        self._settings = settings
        self._path = address.path
        self._peer = http.peer(PEER, f"{address.scheme}://{address.netloc}", limits)
        self._trust = trust
        self._clock = clock
        self._private_key = read_private_key(settings.private_key, is_checked=True)
        self._content_key = content_key(settings.content_key)
        self._learning = asyncio.Lock()

    async def exchange_code(self, code: str) -> AlipayLogin:
        if not code or len(code) > CODE_CHARACTERS_MAX:
            raise Refused(PEER, "code_invalid")
        given = {"grant_type": "authorization_code", "code": code}
        answer = await self._call(LOGIN, given, invalid_parameter="code_invalid")
        open_id = _text(answer, "open_id") or _text(answer, "user_id")
        if not open_id:
            raise Unreachable(PEER, "broken_answer")
        return AlipayLogin(open_id, _text(answer, "union_id") or None)

    def read_phone(self, response: str) -> PhoneNumber:
        return read_phone(response, self._content_key, self._trust)

    async def begin_certification(
        self, order_no: str, name: PersonName, id_number: IdNumber
    ) -> Certification:
        if _ORDER_NO.fullmatch(order_no) is None:
            raise ValueError("an order number is 1 to 32 letters and digits")
        content = {
            "outer_order_no": order_no,
            "biz_code": "FACE",
            "identity_param": {
                "identity_type": "CERT_INFO",
                "cert_type": "IDENTITY_CARD",
                "cert_name": name.reveal(),
                "cert_no": id_number.reveal(),
            },
            # Where the dialog goes when it is done. Its own result means nothing to us, so it is
            # the mini-program's own page (the form of this address is from memory; confidence:
            # middling).
            "merchant_config": {
                "return_url": f"alipays://platformapi/startapp?appId={self._settings.app_id}"
            },
        }
        answer = await self._call(
            CERTIFY_BEGIN, _business(content), invalid_parameter="certificate_invalid"
        )
        certify_id = _text(answer, "certify_id")
        if _CERTIFY_ID.fullmatch(certify_id) is None:
            raise Unreachable(PEER, "broken_answer")
        return Certification(certify_id, self._page_url(certify_id))

    async def certification_result(self, certify_id: str) -> CertificationResult:
        answer = await self._call(
            CERTIFY_QUERY,
            _business({"certify_id": certify_id}),
            invalid_parameter="certification_unknown",
        )
        passed = _text(answer, "passed")
        if passed not in {"T", "F"}:
            raise Unreachable(PEER, "broken_answer")
        if passed == "T":
            return CertificationResult(passed=True, pending=False, code="passed")
        reason = _text(answer, "fail_reason")
        if not reason:
            return CertificationResult(passed=False, pending=True, code="pending")
        code = word(reason)
        return CertificationResult(
            passed=False, pending=False, code="failed" if code == "-" else code
        )

    def _page_url(self, certify_id: str) -> str:
        parameters = self._signed(CERTIFY_PAGE, _business({"certify_id": certify_id}))
        return f"{self._settings.gateway_url}?{urlencode(parameters)}"

    async def _call(
        self, method: str, given: Mapping[str, str], *, invalid_parameter: str | None = None
    ) -> dict[str, Any]:
        """The content of a success. Never sent twice: a login code is good for one call, and a
        certification that was begun cannot be begun again."""
        envelope = await self._ask(method, given)
        await self._prove(envelope, method)
        code = _code(envelope)
        if code == SUCCESS:
            return envelope.content
        sub_code, reason = _text(envelope.content, "sub_code"), _text(envelope.content, "sub_msg")
        error = failure(code, sub_code, reason, invalid_parameter)
        noted = {"method": method, "gateway_code": word(code), "sub_code": word(sub_code)}
        if not is_known(code, sub_code) and sub_code != INVALID_PARAMETER:
            log.warning("alipay_code_unknown", **noted)
        elif isinstance(error, Refused):
            log.debug("alipay_refused", **noted)
        else:
            log.warning("alipay_call_failed", code=error.code, **noted)
        raise error

    async def _ask(self, method: str, given: Mapping[str, str]) -> Envelope:
        """By POST with everything in the body: an address is written into logs on the way."""
        form = urlencode(self._signed(method, given)).encode()
        reply = await self._peer.request("POST", self._path, data=form, headers=_FORM)
        try:
            return open_envelope(reply.body, method)
        except Unreadable:
            raise Unreachable(PEER, "broken_answer") from None

    def _signed(self, method: str, given: Mapping[str, str]) -> dict[str, str]:
        now = self._clock.now().astimezone(CHINA)
        parameters = {
            "app_id": self._settings.app_id,
            "method": method,
            "format": "JSON",
            "charset": "utf-8",
            "sign_type": SIGN_TYPE,
            "timestamp": f"{now:%Y-%m-%d %H:%M:%S}",
            "version": "1.0",
            **self._trust.request_parameters,
            **given,
        }
        return {**parameters, "sign": sign(request_text(parameters), self._private_key)}

    async def _prove(self, envelope: Envelope, method: str) -> None:
        """That the answer is Alipay's, else Misconfigured: with our keys as they are it will not
        get better. An error may come unsigned (the gateway signs nothing for an app that it does
        not know) and is believed: all that it can do is refuse."""
        if not envelope.signature and _code(envelope) != SUCCESS:
            return
        if not self._trust.knows(envelope.certificate_sn):
            await self._learn(envelope.certificate_sn)
        if not self._trust.verifies(envelope.signed, envelope.signature, envelope.certificate_sn):
            log.error("alipay_answer_not_authentic", method=method)
            raise Misconfigured(PEER, "answer_not_authentic")

    async def _learn(self, certificate_sn: str) -> None:
        """Fetch a certificate that Alipay has changed to; one call for all who wait for it. It is
        proved by its chain, not by this answer's signature, which is made with that very key."""
        async with self._learning:
            if self._trust.knows(certificate_sn):
                return
            given = _business({"alipay_cert_sn": certificate_sn})
            try:
                envelope = await self._ask(CERTIFICATE_DOWNLOAD, given)
            except Unreachable as error:
                # Whatever became of this call: the one whose answer waits for it has acted.
                raise Unreachable(PEER, error.code) from error
            try:
                if _code(envelope) != SUCCESS:
                    raise NotTrusted("not_given")
                pem = _decoded(_text(envelope.content, "alipay_cert_content"))
                self._trust.learn(certificate_sn, pem)
            except NotTrusted as error:
                log.error("alipay_certificate_refused", reason=str(error.args[0]))
                raise Misconfigured(PEER, "certificate_not_trusted") from None


def _business(content: Mapping[str, object]) -> dict[str, str]:
    return {"biz_content": json.dumps(content, ensure_ascii=False, separators=(",", ":"))}


def _code(envelope: Envelope) -> str:
    """A login that succeeds names no code."""
    code = envelope.content.get("code", "" if envelope.is_error else SUCCESS)
    return str(code)


def _text(content: Mapping[str, Any], name: str) -> str:
    value = content.get(name)
    return value if isinstance(value, str) else ""


def _decoded(text: str) -> str:
    """Empty for what is not base64 of text: a certificate that cannot be read."""
    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError:
        return ""
