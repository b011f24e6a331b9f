"""Drawing as a job for the workshop."""

import msgspec

from miniprogram_api.documents.content import Content


class Drawn(msgspec.Struct, frozen=True):
    pdf: bytes
    pages: int


def render(content: Content, reference: str) -> Drawn:
    """The document as PDF: the same content and reference give the same bytes, in any process.

    ``reference`` is printed at the foot of each page. To be run by :class:`kit.workshop.Workshop`:
    the library that draws takes 25 MB, and the font another 10.
    """
    from miniprogram_api.documents.drawing import drawn  # noqa: PLC0415 - only the child needs it

    return Drawn(*drawn(content, reference))
