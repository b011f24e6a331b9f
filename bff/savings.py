"""``savings``: what every theme asks in one joint form, and item by item; a table of the docs."""

import sys
from collections.abc import Iterator
from pathlib import Path

from kit.clock import SystemClock
from miniprogram_api.catalogue.service import Catalogue, CatalogueService, PlanView, Selection

PAGE = Path(__file__).parents[1] / "docs" / "joint-form.md"
# Any served county: what is asked does not differ between them.
REGION = "370102"
_BEGIN, _END = "<!-- savings: written by the command below -->\n", "<!-- end of savings -->\n"
_HEAD = """
| theme | items | departments | fields joint | apart | | materials joint | apart | | uploads joint | apart |
|---|---|---|---|---|---|---|---|---|---|---|
"""  # noqa: E501 - one line of a table


def write(*, check: bool) -> int:
    """Write the tables into the page, or only compare; the exit code."""
    page = PAGE.read_text("utf-8")
    fresh = with_tables(page, tables(CatalogueService(Catalogue.load(), SystemClock())))
    if not check:
        PAGE.write_text(fresh, "utf-8")
        return 0
    if page != fresh:
        print(f"{PAGE.name} is not what the data say: run `python -m bff savings`", file=sys.stderr)
    return int(page != fresh)


def with_tables(page: str, written: str) -> str:
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}{written}\n{_END}{after}"


def tables(service: CatalogueService) -> str:
    """For opening, nothing answered yet: what a theme begins with, and all that it offers."""
    return (
        "\nWhat a theme begins with (its items before any question is answered):\n"
        + _HEAD
        + "".join(_rows(service, whole=False))
        + "\nAll that a theme offers:\n"
        + _HEAD
        + "".join(_rows(service, whole=True))
    )


def _rows(service: CatalogueService, *, whole: bool) -> Iterator[str]:
    catalogue = service.catalogue
    for key, theme in catalogue.themes.items():
        opened = {
            entry.code: catalogue.items[entry.code].operations["open"]
            for entry in theme.items
            if "open" in catalogue.items[entry.code].operations
        }
        # Of two that exclude each other the one that says so stands for both.
        instead = {code for facts in opened.values() for code in facts.excludes}
        offered = [code for code in opened if code not in instead]
        selection = Selection(
            operation="open", region=REGION, theme=key, items=tuple(offered) if whole else ()
        )
        yield _row(f"{theme.name} `{key}`", service.compile(selection).plan)


def _row(name: str, plan: PlanView) -> str:
    saved = plan.savings
    cells = [name, str(len(plan.items)), str(len(saved.departments))]
    cells += _pair(saved.fields_joint, saved.fields_apart)
    cells += _pair(saved.materials_joint, saved.materials_apart)
    cells += [str(saved.uploads_joint), str(saved.uploads_apart)]
    return f"| {' | '.join(cells)} |\n"


def _pair(joint: int, apart: int) -> list[str]:
    return [str(joint), str(apart), f"−{1 - joint / apart:.0%}"]
