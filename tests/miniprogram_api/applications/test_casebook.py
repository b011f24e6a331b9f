"""What follows from news: states, oddities, results, ends, timers; and a log that shows changes."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from adapters.outbox.models import InboxEntry, OutboxEntry
from miniprogram_api.applications.casebook import OVERDUE_TOPIC
from miniprogram_api.applications.log import is_unbroken
from miniprogram_api.applications.models import ApplicationEvent, Matter
from miniprogram_api.applications.states import MatterState
from tests.miniprogram_api.applications.builders import (
    Office,
    a_certificate,
    a_notice,
    tellings,
)

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def office() -> Office:
    return Office()


class TestNotices:
    async def test_each_matter_moves_alone(self, office: Office):
        application = await office.open("business_licence", "food_operation")
        await office.own(application, MatterState.FORWARDED)
        await office.told(a_notice(application, "accepted", sequence=1))
        view = await office.view(application)
        assert [matter.state for matter in view.matters] == ["accepted", "forwarded"]
        assert [matter.holder for matter in view.matters] == ["department", "province"]
        assert view.state == "in_progress"

    async def test_every_order_of_arrival_ends_the_same_and_keeps_every_notice(
        self, office: Office
    ):
        course = [("accepted", 1), ("in_review", 2), ("completed", 3)]
        for arrival in permutations(course):
            application = await office.open("business_licence")
            notices = [a_notice(application, state, sequence=seq) for state, seq in arrival]
            await office.told(*notices, notices[0])
            assert await office.state(application, "business_licence") == "completed"
            kept = {line.body.event_id for line in await office.lines(application)}
            assert {notice.event_id for notice in notices} <= kept

    async def test_what_comes_late_is_on_record_as_an_oddity(self, office: Office):
        application = await office.open("business_licence")
        await office.told(
            a_notice(application, "approved", sequence=5),
            a_notice(application, "accepted", sequence=2),
        )
        last = (await office.lines(application))[-1]
        assert (last.kind, last.body.state, last.body.why) == ("oddity", "accepted", "late")

    async def test_what_the_table_forbids_moves_nothing(self, office: Office):
        application = await office.open("business_licence")
        await office.told(
            a_notice(application, "rejected", sequence=1),
            a_notice(application, "in_review", sequence=2),
        )
        last = (await office.lines(application))[-1]
        assert (last.kind, last.body.why) == ("oddity", "illegal")
        assert await office.state(application, "business_licence") == "rejected"

    async def test_what_nobody_understands_is_kept(self, office: Office):
        application = await office.open("business_licence")
        await office.told(
            a_notice(application, "unknown", sequence=1),
            a_notice(application, "accepted", item="no_such_item", sequence=1),
        )
        whys = [line.body.why for line in await office.lines(application)]
        assert whys[-2:] == ["unknown_state", "unknown_item"]
        assert await office.state(application, "business_licence") == "submitted"

    async def test_news_of_nobody_stay_in_the_inbox_and_disturb_nobody(self, office: Office):
        application = await office.open("business_licence")
        stranger = await office.open("business_licence")
        await stranger.delete()
        await office.told(
            a_notice(stranger, "accepted"),
            a_certificate(stranger),
            a_notice(application, "accepted"),
        )
        assert await office.state(application, "business_licence") == "accepted"
        assert await InboxEntry.filter(settled_at__isnull=False).count() == 3

    async def test_a_reason_is_shown_while_it_holds_and_sealed_at_rest(self, office: Office):
        application = await office.open("business_licence")
        reason = "缺少测试人甲的身份证明"
        await office.told(
            a_notice(
                application, "correction_required", sequence=1, reason=reason, fields=("a", "b")
            )
        )
        matter = (await office.view(application)).matters[0]
        assert (matter.reason, matter.holder, matter.promised_at) == (reason, "applicant", None)
        rows = await ApplicationEvent.filter(application_id=application.id)
        assert all(reason not in row.body for row in rows)
        assert all(reason.encode() not in (row.private_cipher or b"") for row in rows)
        await office.told(a_notice(application, "accepted", sequence=2))
        assert (await office.view(application)).matters[0].reason is None


class TestEnds:
    async def test_a_certificate_becomes_the_matters_result(self, office: Office):
        application = await office.open("business_licence")
        certificate = a_certificate(application)
        await office.told(certificate, certificate)
        result = (await office.view(application)).matters[0].result
        assert result is not None
        assert (result.certificate_no, result.issued_on) == ("91370102MA3TEST01X", "2026-11-20")
        lines = await office.lines(application)
        assert [line.kind for line in lines] == ["application", "certificate"]

    async def test_a_certificate_of_nobody_in_particular_is_the_applications(self, office: Office):
        application = await office.open("business_licence")
        await office.told(a_certificate(application, item=""))
        assert (await office.view(application)).matters[0].result is None
        last = (await office.lines(application))[-1]
        assert (last.kind, last.matter, last.body.name) == ("certificate", None, "营业执照")

    async def test_the_end_of_the_last_matter_is_the_end_of_all(self, office: Office):
        application = await office.open("business_licence", "seal")
        await office.told(a_notice(application, "completed", sequence=1))
        assert (await office.view(application)).state == "partly_completed"
        await office.told(a_notice(application, "completed", item="seal", sequence=1))
        assert (await office.view(application)).state == "completed"
        last = (await office.lines(application))[-1]
        assert (last.kind, last.body.state, last.matter) == ("application", "completed", None)

    async def test_the_applicant_is_told_without_personal_data(self, office: Office):
        application = await office.open("business_licence")
        reason = "测试人甲不符合条件"
        await office.told(a_notice(application, "rejected", sequence=1, reason=reason))
        told = await tellings()
        assert [(row["kind"], row["state"]) for row in told] == [
            ("application", "submitted"),
            ("state", "rejected"),
            ("application", "rejected"),
        ]
        assert reason not in str(told)
        assert len({row["event_id"] for row in told}) == 3


class TestClocks:
    async def test_what_waits_for_the_licence_is_promised_from_its_completion(self, office: Office):
        application = await office.open("business_licence", "seal", "food_operation")
        view = await office.view(application)
        assert [matter.promised_at is None for matter in view.matters] == [False, True, True]
        await office.told(a_notice(application, "completed", sequence=1))
        view = await office.view(application)
        assert [matter.promised_at is None for matter in view.matters] == [False, False, True]

    async def test_a_promise_that_runs_out_is_noted_once(self, office: Office):
        application = await office.open("business_licence")
        await office.told(a_notice(application, "accepted", sequence=1))
        office.clock.advance(timedelta(days=14))
        await office.work()
        assert (await office.view(application)).matters[0].overdue
        kinds = [line.kind for line in await office.lines(application)]
        assert kinds.count("overdue") == 1
        await office.told(a_notice(application, "completed", sequence=2))
        assert not (await office.view(application)).matters[0].overdue

    async def test_a_promise_into_a_year_without_announced_holidays_is_marked(self, office: Office):
        office.clock.advance(timedelta(days=365 * 30))
        application = await office.open("business_licence", "food_operation")
        licence, food = (await office.view(application)).matters
        assert (licence.provisional, licence.promise_note) == (True, "暂按周末计")
        assert (food.promised_at, food.provisional, food.promise_note) == (None, False, None)
        await office.told(a_notice(application, "accepted", sequence=1))
        assert [row["provisional"] for row in await tellings()] == [False, True]

    async def test_a_promise_within_announced_years_is_not(self, office: Office):
        application = await office.open("business_licence")
        await Matter.all().update(due_at=datetime(2026, 3, 2, 10, tzinfo=UTC))
        (licence,) = (await office.view(application)).matters
        assert (licence.promised_at, licence.provisional, licence.promise_note) == (
            "2026-03-02T18:00:00+08:00",
            False,
            None,
        )

    async def test_a_timer_that_is_not_meant_any_more_does_nothing(self, office: Office):
        application = await office.open("business_licence")
        await office.told(a_notice(application, "correction_required", sequence=1))
        office.clock.advance(timedelta(days=14))
        await office.work()
        assert await OutboxEntry.filter(topic=OVERDUE_TOPIC, settled_at__isnull=False).count() == 1
        assert "overdue" not in [line.kind for line in await office.lines(application)]


class TestLog:
    async def test_the_chain_holds_from_the_content_to_the_end(self, office: Office):
        application = await office.open("business_licence")
        await office.own(application, MatterState.FORWARDED)
        await office.told(a_notice(application, "accepted", sequence=1))
        rows = await ApplicationEvent.filter(application_id=application.id).order_by("seq")
        assert is_unbroken(application.content_hash, rows)
        assert not is_unbroken("0" * 64, rows)
        assert not is_unbroken(application.content_hash, rows[:1] + rows[2:])
        rows[1].body = rows[1].body.replace("forwarded", "completed")
        assert not is_unbroken(application.content_hash, rows)
