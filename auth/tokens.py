"""Access tokens: short-lived, signed, checked without asking anybody.

A token is a JWT signed with Ed25519 under a named key. The first key of the ring signs, all of them
verify; so a new key is added at the end, moved to the front once every replica has it, and the old
one removed when its last token has expired.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

from auth.problems import AccessTokenExpired, AccessTokenInvalid
from kit.clock import Clock

LIFETIME = timedelta(minutes=15)
CLOCKS_DIFFER_S = 60
"""How far ahead of ours the clock of the replica that signed may be."""
TOKEN_LENGTH_MAX = 2048

_ALGORITHM = "EdDSA"
_ISSUER = "palm-handling-bff"
_AUDIENCE = "mini-programs"
_OPTIONS: Any = {
    "require": ["exp", "iat", "sub", "sid", "iss", "aud"],
    # Times are ours to check: by our Clock, which the mock can move.
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
}


class Claims(msgspec.Struct, frozen=True):
    """What a valid token says; times in seconds of the epoch."""

    sub: str
    """The person's id."""
    sid: str
    """The session's id."""
    iat: int
    exp: int


@dataclass(frozen=True, slots=True)
class IssuedToken:
    text: str
    expires_in_s: int


class TokenService:
    """``keys``: Ed25519 seeds of 32 bytes by key id, the signing one first."""

    def __init__(self, keys: Mapping[str, bytes], clock: Clock) -> None:
        if not keys:
            raise ValueError("at least one key is needed to sign")
        ring = {kid: Ed25519PrivateKey.from_private_bytes(seed) for kid, seed in keys.items()}
        self._signing_id, self._signing_key = next(iter(ring.items()))
        self._public = {kid: key.public_key() for kid, key in ring.items()}
        self._clock = clock

    def issue(self, person_id: str, session_id: str, at: datetime) -> IssuedToken:
        """Equal arguments give equal tokens: a repeated refresh gets its first answer again."""
        issued_at = int(at.timestamp())
        lifetime_s = int(LIFETIME.total_seconds())
        claims = {
            "iss": _ISSUER,
            "aud": _AUDIENCE,
            "sub": person_id,
            "sid": session_id,
            "iat": issued_at,
            "exp": issued_at + lifetime_s,
        }
        text = jwt.encode(claims, self._signing_key, _ALGORITHM, {"kid": self._signing_id})
        return IssuedToken(text, lifetime_s)

    def verify(self, text: str) -> Claims:
        """Raises AccessTokenInvalid or AccessTokenExpired."""
        claims = self._signed_claims(text)
        now = self._clock.now().timestamp()
        if claims.iat > now + CLOCKS_DIFFER_S or claims.exp <= claims.iat:
            raise AccessTokenInvalid
        if claims.exp <= now:
            raise AccessTokenExpired
        return claims

    def jwks(self) -> dict[str, list[dict[str, Any]]]:
        """The public keys (RFC 7517), for others who want to check our tokens."""
        return {
            "keys": [
                {
                    **OKPAlgorithm.to_jwk(key, as_dict=True),
                    "kid": kid,
                    "alg": _ALGORITHM,
                    "use": "sig",
                }
                for kid, key in self._public.items()
            ]
        }

    def _signed_claims(self, text: str) -> Claims:
        if len(text) > TOKEN_LENGTH_MAX:
            raise AccessTokenInvalid
        try:
            kid = jwt.get_unverified_header(text).get("kid")
            key = self._public.get(kid) if isinstance(kid, str) else None
            if key is None:
                raise AccessTokenInvalid
            payload = jwt.decode(
                text, key, [_ALGORITHM], _OPTIONS, audience=_AUDIENCE, issuer=_ISSUER
            )
            return msgspec.convert(payload, Claims)
        except (jwt.PyJWTError, msgspec.ValidationError, ValueError, RecursionError):
            # The last two: nonsense in the unsigned header, such as brackets nested without end.
            raise AccessTokenInvalid from None
