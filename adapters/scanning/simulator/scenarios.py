"""The faults and oddities that can be armed for a number of files (``FarSide.arm``)."""

from collections.abc import Mapping

from kit.text import Text

DOWN = "scanner_down"
SLOW = "scanner_slow"
GARBLED = "scanner_garbled"
CUT_OFF = "scanner_cut_off"
ERROR = "scanner_error"
SIZE_LIMIT = "scanner_size_limit"
FINDS = "scanner_finds"

SCENARIOS: Mapping[str, Text] = {
    DOWN: Text("连接后立即断开", "The connection is closed before anything is said."),
    SLOW: Text("延迟应答（seconds，默认15秒）", "The verdict comes late: after `seconds` (15)."),
    GARBLED: Text("应答无法识别", "The answer is not one of the protocol's."),
    CUT_OFF: Text("应答只到一半即断开", "The connection breaks in the middle of the answer."),
    ERROR: Text("扫描器自身出错", "The scanner tells of an error of its own."),
    SIZE_LIMIT: Text("不论大小均称超出限制", "Whatever its size, the file is called too large."),
    FINDS: Text(
        "不论内容均报病毒（name）", "Whatever it contains, something is found in it (`name`)."
    ),
}
