"""The one table that a run prints."""

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import east_asian_width

from bench.rounds import Figure, percentile

Row = tuple[str, ...]
HEADINGS = (
    "what",
    "product/s",
    "p50 ms",
    "p95 ms",
    "cpu us",
    "floor/s",
    "cpu us",
    "of the floor",
    "mark",
    "",
)


@dataclass(frozen=True, slots=True)
class Times:
    """How long single things took, in seconds; there is no floor for them."""

    name: str
    waits_s: Sequence[float]


@dataclass(frozen=True, slots=True)
class Memory:
    name: str
    megabytes: float
    mark: float | None


Line = Figure | Times | Memory


def row(line: Line) -> Row:
    if isinstance(line, Times):
        p50, p95 = (f"{percentile(line.waits_s, percent) * 1000:.1f}" for percent in (50, 95))
        return (f"{line.name} (n={len(line.waits_s)})", "", p50, p95, "", "", "", "", "", "")
    if isinstance(line, Memory):
        mark = "" if line.mark is None else f"<= {line.mark:.0f} MB"
        met = None if line.mark is None else line.megabytes <= line.mark
        return (line.name, f"{line.megabytes:.0f} MB", "", "", "", "", "", "", mark, _verdict(met))
    ratios = line.ratios
    spread = f"{line.ratio:.2f} ({min(ratios):.2f}-{max(ratios):.2f})"
    return (
        line.name,
        f"{line.product.rate:.0f}",
        f"{line.product.wait_ms(50):.1f}",
        f"{line.product.wait_ms(95):.1f}",
        f"{line.product.cpu_us:.0f}",
        f"{line.floor.rate:.0f}",
        f"{line.floor.cpu_us:.0f}",
        spread,
        "" if line.mark is None else f">= {line.mark}",
        _verdict(line.met),
    )


def _verdict(met: bool | None) -> str:
    if met is None:
        return ""
    return "met" if met else "MISSED"


def render(lines: Sequence[Line]) -> str:
    rows = [HEADINGS, *(row(line) for line in lines)]
    widths = [max(_width(cell) for cell in column) for column in zip(*rows, strict=True)]
    texts = [
        "  ".join(
            cell + " " * (width - _width(cell)) if number == 0 else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ).rstrip()
        for cells in rows
    ]
    texts.insert(1, "-" * max(map(len, texts)))
    return "\n".join(texts)


def _width(text: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def machine() -> str:
    return f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
