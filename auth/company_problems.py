"""Refusals to act for a company."""

from typing import ClassVar

from kit.problems import Next, Problem
from kit.text import Text


class CompanyRoleRequired(Problem):
    """Unknown companies and other people's are refused with the same words: who is what in which
    company is nobody else's business."""

    status = 403
    code = "company_role_required"
    title = Text(
        "您不是该企业的法人、管理员或已授权的经办人",
        "You are not this company's legal person, administrator or authorised agent",
    )
    next: ClassVar[Next | None] = "contact"


class AuthorisationRequired(CompanyRoleRequired):
    """Told only to somebody whom a register names as the company's agent, or who is authorised for
    something else: nobody learns more from it than he knows."""

    code = "authorisation_required"
    title = Text(
        "经办人须先由企业法人或管理员授权",
        "An agent needs an authorisation by the company's legal person or administrator",
    )


class TooManyAuthorisations(Problem):
    status = 409
    code = "too_many_authorisations"
    title = Text(
        "有效授权已达上限，请先撤销不需要的授权",
        "The company has too many valid authorisations; revoke some first",
    )
    next: ClassVar[Next | None] = "fix_fields"
