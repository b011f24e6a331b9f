"""The peer's codes in our words. Data, no decisions; sources in docs/adapters/province.md.

The six status codes are the known peer's. They cannot say all that happens to a matter, so a push
may carry more (our own extension, always optional): ``node``, ``rongque`` and ``noderesult``, the
last with the codes of the provincial case collection. The first row that fits wins; a bare code
falls through to the last table.
"""

from collections.abc import Mapping

UNKNOWN = "unknown"
"""No row fits: the notice is kept and shown to an operator, and moves nothing."""

BY_NODE: Mapping[tuple[str, str], str] = {
    ("02", "review"): "in_review",
    ("02", "inspection"): "inspection",
    ("07", "void"): "voided",
}

BY_CONDITION: Mapping[tuple[str, str], str] = {
    ("02", "1"): "accepted_conditionally",
}

# noderesult: 0 不同意, 1 同意, 2 不受理, 3 不予受理, 4 受理, 5 补齐补正, 6 特别程序, 7 退回.
BY_NODE_RESULT: Mapping[tuple[str, str], str] = {
    ("02", "1"): "in_review",
    ("02", "2"): "not_accepted",
    ("02", "3"): "not_accepted",
    ("02", "6"): "suspended",
    ("03", "0"): "rejected",
    ("04", "7"): "pre_review_returned",
    ("07", "0"): "rejected",
    ("07", "2"): "not_accepted",
    ("07", "3"): "not_accepted",
}

BY_STATE: Mapping[str, str] = {
    "02": "accepted",
    "03": "approved",
    "04": "correction_required",
    "05": "correction_submitted",
    # 补齐补正不通过 leaves the ball with the applicant: it is asked for once more.
    "06": "correction_required",
    "07": "completed",
}


def our_state(state: str, *, node: str = "", conditional: str = "", node_result: str = "") -> str:
    """A state of :class:`adapters.province.port.StatusNotice`, or :data:`UNKNOWN`."""
    return (
        BY_NODE.get((state, node))
        or BY_CONDITION.get((state, conditional))
        or BY_NODE_RESULT.get((state, node_result))
        or BY_STATE.get(state)
        or UNKNOWN
    )
