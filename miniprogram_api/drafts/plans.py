"""Which version of the catalogue a draft is of, and its plan under that version."""

from collections.abc import Callable

import msgspec

from kit.text import Language
from miniprogram_api.catalogue.service import CatalogueService, CompiledPlan, Edition, Selection
from miniprogram_api.drafts.links import FileLinks
from miniprogram_api.drafts.log import Head
from miniprogram_api.drafts.schemas import Rebase
from miniprogram_api.drafts.state import Summary


class DraftPlans:
    """A draft keeps the version that it was made under until its person moves it."""

    def __init__(self, catalogue: CatalogueService, links: FileLinks) -> None:
        self._catalogue = catalogue
        self._links = links

    async def edition(self, head: Head) -> Edition:
        return await self._catalogue.edition(head.summary.catalogue)

    async def of(self, head: Head, selection: Selection) -> CompiledPlan:
        return (await self.edition(head)).compile_kept(selection)

    def rebase_of(self, head: Head, selection: Selection) -> Rebase:
        serving = self._catalogue.serving
        if head.submitted:
            return "none"
        if not serving.is_offered(selection):
            return "required"
        return "none" if head.summary.catalogue == serving.version else "offered"

    def pinned(self, selection: Selection) -> CompiledPlan:
        """Of the version that serves, with its items named: a theme's own items may be others when
        the draft is resumed."""
        serving = self._catalogue.serving
        return pinned(serving.compile, selection)

    def etag(
        self,
        draft_id: str,
        revision: int,
        summary: Summary,
        language: Language,
        expired: bool = False,
    ) -> str:
        """Changes whenever the shown draft does; made without opening it."""
        serving = self._catalogue.serving
        version = summary.catalogue or serving.version
        parts = [draft_id, str(revision), version.rpartition("-")[2]]
        days = [mark.changes_on for mark in summary.steps.values() if mark.changes_on is not None]
        if version != serving.version:
            # What the older list says may be another thing tomorrow; few drafts are of one.
            parts += [serving.version.rpartition("-")[2], serving.today.isoformat()]
        elif serving.is_dated:
            # What was offered yesterday may not be today.
            parts.append(serving.catalogue.since.isoformat())
        if version == serving.version and days and min(days) <= serving.today.isoformat():
            # Time has made another thing of it, and may again, until it is saved the next time.
            parts.append(serving.today.isoformat())
        if summary.files:
            # Links to files run out, so a draft with files is new again once theirs are.
            parts.append(str(self._links.span()))
        return "-".join([*parts, *["expired"] * expired, *["en"] * (language == "en")])


def pinned(compiled: Callable[[Selection], CompiledPlan], selection: Selection) -> CompiledPlan:
    return compiled(msgspec.structs.replace(selection, items=compiled(selection).items))
