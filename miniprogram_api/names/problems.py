"""What can go wrong with keeping a name."""

from collections.abc import Sequence

from kit.problems import FieldError, InvalidRequest, Problem
from kit.text import Text
from miniprogram_api.catalogue.service import NameProblem


class NameTaken(Problem):
    status = 409
    code = "name_taken"
    title = Text("该名称已被占用，请换一个名称", "This name is taken; choose another")
    next = "fix_fields"


class NameRefused(InvalidRequest):
    """Each of its ``errors`` says what is wrong with the name, in a rule's words."""

    code = "name_refused"
    title = Text("该名称不符合规定，请按提示修改", "The rules do not allow this name")

    def __init__(self, problems: Sequence[NameProblem] = ()) -> None:
        super().__init__(
            errors=[
                FieldError("/name", f"name_{problem.code}", problem.message) for problem in problems
            ]
        )


class NotAnOpening(Problem):
    status = 409
    code = "not_an_opening"
    title = Text("只有新设立的企业可以申报保留名称", "Names are kept for companies to be opened")
    next = None


class TooManyNamesKept(Problem):
    status = 409
    code = "too_many_names_kept"
    title = Text(
        "已保留的名称太多，请先放弃不需要的名称", "Too many names are kept; give some up first"
    )
    next = "fix_fields"
