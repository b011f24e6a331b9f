"""Platforms' refusals and silences, as problems for whoever is waiting."""

from collections.abc import Awaitable, Mapping
from typing import TypeVar

import structlog

from adapters.errors import Misconfigured, Refused, Unreachable
from kit.problems import Problem, TemporarilyUnavailable, TooManyRequests

log = structlog.get_logger("auth")

T = TypeVar("T")

QUOTA_WINDOW_S = 60
"""Platforms count one person's calls by the minute."""


async def asked(answer: Awaitable[T], refusals: Mapping[str, Problem], otherwise: Problem) -> T:
    """A peer's answer, with what it may raise made a problem: ``refusals`` by the peer's code."""
    try:
        return await answer
    except Refused as error:
        log.info("platform_refused", peer=error.peer, code=error.code)
        raise refusals.get(error.code, otherwise) from None
    except Unreachable as error:
        wait = {"Retry-After": str(round(error.retry_after_s))} if error.retry_after_s else {}
        raise TemporarilyUnavailable(headers=wait) from error
    except Misconfigured as error:
        log.error("adapter_misconfigured", peer=error.peer, code=error.code)
        raise TemporarilyUnavailable from error


def too_many_requests() -> TooManyRequests:
    return TooManyRequests(headers={"Retry-After": str(QUOTA_WINDOW_S)})
