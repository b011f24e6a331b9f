"""The far side's subscribe messages: consents and their quotas, sending, what each phone shows."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from adapters.far_side import FarSide
from adapters.wechat.port import SubscribeTemplate
from adapters.wechat.simulator.keyword_rules import is_valid
from adapters.wechat.simulator.people import People
from adapters.wechat.simulator.pushes import Pushes
from adapters.wechat.simulator.wire import Call, Refusal, WeChatSide

DIALOG_TEMPLATES_MAX = 3
"""Five with new base libraries; old phones show three, and so much is what may be counted on."""
DELIVERY_S = 1
FIRST_MESSAGE_ID = 3_000_000_000_000_000_000

_ANSWERS = re.compile(r"accept[A-Za-z]*|reject|ban|filter")
_PAGE = re.compile(r"/?[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)*(?:\?[^\s#]*)?")
_STATES = {"", "developer", "trial", "formal"}
_LANGUAGES = {"", "zh_CN", "en_US", "zh_HK", "zh_TW"}


class DialogRefused(Exception):
    """``wx.requestSubscribeMessage`` fails; ``args`` are its errCode and errMsg."""


@dataclass(frozen=True, slots=True)
class PhoneMessage:
    """What one phone showed."""

    person: str
    template: str
    """Our template key."""
    title: str
    at: datetime
    data: Mapping[str, str]
    page: str
    message_id: str


class Messages:
    """Facts ``consent`` (by openid and template), ``shown`` (in order), ``sent`` (the counter)."""

    def __init__(self, side: WeChatSide, far_side: FarSide, people: People, pushes: Pushes) -> None:
        self._side = side
        self._far = far_side
        self._people = people
        self._pushes = pushes

    def send(self, call: Call) -> dict[str, Any]:
        open_id = call.text("touser")
        key = self._people.key_of(open_id)
        template = self._template(call)
        data = self._data(call, template)
        page = self._page(call)
        if call.text("miniprogram_state") not in _STATES or call.text("lang") not in _LANGUAGES:
            raise Refusal(47003, "argument invalid!")
        if self._far.take("wechat.daily_quota", path=call.path):
            raise Refusal(45009, "reach max api daily quota limit")
        refuses = self._far.take("wechat.refuses_message", path=call.path) is not None
        with self._far.together():
            if refuses or not self._spend(open_id, call.text("template_id"), template):
                raise Refusal(43101, "user refuse to accept the msg")
            message_id = self._deliver(key, open_id, call.text("template_id"), data, page)
        return {"errcode": 0, "errmsg": "ok", "msgid": message_id}

    def answer_dialog(self, person_key: str, answers: Mapping[str, str]) -> dict[str, str]:
        """The person taps in the dialog: what ``wx.requestSubscribeMessage`` gives the page. The
        templates that were accepted or rejected are then pushed to us."""
        self._people.get(person_key)
        self._check_dialog(answers)
        open_id = self._people.open_id(person_key)
        lines = []
        with self._far.together():
            for template_id, answer in answers.items():
                if answer.startswith("accept"):
                    self._earn(open_id, template_id)
                if not answer.startswith(("ban", "filter")):
                    word = "accept" if answer.startswith("accept") else "reject"
                    lines.append(
                        {
                            "TemplateId": template_id,
                            "SubscribeStatusString": word,
                            "PopupScene": "0",
                        }
                    )
            if lines:
                self._pushes.schedule(open_id, "subscribe_msg_popup_event", lines)
        return {"errMsg": "requestSubscribeMessage:ok", **answers}

    def change_subscription(self, person_key: str, template_id: str, answer: str) -> None:
        """The person changes it in the phone's settings; the platform tells us only of a rejection,
        which also takes what was left of the quota."""
        self._people.get(person_key)
        if template_id not in self._side.templates:
            raise DialogRefused(20001, "No template data return, verify the template id exist")
        open_id = self._people.open_id(person_key)
        with self._far.together():
            if answer == "reject":
                self._far.drop("consent", f"{open_id} {template_id}")
                line = {"TemplateId": template_id, "SubscribeStatusString": "reject"}
                self._pushes.schedule(open_id, "subscribe_msg_change_event", [line])
            elif self._side.templates[template_id].long_term:
                self._earn(open_id, template_id)

    def quota(self, person_key: str, template_id: str) -> int | None:
        """How many messages may still be sent; None without limit (a long-term consent)."""
        consent = self._far.get("consent", f"{self._people.open_id(person_key)} {template_id}")
        left: int | None = 0 if consent is None else consent["left"]
        return left

    def shown(self, person_key: str | None) -> list[PhoneMessage]:
        """Oldest first."""
        return [
            PhoneMessage(
                person=body["person"],
                template=body["template"],
                title=body["title"],
                at=datetime.fromisoformat(body["at"]),
                data=body["data"],
                page=body["page"],
                message_id=body["message_id"],
            )
            for _, body in self._far.all("shown")
            if person_key is None or body["person"] == person_key
        ]

    def _template(self, call: Call) -> SubscribeTemplate:
        template = self._side.templates.get(call.text("template_id"))
        if template is None:
            raise Refusal(40037, "invalid template_id")
        if self._far.take("wechat.template_banned", path=call.path):
            raise Refusal(43116, "This template_id is banned")
        return template

    def _data(self, call: Call, template: SubscribeTemplate) -> dict[str, str]:
        data = call.member("data")
        if not isinstance(data, dict):
            # The data as JSON inside a string is the mistake that everybody makes once.
            raise Refusal(47001, "data format error")
        values: dict[str, str] = {}
        for keyword in template.keywords:
            entry = data.get(keyword)
            value = entry.get("value") if isinstance(entry, dict) else None
            if value is None or (isinstance(value, str) and not value.strip()):
                raise Refusal(47003, f"argument invalid! data.{keyword}.value is empty")
            if not isinstance(value, str) or not is_valid(
                keyword, value, template.choices.get(keyword, ())
            ):
                raise Refusal(47003, f"argument invalid! data.{keyword}.value invalid")
            values[keyword] = value
        return values

    def _page(self, call: Call) -> str:
        page = call.text("page")
        if not page:
            return ""
        path = page.partition("?")[0].removeprefix("/")
        if _PAGE.fullmatch(page) is None or (self._side.pages and path not in self._side.pages):
            raise Refusal(41030, "invalid page")
        return page

    def _spend(self, open_id: str, template_id: str, template: SubscribeTemplate) -> bool:
        key = f"{open_id} {template_id}"
        consent = self._far.get("consent", key)
        if consent is None:
            return False
        if template.long_term:
            return True
        left = consent["left"] or 0
        if left < 1:
            return False
        self._far.put("consent", key, {"left": left - 1})
        return True

    def _earn(self, open_id: str, template_id: str) -> None:
        key = f"{open_id} {template_id}"
        if self._side.templates[template_id].long_term:
            self._far.put("consent", key, {"left": None})
            return
        consent = self._far.get("consent", key) or {"left": 0}
        self._far.put("consent", key, {"left": (consent["left"] or 0) + 1})

    def _deliver(
        self, key: str, open_id: str, template_id: str, data: dict[str, str], page: str
    ) -> int:
        """It shows on the phone, and a moment later the platform tells us how it went."""
        count = self._far.get("sent", "count")
        number = 1 + (int(count["messages"]) if count else 0)
        self._far.put("sent", "count", {"messages": number})
        message_id = FIRST_MESSAGE_ID + number
        template = self._side.templates[template_id]
        failed = self._far.take("wechat.delivery_failed") is not None
        if not failed:
            body = {
                "person": key,
                "template": template.key,
                "title": template.title.zh,
                "at": self._far.clock.now().isoformat(),
                "data": data,
                "page": page,
                "message_id": str(message_id),
            }
            self._far.put("shown", f"{number:012d}", body)
        line = {
            "TemplateId": template_id,
            "MsgID": str(message_id),
            "ErrorCode": "1" if failed else "0",
            "ErrorStatus": "failed:system failed" if failed else "success",
        }
        after = timedelta(seconds=DELIVERY_S)
        self._pushes.schedule(open_id, "subscribe_msg_sent_event", [line], after)
        return message_id

    def _check_dialog(self, answers: Mapping[str, str]) -> None:
        """The dialog's own rules, with the numbers that the phone's page gets."""
        if not answers:
            raise DialogRefused(10001, "TmplIds can't be empty")
        if len(answers) > DIALOG_TEMPLATES_MAX:
            raise DialogRefused(20003, "Templates count out of max bounds")
        templates = [self._side.templates.get(template_id) for template_id in answers]
        if any(template is None for template in templates):
            raise DialogRefused(20001, "No template data return, verify the template id exist")
        if len({template.long_term for template in templates if template is not None}) > 1:
            raise DialogRefused(20002, "Templates type must be same")
        if any(_ANSWERS.fullmatch(answer) is None for answer in answers.values()):
            raise DialogRefused(10004, "no such answer")
