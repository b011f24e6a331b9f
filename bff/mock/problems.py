"""What the mock refuses."""

from kit.problems import InvalidRequest, NotFound
from kit.text import Text


class UnknownPersona(NotFound):
    code = "unknown_persona"
    title = Text("没有这个模拟人物", "There is no such persona")


class UnknownCompany(NotFound):
    code = "unknown_company"
    title = Text("该人物没有可代办的企业", "This persona is nothing in such a company")


class UnknownCase(NotFound):
    code = "unknown_case"
    title = Text("省平台没有这个办件", "The province has no such case")


class UnknownScenario(NotFound):
    code = "unknown_scenario"
    title = Text("没有这个模拟场景", "There is no such scenario")


class ActNotPossible(InvalidRequest):
    code = "act_not_possible"
    title = Text("办件当前状态不能这样办理", "The department cannot do this now")


class ClockMoveRefused(InvalidRequest):
    code = "clock_move_refused"
    title = Text("时钟只能向前，且只给一种方式", "The clock only moves forward, told in one way")


class DialogNotShown(InvalidRequest):
    """The detail holds the dialog's own errCode and errMsg."""

    code = "dialog_not_shown"
    title = Text("手机不会显示这样的订阅弹窗", "The phone would not show such a dialog")


class UnknownTerminal(NotFound):
    code = "unknown_terminal"
    title = Text("没有这个模拟终端", "No such terminal")
