"""Applications of a person who turned out to be another, who wants a copy, or who has gone."""

import hashlib
import json

import msgspec
import pytest

from kit.database.unit import unit_of_work
from kit.ids import new_id
from kit.problems import NotFound
from miniprogram_api.applications.addressees import Applicants
from miniprogram_api.applications.belongings import ApplicationBelongings
from miniprogram_api.applications.documents import FilesOfApplications
from miniprogram_api.applications.frozen import sealed
from miniprogram_api.applications.models import Application, ApplicationDocument
from miniprogram_api.applications.service import ApplicationService
from tests.miniprogram_api.applications.builders import Office, a_notice, tellings

pytestmark = pytest.mark.usefixtures("database")

ONE, OTHER = "p" * 32, "q" * 32
CONTENT = '{"answers":{"entity_name":"济南某某有限公司"}}'.encode()


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def service(office: Office) -> ApplicationService:
    return ApplicationService(office.log, office.views, office.waiters)


@pytest.fixture
def belongings(office: Office, service: ApplicationService) -> ApplicationBelongings:
    return ApplicationBelongings(service, office.ring, office.clock)


async def hand_over(belongings: ApplicationBelongings) -> None:
    async with unit_of_work():
        await belongings.hand_over(ONE, OTHER)


async def erase(belongings: ApplicationBelongings) -> None:
    async with unit_of_work():
        await belongings.erase(ONE)


async def seen_by(service: ApplicationService, person_id: str) -> list[str]:
    return [view.id for view in (await service.page(person_id, None, 50, "zh")).items]


class TestHandingOver:
    async def test_the_other_sees_it_and_is_told_of_it(self, office, service, belongings):
        application = await office.open("business_licence")
        for _ in range(2):
            await hand_over(belongings)
        assert await seen_by(service, OTHER) == [application.id]
        assert await seen_by(service, ONE) == []
        assert await Applicants().addressee_of(application.id) == OTHER

    async def test_what_was_on_its_way_is_brought_by_the_repetition(
        self, office, service, belongings
    ):
        await hand_over(belongings)
        application = await office.open("business_licence")
        await hand_over(belongings)
        assert await seen_by(service, OTHER) == [application.id]

    async def test_news_at_that_moment_do_not_bring_it_back(self, office, belongings):
        application = await office.open("business_licence")
        async with unit_of_work():
            case = await office.casebook.take_up(application.id)
            await belongings.hand_over(ONE, OTHER)
            await office.casebook.note_overdue(case, case.matters[0])
        assert (await Application.get(id=application.id)).person_id == OTHER


class TestRestricting:
    async def test_nobody_is_shown_it_any_more(self, office, service, belongings):
        application = await office.open("business_licence")
        await erase(belongings)
        assert await seen_by(service, ONE) == []
        assert await service.running(ONE, "zh") == []
        for look in (
            service.get(ONE, application.id, "zh"),
            service.events(ONE, application.id, 0, "zh"),
        ):
            with pytest.raises(NotFound):
                await look
        assert await belongings.export(ONE, "zh") == []

    async def test_its_matters_go_on_without_anybody_being_told(self, office, belongings):
        application = await office.open("business_licence")
        told = len(await tellings())
        await erase(belongings)
        await office.told(a_notice(application, "accepted", sequence=1))
        await office.told(a_notice(application, "completed", sequence=2))
        assert await office.state(application, "business_licence") == "completed"
        assert (await Application.get(id=application.id)).state == "completed"
        assert len(await tellings()) == told
        assert await Applicants().addressee_of(application.id) is None

    async def test_doing_it_again_keeps_the_first_moment(self, office, belongings):
        application = await office.open("business_licence")
        await erase(belongings)
        first = (await Application.get(id=application.id)).restricted_at
        assert first is not None
        await erase(belongings)
        assert (await Application.get(id=application.id)).restricted_at == first

    async def test_somebody_elses_is_not_touched(self, office, service, belongings):
        application = await office.open("business_licence")
        await Application.filter(id=application.id).update(person_id=OTHER)
        await erase(belongings)
        assert await seen_by(service, OTHER) == [application.id]


class TestCopy:
    async def test_it_has_what_was_shown_and_the_very_text_of_the_hash(
        self, office, belongings, sensitive_values
    ):
        application = await office.open("food_operation", "seal")
        await Application.filter(id=application.id).update(
            frozen_cipher=sealed(office.ring, application.id, CONTENT),
            content_hash=hashlib.sha256(CONTENT).hexdigest(),
        )
        await office.told(a_notice(application, "accepted", item="food_operation", sequence=1))
        (exported,) = await belongings.export(ONE, "en")
        encoded = msgspec.json.encode(exported)
        copy = json.loads(encoded)
        assert copy["application"]["reference_no"] == application.reference_no
        assert [event["seq"] for event in copy["events"]] == [1, 2]
        assert CONTENT in encoded
        assert hashlib.sha256(CONTENT).hexdigest() == copy["application"]["content_hash"]

    async def test_all_pages_and_all_events_are_in_it(self, office, belongings):
        # Nothing is promised for it, so no timer writes a line of its own meanwhile.
        application = await office.open("food_operation")
        await Application.filter(id=application.id).update(
            frozen_cipher=sealed(office.ring, application.id, CONTENT)
        )
        for number in range(205):
            notice = a_notice(application, "unknown", item="food_operation", sequence=number)
            await office.told(notice)
        (exported,) = await belongings.export(ONE, "zh")
        assert len(exported.events) == 206


async def test_only_files_that_were_filed_are_kept_for_the_departments():
    filed, other = new_id(), new_id()
    await ApplicationDocument.create(id=new_id(), application_id=new_id(), file_id=filed)
    assert await FilesOfApplications().among([filed, other]) == {filed}
