"""What is refused of a selection."""

from kit.problems import InvalidRequest, NotFound
from kit.text import Text


class UnknownRegion(InvalidRequest):
    code = "unknown_region"
    title = Text("没有这个地区，请重新选择", "There is no such region; choose again")


class RegionNotServed(InvalidRequest):
    code = "region_not_served"
    title = Text(
        "该地区暂未开通，请选择已开通的地区", "This region is not served yet; choose another"
    )


class UnknownTheme(InvalidRequest):
    code = "unknown_theme"
    title = Text("没有这个主题，请重新选择", "There is no such theme; choose again")


class UnknownItem(InvalidRequest):
    code = "unknown_item"
    title = Text(
        "所选事项中有不存在的，请重新选择", "Some of the chosen items do not exist; choose again"
    )


class OperationNotOffered(InvalidRequest):
    code = "operation_not_offered"
    title = Text("所选内容暂不支持这项操作", "This operation is not offered for what was chosen")


class UnknownStep(NotFound):
    code = "unknown_step"
    title = Text("没有这个步骤，请刷新页面", "There is no such step; reload the page")


class UnknownLookup(NotFound):
    code = "unknown_lookup"
    title = Text("没有这个列表", "There is no such list")


SELECTION_PROBLEMS: tuple[type[InvalidRequest], ...] = (
    UnknownRegion,
    RegionNotServed,
    UnknownTheme,
    UnknownItem,
    OperationNotOffered,
)
"""Whatever a selection can be refused for; routes that take one declare them all."""
