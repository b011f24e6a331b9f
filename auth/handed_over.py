"""Tokens that admit somebody at a terminal to the one draft that a person handed over there.

They are opaque and have a mark that no other token has, so that every rule which does not ask for
them refuses them as nonsense: what is not written down as open to them is closed.
"""

from typing import Protocol

from auth.citizen import AtTerminal

TOKEN_MARK = "handover-"  # noqa: S105 - what such tokens begin with


class HandedOver(Protocol):
    """Who keeps the hand-overs; asked anew at each request."""

    async def admit(self, token: str) -> AtTerminal:
        """Raises AccessTokenInvalid, AccessTokenExpired or SessionEnded."""
        ...
