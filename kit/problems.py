"""Problem documents (RFC 9457): what went wrong, said once, in the user's language.

A feature subclasses :class:`Problem` in its ``problems.py``. ``code`` is stable: front ends switch
on it and ``docs/errors.md`` lists it. A problem never repeats what the user typed.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal, NamedTuple

from kit.text import Language, Text

Next = Literal[
    "retry",
    "login",
    "verify_identity",
    "reload",
    "fix_fields",
    "update_client",
    "wait",
    "contact",
    "rebase",
]


class FieldError(NamedTuple):
    """One wrong place in what was sent. ``pointer`` is an RFC 6901 JSON pointer."""

    pointer: str
    code: str
    message: Text


class Problem(Exception):
    """The base of every refusal that reaches a client."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    title: ClassVar[Text] = Text("服务暂时出错，请稍后重试", "Something went wrong on our side")
    next: ClassVar[Next | None] = "retry"
    retry_after_s: ClassVar[int | None] = None
    """Told as ``Retry-After`` when the problem itself knows nothing better."""

    def __init__(
        self,
        detail: Text | None = None,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(self.code)
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        if self.retry_after_s is not None:
            self.headers.setdefault("Retry-After", str(self.retry_after_s))
        self.members = members

    def document(self, language: Language, *, instance: str, trace_id: str) -> dict[str, Any]:
        """The body of the answer. Extra members (conflicts, revisions) keep their own names."""
        return {
            "type": f"urn:bff:problem:{self.code}",
            "title": self.title.in_language(language),
            "status": self.status,
            "detail": self.detail.in_language(language) if self.detail else None,
            "instance": instance,
            "code": self.code,
            "next": self.next,
            "errors": [
                {
                    "pointer": e.pointer,
                    "code": e.code,
                    "message": e.message.in_language(language),
                }
                for e in self.errors
            ],
            "trace_id": trace_id,
            **self.members,
        }


def every_problem(root: type[Problem] = Problem) -> Iterator[type[Problem]]:
    """All problem classes that are loaded, for the contract and the list of codes."""
    yield root
    for subclass in root.__subclasses__():
        yield from every_problem(subclass)


class NotFound(Problem):
    """Absent and somebody else's look the same."""

    status = 404
    code = "not_found"
    title = Text("没有找到您要的内容", "Not found")
    next = None


class MalformedRequest(Problem):
    status = 400
    code = "malformed_request"
    title = Text("请求格式不正确", "The request is malformed")
    next = "contact"


class InvalidRequest(Problem):
    status = 422
    code = "invalid_request"
    title = Text("提交的内容有误，请按提示修改", "Some of what was sent is not acceptable")
    next = "fix_fields"


class IdempotencyKeyRequired(Problem):
    status = 400
    code = "idempotency_key_required"
    title = Text("请求缺少 Idempotency-Key", "The Idempotency-Key header is missing or malformed")
    next = "contact"


class IdempotencyKeyInFlight(Problem):
    status = 409
    code = "idempotency_key_in_flight"
    title = Text("同一请求正在处理，请稍候", "The same request is still being handled")
    next = "wait"
    retry_after_s = 1


class IdempotencyKeyReused(Problem):
    status = 422
    code = "idempotency_key_reused"
    title = Text(
        "同一 Idempotency-Key 用于了不同的请求",
        "This Idempotency-Key was used for another request",
    )
    next = "contact"


class PayloadTooLarge(Problem):
    status = 413
    code = "payload_too_large"
    title = Text("提交的内容太大", "What was sent is too large")
    next = "fix_fields"


class TooManyRequests(Problem):
    status = 429
    code = "too_many_requests"
    title = Text("操作太频繁，请稍后再试", "Too many requests")
    next = "wait"


class TemporarilyUnavailable(Problem):
    """A peer or a part of ours cannot be reached just now; nothing was changed."""

    status = 503
    code = "temporarily_unavailable"
    title = Text("服务繁忙，请稍后再试", "Temporarily unavailable")
    next = "retry"
    retry_after_s = 5
