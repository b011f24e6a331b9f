"""Right answers for a whole form, for the mock's "fill it in for me" and for tests."""

from dataclasses import dataclass
from datetime import timedelta

from miniprogram_api.catalogue.catalogue import Catalogue
from miniprogram_api.catalogue.compiled import CompiledPlan

AnswersOfSteps = dict[str, dict[str, object]]


@dataclass(frozen=True, slots=True)
class SamplePerson:
    """Must be 18 or older: a minor is nobody's legal representative."""

    name: str
    id_number: str
    phone: str


def sample_answers(compiled: CompiledPlan, person: SamplePerson) -> dict[str, AnswersOfSteps]:
    """``{"steps": {key: answers}}``: valid for every step, the same for the same person and day."""
    words = _placeholders(compiled, person)
    samples = compiled.catalogue.samples
    filled = {
        key: {code: _fill(samples[code], words) for code in codes if code in samples}
        for key, codes in compiled.codes_by_step().items()
    }
    visible = compiled.flat(filled)
    return {
        "steps": {
            key: {code: value for code, value in answers.items() if code in visible}
            for key, answers in filled.items()
        }
    }


def sample_materials(compiled: CompiledPlan, answers: AnswersOfSteps) -> tuple[str, ...]:
    """The materials for which files are needed with these answers."""
    return compiled.required_materials(answers)


def _placeholders(compiled: CompiledPlan, person: SamplePerson) -> dict[str, str]:
    catalogue, region, today = compiled.catalogue, compiled.selection.region, compiled.today()
    counties = [entry.code for entry in catalogue.regions.values() if entry.parent == region]
    county = counties[0] if region.endswith("00") else region
    appointment = today + timedelta(days=1)
    while not catalogue.calendar.is_workday(appointment):
        appointment += timedelta(days=1)
    return {
        "name": person.name,
        "id_number": person.id_number,
        "phone": person.phone,
        "region": county,
        "city": catalogue.regions[f"{region[:4]}00"].name.removesuffix("市"),
        "branch": _branch(catalogue, county),
        "today": today.isoformat(),
        "month": f"{today:%Y-%m}",
        "next_weekday": appointment.isoformat(),
        # A notice of 20 days has ended and 20 days to apply have not; one of 45 days has ended.
        "a_month_ago": (today - timedelta(days=30)).isoformat(),
        "two_months_ago": (today - timedelta(days=60)).isoformat(),
        "in_three_years": (today + timedelta(days=3 * 365)).isoformat(),
    }


def _branch(catalogue: Catalogue, county: str) -> str:
    """Of the sample bank; near, where the list has one."""
    branches = [
        entry
        for entry in catalogue.lookups["bank_branches"].values()
        if entry.details["bank"] == catalogue.samples["bank_code"]
    ]
    near = [entry for entry in branches if entry.details["region"] == county]
    return (near or branches)[0].code


def _fill(sample: object, words: dict[str, str]) -> object:
    if isinstance(sample, str):
        return sample.format_map(words)
    if isinstance(sample, dict):
        return {name: _fill(part, words) for name, part in sample.items()}
    if isinstance(sample, list):
        return [_fill(part, words) for part in sample]
    return sample
