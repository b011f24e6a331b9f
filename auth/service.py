"""What others may know of a person. Only here is opened and sealed what a person's row holds."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from tortoise.exceptions import IntegrityError

from auth.consents import ConsentService, Purpose
from auth.models import Person, PlatformAccount
from auth.problems import IdentityCheckRequired
from kit.clock import Clock
from kit.problems import NotFound
from kit.secrets import IdNumber, KeyRing, PersonName, PhoneNumber

Assurance = Literal["none", "phone", "real_name", "real_person"]

CHECK_HOLDS = timedelta(minutes=10)
"""How long after an identity check one may sign, submit and delete without another."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Where a person can be reached."""

    platform: str
    app_id: str
    open_id: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Applicant:
    """Who applies, for those to whom an application is forwarded."""

    name: PersonName
    id_number: IdNumber
    phone: PhoneNumber | None


@dataclass(frozen=True, slots=True)
class Profile:
    """What a person is shown of himself; name and phone are masked."""

    person_id: str
    display_name: str | None
    phone_masked: str | None
    assurance: Assurance
    checked_at: datetime | None


class IdentityConflict(Exception):
    """The proven identity cannot become this person's; ``reason`` is a word for the client."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class PeopleService:
    def __init__(self, ring: KeyRing, consents: ConsentService, clock: Clock) -> None:
        self._ring = ring
        self._consents = consents
        self._clock = clock

    async def recipients(self, person_id: str) -> list[Recipient]:
        """The person's accounts, the oldest first; none for an unknown person."""
        accounts = await PlatformAccount.filter(person_id=person_id).order_by("id")
        return [Recipient(a.platform, a.app_id, a.open_id) for a in accounts]

    async def person_of(self, platform: str, open_id: str) -> str | None:
        """Whose account it is, when a platform tells us something about it."""
        account = await PlatformAccount.filter(platform=platform, open_id=open_id).first()
        return account.person_id if account else None

    async def applicant(self, person_id: str) -> Applicant:
        """Raises IdentityCheckRequired for somebody who never proved who he is."""
        person = await self._person(person_id)
        if person.name_cipher is None or person.id_number_cipher is None:
            raise IdentityCheckRequired
        return Applicant(
            PersonName(self._opened(person, "name_cipher", person.name_cipher)),
            IdNumber(self._opened(person, "id_number_cipher", person.id_number_cipher)),
            self._phone(person),
        )

    async def display_name(self, person_id: str) -> str | None:
        """Masked, such as ``*三``; None until the name is known."""
        return (await self.profile(person_id)).display_name

    async def phone_masked(self, person_id: str) -> str | None:
        return (await self.profile(person_id)).phone_masked

    async def has_consent(self, person_id: str, purpose: Purpose) -> bool:
        """Whether the person agrees to the current text for ``purpose``."""
        return await self._consents.has(person_id, purpose)

    async def profile(self, person_id: str) -> Profile:
        person = await self._person(person_id)
        name, phone = self._name(person), self._phone(person)
        assurance: Assurance = person.assurance  # type: ignore[assignment]  # only ours are written
        return Profile(
            person_id,
            name.masked() if name else None,
            phone.masked() if phone else None,
            assurance,
            person.checked_at,
        )

    async def was_checked_just_now(self, person_id: str) -> bool:
        """Whether the person proved to be real, and not longer ago than a check holds."""
        return await Person.exists(
            id=person_id,
            assurance="real_person",
            checked_at__gte=self._clock.now() - CHECK_HOLDS,
        )

    async def keep_phone(self, person_id: str, phone: PhoneNumber) -> None:
        """In the caller's unit. Knowing the phone is the lowest assurance; a higher one stays."""
        sealed = self._sealed(person_id, "phone_cipher", phone.reveal())
        await Person.filter(id=person_id).update(phone_cipher=sealed)
        await Person.filter(id=person_id, assurance="none").update(assurance="phone")

    async def prove(self, person_id: str, name: PersonName, id_number: IdNumber) -> None:
        """Write a passed check's identity, in the caller's unit.

        Raises IdentityConflict, after which the unit must be rolled back: ``identity_differs`` when
        this account was proven to be somebody else before, ``identity_bound_elsewhere`` when the
        number is another account's.
        """
        index = self._ring.index(id_number.reveal(), "person.id_number")
        person = await self._person(person_id)
        if person.id_number_index not in {None, index}:
            raise IdentityConflict("identity_differs")
        try:
            await Person.filter(id=person_id).update(
                name_cipher=self._sealed(person_id, "name_cipher", name.reveal()),
                id_number_cipher=self._sealed(person_id, "id_number_cipher", id_number.reveal()),
                id_number_index=index,
                assurance="real_person",
                checked_at=self._clock.now(),
            )
        except IntegrityError:
            raise IdentityConflict("identity_bound_elsewhere") from None

    async def _person(self, person_id: str) -> Person:
        person = await Person.get_or_none(id=person_id)
        if person is None:
            raise NotFound
        return person

    def _name(self, person: Person) -> PersonName | None:
        sealed = person.name_cipher
        return PersonName(self._opened(person, "name_cipher", sealed)) if sealed else None

    def _phone(self, person: Person) -> PhoneNumber | None:
        sealed = person.phone_cipher
        return PhoneNumber(self._opened(person, "phone_cipher", sealed)) if sealed else None

    def _sealed(self, person_id: str, column: str, plain: str) -> bytes:
        return self._ring.seal(plain.encode(), f"person.{column}|{person_id}")

    def _opened(self, person: Person, column: str, sealed: bytes) -> str:
        return self._ring.open(sealed, f"person.{column}|{person.id}").decode()
