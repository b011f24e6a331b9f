"""The one file of a form, while it is still coming. Nothing of it is held but the newest piece."""

import re
from collections import deque
from collections.abc import AsyncIterator

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from kit.problems import MalformedRequest
from miniprogram_api.materials.problems import FileTooLarge, OneFileExpected

PARTS_MAX = 20
"""A file and what a client's upload component adds."""
FORM_BYTES_MAX = 64 * 1024
"""What a form may hold beside its file."""
_BOUNDARY = re.compile(r"[ -~]{1,70}")


class FileForm:
    """First :meth:`name`, then :meth:`content`."""

    def __init__(self, content_type: str, body: AsyncIterator[bytes]) -> None:
        kind, parameters = parse_options_header(content_type)
        boundary = parameters.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not _BOUNDARY.fullmatch(boundary.decode("latin-1")):
            raise OneFileExpected
        self._body = body
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._on_part_begin,
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers_finished,
                "on_part_data": self._on_part_data,
                "on_end": self._on_end,
            },
        )
        self._pieces: deque[bytes] = deque()
        self._bytes_beside = 0
        self._parts = 0
        self._field, self._value = b"", b""
        self._disposition = ""
        self._name: str | None = None
        self._in_file = False
        self._ended = False

    async def name(self) -> str:
        """The file's, as the client says it. OneFileExpected, MalformedRequest, FileTooLarge when
        far too much comes beside the file."""
        while self._name is None:
            if not await self._more():
                raise OneFileExpected
        return self._name

    async def content(self) -> AsyncIterator[bytes]:
        """To the end of the form: only there is it known that no second file came."""
        is_empty = True
        more = True
        while more:
            while self._pieces:
                is_empty = False
                yield self._pieces.popleft()
            more = await self._more()
        if not self._ended:
            raise MalformedRequest
        if is_empty and not self._pieces:
            raise OneFileExpected
        while self._pieces:
            yield self._pieces.popleft()

    async def _more(self) -> bool:
        piece = await anext(self._body, None)
        if piece is None:
            return False
        self._bytes_beside += len(piece)
        try:
            self._parser.write(piece)
        except FormParserError:
            raise MalformedRequest from None
        if self._bytes_beside > FORM_BYTES_MAX:
            raise FileTooLarge
        return True

    def _on_part_begin(self) -> None:
        self._parts += 1
        if self._parts > PARTS_MAX:
            raise MalformedRequest
        self._disposition = ""

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        if self._field.lower() == b"content-disposition":
            self._disposition = self._value.decode("latin-1")
        self._field, self._value = b"", b""

    def _on_headers_finished(self) -> None:
        _, parameters = parse_options_header(self._disposition)
        name = parameters.get(b"filename")
        self._in_file = name is not None
        if name is None:
            return
        if self._name is not None:
            raise OneFileExpected
        self._name = name.decode("utf-8", "replace")

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._in_file:
            self._bytes_beside -= end - start
            self._pieces.append(data[start:end])

    def _on_end(self) -> None:
        self._ended = True
