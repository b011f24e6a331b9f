"""``@describe``: what a route takes, gives, refuses and who may call it, said once.

The decorator decodes the body and the query with msgspec, admits the caller, hands the handler what
its signature asks for, and leaves a :class:`Description` from which the OpenAPI document and the
access matrix are made. A handler has three moves: take, do, show.
"""

import functools
import inspect
import re
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeVar
from urllib.parse import parse_qsl

import msgspec
from sanic import HTTPResponse, Request

from kit.answers import Shown
from kit.coordination.ports import RateLimits
from kit.database.unit import is_contention
from kit.idempotency import IdempotencyStore, Once, Remembered
from kit.limits import Limit, RouteLimits
from kit.problems import (
    FieldError,
    IdempotencyKeyRequired,
    InvalidRequest,
    MalformedRequest,
    NotFound,
    PayloadTooLarge,
    Problem,
    TemporarilyUnavailable,
)
from kit.text import Text, preferred_language

CONTENTION_TRIES = 3
QUERIES_KEPT = 256
"""For each route: the same few queries come again and again, and reading one takes 20 us."""
QUERY_LENGTH_KEPT = 200
JSON_BYTES_MAX = 512 * 1024
"""Far above a step's longest answers; the app's own limit is for files."""
IDEMPOTENCY_KEY_LENGTHS = range(1, 129)


class Caller(Protocol):
    """Whoever an access rule let in."""

    @property
    def key(self) -> str:
        """Owns limits."""
        ...

    @property
    def sender(self) -> str:
        """Owns idempotency keys: the same for every try of one request, whatever the first did."""
        ...


class Access(Protocol):
    """Who may call a route. Written on every route; a test walks them all."""

    name: str
    needs_token: bool

    async def admit(self, request: Request) -> Caller:
        """The caller, or a Problem."""
        ...

    async def confirm(self, request: Request, caller: Caller) -> None:
        """What must hold for doing it anew, but not for hearing again how it was answered."""
        ...


class AccessRule:
    """What most rules share: no token, no refusal of their own, nothing more to confirm."""

    needs_token: bool = False
    problems: ClassVar[tuple[type[Problem], ...]] = ()

    async def confirm(self, request: Request, caller: Caller) -> None:
        """Whoever was admitted may do it."""


@dataclass(frozen=True, slots=True)
class Description:
    operation_id: str
    summary: str
    access: Access
    body: type | None
    query: type | None
    returns: type | None
    status: int
    problems: tuple[type[Problem], ...]
    idempotent: bool
    multipart: bool
    limits: tuple[Limit, ...]
    tag: str
    body_bytes_max: int
    streamed: bool = False
    """The body is bytes that the handler takes as they come; ``stream=True`` on the route too."""
    recalls: bool = False
    """A remembered answer is given again only to who may still hear it."""


_ID = re.compile(r"[0-9a-f]{32}")
"""What a path part whose name ends in ``_id`` looks like; anything else names nothing of ours."""
_PATH_PART = re.compile(r"[\w.~-]{1,256}", re.ASCII)
"""Codes and tokens; never percent-encoded."""

_PLACE = re.compile(r" - at `\$((?:\.\w+|\[\d+\]|\[\.\.\.\])*)`$")
_MISSING = re.compile(r"Object missing required field `(\w+)`")

Service = TypeVar("Service")
T = TypeVar("T")
Handler = Callable[..., Awaitable[Shown | HTTPResponse]]
Recall = Callable[..., Awaitable[None]]
RouteHandler = Callable[..., Coroutine[Any, Any, HTTPResponse]]


def describe(
    operation_id: str,
    summary: str,
    *,
    access: Access,
    tag: str,
    body: type | None = None,
    query: type | None = None,
    returns: type | None = None,
    status: int = 200,
    problems: Sequence[type[Problem]] = (),
    idempotent: bool = False,
    recall: Recall | None = None,
    multipart: bool = False,
    limits: Sequence[Limit] = (),
    body_bytes_max: int = JSON_BYTES_MAX,
    streamed: bool = False,
) -> Callable[[Handler], RouteHandler]:
    """See the module's text. The handler may ask, by parameter name, for ``request``, ``caller``,
    ``body``, ``query``, ``once``, ``language`` and the path's parts, and by type for any provided
    service. So may ``recall``, and for ``remembered``: it raises the Problem for whoever may not
    hear this answer again. Without it, it is the account's own as long as there is the account."""
    description = Description(
        operation_id, summary, access, body, query, returns, status, tuple(problems),
        idempotent, multipart, tuple(limits), tag, body_bytes_max, streamed, recall is not None,
    )  # fmt: skip

    def decorate(handler: Handler) -> RouteHandler:
        take = _Taker(handler, description)
        replay = _Replay(recall, description)
        counting = RouteLimits(limits) if limits else None

        async def answer(request: Request, **path: Any) -> HTTPResponse:
            if len(request.body) > body_bytes_max and not multipart:
                # Before anything looks into it: parsing is what costs.
                raise PayloadTooLarge
            caller = await access.admit(request)
            request.ctx.caller = caller
            if counting is not None:
                store = provided(request, RateLimits)  # type: ignore[type-abstract]
                request.ctx.rate_limit = await counting.count(store, request, caller.key)
            taken = take(request, caller, path)
            if idempotent:
                answered = await _answer_once(request, access, handler, caller, taken)
                if isinstance(answered, HTTPResponse):
                    return answered
                return await replay(request, caller, path, answered)
            await access.confirm(request, caller)
            return _respond(request, await _try(handler, taken))

        # Not functools.wraps: Sanic would look at the handler's signature instead of this one's.
        answer.__name__ = answer.__qualname__ = handler.__name__
        answer.__module__, answer.__doc__ = handler.__module__, handler.__doc__
        answer.__description__ = description  # type: ignore[attr-defined]
        answer.__needs__ = take.needs | replay.needs  # type: ignore[attr-defined]
        return answer

    return decorate


def provided(request: Request, kind: type[Service]) -> Service:
    """The one service of this type that the wiring provides to this app."""
    service: Service = request.app.ctx.provided[kind]
    return service


class Sent(HTTPResponse):
    """An answer whose headers are encoded once. Sanic walks every name and value through a
    translation table, 1 us each; here only a value that is not printable is cleaned."""

    __slots__ = ()

    @property
    def processed_headers(self) -> Iterator[tuple[bytes, bytes]]:
        if self.status not in {204, 304}:
            self.headers.setdefault("content-type", self.content_type)
        for name, value in self.headers.items():
            text = str(value)
            yield (
                _header_name(name),
                (text if text.isprintable() else self._sanitize_header_value(text)).encode(),
            )


@functools.lru_cache(maxsize=256)
def _header_name(name: str) -> bytes:
    return name.encode("ascii")


class _Taker:
    """Gathers a handler's arguments; looks at its signature once."""

    def __init__(self, handler: Callable[..., Awaitable[object]], description: Description) -> None:
        names = inspect.signature(handler).parameters
        self._services = [
            (name, parameter.annotation)
            for name, parameter in names.items()
            if inspect.isclass(parameter.annotation)
            and name not in {"request", "caller", "body", "query", "once", "remembered"}
            and parameter.annotation not in {str, int}
        ]
        self.needs = frozenset(kind for _, kind in self._services)
        self._wants_request = "request" in names
        self._wants_caller = "caller" in names
        self._wants_language = "language" in names
        self._query = description.query
        self._read_query = functools.lru_cache(maxsize=QUERIES_KEPT)(self._decoded_query)
        self._decode: Callable[[bytes], Any] | None = (
            msgspec.json.Decoder(description.body).decode if description.body is not None else None
        )

    def __call__(self, request: Request, caller: Caller, path: dict[str, Any]) -> dict[str, Any]:
        _check_path(path)
        taken = {**path}
        if self._wants_request:
            taken["request"] = request
        if self._wants_caller:
            taken["caller"] = caller
        if self._wants_language:
            taken["language"] = preferred_language(request.headers.get("accept-language"))
        if self._decode is not None:
            taken["body"] = _checked(self._decode, request.body)
        if self._query is not None:
            text = request.query_string
            known = len(text) <= QUERY_LENGTH_KEPT
            taken["query"] = self._read_query(text) if known else self._decoded_query(text)
        services = request.app.ctx.provided
        for name, kind in self._services:
            taken[name] = services[kind]
        return taken

    def _decoded_query(self, text: str) -> Any:
        given = dict(parse_qsl(text))
        return _checked(functools.partial(msgspec.convert, type=self._query, strict=False), given)


def _check_path(path: Mapping[str, str]) -> None:
    for name, part in path.items():
        if not (_ID if name.endswith("_id") else _PATH_PART).fullmatch(part):
            raise NotFound


def _checked(decode: Callable[[Any], Any], given: Any) -> Any:
    """Decode, turning msgspec's refusals into problems that repeat nothing of what was sent."""
    try:
        return decode(given)
    except msgspec.ValidationError as error:
        raise InvalidRequest(errors=[_field_error(str(error))]) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise MalformedRequest from None


def _field_error(message: str) -> FieldError:
    """msgspec says ``Expected `int`, got `str` - at `$.rows[0].count```; only the place is kept,
    because some of its sentences hold the refused value or the name of an unknown member."""
    if message.startswith("Object contains unknown field"):
        return FieldError("", "unknown_member", Text("包含未知内容", "Unknown member"))
    place = _PLACE.search(message)
    # ``[...]`` stands for a key of a free object; the place ends before it.
    path = (place[1] if place else "").partition("[...]")[0]
    pointer = path.replace("[", "/").replace("]", "").replace(".", "/")
    missing = _MISSING.match(message)
    if missing:
        text = Text("缺少必填内容", "A required member is missing")
        return FieldError(f"{pointer}/{missing[1]}", "required", text)
    return FieldError(pointer, "invalid", Text("内容不符合要求", "Not an acceptable value"))


class _Replay:
    """A remembered answer, given again to who may still hear it: what he was let do when it was
    made may have been taken from him since."""

    def __init__(self, recall: Recall | None, description: Description) -> None:
        self._recall = recall
        self._take = _Taker(recall, description) if recall is not None else None
        self._names = inspect.signature(recall).parameters if recall is not None else {}
        self.needs = self._take.needs if self._take is not None else frozenset[type]()

    async def __call__(
        self, request: Request, caller: Caller, path: dict[str, Any], answer: Remembered
    ) -> HTTPResponse:
        if self._recall is not None and self._take is not None:
            taken = {**self._take(request, caller, path), "remembered": answer}
            await _try(self._recall, {name: taken[name] for name in self._names})
        headers = {**answer.headers, "Idempotent-Replay": "true"}
        return _respond(request, Shown(answer.body, answer.status, headers=headers))


async def _try(handler: Callable[..., Awaitable[T]], taken: dict[str, Any]) -> T:
    """Repeat a unit of work that lost a deadlock or its connection; handlers commit once, last."""
    for attempt in range(1, CONTENTION_TRIES + 1):
        try:
            return await handler(**taken)
        except Problem:
            raise
        except Exception as error:
            if not is_contention(error):
                raise
            if attempt == CONTENTION_TRIES:
                raise TemporarilyUnavailable from error
    raise AssertionError("unreachable")


async def _answer_once(
    request: Request, access: Access, handler: Handler, caller: Caller, taken: dict[str, Any]
) -> HTTPResponse | Remembered:
    """What was done now, or what was answered when it was."""
    key = request.headers.get("idempotency-key", "")
    if len(key) not in IDEMPOTENCY_KEY_LENGTHS or not key.isascii() or not key.isprintable():
        raise IdempotencyKeyRequired
    store = provided(request, IdempotencyStore)
    once = Once(store, caller.sender, key, request.method, request.path, request.body)
    async with once.in_flight():
        answer: HTTPResponse | Remembered | None = await once.find()
        if answer is None:
            await access.confirm(request, caller)
            answer = await _first_or_winner(request, handler, once, taken)
    return answer


async def _first_or_winner(
    request: Request, handler: Handler, once: Once, taken: dict[str, Any]
) -> HTTPResponse | Remembered:
    """Do it; or, when it was done meanwhile, give that answer: by another replica, whose effect may
    look like a refusal to us (its draft is submitted already), or by ourselves in a commit whose
    answer was lost."""
    try:
        shown = await _try(handler, {**taken, "once": once})
    except (Once.Lost, Problem) as refusal:
        winner = await once.find()
        if winner is not None:
            return winner
        if isinstance(refusal, Problem):
            raise
        raise TemporarilyUnavailable from None
    return _respond(request, shown)


def _respond(request: Request, shown: Shown | HTTPResponse) -> HTTPResponse:
    if isinstance(shown, HTTPResponse):
        return shown
    headers = dict(shown.headers)
    if shown.etag is not None:
        headers["ETag"] = f'"{shown.etag}"'
        headers.setdefault("Cache-Control", "private, no-cache")
        if request.method in {"GET", "HEAD"} and _matches(request, shown.etag):
            return Sent(b"", status=304, headers=headers)
    if shown.status == 204:
        return Sent(b"", status=204, headers=headers)
    return Sent(
        shown.encoded(),
        status=shown.status,
        headers=headers,
        content_type=shown.media_type,
    )


def _matches(request: Request, etag: str) -> bool:
    given = request.headers.get("if-none-match")
    if given is None:
        return False
    tags = {tag.strip().removeprefix("W/").strip('"') for tag in given.split(",")}
    return etag in tags or "*" in tags
