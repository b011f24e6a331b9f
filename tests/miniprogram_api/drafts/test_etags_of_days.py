"""A draft's ETag changes with the day where the day may change what the draft shows."""

from datetime import UTC, datetime, timedelta

from kit.secrets import KeyRing
from miniprogram_api.catalogue.service import CatalogueService
from miniprogram_api.drafts.links import FileLinks
from miniprogram_api.drafts.plans import DraftPlans
from miniprogram_api.drafts.state import Summary
from tests.builders.catalogues import shipped


class MovedClock:
    def __init__(self) -> None:
        self.at = datetime(2026, 11, 23, 4, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


def test_a_draft_of_an_older_list_is_new_each_day() -> None:
    clock = MovedClock()
    service = CatalogueService(shipped(), clock)
    ring = KeyRing({"k": b"k" * 32}, "k", b"i" * 32)
    plans = DraftPlans(service, FileLinks(ring, clock))
    older, serving = (
        Summary(1, 1, 0, 3, 0, {}, version) for version in ("2026.10-01234567", service.version)
    )
    tags = [plans.etag("draft", 1, summary, "zh") for summary in (older, serving)]
    assert tags == [plans.etag("draft", 1, summary, "zh") for summary in (older, serving)]
    clock.at += timedelta(days=1)
    later = [plans.etag("draft", 1, summary, "zh") for summary in (older, serving)]
    assert (later[0] != tags[0], later[1] == tags[1]) == (True, True)
