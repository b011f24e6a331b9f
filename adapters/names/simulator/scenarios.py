"""The faults and oddities that can be armed for a number of calls (``FarSide.arm``).

All take ``service`` to wait for one question alone: ``check``, ``reserve``, ``find`` or
``release``.
"""

from collections.abc import Mapping

from adapters.far_service import service_scenarios
from kit.text import Text

PREFIX = "names"
TAKEN = "names_taken"
SIMILAR = "names_similar"
NOT_ALLOWED = "names_not_allowed"
STRANGE_LINE = "names_strange_line"

SCENARIOS: Mapping[str, Text] = {
    **service_scenarios(PREFIX),
    TAKEN: Text("名称已被他人占用", "Somebody has the name already, whatever it is."),
    SIMILAR: Text("有近似名称", "There is a similar name, whatever it is."),
    NOT_ALLOWED: Text("名称因禁限用规则不予保留", "The rules forbid to keep the name."),
    STRANGE_LINE: Text(
        "名称列表中有无法识别的类型9", "One of the names found is of kind 9, which means nothing."
    ),
}
