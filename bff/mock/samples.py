"""Right answers and files for a whole draft, so that nobody has to invent them."""

from collections.abc import Sequence

from bff.mock.personas import PERSONAS
from bff.mock.phones import persona_of
from bff.mock.schemas import Samples
from bff.mock.world import World
from kit.problems import NotFound
from miniprogram_api.catalogue.service import (
    CatalogueService,
    SamplePerson,
    sample_answers,
    sample_materials,
)
from miniprogram_api.drafts.log import DraftLog

_FILES = ("pdf", "jpg", "png")


async def samples_for(world: World, draft_id: str) -> Samples:
    """Of the draft's own plan, in the name of the persona who started it."""
    services = world.services
    log = DraftLog(services.ring)
    head = await log.head(draft_id)
    if head is None:
        raise NotFound
    catalogue: CatalogueService = services.provided[CatalogueService]
    compiled = catalogue.compile(log.opened(head).selection)
    answers = sample_answers(compiled, await _person(world, head.person_id))
    formats = {material.code: material.formats for material in compiled.plan.materials}
    files = {
        code: f"/mock/api/files/sample.{_first_known(formats[code])}"
        for code in sample_materials(compiled, answers["steps"])
    }
    return Samples(answers["steps"], files)


async def _person(world: World, person_id: str) -> SamplePerson:
    """Whoever's account it is; zhangsan for a minor, who cannot be a legal representative."""
    accounts = await world.services.people.recipients(person_id)
    persona = persona_of(world.peers, accounts) or PERSONAS["zhangsan"]
    if persona.key == "sunqi":
        persona = PERSONAS["zhangsan"]
    return SamplePerson(persona.name.reveal(), persona.id_number.reveal(), persona.phone.reveal())


def _first_known(formats: Sequence[str]) -> str:
    return next((one for one in _FILES if one in formats), "pdf")
