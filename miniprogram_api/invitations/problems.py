"""What can go wrong with invitations and hand-overs."""

from typing import ClassVar

from kit.problems import Next, NotFound, Problem
from kit.text import Text


class TooManyInvitations(Problem):
    status = 409
    code = "too_many_invitations"
    title = Text(
        "同时有效的邀请太多，请先撤销不需要的邀请",
        "Too many invitations at once; revoke some first",
    )
    next = "fix_fields"


class OwnInvitation(Problem):
    """Told to nobody but the one who made it."""

    status = 409
    code = "own_invitation"
    title = Text(
        "这是您自己发出的邀请，请转发给对方",
        "This is your own invitation; send it to the other person",
    )
    next: ClassVar[Next | None] = None


class HandoverCodeInvalid(NotFound):
    """Wrong, used, out of date, or for the other kind of terminal: told alike."""

    code = "handover_code_invalid"
    title = Text(
        "交接码无效或已过期，请让申请人重新生成", "The code is wrong or not valid any more"
    )
    next = None
