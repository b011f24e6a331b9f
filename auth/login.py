"""Signing in, and what a platform knows of a person besides."""

from collections.abc import Mapping

from auth.citizen import Citizen
from auth.models import Person, PlatformAccount
from auth.platform_login import PlatformLogin, PlatformUser
from auth.problems import PlatformNotAvailable
from auth.schemas import Credential, PhoneProof
from auth.service import PeopleService
from auth.sessions import Granted, SessionService
from kit.clock import Clock
from kit.database.unit import unit_of_work, until_committed
from kit.ids import new_id


class LoginService:
    """``platforms``: how to ask each platform that can be used here, by its name."""

    def __init__(
        self,
        platforms: Mapping[str, PlatformLogin],
        sessions: SessionService,
        people: PeopleService,
        clock: Clock,
    ) -> None:
        self._platforms = platforms
        self._sessions = sessions
        self._people = people
        self._clock = clock

    async def login(self, platform: str, credential: Credential, device: str) -> Granted:
        """A new session of the person whom the credential stands for, who is new or known."""
        user = await self._platform(platform).identify(credential)

        async def unit() -> Granted:
            async with unit_of_work():
                return await self._sessions.open(await self._account(user), device)

        return await until_committed(unit)

    async def learn_phone(self, caller: Citizen, proof: PhoneProof) -> None:
        """Keep the phone number that the platform vouches for."""
        platform = self._platform(caller.platform)
        phone = await platform.phone_number(proof, caller.open_id)

        async def unit() -> None:
            async with unit_of_work():
                await self._people.keep_phone(caller.person_id, phone)

        await until_committed(unit)

    def _platform(self, name: str) -> PlatformLogin:
        platform = self._platforms.get(name)
        if platform is None:
            raise PlatformNotAvailable
        return platform

    async def _account(self, user: PlatformUser) -> PlatformAccount:
        """The account, made with a person of its own at the first login. Of two first logins at the
        same moment one fails at the unique key and, repeated, finds the other's."""
        account = await PlatformAccount.get_or_none(
            platform=user.platform, app_id=user.app_id, open_id=user.open_id
        )
        if account is None:
            return await self._new_account(user)
        if user.union_id is not None and account.union_id != user.union_id:
            await PlatformAccount.filter(id=account.id).update(union_id=user.union_id)
        return account

    async def _new_account(self, user: PlatformUser) -> PlatformAccount:
        now = self._clock.now()
        person = await Person.create(id=new_id(), created_at=now)
        return await PlatformAccount.create(
            id=new_id(),
            person_id=person.id,
            platform=user.platform,
            app_id=user.app_id,
            open_id=user.open_id,
            union_id=user.union_id,
            created_at=now,
        )
