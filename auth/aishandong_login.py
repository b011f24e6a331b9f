"""Login by 爱山东's one-time ticket. Its long-lived token is kept, sealed, because the platform
knows what others have to be asked for: the real name, the phone and the companies."""

from typing import Final

from adapters.aishandong.port import AiShandong, AiShandongPerson, AiShandongToken, UserType
from auth.platform_answers import asked, too_many_requests
from auth.platform_login import KnownUser, PlatformUser, needed
from auth.problems import LoginCodeInvalid, LoginRefused, PhoneCodeInvalid
from auth.schemas import Credential, PhoneProof
from kit.secrets import PhoneNumber, Secret

PLATFORM: Final = "aishandong"


class AiShandongPlatformLogin:
    """Implements :class:`auth.platform_login.PlatformLogin`."""

    def __init__(self, aishandong: AiShandong, app_id: str) -> None:
        self._aishandong = aishandong
        self._app_id = app_id

    async def identify(self, credential: Credential) -> PlatformUser:
        ticket = needed(credential.ticket, "/credential/ticket")
        user_type: UserType = credential.user_type or "1"
        token = await asked(
            self._aishandong.exchange_ticket(ticket, user_type),
            {
                "ticket_invalid": LoginCodeInvalid(),
                "user_type_differs": LoginCodeInvalid(),
                "too_many_requests": too_many_requests(),
            },
            otherwise=LoginRefused(),
        )
        person = await asked(person_behind(self._aishandong, token), {}, otherwise=LoginRefused())
        return PlatformUser(
            PLATFORM, self._app_id, person.user_id, token=kept(token), told=PLATFORM
        )

    async def phone_number(self, proof: PhoneProof, user: KnownUser) -> PhoneNumber:
        if user.token is None:
            raise PhoneCodeInvalid
        person = await asked(
            person_behind(self._aishandong, read_kept(user.token)), {}, otherwise=PhoneCodeInvalid()
        )
        if person.phone is None:
            raise PhoneCodeInvalid
        return person.phone


async def person_behind(aishandong: AiShandong, token: AiShandongToken) -> AiShandongPerson:
    """Who holds the phone: also when he signed in for a company."""
    if token.user_type == "2":
        return (await aishandong.corporation(token)).person
    return await aishandong.person(token)


def kept(token: AiShandongToken) -> Secret:
    """The token with its kind of user, as one text: it can be asked with only as both."""
    return Secret(f"{token.user_type}:{token.token.reveal()}")


def read_kept(text: Secret) -> AiShandongToken:
    user_type, _, token = text.reveal().partition(":")
    return AiShandongToken(Secret(token), "2" if user_type == "2" else "1")
