"""What the routes of signatures take and show."""

from typing import Annotated, Literal

import msgspec

from miniprogram_api.drafts.service import SignatureView, SignerRole

Code = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Sha256 = Annotated[str, msgspec.Meta(max_length=64, pattern="^[0-9a-f]{64}$")]
TaskStateName = Literal["pending", "signing", "signed", "refused", "outdated"]
RefusalReason = Literal["not_mine", "wrong_content", "other"]


class Signatures(msgspec.Struct, frozen=True):
    """Everybody who must sign something in the draft."""

    items: list[SignatureView]


class TaskQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    limit: Annotated[int, msgspec.Meta(ge=1, le=20)] = 20
    cursor: Annotated[str, msgspec.Meta(max_length=32, pattern="^[0-9a-f]{32}$")] | None = None


class TaskItem(msgspec.Struct, frozen=True):
    """``company``: the name that was applied for when it was asked. ``outdated``: there is
    nothing to sign here any more; if there is something else, it has a line of its own."""

    id: str
    state: TaskStateName
    matter: str
    company: str
    roles: list[SignerRole]
    asked_by: str | None
    asked_at: str
    signed_at: str | None


class TaskDocument(msgspec.Struct, frozen=True):
    """``url`` works without a token for at least 10 and at most 20 minutes. Null where there is
    nothing more to sign and nothing was signed: the document is not for this reader any more."""

    code: str
    title: str
    pages: int
    sha256: str
    url: str | None


class TaskView(TaskItem, frozen=True):
    """What a signer is shown: who asks, what for, and what exactly would be signed. ``for_company``
    is the credit code of the company for which is signed. ``reason`` says why it was refused, or
    why the last try did not count."""

    documents: list[TaskDocument]
    for_company: str | None
    reason: str | None


class TaskHint(msgspec.Struct, frozen=True):
    """Why the list is empty, and what to do about it."""

    next: Literal["verify_identity"]
    text: str


class TaskList(msgspec.Struct, frozen=True):
    """``hint``: of somebody who has not shown yet who he is; only then is it known what is his."""

    items: list[TaskItem]
    next_cursor: str | None
    hint: TaskHint | None


class SeenDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: Code
    sha256: Sha256


class SignDocuments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All documents of the task, as they were seen."""

    documents: Annotated[tuple[SeenDocument, ...], msgspec.Meta(min_length=1, max_length=50)]


class ESignPageAction(msgspec.Struct, frozen=True, tag_field="type", tag="esign_page"):
    """The client's next step: to open the page (web-view), and to ask for the result when it
    closes."""

    url: str
    expires_at: str


class SigningStarted(msgspec.Struct, frozen=True):
    """``client_action`` is null when it is signed already."""

    id: str
    state: Literal["signing", "signed"]
    client_action: ESignPageAction | None


class RefuseSignature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reason: RefusalReason
