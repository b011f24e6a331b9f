"""Right answers and files for a whole draft, so that nobody has to invent them."""

from collections.abc import Sequence

from bff.mock.personas import COMPANIES, PERSONAS, MockCompany, Persona
from bff.mock.phones import persona_of
from bff.mock.schemas import Samples
from bff.mock.world import World
from kit.problems import NotFound
from miniprogram_api.catalogue.service import (
    AnswersOfSteps,
    CatalogueService,
    SamplePerson,
    sample_answers,
    sample_materials,
)
from miniprogram_api.drafts.log import DraftLog

_FILES = ("pdf", "jpg", "png")
SEVERAL_SHAREHOLDERS = "limited"
"""The kind of company that may have more than one."""


async def samples_for(world: World, draft_id: str, partner: Persona | None = None) -> Samples:
    """Of the draft's own plan, in the name of the persona who started it, or of the head of the
    company that it was started for. With a ``partner`` there are two shareholders."""
    services = world.services
    log = DraftLog(services.ring)
    head = await log.head(draft_id)
    if head is None:
        raise NotFound
    catalogue: CatalogueService = services.provided[CatalogueService]
    edition = await catalogue.edition(head.summary.catalogue)
    state = log.opened(head)
    compiled = edition.compile_kept(state.selection)
    company = _company(state.register.uscc) if state.register is not None else None
    persona = PERSONAS[company.head] if company else await _persona(world, head.person_id)
    answers = sample_answers(compiled, _sample_person(persona))
    if company is not None:
        _about(company, answers["steps"])
    if partner is not None:
        _with_partner(answers["steps"], partner)
    formats = {material.code: material.formats for material in compiled.plan.materials}
    files = {
        code: f"/mock/api/files/sample.{_first_known(formats[code])}"
        for code in sample_materials(compiled, answers["steps"])
    }
    return Samples(answers["steps"], files)


def _company(uscc: str) -> MockCompany | None:
    return next((company for company in COMPANIES if company.uscc == uscc), None)


def _about(company: MockCompany, steps: AnswersOfSteps) -> None:
    """What is asked about the company is answered as it is registered."""
    known: dict[str, object] = {"entity_name": company.name, "credit_code": company.uscc}
    for answers in steps.values():
        answers |= {code: value for code, value in known.items() if code in answers}


def _with_partner(steps: AnswersOfSteps, partner: Persona) -> None:
    """Three fifths stay with the first shareholder."""
    for answers in steps.values():
        rows = answers.get("shareholders")
        if isinstance(rows, list) and rows:
            first = {**rows[0], "subscribed_wan": 300, "percent": 60}
            second = {
                **rows[0],
                "_id": "shareholder-2",
                "name": partner.name.reveal(),
                "id_number": partner.id_number.reveal(),
                "subscribed_wan": 200,
                "percent": 40,
            }
            answers["shareholders"] = [first, second]
        if "company_type" in answers:
            answers["company_type"] = SEVERAL_SHAREHOLDERS


async def _persona(world: World, person_id: str) -> Persona:
    """Whoever's account it is; zhangsan for a minor, who cannot be a legal representative."""
    accounts = await world.services.people.recipients(person_id)
    persona = persona_of(world.peers, accounts) or PERSONAS["zhangsan"]
    return PERSONAS["zhangsan"] if persona.key == "sunqi" else persona


def _sample_person(persona: Persona) -> SamplePerson:
    return SamplePerson(persona.name.reveal(), persona.id_number.reveal(), persona.phone.reveal())


def _first_known(formats: Sequence[str]) -> str:
    return next((one for one in _FILES if one in formats), "pdf")
