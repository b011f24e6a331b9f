"""What can go wrong with an application."""

from kit.problems import Problem
from kit.text import Text


class DeclarationRequired(Problem):
    status = 422
    code = "declaration_required"
    title = Text("请先阅读并勾选承诺声明", "Please read and accept the declaration first")
    next = "fix_fields"
