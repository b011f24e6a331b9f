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
