"""Whether a company may have a name: the rules here, and the province's library of names.

The library is asked about a name that the rules let pass. When it cannot be asked, the rules are
answered alone and it is said so: never an error, and never "free".
"""

import asyncio
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

import structlog

from adapters.errors import AdapterError, Misconfigured, Refused
from adapters.names.port import PEER, NameLibrary, ProposedName, Reservation, SimilarName
from miniprogram_api.catalogue.edition import Edition
from miniprogram_api.catalogue.names import Company, NameBook, NameParts, NameProblem
from miniprogram_api.catalogue.problems import UnknownRegion

log = structlog.get_logger("catalogue.names")

LibraryState = Literal["asked", "unavailable", "not_asked"]
"""``not_asked``: the rules refuse the name already, or a part of it is missing."""
Verdict = Literal["refused", "taken", "approval_needed", "free", "unknown"]
"""The worst that is known; ``free`` only by the library's word, ``unknown`` without it."""

CANDIDATES_MAX = 3
CANDIDATES_ASKED_MAX = 6
CANDIDATES_WAIT_S = 2.0
"""They are a help, and not worth a wait."""


@dataclass(frozen=True, slots=True)
class NameCheck:
    catalogue_version: str
    parts: NameParts
    problems: tuple[NameProblem, ...]
    library_state: LibraryState
    similar: tuple[SimilarName, ...]
    verdict: Verdict
    candidates: tuple[NameParts, ...]
    kept_months: int
    """How long it would be kept, once declared."""


@dataclass(frozen=True, slots=True)
class WantedName:
    """A whole name, or its parts; where and for which company."""

    name: str | NameParts
    company: Company


class LookedAt(NamedTuple):
    """The whole name as it would be declared, and what keeps it from being."""

    name: str
    refusals: tuple[NameProblem, ...]


class Serving(Protocol):
    @property
    def serving(self) -> Edition:
        """The version whose rules count just now."""
        ...


class NameChecks:
    def __init__(self, catalogue: Serving, library: NameLibrary | None) -> None:
        """``library``: None where none is configured; then none can be asked."""
        self._catalogue = catalogue
        self._library = library

    def book(self) -> NameBook:
        """The rules that are served just now."""
        return self._catalogue.serving.names

    async def check(self, wanted: WantedName) -> NameCheck:
        """Raises UnknownRegion for a company that is nowhere in Shandong."""
        edition = self._catalogue.serving
        parts, problems = _looked_at(edition, wanted)
        library, similar = await self._asked(parts, wanted.company, problems)
        verdict = _verdict(problems, library, similar)
        candidates: list[NameParts] = []
        if verdict == "taken":
            candidates = await self._candidates(edition.names, parts, wanted.company)
        return NameCheck(
            catalogue_version=edition.version,
            parts=parts,
            problems=tuple(problems),
            library_state=library,
            similar=tuple(similar),
            verdict=verdict,
            candidates=tuple(candidates),
            kept_months=_kept_months(edition.names, problems),
        )

    def looked_at(self, wanted: WantedName) -> LookedAt:
        """What the rules alone say. Raises UnknownRegion."""
        parts, problems = _looked_at(self._catalogue.serving, wanted)
        return LookedAt(parts.full, tuple(p for p in problems if p.severity == "refused"))

    async def reserve(self, wanted: WantedName, reference: str) -> Reservation:
        """Keep a name that the rules let pass under our ``reference``: two months, a year for a
        trade that has to be approved first (企业名称登记管理规定 article 18). What is kept under
        the reference already is the answer. Raises what the library's port raises;
        Misconfigured where there is no library."""
        library = self._library_there()
        kept = await library.reservation(reference)
        if kept is not None:
            return kept
        parts, problems = _looked_at(self._catalogue.serving, wanted)
        return await library.reserve(
            _proposed(parts, wanted.company),
            reference,
            needs_approval=_needs_approval(problems),
        )

    async def release(self, reference: str) -> None:
        """Give up what is kept under it, if anything is. Raises what the library's port raises."""
        library = self._library_there()
        kept = await library.reservation(reference)
        if kept is None:
            return
        try:
            await library.release(kept.number, reference)
        except Refused as refused:
            if refused.code != "reservation_unknown":
                raise

    def _library_there(self) -> NameLibrary:
        if self._library is None:
            raise Misconfigured(PEER, "not_configured")
        return self._library

    async def _asked(
        self, parts: NameParts, company: Company, problems: list[NameProblem]
    ) -> tuple[LibraryState, list[SimilarName]]:
        if _is_refused(problems):
            return "not_asked", []
        if self._library is None:
            return "unavailable", []
        try:
            return "asked", await self._library.check(_proposed(parts, company))
        except AdapterError as error:
            log.warning("name_library_not_asked", code=error.code)
            return "unavailable", []

    async def _candidates(
        self, book: NameBook, parts: NameParts, company: Company
    ) -> list[NameParts]:
        """Other trade words for the same name that are free, by the rules and by the library."""
        possible = [book.with_trade(parts, trade) for trade in book.other_trade_words(parts.trade)]
        allowed = [one for one in possible if not _is_refused(book.problems(one, company))]
        asked = allowed[:CANDIDATES_ASKED_MAX]
        try:
            async with asyncio.timeout(CANDIDATES_WAIT_S), asyncio.TaskGroup() as group:
                asking = [group.create_task(self._asked(one, company, [])) for one in asked]
        except TimeoutError:
            return []
        free = [
            one
            for one, answer in zip(asked, asking, strict=True)
            if answer.result() == ("asked", [])
        ]
        return free[:CANDIDATES_MAX]


def _looked_at(edition: Edition, wanted: WantedName) -> tuple[NameParts, list[NameProblem]]:
    company, book = wanted.company, edition.names
    if company.region not in edition.catalogue.regions:
        raise UnknownRegion
    name = wanted.name
    parts = name if isinstance(name, NameParts) else book.parts_of(name, company)
    return parts, book.problems(parts, company)


def _proposed(parts: NameParts, company: Company) -> ProposedName:
    return ProposedName(
        full=parts.full,
        region=parts.region,
        region_code=company.region[:6],
        trade=parts.trade,
        industry=parts.industry,
        industry_code=company.industry_code,
        form=parts.form,
    )


def _is_refused(problems: list[NameProblem]) -> bool:
    return any(problem.severity == "refused" for problem in problems)


def _needs_approval(problems: list[NameProblem]) -> bool:
    return any(problem.code == "approval_first" for problem in problems)


def _kept_months(book: NameBook, problems: list[NameProblem]) -> int:
    facts = book.facts.parts
    return facts.kept_months_with_approval if _needs_approval(problems) else facts.kept_months


def _verdict(
    problems: list[NameProblem], library: LibraryState, similar: list[SimilarName]
) -> Verdict:
    if _is_refused(problems):
        return "refused"
    if any(one.kind == "same" for one in similar):
        return "taken"
    if any(problem.severity == "approval" for problem in problems):
        return "approval_needed"
    return "free" if library == "asked" else "unknown"
