"""Signing in, and what a platform knows of a person besides."""

from collections.abc import Mapping
from dataclasses import dataclass

from auth.access_log import PLATFORMS, AccessLogService
from auth.citizen import Citizen
from auth.models import Person, PlatformAccount
from auth.platform_login import KnownUser, PlatformLogin, PlatformUser
from auth.problems import PlatformNotAvailable
from auth.schemas import Credential, PhoneProof
from auth.service import PeopleService, Profile
from auth.sessions import Granted, HeldSlot, Place, SessionService
from kit.clock import Clock
from kit.database.statement import Row, Statement, to_instant
from kit.database.unit import unit_of_work, until_committed
from kit.ids import new_id

# Account, person and the session on this device in one question: most logins are of known people.
_KNOWN = Statement(
    "SELECT a.id AS account_id, a.union_id, p.id AS person_id, p.assurance, p.checked_at,"
    " p.name_cipher, p.phone_cipher, s.id AS session_id, s.seed_cipher, s.generation, s.rotated_at,"
    " s.expires_at, s.acting_for"
    " FROM platform_account a JOIN person p ON p.id = a.person_id"
    " LEFT JOIN session s ON s.slot = ? AND s.account_id = a.id"
    " WHERE a.platform = ? AND a.app_id = ? AND a.open_id = ?"
)


@dataclass(frozen=True, slots=True)
class SignedIn:
    granted: Granted
    profile: Profile


class LoginService:
    """``platforms``: how to ask each platform that can be used here, by its name."""

    def __init__(
        self,
        platforms: Mapping[str, PlatformLogin],
        sessions: SessionService,
        people: PeopleService,
        access_log: AccessLogService,
        clock: Clock,
    ) -> None:
        self._platforms = platforms
        self._sessions = sessions
        self._people = people
        self._access_log = access_log
        self._clock = clock

    async def login(self, platform: str, credential: Credential, device: str) -> SignedIn:
        """A session of the person whom the credential stands for, who is new or known."""
        user = await self._platform(platform).identify(credential)
        slot = self._sessions.slot(user.platform, user.app_id, user.open_id, device)

        async def unit() -> SignedIn:
            rows = await _KNOWN.fetch(slot, user.platform, user.app_id, user.open_id)
            if rows:
                return await self._known(user, rows[0], device, slot)
            return await self._new(user, device, slot)

        # Of two first logins at the same moment, or two on one device, one fails at a unique key
        # and, repeated, finds the other's.
        return await until_committed(unit)

    async def learn_phone(self, caller: Citizen, proof: PhoneProof) -> None:
        """Keep the phone number that the platform vouches for."""
        platform = self._platform(caller.platform)
        token = await self._people.platform_token(caller.person_id, caller.platform)
        user = KnownUser(caller.platform, caller.open_id, token)
        phone = await platform.phone_number(proof, user)

        async def unit() -> None:
            async with unit_of_work():
                await self._people.keep_phone(caller.person_id, phone)
                who = PLATFORMS[caller.platform]
                await self._access_log.record(caller.person_id, who, "phone", "contact")

        await until_committed(unit)

    def _platform(self, name: str) -> PlatformLogin:
        platform = self._platforms.get(name)
        if platform is None:
            raise PlatformNotAvailable
        return platform

    async def _known(self, user: PlatformUser, row: Row, device: str, slot: str) -> SignedIn:
        place = Place(row["account_id"], row["person_id"], device, slot)
        granted = await self._sessions.open(place, _held(row))
        if user.union_id is not None and row["union_id"] != user.union_id:
            await PlatformAccount.filter(id=place.account_id).update(union_id=user.union_id)
        await self._note(user, place)
        return SignedIn(granted, self._people.profile_of(row))

    async def _new(self, user: PlatformUser, device: str, slot: str) -> SignedIn:
        """The account is made with a person of its own."""
        now, person_id, account_id = self._clock.now(), new_id(), new_id()
        async with unit_of_work():
            await Person.create(id=person_id, created_at=now)
            await PlatformAccount.create(
                id=account_id,
                person_id=person_id,
                platform=user.platform,
                app_id=user.app_id,
                open_id=user.open_id,
                union_id=user.union_id,
                created_at=now,
            )
            place = Place(account_id, person_id, device, slot)
            granted = await self._sessions.open(place, None)
            await self._note(user, place)
        return SignedIn(granted, Profile.of_nobody(person_id))

    async def _note(self, user: PlatformUser, place: Place) -> None:
        """What the platform gave with the login besides."""
        if user.token is not None:
            await self._people.keep_platform_token(place.account_id, user.token)
        if user.told is not None:
            await self._access_log.record(place.person_id, user.told, "profile", "login")


def _held(row: Row) -> HeldSlot | None:
    if row["session_id"] is None:
        return None
    return HeldSlot(
        row["session_id"],
        row["seed_cipher"],
        row["generation"],
        to_instant(row["rotated_at"]),
        to_instant(row["expires_at"]),
        row["acting_for"],
    )
