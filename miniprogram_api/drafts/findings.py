"""What was found wrong in a draft's steps, remembered so that resuming need not look again.

Texts of ours only, nothing that was typed. What is found depends on the answers, on the version of
the catalogue and on the day; it is remembered with all three, and no longer than the process lives:
the next release may look more closely.
"""

from collections import OrderedDict
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from miniprogram_api.catalogue.service import CompiledPlan, StepError

DRAFTS_MAX = 512
ERRORS_MAX = 64
"""Of one draft, about 400 bytes each; who has more to mend waits a moment longer."""
_TAG_LENGTH = 16

Errors = Mapping[str, tuple[StepError, ...]]
"""By step; a step that is not there was not looked at."""
NOTHING: Errors = {}


class Found(NamedTuple):
    """``under``: the version of the catalogue, the first day of its rows that hold, the day."""

    under: tuple[str, date, date]
    errors: Errors

    @classmethod
    def by(cls, compiled: CompiledPlan, errors: Errors) -> "Found":
        return cls(_under(compiled), errors)


class Findings:
    """One for the process. A sealed state is known by its authentication tag, which no other has:
    rows that were rolled back or erased are simply never asked for."""

    def __init__(self) -> None:
        self._found: OrderedDict[bytes, Found] = OrderedDict()

    def of(self, sealed: bytes, compiled: CompiledPlan) -> Errors:
        found = self._found.get(sealed[-_TAG_LENGTH:])
        if found is None or found.under != _under(compiled):
            return NOTHING
        return found.errors

    def remember(self, sealed: bytes, found: Found) -> None:
        if sum(map(len, found.errors.values())) > ERRORS_MAX:
            return
        self._found[sealed[-_TAG_LENGTH:]] = found
        if len(self._found) > DRAFTS_MAX:
            self._found.popitem(last=False)


def _under(compiled: CompiledPlan) -> tuple[str, date, date]:
    return compiled.version, compiled.catalogue.since, compiled.today()
