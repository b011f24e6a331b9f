"""The inbox, consents to pushing, and WeChat's way back to us."""

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import text

from auth.citizen import Citizen
from auth.guard import CITIZENS, PEERS
from auth.problems import CallbackNotAuthentic
from kit.answers import Shown
from kit.describe import describe
from kit.limits import Limit
from kit.problems import NotFound
from kit.text import Language
from miniprogram_api.messages.problems import (
    OtherPlatform,
    UnknownTemplate,
)
from miniprogram_api.messages.schemas import (
    AnswerConsents,
    ConsentList,
    ConsentPlan,
    ConsentPlanQuery,
    MessagePage,
    MessagesQuery,
    MessageView,
    UnreadCount,
)
from miniprogram_api.messages.service import MessageService, WeChatEvents

bp = Blueprint("messages")

CONSENT_LIMITS = (Limit("push-consent", 60, 600),)


@bp.get("/messages")
@describe(
    "listMessages", "我的消息", access=CITIZENS, tag="messages",
    query=MessagesQuery, returns=MessagePage,
)  # fmt: skip
async def list_messages(
    caller: Citizen,
    query: MessagesQuery,
    messages: MessageService,
    language: Language,
) -> Shown:
    return Shown(await messages.page(caller.person_id, query.cursor, query.limit, language))


@bp.get("/messages/unread-count")
@describe("countUnread", "未读消息数", access=CITIZENS, tag="messages", returns=UnreadCount)
async def count_unread(caller: Citizen, messages: MessageService) -> Shown:
    return Shown(UnreadCount(await messages.unread(caller.person_id)))


@bp.put("/messages/<message_id:str>/read")
@describe(
    "readMessage", "标为已读", access=CITIZENS, tag="messages",
    returns=MessageView, problems=[NotFound],
)  # fmt: skip
async def read_message(
    caller: Citizen,
    message_id: str,
    messages: MessageService,
    language: Language,
) -> Shown:
    return Shown(await messages.mark_read(caller.person_id, message_id, language))


@bp.get("/messages/consent-plan")
@describe(
    "getConsentPlan", "订阅哪些消息", access=CITIZENS, tag="messages",
    query=ConsentPlanQuery, returns=ConsentPlan,
)  # fmt: skip
async def get_consent_plan(
    caller: Citizen,
    query: ConsentPlanQuery,
    messages: MessageService,
    language: Language,
) -> Shown:
    return Shown(messages.consent_plan(caller.platform, query.moment, language))


@bp.post("/messages/consents")
@describe(
    "answerConsents", "提交订阅结果", access=CITIZENS, tag="messages",
    body=AnswerConsents, returns=ConsentList, problems=[OtherPlatform, UnknownTemplate],
    limits=CONSENT_LIMITS,
)  # fmt: skip
async def answer_consents(
    caller: Citizen,
    body: AnswerConsents,
    messages: MessageService,
    language: Language,
) -> Shown:
    return Shown(await messages.answer_consents(caller, body, language))


@bp.get("/callbacks/wechat")
@describe(
    "checkWeChatAddress", "微信消息推送：地址校验", access=PEERS, tag="callbacks",
    problems=[CallbackNotAuthentic],
)  # fmt: skip
async def check_wechat_address(request: Request, pushes: WeChatEvents) -> HTTPResponse:
    return text(pushes.url_check(_last(request)))


@bp.post("/callbacks/wechat")
@describe(
    "takeWeChatPush", "微信消息推送", access=PEERS, tag="callbacks", body_bytes_max=64 * 1024,
    problems=[CallbackNotAuthentic],
)  # fmt: skip
async def take_wechat_push(request: Request, pushes: WeChatEvents) -> HTTPResponse:
    """The platform wants this very word within five seconds."""
    await pushes.keep(_last(request), request.body)
    return text("success")


def _last(request: Request) -> dict[str, str]:
    return {name: values[-1] for name, values in request.args.items()}
