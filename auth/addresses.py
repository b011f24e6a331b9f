"""Where a person has things sent to, so that a recipient is typed once.

Kept apart from drafts and applications: whoever submits sends the address itself along, and what
was submitted does not change with what is kept here.
"""

import msgspec

from auth.models import SavedAddress
from auth.problems import TooManyAddresses
from auth.schemas import AddressView, SaveAddress
from auth.service import PeopleService
from kit.clock import Clock
from kit.database.unit import unit_of_work
from kit.ids import new_id
from kit.lines import refuse_unreadable
from kit.problems import NotFound
from kit.secrets import KeyRing
from kit.text import Language

KEPT_MAX = 20
"""Our own figure."""


class AddressBook:
    """One for the process; it also says what is kept when the person asks, joins or leaves."""

    name = "addresses"

    def __init__(self, people: PeopleService, ring: KeyRing, clock: Clock) -> None:
        self._people = people
        self._ring = ring
        self._clock = clock

    async def of(self, person_id: str) -> list[AddressView]:
        """The default first, then the newest."""
        rows = await SavedAddress.filter(person_id=person_id).order_by("-id")
        return [self._view(row) for row in sorted(rows, key=lambda row: not row.is_default)]

    async def add(self, person_id: str, wish: SaveAddress) -> AddressView:
        """In the caller's unit. The first one is the default. Raises TooManyAddresses, and as
        :meth:`change`."""
        _refuse_unreadable(wish)
        owner = await self._locked(person_id)
        kept = await SavedAddress.filter(person_id=owner).count()
        if kept >= KEPT_MAX:
            raise TooManyAddresses
        row_id = new_id()
        row = SavedAddress(
            id=row_id,
            person_id=owner,
            address_cipher=self._sealed(row_id, wish),
            is_default=wish.default or not kept,
            created_at=self._clock.now(),
        )
        if row.is_default:
            await SavedAddress.filter(person_id=owner).update(is_default=False)
        await row.save(force_create=True)
        return self._view(row)

    async def change(self, person_id: str, address_id: str, wish: SaveAddress) -> AddressView:
        """The whole of it anew. Somebody else's is not there. InvalidRequest for what nobody could
        read on a parcel."""
        _refuse_unreadable(wish)
        async with unit_of_work():
            owner = await self._locked(person_id)
            row = await SavedAddress.get_or_none(id=address_id, person_id=owner)
            if row is None:
                raise NotFound
            row.address_cipher = self._sealed(row.id, wish)
            if wish.default and not row.is_default:
                await SavedAddress.filter(person_id=owner).update(is_default=False)
                row.is_default = True
            await row.save()
            return self._view(row)

    async def remove(self, person_id: str, address_id: str) -> None:
        """After the default the newest is it."""
        async with unit_of_work():
            owner = await self._locked(person_id)
            if not await SavedAddress.filter(id=address_id, person_id=owner).delete():
                raise NotFound
            await self._have_default(owner)

    async def export(self, person_id: str, language: Language) -> list[object]:
        return list(await self.of(person_id))

    async def hand_over(self, person_id: str, to: str) -> None:
        """More than KEPT_MAX stay, where both had many; the default is the one of ``to``."""
        moved = SavedAddress.filter(person_id=person_id)
        if await SavedAddress.filter(person_id=to, is_default=True).exists():
            await moved.update(is_default=False)
        await moved.update(person_id=to)

    async def erase(self, person_id: str) -> None:
        await SavedAddress.filter(person_id=person_id).delete()

    async def _have_default(self, owner: str) -> None:
        mine = SavedAddress.filter(person_id=owner)
        newest = await mine.order_by("-id").first()
        if newest is not None and not await mine.filter(is_default=True).exists():
            await SavedAddress.filter(id=newest.id).update(is_default=True)

    async def _locked(self, person_id: str) -> str:
        """Whoever changes a person's addresses does so alone, or two at once would leave two
        defaults, or one too many."""
        person = await self._people.locked(person_id)
        if person is None:
            raise NotFound
        return person.id

    def _sealed(self, row_id: str, wish: SaveAddress) -> bytes:
        return self._ring.seal(msgspec.json.encode(wish), _context(row_id))

    def _view(self, row: SavedAddress) -> AddressView:
        kept = msgspec.json.decode(
            self._ring.open(row.address_cipher, _context(row.id)), type=SaveAddress
        )
        return AddressView(
            id=row.id,
            name=kept.name,
            phone=kept.phone,
            region=kept.region,
            detail=kept.detail,
            postal_code=kept.postal_code,
            default=row.is_default,
        )


def _context(row_id: str) -> str:
    return f"saved_address.address|{row_id}"


def _refuse_unreadable(wish: SaveAddress) -> None:
    refuse_unreadable({"/name": wish.name, "/detail": wish.detail})
