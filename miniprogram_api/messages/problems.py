"""What can go wrong with messages and consents."""

from kit.problems import Problem
from kit.text import Text


class OtherPlatform(Problem):
    status = 422
    code = "other_platform"
    title = Text(
        "只能提交当前平台的订阅结果", "Consents belong to the platform that one is signed in on"
    )
    next = "fix_fields"


class UnknownTemplate(Problem):
    status = 422
    code = "unknown_template"
    title = Text("订阅模板不存在，请刷新后重试", "There is no such template; load the plan again")
    next = "reload"


class CallbackNotAuthentic(Problem):
    """The sender did not prove to be the platform; nothing of what came is kept."""

    status = 403
    code = "callback_not_authentic"
    title = Text("无法确认请求来源", "The sender could not be verified")
    next = None
