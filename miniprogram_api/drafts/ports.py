"""What drafts ask of the features above them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple, Protocol

from miniprogram_api.documents.service import Signer
from miniprogram_api.drafts.signing import SignatureTask


class Part(NamedTuple):
    """A part of a draft that somebody may be let change who is not its owner."""

    kind: Literal["step", "material"]
    name: str
    """The step's key or the material's code."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What somebody who is not a draft's owner may do with it: see and fill in, nothing else."""

    id: str
    """Of what it follows from; another grant of the same person has another id."""
    steps: frozenset[str] | None
    """The keys of the steps; None for all."""
    materials: bool
    since: datetime | None = None
    """When he was let in; of what was there before he is told nothing. None: from the beginning."""

    def shows(self, step: str) -> bool:
        return self.steps is None or step in self.steps

    def covers(self, part: Part) -> bool:
        return self.materials if part.kind == "material" else self.shows(part.name)


@dataclass(frozen=True, slots=True)
class NamedAuthor:
    """Who changed a draft without being its owner, as the owner is told it."""

    kind: Literal["helper", "counter"]
    name: str | None
    """A helper's masked name, a terminal's public one; None once the helper's account is gone."""
    label: str | None
    """What the owner called the helper."""


class Grants(Protocol):
    """Whom a draft's owner let in, read anew at each question: what was taken back holds at once,
    in every process."""

    async def grant(self, draft_id: str, person_id: str) -> Grant | None:
        """None for everybody whom the owner did not let in, or not any more. Asked only about who
        is not the owner. A grant that is used is told to the owner (at most once in ten minutes),
        so this is asked when something is going to be shown or changed."""
        ...

    async def helped(
        self, person_id: str, before: str | None, limit: int
    ) -> Sequence[tuple[str, Grant]]:
        """The drafts of others that the person may help with now, by falling id, below ``before``;
        drafts that are submitted or gone among them. Not told to anybody."""
        ...

    async def authors(self, draft_id: str) -> Mapping[str, NamedAuthor]:
        """Everybody who was ever let in, by each id under which the log may name him; one query."""
        ...

    async def forget(self, draft_id: str) -> None:
        """In the unit that erases the draft."""
        ...


class NoGrants:
    """Nobody is let in."""

    async def grant(self, draft_id: str, person_id: str) -> Grant | None:
        return None

    async def helped(
        self, person_id: str, before: str | None, limit: int
    ) -> Sequence[tuple[str, Grant]]:
        return ()

    async def authors(self, draft_id: str) -> Mapping[str, NamedAuthor]:
        return {}

    async def forget(self, draft_id: str) -> None:
        """There is nothing."""


class SignatureBook(Protocol):
    """Who was asked to sign what, and who has."""

    def index_of(self, signer: Signer) -> str:
        """By which a signer is found again without a number being readable."""
        ...

    async def of(self, draft_id: str) -> Sequence[SignatureTask]:
        """All that was ever asked, the oldest first; one query."""
        ...

    async def of_signer(self, person_id: str, task_id: str) -> SignatureTask | None:
        """What this person was asked to sign, himself or for a company for which he may sign now;
        None for everybody else."""
        ...

    async def changed(self, draft_id: str, words: int) -> None:
        """Somebody was asked to sign, and since revision ``words`` an answer or the selection is
        another one."""
        ...

    async def forget(self, draft_id: str) -> None:
        """In the unit that erases the draft."""
        ...


class NoSignatures:
    """Nobody was asked."""

    def index_of(self, signer: Signer) -> str:
        return signer.identity

    async def of(self, draft_id: str) -> Sequence[SignatureTask]:
        return ()

    async def of_signer(self, person_id: str, task_id: str) -> SignatureTask | None:
        return None

    async def changed(self, draft_id: str, words: int) -> None:
        """There is nothing."""

    async def forget(self, draft_id: str) -> None:
        """There is nothing."""
