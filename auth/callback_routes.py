"""Notices of platforms that concern who signs in."""

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import text

from adapters.alipay.port import NOTICE_TAKEN
from auth.alipay_notices import AlipayNotices
from auth.guard import PEERS
from auth.problems import CallbackNotAuthentic
from kit.describe import describe
from kit.problems import NotFound

bp = Blueprint("callbacks")


@bp.post("/callbacks/alipay")
@describe(
    "takeAlipayNotice", "支付宝异步通知", access=PEERS, tag="callbacks", body_bytes_max=64 * 1024,
    problems=[CallbackNotAuthentic, NotFound],
)  # fmt: skip
async def take_alipay_notice(request: Request, notices: AlipayNotices) -> HTTPResponse:
    """The platform wants this very word, or sends the notice again."""
    await notices.keep(request.body)
    return text(NOTICE_TAKEN)
