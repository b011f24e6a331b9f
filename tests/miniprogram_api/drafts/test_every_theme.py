"""Each theme as a draft, to its end: right answers, saved in any order, complete every step."""

from itertools import cycle
from random import Random
from typing import Any

import msgspec
import pytest

from bff.mock.world import World
from kit.database.unit import unit_of_work
from kit.ids import new_id
from miniprogram_api.catalogue.service import (
    CatalogueService,
    SamplePerson,
    Selection,
    sample_answers,
    sample_materials,
)
from miniprogram_api.drafts.schemas import SaveStep
from miniprogram_api.drafts.service import Author, DraftReview, DraftService

PILOT_AND_OTHER = ("370102", "371702")


@pytest.mark.parametrize("operation", ["open", "change", "cancel"])
async def test_every_theme_can_be_filled_in(world: World, operation: Any) -> None:
    catalogue = world.services.provided[CatalogueService]
    drafts = world.services.provided[DraftService]
    review = world.services.provided[DraftReview]
    person = SamplePerson("张三", "370102199003071238", "13800138000")
    chance = Random(11)
    for theme, region in zip(catalogue.catalogue.themes, cycle(PILOT_AND_OTHER), strict=False):
        selection = Selection(operation=operation, region=region, theme=theme)
        author = Author(new_id(), None)
        async with unit_of_work():
            draft, _ = await drafts.create(author, selection, "zh")
        plan = catalogue.compile(selection)
        steps = sample_answers(plan, person)["steps"]
        revision = draft.revision
        for key in chance.sample(list(steps), len(steps)):
            answers = msgspec.Raw(msgspec.json.encode(steps[key]))
            save = SaveStep(base_revision=revision, answers=answers)
            saved, _ = await drafts.save_step(author, draft.id, key, save, "zh")
            revision = saved.revision
        view = drafts.view(await drafts.open(author.person_id, draft.id), "zh")
        assert {step.state for step in view.steps} == {"complete"}, theme
        check = await review.check(author.person_id, draft.id, "zh")
        assert check.errors == [], theme
        assert set(check.missing_materials) == set(sample_materials(plan, steps)), theme
        assert check.ready is (not check.missing_materials)
