"""What a login needs of a platform; one file for each platform implements it."""

from dataclasses import dataclass, field
from typing import Protocol

from auth.access_log import Who
from auth.schemas import Credential, PhoneProof
from kit.problems import FieldError, InvalidRequest
from kit.secrets import PhoneNumber, Secret
from kit.text import Text


@dataclass(frozen=True, slots=True)
class PlatformUser:
    """Whom a platform vouches for."""

    platform: str
    app_id: str
    open_id: str = field(repr=False)
    union_id: str | None = field(repr=False, default=None)
    token: Secret | None = None
    """What the platform can be asked with about this user later, where it gives such a thing."""
    told: Who | None = None
    """The platform, where it told more of the person than a name of its own for the account."""


@dataclass(frozen=True, slots=True)
class KnownUser:
    """Somebody who signed in before, as his platform knows him."""

    platform: str
    open_id: str = field(repr=False)
    token: Secret | None


class PlatformLogin(Protocol):
    """Raises LoginCodeInvalid, LoginRefused, PhoneCodeInvalid, TooManyRequests or
    TemporarilyUnavailable; InvalidRequest when the credential is not of this platform's kind."""

    async def identify(self, credential: Credential) -> PlatformUser: ...

    async def phone_number(self, proof: PhoneProof, user: KnownUser) -> PhoneNumber: ...


def needed(value: str | None, pointer: str) -> str:
    """A part of the credential that this platform cannot do without."""
    if not value:
        text = Text("缺少必填内容", "A required member is missing")
        raise InvalidRequest(errors=[FieldError(pointer, "required", text)])
    return value
