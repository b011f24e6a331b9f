"""What the timeline says, by kind of line and state."""

from kit.text import Text
from miniprogram_api.applications.log import (
    APPLICATION,
    CERTIFICATE,
    ODDITY,
    OVERDUE,
    Line,
)
from miniprogram_api.applications.states import (
    APPLICATION_PHRASES,
    PHRASES,
    ApplicationState,
    MatterState,
)

_FOR_ALL = {
    MatterState.FORWARDED: Text(
        "已推送至省一窗通，{count}个事项同时办理",
        "Forwarded to the provincial one-window system, {count} matters side by side",
    ),
    MatterState.PARKED: Text(
        "暂时未能送达省一窗通，工作人员正在处理，您无需操作",
        "Not delivered to the province yet; our staff see to it, you need not do anything",
    ),
    MatterState.PRE_REVIEW_RETURNED: Text(
        "省一窗通退回了申请，请按意见修改", "The province returned the application for changes"
    ),
}
_SUBMITTED = Text("申请已提交，共{count}个事项", "Submitted, {count} matters")
_POINTS = Text("{phrase}，共{count}处", "{phrase}, {count} points")
_ODDITIES = {
    "late": Text(
        "收到一条较早的进度（{phrase}），当前状态不变",
        "Earlier news came late ({phrase}); nothing changes",
    ),
    "illegal": Text(
        "收到一条与当前状态不符的进度（{phrase}），已记录",
        "News that do not fit the present state ({phrase}) were put on record",
    ),
}
_UNKNOWN = Text(
    "收到一条暂不能识别的进度，已转工作人员核对",
    "News that nobody could read were put on record for our staff",
)
_CERTIFICATE = Text("已出具《{name}》", "Issued: {name}")
_OVERDUE = Text("已超过承诺时限", "Past its promised time")
_NAMED = Text("{item}：{said}", "{item}: {said}")


def text_of(line: Line, item_name: str | None) -> Text:
    """One line in both languages. Names of items are the catalogue's and have no translation."""
    said = _said(line)
    if item_name is None:
        return said
    return Text(
        _NAMED.zh.format(item=item_name, said=said.zh),
        _NAMED.en.format(item=item_name, said=said.en),
    )


def _said(line: Line) -> Text:
    body = line.body
    if line.kind == APPLICATION:
        if body.state == ApplicationState.SUBMITTED:
            return _filled(_SUBMITTED, count=len(body.items))
        return APPLICATION_PHRASES[ApplicationState(body.state)]
    if line.kind == CERTIFICATE:
        return _filled(_CERTIFICATE, name=body.name)
    if line.kind == OVERDUE:
        return _OVERDUE
    if line.kind == ODDITY:
        return _of_oddity(line)
    return _of_state(line)


def _of_state(line: Line) -> Text:
    state = MatterState(line.body.now)
    if line.matter is None and state in _FOR_ALL:
        return _filled(_FOR_ALL[state], count=len(line.body.items))
    phrase = PHRASES[state]
    if line.body.points:
        return Text(
            _POINTS.zh.format(phrase=phrase.zh, count=line.body.points),
            _POINTS.en.format(phrase=phrase.en, count=line.body.points),
        )
    return phrase


def _of_oddity(line: Line) -> Text:
    sentence = _ODDITIES.get(line.body.why)
    if sentence is None:
        return _UNKNOWN
    phrase = PHRASES[MatterState(line.body.state)]
    return Text(sentence.zh.format(phrase=phrase.zh), sentence.en.format(phrase=phrase.en))


def _filled(sentence: Text, **facts: object) -> Text:
    return Text(sentence.zh.format(**facts), sentence.en.format(**facts))
