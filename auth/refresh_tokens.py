"""Refresh tokens: a chain of secrets, each made from the one before.

A token is session id, generation, secret, and a tag that only we can make. The first secret follows
from a random seed, the next from the present one and our key, so a repeated refresh finds the same
successor although neither is stored. The tag lets a token of long ago be known for
what it is, a copy, without keeping a list; a token that merely names a session does nothing to it.
"""

import base64
import binascii
import hmac
from dataclasses import dataclass

from kit.secrets import KeyRing

_SESSION_BYTES = 16
_GENERATION_BYTES = 4
_SECRET_BYTES = 32
_TAG_BYTES = 16
_LENGTH = _SESSION_BYTES + _GENERATION_BYTES + _SECRET_BYTES + _TAG_BYTES


@dataclass(frozen=True, slots=True, repr=False)
class RefreshToken:
    session_id: str
    generation: int
    secret: bytes
    tag: bytes

    @property
    def text(self) -> str:
        content = (
            bytes.fromhex(self.session_id)
            + self.generation.to_bytes(_GENERATION_BYTES)
            + self.secret
            + self.tag
        )
        return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


class RefreshTokens:
    """Makes and reads them; knows no database."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    def first(self, session_id: str, seed: str) -> RefreshToken:
        """The same one for the same seed: two logins at one moment share it."""
        return self._tagged(session_id, 0, self._ring.derive("refresh.first", session_id, seed))

    def after(self, token: RefreshToken) -> RefreshToken:
        """The successor: the same one whenever it is asked for."""
        secret = self._ring.derive("refresh.next", token.session_id, token.secret.hex())
        return self._tagged(token.session_id, token.generation + 1, secret)

    def read(self, text: str) -> RefreshToken | None:
        """None for whatever we did not make."""
        try:
            content = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        if len(content) != _LENGTH:
            return None
        session_id = content[:_SESSION_BYTES].hex()
        generation = int.from_bytes(content[_SESSION_BYTES:][:_GENERATION_BYTES])
        secret = content[_SESSION_BYTES + _GENERATION_BYTES : -_TAG_BYTES]
        token = self._tagged(session_id, generation, secret)
        return token if hmac.compare_digest(token.tag, content[-_TAG_BYTES:]) else None

    def index(self, token: RefreshToken) -> str:
        """What is stored of a token."""
        return self._ring.index(token.text, "session.refresh")

    def _tagged(self, session_id: str, generation: int, secret: bytes) -> RefreshToken:
        tag = self._ring.derive("refresh.tag", session_id, str(generation), secret.hex())
        return RefreshToken(session_id, generation, secret, tag[:_TAG_BYTES])
