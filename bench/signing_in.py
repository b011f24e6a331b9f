"""Signing in with a code that nobody has used: one call of the platform, and what it costs here."""

from collections.abc import Sequence

import msgspec

from bench.people import Applicant, signed_in
from bench.rounds import CONNECTIONS, Figure, Pace, Side, compare
from bench.stack import Program, Server, Stack
from bench.wire import Surprise, request, request_head

PATH = "/api/v1/auth/login"
CODES_A_SECOND = 4000
"""More than either side can use."""


class SigningIn:
    def __init__(self, codes: Sequence[str], number: int) -> None:
        # Each phone has an address and a name of its own: logins are limited by both, and two on
        # one device would be one session.
        self._askings = iter(
            [
                request(
                    request_head(
                        "POST",
                        PATH,
                        address=f"10.{number}.{turn >> 8}.{turn & 255}",
                        device=f"bench-{number}-{turn}",
                    ),
                    msgspec.json.encode({"platform": "wechat", "credential": {"code": code}}),
                )
                for turn, code in enumerate(codes)
            ]
        )

    def ask(self) -> bytes:
        asking = next(self._askings, None)
        if asking is None:
            raise Surprise("too few login codes were prepared")
        return asking

    def take(self, status: int, head: bytes, body: bytes) -> None:
        if status != 200:
            raise Surprise(f"login: {status} {body[:300]!r}")


async def measure(
    stack: Stack, floor_program: Program, people: Sequence[Applicant], pace: Pace
) -> Figure:
    # Signed in once before, because in life nearly every login is of somebody known.
    await signed_in(stack, people)
    count = int(CODES_A_SECOND * (0.5 + pace.rounds * pace.seconds))
    sides = []
    servers = (Server(stack.product_port, stack.product), Server(stack.floor_port, floor_program))
    for first, server in zip((20, 120), servers, strict=True):
        keys = [people[turn % len(people)].key for turn in range(count)]
        codes = (await stack.hand("/codes", people=keys))["codes"]
        visitors = [SigningIn(codes[n::CONNECTIONS], first + n) for n in range(CONNECTIONS)]
        sides.append(Side(server, visitors))
    product, floor = sides
    return await compare("login with a new code", product, floor, pace)
