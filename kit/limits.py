"""Limits on how often a route may be called, and the headers that tell of them.

The headers are those of the IETF's draft (httpapi-ratelimit-headers): ``RateLimit-Policy`` names
all limits of the route, ``RateLimit`` the one that is nearest to its end: ``r`` calls are left and
one more will be after ``t`` seconds.
"""

import ipaddress
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from kit.coordination.ports import Quota, RateLimits, Verdict
from kit.devices import DEVICE_ID
from kit.problems import TooManyRequests

Counted = Literal["caller", "address", "device"]


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``count`` calls at once, then one each ``window_s / count`` seconds.

    Counted ``by`` ``caller`` (the person; whoever is not signed in: the address), ``address`` or
    ``device``, which is what the client calls itself in ``X-Device-Id``. A device costs nothing to
    invent, so a limit by device stands beside one by address, never alone; a client that names none
    is counted by its address instead. One limit on several routes counts their calls together.
    """

    name: str
    count: int
    window_s: int
    by: Counted = "caller"
    fail_open: bool = True
    """While Redis is lost each process counts for itself; False refuses."""
    shared: bool = True
    """False: each process always counts for itself. For hot paths: asking Redis takes 110 us of
    processor time, a sixth of a whole save."""


class Asking(Protocol):
    """What is looked at of a request; the address only if needed, as finding it costs."""

    @property
    def headers(self) -> Mapping[str, str]: ...

    @property
    def client_ip(self) -> str: ...


class RouteLimits:
    """All limits of one route; counted as one, so that a call which one of them refuses uses up
    none of the others."""

    def __init__(self, limits: Sequence[Limit]) -> None:
        if len({limit.name for limit in limits}) < len(limits):
            raise ValueError("two limits of one route have the same name")
        if len({limit.shared for limit in limits}) > 1:
            raise ValueError("a route's limits are all shared by the processes, or none is")
        self._limits = tuple(limits)
        self._policy = ", ".join(
            f'"{limit.name}";q={limit.count};w={limit.window_s}' for limit in limits
        )

    async def count(self, store: RateLimits, request: Asking, caller: str) -> dict[str, str]:
        """The headers that tell of it. Raises TooManyRequests, with the same headers and a
        ``Retry-After`` after which the next call is let in."""
        verdicts = await store.hit(
            *(
                Quota(
                    f"{limit.name}:{_who(limit.by, request, caller)}",
                    limit.count,
                    limit.window_s,
                    limit.fail_open,
                    limit.shared,
                )
                for limit in self._limits
            )
        )
        place = min(range(len(verdicts)), key=lambda n: _distance(verdicts[n]))
        limit, verdict = self._limits[place], verdicts[place]
        more_after_s = _whole_seconds(verdict.more_after_s)
        headers = {
            "RateLimit-Policy": self._policy,
            "RateLimit": f'"{limit.name}";r={verdict.remaining};t={more_after_s}',
        }
        if not verdict.allowed:
            raise TooManyRequests(headers={**headers, "Retry-After": str(more_after_s)})
        return headers


def _who(by: Counted, request: Asking, caller: str) -> str:
    """Kinds are kept apart: nobody takes another's place by calling himself like an address."""
    if by == "caller":
        return caller
    if by == "device":
        device_id = request.headers.get("x-device-id", "")
        if DEVICE_ID.fullmatch(device_id):
            return f"device:{device_id}"
    return f"address:{_subscriber(request.client_ip)}"


def _subscriber(address: str) -> str:
    """An IPv6 subscriber owns at least the lower 64 bits, and would have a fresh address for each
    call; the upper ones are what an IPv4 address is."""
    if ":" not in address:
        return address
    try:
        # Sanic puts brackets around what a proxy forwarded, and none around what it sees itself.
        parsed = ipaddress.IPv6Address(address.strip("[]").partition("%")[0])
    except ValueError:
        return "unreadable"
    return str(parsed.ipv4_mapped or ipaddress.IPv6Network((parsed, 64), strict=False))


def _distance(verdict: Verdict) -> tuple[bool, int, float]:
    """Least for the refusing one with the longest wait, then for the one with fewest calls left."""
    return verdict.allowed, verdict.remaining, -verdict.more_after_s


def _whole_seconds(seconds: float) -> int:
    """Never less than what it is. A millisecond is what the limiter forgives of such a wait."""
    return math.ceil(seconds - 0.001) if seconds > 1 else math.ceil(seconds)
