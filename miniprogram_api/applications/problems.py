"""What can go wrong with an application."""

from collections.abc import Sequence

from kit.problems import FieldError, Problem
from kit.text import Text


class DeclarationRequired(Problem):
    status = 422
    code = "declaration_required"
    title = Text("请先阅读并勾选承诺声明", "Please read and accept the declaration first")
    next = "fix_fields"


class DeliveryContradicts(Problem):
    """``errors`` name what the form says otherwise, never how."""

    status = 422
    code = "delivery_contradicts"
    title = Text(
        "领取方式与表单中填写的不一致，请改成一致后再提交",
        "The delivery is not the one in the form; make them the same",
    )
    next = "fix_fields"

    def __init__(self, names: Sequence[str]) -> None:
        text = Text("与表单中填写的不一致", "The form says otherwise")
        super().__init__(
            errors=[FieldError(f"/delivery/{name}", "form_says_otherwise", text) for name in names]
        )
