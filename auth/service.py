"""What others may know of a person. Only here is opened and sealed what a person's row holds."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from auth.consents import ConsentService, Purpose
from auth.models import Person, PlatformAccount
from auth.problems import IdentityCheckRequired
from kit.clock import Clock
from kit.database.statement import Row, to_instant
from kit.problems import NotFound
from kit.secrets import IdNumber, KeyRing, PersonName, PhoneNumber, Secret

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
class Known:
    """What the person himself may see unmasked; None for what nobody ever told."""

    name: PersonName | None
    id_number: IdNumber | None
    phone: PhoneNumber | None


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

    @classmethod
    def of_nobody(cls, person_id: str) -> "Profile":
        """Somebody of whom nothing is known yet."""
        return cls(person_id, None, None, "none", None)


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
        known = self.known_of(await self._person(person_id))
        if known.name is None or known.id_number is None:
            raise IdentityCheckRequired
        return Applicant(known.name, known.id_number, known.phone)

    def known_of(self, person: Person) -> Known:
        sealed = person.id_number_cipher
        number = IdNumber(self._opened(person.id, "id_number_cipher", sealed)) if sealed else None
        return Known(
            self._name(person.id, person.name_cipher),
            number,
            self._phone(person.id, person.phone_cipher),
        )

    async def has_consent(self, person_id: str, purpose: Purpose) -> bool:
        """Whether the person agrees to the current text for ``purpose``."""
        return await self._consents.has(person_id, purpose)

    async def profile(self, person_id: str) -> Profile:
        person = await self._person(person_id)
        return self.profile_of(
            {
                "person_id": person_id,
                "name_cipher": person.name_cipher,
                "phone_cipher": person.phone_cipher,
                "assurance": person.assurance,
                "checked_at": person.checked_at,
            }
        )

    async def display_names(self, person_ids: Collection[str]) -> dict[str, str | None]:
        """Masked, of as many as there are; one query."""
        if not person_ids:
            return {}
        rows = await Person.filter(id__in=list(person_ids))
        names = {row.id: self._name(row.id, row.name_cipher) for row in rows}
        return {id_: name.masked() if name else None for id_, name in names.items()}

    def profile_of(self, row: Row) -> Profile:
        """From a row that somebody read together with something else."""
        person_id, checked_at = row["person_id"], row["checked_at"]
        name = self._name(person_id, row["name_cipher"])
        phone = self._phone(person_id, row["phone_cipher"])
        return Profile(
            person_id,
            name.masked() if name else None,
            phone.masked() if phone else None,
            row["assurance"],
            to_instant(checked_at) if checked_at is not None else None,
        )

    async def platform_token(self, person_id: str, platform: str) -> Secret | None:
        """What the platform gave us to ask about this person, of the account used last; None where
        it gives nothing."""
        account = (
            await PlatformAccount.filter(
                person_id=person_id, platform=platform, token_cipher__isnull=False
            )
            .order_by("-id")
            .first()
        )
        if account is None or account.token_cipher is None:
            return None
        sealed = self._ring.open(account.token_cipher, _token_context(account.id))
        return Secret(sealed.decode())

    async def keep_platform_token(self, account_id: str, token: Secret) -> None:
        """In the caller's unit, where there is one."""
        sealed = self._ring.seal(token.reveal().encode(), _token_context(account_id))
        await PlatformAccount.filter(id=account_id).update(token_cipher=sealed)

    async def was_checked_just_now(self, person_id: str) -> bool:
        """Whether the person proved to be real, and not longer ago than a check holds."""
        return await Person.exists(
            id=person_id,
            assurance="real_person",
            checked_at__gte=self._clock.now() - CHECK_HOLDS,
        )

    async def keep_identity(
        self, person_id: str, name: PersonName, id_number: IdNumber, *, proven: bool
    ) -> None:
        """In the caller's unit. ``proven``: by somebody who showed himself; then the number is this
        person's alone (IntegrityError when it is another's) and the check is fresh."""
        kept: dict[str, object] = {
            "name_cipher": self._sealed(person_id, "name_cipher", name.reveal()),
            "id_number_cipher": self._sealed(person_id, "id_number_cipher", id_number.reveal()),
            "assurance": "real_person" if proven else "real_name",
        }
        if proven:
            kept |= {
                "id_number_index": self.index_of(id_number),
                "checked_at": self._clock.now(),
            }
        await Person.filter(id=person_id).update(**kept)

    def index_of(self, id_number: IdNumber) -> str:
        """By which a person is found again without anybody's number being readable."""
        return self._ring.index(id_number.reveal(), "person.id_number")

    async def identity_index(self, person_id: str) -> str | None:
        """Of the number that the person proved to be his own; None before he did."""
        person = await Person.get_or_none(id=person_id)
        return person.id_number_index if person is not None else None

    async def persons_with(self, indexes: Collection[str]) -> dict[str, str]:
        """Whose numbers these are, as far as somebody proved it; one query."""
        if not indexes:
            return {}
        rows = await Person.filter(id_number_index__in=list(indexes))
        return {row.id_number_index: row.id for row in rows if row.id_number_index is not None}

    async def keep_phone(self, person_id: str, phone: PhoneNumber) -> None:
        """In the caller's unit. Knowing the phone is the lowest assurance; a higher one stays. Of
        somebody who was deleted while the platform was asked nothing is kept."""
        person = await self.locked(person_id)
        if person is None:
            return
        sealed = self._sealed(person.id, "phone_cipher", phone.reveal())
        await Person.filter(id=person.id).update(phone_cipher=sealed)
        await Person.filter(id=person.id, assurance="none").update(assurance="phone")

    async def move_phone(self, of: Person, to: str) -> None:
        """In the caller's unit, to somebody whose phone is not known."""
        phone = self._phone(of.id, of.phone_cipher)
        if phone is not None:
            await self.keep_phone(to, phone)

    async def locked(self, person_id: str) -> Person | None:
        """The person, until the caller's unit ends; the one whom he turned out to be, if he was
        joined; None when there is nobody any more. What is written to a person's row is written
        after this, or a row that a join or a deletion emptied would say something again."""
        person = await Person.filter(id=person_id).select_for_update().first()
        if person is not None and person.merged_into is not None:
            person = await Person.filter(id=person.merged_into).select_for_update().first()
        if person is None or person.deleted_at is not None:
            return None
        return person

    async def is_same(self, one: str, other: str) -> bool:
        """Whether they are one person, as far as is known; also by an id from before a join."""
        if one == other:
            return True
        rows = await Person.filter(id__in=(one, other))
        return len({row.merged_into or row.id for row in rows}) == 1 and len(rows) == 2

    async def _person(self, person_id: str) -> Person:
        person = await Person.get_or_none(id=person_id)
        if person is None:
            raise NotFound
        return person

    def _name(self, person_id: str, sealed: bytes | None) -> PersonName | None:
        return PersonName(self._opened(person_id, "name_cipher", sealed)) if sealed else None

    def _phone(self, person_id: str, sealed: bytes | None) -> PhoneNumber | None:
        return PhoneNumber(self._opened(person_id, "phone_cipher", sealed)) if sealed else None

    def _sealed(self, person_id: str, column: str, plain: str) -> bytes:
        return self._ring.seal(plain.encode(), _context(person_id, column))

    def _opened(self, person_id: str, column: str, sealed: bytes) -> str:
        return self._ring.open(sealed, _context(person_id, column)).decode()


def _context(person_id: str, column: str) -> str:
    return f"person.{column}|{person_id}"


def _token_context(account_id: str) -> str:
    return f"platform_account.token|{account_id}"
