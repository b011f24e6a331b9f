"""The identity check by what 爱山东 itself knows of whoever signed in there."""

from collections.abc import Callable

from adapters.aishandong.port import AiShandong, AiShandongPerson
from adapters.errors import Refused
from auth.access_log import Who
from auth.aishandong_login import person_behind, read_kept
from auth.check_method import (
    DOCUMENT,
    LEVEL_TOO_LOW,
    MINOR,
    PLATFORM_LOGIN_OVER,
    BegunCheck,
    CheckedUser,
    OpenCheck,
    Outcome,
)
from auth.claimed_identity import ClaimedIdentity, read_claim
from auth.consents import FOR_IDENTITY_CHECK, Purpose
from auth.platform_answers import asked
from auth.problems import DocumentNotSupported, MinorNotServed
from auth.schemas import NoAction
from auth.service import CHECK_HOLDS
from kit.clock import Clock
from kit.problems import InvalidRequest, TemporarilyUnavailable

EXPIRES_IN_S = 600


class AiShandongLevel:
    """Implements :class:`auth.check_method.CheckMethod`. ``assurance_of`` reads the platform's
    ``authLevel``; what its values mean was not found anywhere, so it is configuration.

    The level says that the platform once saw the person, and its token is good for weeks: neither
    says who holds the phone now, and whoever stole a session could pass as often as he likes. So
    the person counts as there only for as long after a sign-in, whose ticket the platform gives to
    nobody else, as any check holds. (Our rule, confidence medium.)
    """

    platform: str | None = "aishandong"
    provider: Who = "aishandong"
    needs_claim = False
    purposes: tuple[Purpose, ...] = FOR_IDENTITY_CHECK

    def __init__(
        self, aishandong: AiShandong, assurance_of: Callable[[str], str], clock: Clock
    ) -> None:
        self._aishandong = aishandong
        self._assurance_of = assurance_of
        self._clock = clock

    async def begin(
        self, seed: str, user: CheckedUser, claim: ClaimedIdentity | None
    ) -> BegunCheck:
        return BegunCheck(seed, "", NoAction(), EXPIRES_IN_S)

    async def outcome(self, check: OpenCheck) -> Outcome:
        return await asked(self._outcome(check.user), {}, otherwise=TemporarilyUnavailable())

    async def _outcome(self, user: CheckedUser) -> Outcome:
        token = user.token
        if token is None:
            return Outcome("failed", "no_token", PLATFORM_LOGIN_OVER)
        try:
            person = await person_behind(self._aishandong, read_kept(token))
        except Refused as refused:
            if refused.code == "token_invalid":
                return Outcome("failed", refused.code, PLATFORM_LOGIN_OVER)
            raise
        return self._judged(person, user)

    def _judged(self, person: AiShandongPerson, user: CheckedUser) -> Outcome:
        assurance = self._assurance_of(person.level)
        if assurance == "none" or person.id_number is None:
            return Outcome("failed", "level_too_low", LEVEL_TOO_LOW)
        try:
            identity = read_claim(
                person.name.reveal(), person.id_number.reveal(), self._clock.now()
            )
        except MinorNotServed:
            return Outcome("failed", "minor", MINOR)
        except (DocumentNotSupported, InvalidRequest):
            return Outcome("failed", "document", DOCUMENT)
        in_person = assurance == "real_person"
        if in_person and self._clock.now() - user.signed_in_at > CHECK_HOLDS:
            return Outcome("failed", "signed_in_long_ago", PLATFORM_LOGIN_OVER)
        return Outcome("passed", assurance, None, in_person=in_person, identity=identity)
