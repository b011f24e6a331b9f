"""Bytes from requests and into answers, piece by piece: a large file is never held."""

from collections.abc import AsyncIterator, Mapping

import structlog
from sanic import HTTPResponse, Request
from sanic.http import Http

log = structlog.get_logger("http")


def announced_bytes(request: Request) -> int | None:
    """Of the body, if the client says so; Sanic has refused what is no number."""
    length = request.headers.get("content-length")
    return None if length is None else int(length)


async def body_of(request: Request) -> AsyncIterator[bytes]:
    """As it comes in; of a route with ``stream=True``."""
    if isinstance(request.stream, Http):
        async for piece in request.stream:
            yield piece


class StreamedAnswer(HTTPResponse):
    """Content of a known length. Where it cannot be read to its end the connection breaks, so that
    nobody takes a part for the whole."""

    __slots__ = ("_pieces", "_sent")

    def __init__(
        self,
        pieces: AsyncIterator[bytes],
        length: int,
        headers: Mapping[str, str],
        content_type: str,
    ) -> None:
        all_headers = {**headers, "Content-Length": str(length)}
        super().__init__(headers=all_headers, content_type=content_type)
        self._pieces = pieces
        self._sent = False

    async def send(self, data: str | bytes | None = None, end_stream: bool | None = None) -> None:
        """Sanic's one call for all of it; a second one follows when the first has failed."""
        if not self._sent:
            self._sent = True
            if not (isinstance(self.stream, Http) and self.stream.head_only):
                await self._send_pieces()
        await super().send(b"", end_stream=True)

    async def _send_pieces(self) -> None:
        sent = 0
        try:
            async for piece in self._pieces:
                await super().send(piece, end_stream=False)
                sent += len(piece)
        except Exception as error:
            # The status is out already: all that is left to say is silence.
            log.error("answer_broke_off", error=type(error).__name__, sent_bytes=sent)
            raise
