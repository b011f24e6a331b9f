"""WeChat's subscribe messages as a push channel."""

from collections.abc import Mapping, Sequence

from adapters.errors import Misconfigured
from adapters.wechat.port import SubscribeMessage, WeChat
from push.ports import Account, ChannelTemplate
from push.rules import Push


class WeChatChannel:
    def __init__(self, wechat: WeChat, templates: Sequence[ChannelTemplate]) -> None:
        self._wechat = wechat
        self._templates = {template.key: template for template in templates}

    @property
    def name(self) -> str:
        return "wechat"

    @property
    def templates(self) -> Mapping[str, ChannelTemplate]:
        return self._templates

    async def send(self, account: Account, push: Push, page: str) -> str:
        template = self._templates[push.template]
        if len(template.keywords) != len(push.values):
            raise Misconfigured(self.name, "template_keywords")
        return await self._wechat.send_subscribe_message(
            SubscribeMessage(
                open_id=account.open_id,
                template_id=template.template_id,
                # The platform wants a page of the mini-program without the leading slash.
                page=page.removeprefix("/"),
                data=dict(zip(template.keywords, push.values, strict=True)),
            )
        )
