"""What a package keeps of a person, as far as the person's rights concern it."""

from typing import Protocol

from kit.text import Language


class Belongings(Protocol):
    """One for each package that keeps something of persons; the wiring names them all. ``name`` is
    the export's member.

    What is written is in the caller's unit. Handing over and erasing are repeated a while later,
    because a request that was on its way at that moment may have added something: so doing it again
    does no harm.
    """

    name: str

    async def export(self, person_id: str, language: Language) -> list[object]:
        """Everything the person gave or was told, each thing as the API shows it."""
        ...

    async def hand_over(self, person_id: str, to: str) -> None:
        """Two persons turned out to be one: what was ``person_id``'s is ``to``'s from now on."""
        ...

    async def erase(self, person_id: str) -> None:
        """What no law wants kept is gone; what one does is kept from everybody's view."""
        ...
