"""The faults and oddities that can be armed for a number of calls (``FarSide.arm``).

All take ``service`` to wait for one question alone: ``match`` or ``companies``.
"""

from collections.abc import Mapping

from adapters.far_service import service_scenarios
from kit.text import Text

PREFIX = "register"
NUMBER_INVALID = "register_number_invalid"
MISMATCH = "register_mismatch"
UNKNOWN_NUMBER = "register_unknown_number"
UNKNOWN_ROLE = "register_unknown_role"

SCENARIOS: Mapping[str, Text] = {
    **service_scenarios(PREFIX),
    NUMBER_INVALID: Text("有效证件号码按无效拒绝", "A good ID number is refused as none."),
    MISMATCH: Text("姓名与证件号码比对不一致", "Name and number do not belong together."),
    UNKNOWN_NUMBER: Text("库中无此号", "There is no such number in the register."),
    UNKNOWN_ROLE: Text("企业角色为未知值9", "The role in every company is 9, which means nothing."),
}
