"""What a login needs of a platform; one file for each platform implements it."""

from dataclasses import dataclass, field
from typing import Protocol

from auth.schemas import Credential, PhoneProof
from kit.problems import FieldError, InvalidRequest
from kit.secrets import PhoneNumber
from kit.text import Text


@dataclass(frozen=True, slots=True)
class PlatformUser:
    """Whom a platform vouches for."""

    platform: str
    app_id: str
    open_id: str = field(repr=False)
    union_id: str | None = field(repr=False)


class PlatformLogin(Protocol):
    """Raises LoginCodeInvalid, LoginRefused, PhoneCodeInvalid, TooManyRequests or
    TemporarilyUnavailable; InvalidRequest when the credential is not of this platform's kind."""

    async def identify(self, credential: Credential) -> PlatformUser: ...

    async def phone_number(self, proof: PhoneProof, open_id: str) -> PhoneNumber: ...


def needed(value: str | None, pointer: str) -> str:
    """A part of the credential that this platform cannot do without."""
    if not value:
        text = Text("缺少必填内容", "A required member is missing")
        raise InvalidRequest(errors=[FieldError(pointer, "required", text)])
    return value
