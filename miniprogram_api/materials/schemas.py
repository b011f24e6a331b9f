"""What the routes of materials take; a file is shown as the drafts feature shows it."""

from typing import Annotated

import msgspec


class FileQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Both as in the link, or neither and an access token instead."""

    expires: Annotated[int, msgspec.Meta(ge=0, le=2**40)] = 0
    signature: Annotated[str, msgspec.Meta(max_length=64)] = ""
