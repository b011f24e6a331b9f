"""What the first screen reminds of."""

from datetime import timedelta

import pytest

from kit.clock import SystemClock, in_china
from miniprogram_api.drafts.schemas import DraftItem, Progress
from miniprogram_api.home.notices import notices_of

NOW = SystemClock().now()


def a_draft_item(expires_in: timedelta) -> DraftItem:
    return DraftItem(
        id="d" * 32,
        revision=3,
        operation="open",
        region="370102",
        theme="restaurant",
        mode="joint",
        state="open",
        progress=Progress(1, 9),
        created_at=in_china(NOW),
        saved_at=in_china(NOW),
        expires_at=in_china(NOW + expires_in),
    )


@pytest.mark.parametrize(("days", "reminded"), [(2, True), (4, False)])
def test_a_draft_is_reminded_of_in_its_last_days(days: int, reminded: bool):
    draft = a_draft_item(timedelta(days=days))
    notices = notices_of([], [draft], NOW, "zh")
    assert [notice.code for notice in notices] == ["draft_expiring"] * reminded
    for notice in notices:
        assert draft.expires_at[:10] in notice.text
        assert notice.link.endswith(draft.id)
